"""Videos of red boxes that dive or walk in front of a wall that stands still."""

import av
import cv2
import numpy as np

from fineparser_core.motion.boxes import Motion

SIZE = WIDTH, HEIGHT = 640, 360
FPS = 30
TALL_PX = 48
METRE_PX = TALL_PX / 1.15


def diving(x, leaves_s, top=60.0):
    """Up for 0.3 s from a board, then down into the water 0.9 s after the top."""

    def place(frame):
        t = float(np.clip(frame / FPS - leaves_s, 0, 1.2)) - 0.3
        return x + 30 * (t + 0.3), top + METRE_PX * 9.81 * t**2 / 2

    return place


def moving_boxes(times_s, image, center, extent, **changes):
    """Boxes in pictures of 384 x 216 of a camera that stands still."""
    n = len(times_s)
    values = {"scale": 1.0, "to_first": np.tile(np.eye(3), (n, 1, 1)), "scene": np.zeros(n, int)}
    values |= {"size_px": (384, 216), "cut": np.zeros(n, bool), "border": np.zeros((n, 4), int)}
    return Motion(times_s=times_s, image=image, center=center, extent=extent, **values | changes)


def walking(frame):
    return 40 + 2.5 * frame, 300.0


def write_bodies(path, bodies, n_frames, *, fps=FPS, close_up=0):
    """Red boxes in front of a wall that stands still, after a shot of so many frames that shows something else."""
    wall = cv2.resize(np.random.default_rng(0).integers(60, 120, (40, 70), np.uint8), SIZE)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(n_frames):
            image = np.repeat(wall[..., None], 3, axis=2)
            for body in bodies:
                x, y = body(index)
                top, left = round(y - TALL_PX / 2), round(x - TALL_PX / 6)
                image[max(top, 0) : top + TALL_PX, max(left, 0) : left + TALL_PX // 3] = (230, 20, 20)
            if index < close_up:
                image[:] = 255 - wall[::-1, ::-1, None] // np.array([1, 2, 4], np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path

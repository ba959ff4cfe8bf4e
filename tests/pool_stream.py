"""A stream as a camera at the pool sends it: the sample dive between seconds in which nothing happens."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from fineparser_core.motion.recording import find_dives
from fineparser_core.resources import resource

#: Before the dive and after it.
WAITING_S = 3


def write_stream(path: Path) -> tuple[float, float]:
    """Writes it; returns when the diver leaves the board and touches the water, in seconds."""
    with av.open(str(resource("samples", "sample.mp4"))) as source:
        fps = round(float(source.streams.video[0].average_rate or 30))
        frames = [frame.reformat(640, 360, "yuv420p").to_ndarray() for frame in source.decode(video=0)]
    rng = np.random.default_rng(0)
    still = [np.clip(frames[0] + rng.normal(0, 1, frames[0].shape), 0, 255).astype(np.uint8) for _ in range(4)]
    rest = [np.clip(frames[-1] + rng.normal(0, 1, frames[0].shape), 0, 255).astype(np.uint8) for _ in range(4)]
    n = WAITING_S * fps
    with av.open(str(path), "w") as container:
        out = container.add_stream("libx264", fps, options={"preset": "ultrafast", "g": str(fps)})
        out.width, out.height, out.pix_fmt = 640, 360, "yuv420p"
        for image in (*(still[k % 4] for k in range(n)), *frames, *(rest[k % 4] for k in range(n))):
            container.mux(out.encode(av.VideoFrame.from_ndarray(image, "yuv420p")))
        container.mux(out.encode(None))
    fall = find_dives(resource("samples", "sample.mp4")).dives[0].fall
    return WAITING_S + fall.start_s, WAITING_S + fall.end_s


def write_drawn(
    path: Path,
    fps: int,
    size: tuple[int, int] = (480, 272),
    *,
    before_s: float = WAITING_S,
    after_s: float = WAITING_S,
    bf: int = 0,
) -> tuple[float, float]:
    """A drawn body that falls five metres, at any rate; returns when it leaves and touches the water, in seconds."""
    rng = np.random.default_rng(0)
    width, height = size
    px_per_m = height / 9
    noise = rng.integers(60, 190, (height // 8, width // 8), np.uint8)
    scene = cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    grain = [rng.normal(0, 1.5, scene.shape).astype(np.float32) for _ in range(7)]
    leaves_s, up_m_s, drop_m = before_s, 3.0, 5.0
    touches_s = leaves_s + (up_m_s + (up_m_s**2 + 2 * 9.81 * drop_m) ** 0.5) / 9.81
    with av.open(str(path), "w") as container:
        out = container.add_stream("libx264", fps, options={"preset": "ultrafast", "g": str(fps), "bf": str(bf)})
        out.width, out.height, out.pix_fmt = width, height, "yuv420p"
        for number in range(round((touches_s + after_s) * fps)):
            flown_s = min(max(number / fps - leaves_s, 0.0), touches_s - leaves_s)
            at = (width * 0.35 + 0.8 * flown_s * px_per_m, (2 - up_m_s * flown_s + 9.81 / 2 * flown_s**2) * px_per_m)
            image = scene.copy()
            if number / fps < touches_s:
                axes = round(0.8 * px_per_m), round(0.2 * px_per_m)
                cv2.ellipse(image, (round(at[0]), round(at[1])), axes, 90 + 400 * flown_s, 0, 360, 235, -1, cv2.LINE_AA)
            gray = np.clip(image + grain[number % 7], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(gray, "gray").reformat(format=out.pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(out.encode(frame))
        container.mux(out.encode(None))
    return leaves_s, touches_s

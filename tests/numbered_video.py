"""Small videos whose frames say their own number."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

N_BITS = 8


def numbered_frame(number: int, width_px: int, height_px: int) -> np.ndarray:
    """A grey frame with its number as eight black or white columns below, and red in the top left corner."""
    frame = np.full((height_px, width_px, 3), 128, dtype=np.uint8)
    edges = np.linspace(0, width_px, N_BITS + 1).astype(int)
    for bit in range(N_BITS):
        frame[height_px // 2 :, edges[bit] : edges[bit + 1]] = 235 if number >> bit & 1 else 20
    frame[: height_px // 4, : width_px // 4] = (220, 30, 30)
    return frame


def read_number(frame: np.ndarray) -> int:
    """The number that `numbered_frame` wrote, from an upright frame of any size."""
    height, width = frame.shape[:2]
    row = frame[height * 5 // 8 : height * 7 // 8].mean(axis=(0, 2))
    centers = ((np.arange(N_BITS) + 0.5) * width / N_BITS).astype(int)
    return int(sum(1 << bit for bit, x in enumerate(centers) if row[x] > 128))


def write_video(path: Path, n_frames: int = 60, **options: Any) -> Path:
    """Write numbered frames.

    Args:
        options: `size_px` (64, 48), `codec` "libx264", `pix_fmt` "yuv420p", `fps` 30, `times_s` (one a frame),
            `time_base`, `rotation_deg` (counter-clockwise, on the container), `sample_aspect`, `encoder` (dict of
            codec options), `container` (dict of muxer options), `format`, `metadata` (of the file).
    """
    width, height = options.get("size_px", (64, 48))
    fps = options.get("fps", 30)
    time_base = options.get("time_base", Fraction(1, 600))
    times_s = options.get("times_s", [Fraction(number, fps) for number in range(n_frames)])
    with av.open(str(path), "w", format=options.get("format"), options=options.get("container", {})) as container:
        stream = container.add_stream(options.get("codec", "libx264"), rate=fps, options=options.get("encoder", {}))
        container.metadata.update(options.get("metadata", {}))
        stream.width, stream.height, stream.pix_fmt = width, height, options.get("pix_fmt", "yuv420p")
        stream.codec_context.time_base = time_base
        if "sample_aspect" in options:
            stream.sample_aspect_ratio = options["sample_aspect"]
        if "rotation_deg" in options:
            stream.set_display_rotation(options["rotation_deg"])
        for number in range(n_frames):
            frame = av.VideoFrame.from_ndarray(numbered_frame(number, width, height), format="rgb24")
            frame.pts, frame.time_base = round(times_s[number] / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path

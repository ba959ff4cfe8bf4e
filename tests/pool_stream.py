"""A stream as a camera at the pool sends it: the sample dive between seconds in which nothing happens."""

from pathlib import Path

import av
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

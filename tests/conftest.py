"""What many tests share: the folder of real material and small videos whose frames say their own number."""

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fineparser_core.video.atomic import temporary_path

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes: their threads would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"
N_BITS = 8


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real clips and annotations that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with real clips is not here")
    return SHARED.resolve()


@pytest.fixture(scope="session")
def real_clip(shared_dir: Path) -> Path:
    """A real 10 m platform dive of 103 frames: flight from frame 18, entry from frame 51."""
    return shared_dir / "real" / "clips" / "platform_10m_054.avi"


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
    centres = ((np.arange(N_BITS) + 0.5) * width / N_BITS).astype(int)
    return int(sum(1 << bit for bit, x in enumerate(centres) if row[x] > 128))


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


@pytest.fixture(scope="session")
def left_half_written() -> Callable[[Path], Path]:
    """`left_half_written(path)`: a temporary file of `path` as a process that was killed leaves it."""
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()

    def leave(path: Path) -> Path:
        mine = temporary_path(path)
        left = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{killed.pid}-"))
        left.write_bytes(b"half")
        return left

    return leave


@pytest.fixture(scope="session")
def make_video() -> Callable[..., Path]:
    """`write_video`."""
    return write_video


@pytest.fixture(scope="session")
def number_of() -> Callable[[np.ndarray], int]:
    """`read_number`."""
    return read_number


@pytest.fixture(scope="session")
def small_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 numbered frames of 64 x 48 at 30 frames a second, in H.264 with B-frames."""
    return write_video(tmp_path_factory.mktemp("video") / "small.mp4", 120, encoder={"bf": "3"})


@pytest.fixture(scope="session")
def variable_rate_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 numbered frames at 30 a second, then 60 at 10 a second, in one group of pictures with B-frames."""
    times_s = [Fraction(n, 30) if n < 60 else 2 + Fraction(n - 60, 10) for n in range(120)]
    path = tmp_path_factory.mktemp("video") / "variable.mp4"
    return write_video(path, 120, times_s=times_s, encoder={"g": "250", "bf": "3"})

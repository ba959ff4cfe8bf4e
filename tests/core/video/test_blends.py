"""Clips of twice the frame rate: blended frames are left out, filmed ones never."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fineparser_core.errors import Cancelled
from fineparser_core.progress import CancelToken
from fineparser_core.types import N_SAMPLES
from fineparser_core.video.blends import sample_filmed
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sampling import sample_frames
from fineparser_core.video.writer import VideoWriter

N_FILMED = 60


def picture(time: float) -> np.ndarray:
    """A bright block that falls past a pattern, seven pixels in a unit of time."""
    y, x = np.mgrid[:240, :320]
    frame = np.repeat((90 + 30 * np.sin(x / 9) * np.cos(y / 7))[..., None], 3, axis=2).astype(np.uint8)
    top = round((40 + 7 * time) % 200)
    frame[top : top + 30, 140:170] = (240, 190, 160)
    return frame


def write(path: Path, frames: list[np.ndarray], *, fps: float, compact: bool = False) -> Path:
    with VideoWriter(path, width_px=320, height_px=240, fps=fps, compact=compact) as writer:
        for i, frame in enumerate(frames):
            writer.write(frame, i / fps)
    return path


def blended(filmed: list[np.ndarray]) -> list[np.ndarray]:
    every = [filmed[0]]
    for before, after in pairwise(filmed):
        every += [((before.astype(np.uint16) + after) // 2).astype(np.uint8), after]
    return every


def spliced() -> list[np.ndarray]:
    every = blended([picture(i) for i in range(N_FILMED)])
    return every[:60] + every[61:]


def sampled(path: Path, first: int = 0, last: int | None = None) -> tuple[list[int], list[int]]:
    """What is sampled of a video, and what would be of one whose frames are all filmed."""
    with VideoReader(path) as reader:
        last = reader.info.n_frames - 1 if last is None else last
        found = sample_filmed(reader, first, last)
        return found.tolist(), sample_frames(reader.info, first, last).tolist()


@pytest.mark.parametrize("compact", [False, True])
def test_blended_frames_are_left_out(tmp_path: Path, compact: bool) -> None:
    path = write(tmp_path / "a.mp4", blended([picture(i) for i in range(N_FILMED)]), fps=50, compact=compact)
    found, _ = sampled(path)
    plain = np.linspace(0, N_FILMED - 1, N_SAMPLES).astype(int)
    assert found == (2 * plain).tolist()  # just the pictures of the clip before its rate was doubled


@pytest.mark.parametrize(("first", "last"), [(5, 111), (4, 112), (5, 112), (4, 111)])
def test_but_for_the_first_and_the_last_of_the_clip(tmp_path: Path, first: int, last: int) -> None:
    path = write(tmp_path / "a.mp4", blended([picture(i) for i in range(N_FILMED)]), fps=50)
    found, _ = sampled(path, first, last)
    assert (found[0], found[-1], len(found)) == (first, last, N_SAMPLES)
    assert not any(frame % 2 for frame in found[1:-1] if frame not in (first, last))
    assert found == sorted(found)


def test_whichever_of_two_is_blended(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", blended([picture(i) for i in range(N_FILMED)])[1:], fps=50)
    found, _ = sampled(path)
    assert all(frame % 2 for frame in found[1:-1] if frame > 0)


def pan(time: float) -> np.ndarray:
    """A smooth pattern that passes by."""
    y, x = np.mgrid[:240, :320]
    light = 128 + 100 * np.sin((x + time) / 40) * np.cos(y / 50)
    return np.repeat(light[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(
    ("frames", "fps"),
    [
        ([picture(i / 2) for i in range(2 * N_FILMED)], 50),  # filmed at this rate
        ([picture(i // 2) for i in range(2 * N_FILMED)], 50),  # each frame twice
        ([pan(5 * i) for i in range(2 * N_FILMED)], 60),  # all of it near the mean of its neighbours
        ([picture(0)] * 2 * N_FILMED, 50),  # nothing moves
        (blended([picture(i) for i in range(N_FILMED)]), 25),  # in slow motion: all there is
        (spliced(), 50),  # the blended ones change places
    ],
)
def test_everything_else_is_sampled_as_released(
    tmp_path: Path, frames: list[np.ndarray], fps: float, compact: bool
) -> None:
    found, released = sampled(write(tmp_path / "a.mp4", frames, fps=fps, compact=compact))
    assert found == released


def test_a_cancelled_look_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [picture(i) for i in range(N_FILMED)], fps=50)
    token = CancelToken()
    token.cancel()
    with VideoReader(path) as reader, pytest.raises(Cancelled):
        sample_filmed(reader, 0, N_FILMED - 1, token)

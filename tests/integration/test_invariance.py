"""What must not matter: mirroring, half the resolution, twice the frame rate, another encoding, and the precision."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from fineparser_core.commands.exemplars import COMMONEST
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.clips import make_clip
from fineparser_core.synth.render import DiveSpec, render_dive
from fineparser_core.types import DiveParse, Scoring
from fineparser_core.video.sampling import frame_to_sample
from fineparser_core.video.writer import VideoWriter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

N_CLIPS = 10
MAX_SAMPLES = 2
MAX_SAMPLES_BF16, MAX_POINTS_BF16 = 1, 0.5


class Original(NamedTuple):
    number: str
    board_m: float
    fps: float
    frames: np.ndarray
    path: Path


class Outcome(NamedTuple):
    parse: DiveParse
    scoring: Scoring


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Original]:
    folder = tmp_path_factory.mktemp("invariance")
    made = []
    for i in range(N_CLIPS):
        number = COMMONEST[i % len(COMMONEST)]
        dive = render_dive(DiveSpec(dive_number=number, height_px=360, aspect=16 / 9), seed=9000 + i)
        path = folder / f"{i}.mp4"
        write(path, dive.frames, dive.fps)
        made.append(Original(number, dive.board_m, dive.fps, dive.frames, path))
    return made


def write(path: Path, frames: np.ndarray, fps: float, *, compact: bool = False) -> None:
    height, width = frames[0].shape[:2]
    with VideoWriter(path, width_px=width, height_px=height, fps=fps, compact=compact) as writer:
        for i, frame in enumerate(frames):
            writer.write(frame, i / fps)


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Analyzer]:
    opened = Analyzer.open(precision="fp32")
    yield opened
    opened.library.close()


@pytest.fixture(scope="module")
def plain(analyzer: Analyzer, originals: list[Original]) -> list[Outcome]:
    return [analyse(analyzer, original.path, original) for original in originals]


def analyse(analyzer: Analyzer, path: Path, original: Original) -> Outcome:
    dive = parse_dive_number(original.number)
    parse, encoding = analyzer.parse(make_clip(path))
    return Outcome(parse, analyzer.score(encoding, dive, find_difficulty(dive, original.board_m)))


def samples(parse: DiveParse) -> tuple[int, int]:
    found = parse.transitions
    return tuple(frame_to_sample(parse.sampled_frames, f) for f in (found.first_flight_frame, found.first_entry_frame))


def mirrored(original: Original, path: Path) -> None:
    write(path, original.frames[:, :, ::-1], original.fps)


def halved(original: Original, path: Path) -> None:
    height, width = original.frames.shape[1:3]
    small = [cv2.resize(f, (width // 2, height // 2), interpolation=cv2.INTER_AREA) for f in original.frames]
    write(path, np.stack(small), original.fps)


def doubled(original: Original, path: Path) -> None:
    """Twice as many frames a second, every new one between two others."""
    frames = original.frames.astype(np.uint16)
    between = ((frames[:-1] + frames[1:]) // 2).astype(np.uint8)
    every = np.empty((2 * len(frames) - 1, *frames.shape[1:]), np.uint8)
    every[::2], every[1::2] = original.frames, between
    write(path, every, float(Fraction(original.fps) * 2))


def repeated(original: Original, path: Path) -> None:
    """Twice as many frames a second, each twice, as converters of frame rates make them."""
    write(path, np.repeat(original.frames, 2, axis=0), float(Fraction(original.fps) * 2))


def recoded(original: Original, path: Path) -> None:
    write(path, original.frames, original.fps, compact=True)


@pytest.mark.parametrize("change", [mirrored, halved, doubled, repeated, recoded])
def test_changes_that_must_not_matter(change, analyzer, originals, plain, tmp_path):
    off = []
    for original, before in zip(originals, plain, strict=True):
        path = tmp_path / f"{change.__name__}.mp4"
        change(original, path)
        after = analyse(analyzer, path, original)
        moved = np.abs(np.subtract(samples(after.parse), samples(before.parse))).tolist()
        points = abs(after.scoring.score - before.scoring.score)
        off.append((original.number, moved, round(points, 2), round(before.scoring.spread, 2)))
    print(change.__name__, off)
    assert all(max(moved) <= MAX_SAMPLES for _, moved, _, _ in off), off
    assert all(points < spread for _, _, points, spread in off), off


def test_half_precision_moves_little(originals, plain):
    half = Analyzer.open(precision="bf16")
    off = []
    for original, before in zip(originals, plain, strict=True):
        after = analyse(half, original.path, original)
        moved = np.abs(np.subtract(samples(after.parse), samples(before.parse))).tolist()
        off.append((original.number, moved, round(abs(after.scoring.score - before.scoring.score), 3)))
    half.library.close()
    print(off)
    assert all(max(moved) <= MAX_SAMPLES_BF16 for _, moved, _ in off), off
    assert all(points <= MAX_POINTS_BF16 for _, _, points in off), off

"""Reports how far results move under changes that carry no information about a dive.

    python packaging/benchmarks/invariance.py [--clips 10]

Rendered dives are analysed as they are and again mirrored, at half the resolution, at twice the frame rate (new frames
blended of their neighbours, or repeated), in another encoding, and in bfloat16.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fineparser_core.commands.exemplars import COMMONEST
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.evaluation.summary import text_table
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.synth.render import DiveSpec, render_dive
from fineparser_core.video.clips import make_clip
from fineparser_core.video.sampling import frame_to_sample
from fineparser_core.video.writer import VideoWriter


class Original(NamedTuple):
    """A rendered dive: frames (T, H, W, 3) uint8 RGB, and its file."""

    number: str
    board_m: float
    fps: float
    frames: np.ndarray
    path: Path


class Outcome(NamedTuple):
    """Transitions in samples, score and spread."""

    transitions: tuple[int, int]
    score: float
    spread: float


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10)
    n_clips = parser.parse_args(argv).clips
    with tempfile.TemporaryDirectory(prefix="fineparser-") as name:
        folder = Path(name)
        originals = [render(i, folder / f"{i}.mp4") for i in range(n_clips)]
        analyzer, half = Analyzer.open(precision="fp32"), Analyzer.open(precision="bf16")
        before = [analyse(analyzer, one.path, one) for one in originals]
        rows = []
        for change, words in CHANGES.items():
            after = []
            for one in originals:
                path = folder / "changed.mp4"
                change(one, path)
                after.append(analyse(analyzer, path, one))
            rows.append(row(words, before, after))
        rows.append(row("bfloat16", before, [analyse(half, one.path, one) for one in originals]))
        print(f"{n_clips} rendered dives, weights {analyzer.model.id}")
        heads = ["change", "transition moved by, samples", "score moved by, points", "beyond its spread"]
        print(text_table(heads, rows))
    return 0


def row(name: str, before: list[Outcome], after: list[Outcome]) -> list[str]:
    """Of the table: the most and the median that transitions and scores move."""
    moved = [np.abs(np.subtract(b.transitions, a.transitions)).max() for a, b in zip(before, after, strict=True)]
    points = np.array([abs(b.score - a.score) for a, b in zip(before, after, strict=True)])
    beyond = int((points >= [a.spread for a in before]).sum())
    return [
        name,
        f"most {max(moved)}, median {np.median(moved):g}",
        f"most {points.max():.2f}, median {np.median(points):.2f}",
        f"{beyond} of {len(before)}",
    ]


def render(index: int, path: Path) -> Original:
    """Renders a dive into a file."""
    number = COMMONEST[index % len(COMMONEST)]
    dive = render_dive(DiveSpec(dive_number=number, height_px=360, aspect=16 / 9), seed=9000 + index)
    write(path, dive.frames, dive.fps)
    return Original(number, dive.board_m, dive.fps, dive.frames, path)


def write(path: Path, frames: np.ndarray, fps: float, *, compact: bool = False) -> None:
    """Writes frames (T, H, W, 3) uint8 RGB as a video."""
    height, width = frames[0].shape[:2]
    with VideoWriter(path, width_px=width, height_px=height, fps=fps, compact=compact) as writer:
        for i, frame in enumerate(frames):
            writer.write(frame, i / fps)


def analyse(analyzer: Analyzer, path: Path, original: Original) -> Outcome:
    """Analyses a file as a dive of the original's number."""
    dive = parse_dive_number(original.number)
    parse, encoding = analyzer.parse(make_clip(path))
    scoring = analyzer.score(encoding, dive, find_difficulty(dive, original.board_m))
    found = parse.transitions
    st, ed = (frame_to_sample(parse.sampled_frames, f) for f in (found.first_flight_frame, found.first_entry_frame))
    return Outcome((st, ed), scoring.score, scoring.spread)


def mirrored(original: Original, path: Path) -> None:
    """Left and right exchanged."""
    write(path, original.frames[:, :, ::-1], original.fps)


def halved(original: Original, path: Path) -> None:
    """Half as wide and half as high."""
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
    """The same frames in a smaller file."""
    write(path, original.frames, original.fps, compact=True)


CHANGES: dict[Callable[[Original, Path], None], str] = {
    mirrored: "mirrored",
    halved: "half the resolution",
    doubled: "twice the frame rate, blended",
    repeated: "twice the frame rate, repeated",
    recoded: "another encoding",
}


if __name__ == "__main__":
    sys.exit(main())

"""Whether the dives of labelled real clips are found as well in altered copies, which nobody chose constants on.

    python packaging/benchmarks/altered_clips.py CLIPS OUT [--only mirrored smaller …]

Below OUT a folder for each alteration holds the altered clips, their labels, and what `fineparser evaluate --real`
makes of them, whose table is printed. Labels of masks are left out, as their pixels move.
"""

import argparse
import json
import sys
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np

from fineparser_core.commands.cli import main as fineparser
from fineparser_core.evaluation.real_clips import LABELS_FILE
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

Alteration = Callable[[np.ndarray, int], np.ndarray]
#: The shorter side of smaller pictures, pixels.
_SMALL_PX = 240
_TILT_DEG = 5.0
#: How far a hand moves from frame to frame, in thousandths of the width; and how much of it is there in the next frame.
_SHAKE, _KEPT = 4.5, 0.8
_MOST_FRAMES = 10_000
_HAND = np.array(
    list(
        accumulate(np.random.default_rng(0).normal(0, _SHAKE / 1000, (_MOST_FRAMES, 2)), lambda at, by: _KEPT * at + by)
    )
)


def _mirrored(frame: np.ndarray, _: int) -> np.ndarray:
    return np.ascontiguousarray(frame[:, ::-1])


def _smaller(frame: np.ndarray, _: int) -> np.ndarray:
    shorter = min(frame.shape[:2])
    share = _SMALL_PX / shorter if shorter > _SMALL_PX else 0.75
    return cv2.resize(frame, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def _shaken(frame: np.ndarray, index: int) -> np.ndarray:
    height, width = frame.shape[:2]
    by = _HAND[index] * width
    moved = np.array([[1, 0, by[0]], [0, 1, by[1]]])
    return cv2.warpAffine(frame, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _tilted(frame: np.ndarray, _: int) -> np.ndarray:
    height, width = frame.shape[:2]
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), _TILT_DEG, 1.05)
    return cv2.warpAffine(frame, turned, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _framed(frame: np.ndarray, _: int) -> np.ndarray:
    height, width = frame.shape[:2]
    return cv2.copyMakeBorder(frame, height // 4, height // 4, width // 4, width // 4, cv2.BORDER_CONSTANT)


def _darker(frame: np.ndarray, _: int) -> np.ndarray:
    return np.asarray(255 * 0.8 * (frame / 255) ** 1.8, np.uint8)


ALTERATIONS: dict[str, Alteration] = {
    "mirrored": _mirrored,
    "smaller": _smaller,
    "shaken": _shaken,
    "tilted": _tilted,
    "framed": _framed,
    "darker": _darker,
}


def alter(clips: Path, out: Path, change: Alteration) -> None:
    """Writes the labelled clips of a folder, altered, and their labels."""
    out.mkdir(parents=True, exist_ok=True)
    altered = {}
    for name, labels in json.loads((clips / LABELS_FILE).read_text(encoding="utf-8")).items():
        path = out / f"{Path(name).stem}.mp4"
        altered[path.name] = labels
        with VideoReader(clips / name) as reader:
            first = change(reader.frame(0), 0)
            size = {"width_px": first.shape[1], "height_px": first.shape[0]}
            with VideoWriter(path, fps=reader.info.fps, **size) as writer:
                for index, frame in reader.frames(range(reader.info.n_frames)):
                    writer.write(change(frame, index), float(reader.info.pts_s[index]))
    (out / LABELS_FILE).write_text(json.dumps(altered), encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=ALTERATIONS, default=list(ALTERATIONS))
    args = parser.parse_args(argv)
    for name in args.only:
        alter(args.clips, args.out / name, ALTERATIONS[name])
        print(f"\n{name}", flush=True)
        fineparser(["evaluate", "--real", str(args.out / name), "--out", str(args.out / name / "measured")])
    return 0


if __name__ == "__main__":
    sys.exit(main())

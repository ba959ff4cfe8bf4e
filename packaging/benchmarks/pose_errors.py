"""How far found joints are off on rendered dives, whose joints are known.

    python packaging/benchmarks/pose_errors.py DIVES [--weights DIR] [--limit N] [--cache DIR]

Dives of `fineparser synthesize`, seen around their true masks and cut at their true transitions, so that joints are
measured alone.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fineparser_core.commands.terminal import running
from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import DatasetDive
from fineparser_core.data.frame_cache import DatasetCache, default_cache, load_dives
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.errors import AnnotationError, CheckpointError
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.support.text_table import text_table
from fineparser_core.synth.dataset import TRUTH_FOLDER

#: Samples around the take-off in which joints are measured apart.
_TAKE_OFF = (-3, 8)
_FAR_PX = 8.0
# Side in pixels of the neighbourhood that must contain a part of the athlete for a joint to be visible: joints under
# water or behind objects are not.
_NEIGHBOURHOOD_PX = 9
_ALL = np.arange(N_SAMPLES)
_BODY = len(KEYPOINT_NAMES) - 1


def measure_joints(
    analyzer: Analyzer,
    data: DiveSet,
    records: Sequence[DiveRecord],
    *,
    cache: Path | None,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> str:
    """A table of the joints' errors.

    Raises:
        CheckpointError: the network sees no poses.
        AnnotationError: the dives are not rendered.
        Cancelled: once the token is set.
    """
    preprocessing = analyzer.model.preprocessing
    frames = DatasetCache(cache or default_cache(data), data, preprocessing)
    spans: dict[str, list[np.ndarray]] = {"until the entry": [], "around the take-off": [], "in the flight": []}
    for dive in load_dives(data, records, frames, cancel, progress=progress):
        true = true_joints(data.root, dive, preprocessing)
        view = plain_view(dive, preprocessing)
        found = analyzer.encoder.encode(view_frames(dive, view, _ALL), cancel=cancel).joints
        if found is None:
            raise CheckpointError(f"{analyzer.model.id} sees no poses: give weights with poses, by --weights.")
        off = errors_px(found[:, :_BODY, :2], true)
        off[~visible(true, view_masks(dive, view, _ALL))] = np.nan
        st, ed = view.transitions(dive)
        first, last = max(0, st + _TAKE_OFF[0]), st + _TAKE_OFF[1]
        for span, (start, end) in zip(spans.values(), ((0, ed), (first, last), (last, ed)), strict=True):
            span.append(off[start:end])
    rows = []
    for name, parts in spans.items():
        known = np.concatenate([part[np.isfinite(part)] for part in parts])
        if known.size:
            far = 100 * float((known > _FAR_PX).mean())
            rows.append([name, f"{np.median(known):.2f}", f"{np.quantile(known, 0.9):.1f}", f"{far:.1f} %"])
    return (
        f"{len(records)} dives, seen around their true masks, cut at their true transitions\n\n"
        f"{text_table(['joints off by, pixels', 'median', 'a tenth by', f'beyond {_FAR_PX:.0f}'], rows)}"
    )


def true_joints(root: Path, dive: DatasetDive, preprocessing: str) -> np.ndarray:
    """The body's joints in the samples of a dive, (96, 15, 2) pixels of what the network sees.

    Raises:
        AnnotationError: the dive is not a rendered one.
    """
    event, index = dive.record.key
    path = root / TRUTH_FOLDER / event / f"{index}.npz"
    if not path.is_file():
        raise AnnotationError(f"{dive.record.id} is not rendered: render dives (`fineparser synthesize`).")
    view = plain_view(dive, preprocessing)
    with np.load(path) as truth:
        points = truth["joints"][view.sampled, :_BODY]
    if dive.squares is not None:
        squares = np.ascontiguousarray(dive.squares[view.sampled]).view(np.float32)
        points = (points - squares[:, None, :2]) / squares[:, None, 2:]
    stored = np.array([dive.frames.shape[2], dive.frames.shape[1]])
    return np.asarray(points * stored - np.array([view.first_column, view.first_row]))


def visible(joints: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """(96, 15) bool: which joints (96, 15, 2) lie near the athlete of masks (96, 112, 112), 255 = athlete."""
    wide = np.ones((_NEIGHBOURHOOD_PX, _NEIGHBOURHOOD_PX), np.uint8)
    near = np.stack([cv2.dilate((mask > 127).astype(np.uint8), wide) for mask in masks])
    inside = ((joints >= 0) & (joints < MASK_SIZE)).all(axis=-1)  # false for NaN
    x, y = np.where(inside[..., None], joints, 0).astype(int).transpose(2, 0, 1)
    return inside & (near[np.arange(len(masks))[:, None], y, x] > 0)


def errors_px(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Distances (n, 15) of found and true joints (n, 15, 2), with left and right as they fit best in each sample."""
    straight, swapped = (
        np.linalg.norm(joints - true, axis=-1) for joints in (found, found[:, list(KEYPOINT_FLIP[:_BODY])])
    )
    nearer = np.nansum(swapped, axis=1) < np.nansum(straight, axis=1)
    return np.where(nearer[:, None], swapped, straight)


def main() -> None:
    """Runs the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of rendered dives, measured on their test split")
    parser.add_argument("--weights", type=Path, help="folder of a bundle (default: the bundled weights)")
    parser.add_argument("--limit", type=int, help="N dives only, drawn from the test split")
    parser.add_argument("--cache", type=Path, help="folder for decoded frames (default: the user's cache folder)")
    args = parser.parse_args()
    data = load_dataset(args.data)
    records = data.split("test")
    if args.limit is not None:
        drawn = np.random.default_rng(0).permutation(len(records))[: args.limit]
        records = [records[i] for i in sorted(drawn)]
    with running() as (progress, cancel):
        report = measure_joints(
            Analyzer.open(weights=args.weights), data, records, cache=args.cache, progress=progress, cancel=cancel
        )
    print(report)


if __name__ == "__main__":
    main()

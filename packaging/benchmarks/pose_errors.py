"""How far found joints are off on rendered dives, and what the static stream reads off them.

    python packaging/benchmarks/pose_errors.py DIVES [--weights DIR] [--limit N] [--cache DIR]

Of rendered dives, seen around their true masks and cut at their true transitions, so that poses and reader are measured
alone, in a tenth of the time of a whole evaluation.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from fineparser_core.commands.terminal import running
from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE, STEP_NAMES
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import Dive
from fineparser_core.data.frame_cache import FrameCache, default_cache, load_dives
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import View, plain_view
from fineparser_core.errors import AnnotationError, CheckpointError
from fineparser_core.evaluation.fidelity import MIN_PAIRS, rank_correlation
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.support.text_table import text_table
from fineparser_core.training.batches import ALL_SAMPLES, by_number, frame_tensor, mask_tensor, ordered_pairs
from fineparser_core.training.synthetic_labels import (
    GroundTruths,
    keypoint_labels,
    load_ground_truths,
    scaled_qualities,
    true_contributions,
    visible_joints,
)

#: Samples around the take-off in which joints are measured apart.
_TAKE_OFF = (-3, 8)
_FAR_PX = 8.0


@dataclass(frozen=True, kw_only=True)
class Read:
    """What is read of a step, or of the sum.

    Attributes:
        untold: mean squared points of the pairs.
        error: the same of what is left, where what is read is scaled best.
        rho: mean over dive numbers of `rank_correlation` with the true points; NaN without `MIN_PAIRS` of one.
    """

    untold: float
    error: float
    rho: float


def measure_poses(
    analyzer: Analyzer,
    data: DiveSet,
    records: Sequence[DiveRecord],
    *,
    cache: Path | None,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> str:
    """Tables of the joints' errors and of what is read off them on rendered dives.

    Raises:
        CheckpointError: the network sees no poses.
        AnnotationError: the dives are not rendered, or no two of them are of one number.
        Cancelled: once the token is set.
    """
    identity, model, device = analyzer.model, analyzer.encoder.model, analyzer.encoder.device
    if not isinstance(model, FineParserPose):
        raise CheckpointError(f"{identity.id} sees no poses: give weights with poses, by --weights.")
    backbone = model.static_encoder.backbone
    frames = FrameCache(cache or default_cache(data), data, identity.preprocessing)
    dives = load_dives(data, records, frames, cancel, progress=progress)
    truths = load_ground_truths(data.root, dives)
    dives = [dive for dive in dives if dive.record.key in truths]
    groups = [np.array(group) for group in by_number([dive.dive_number for dive in dives], 2)]
    if not groups:
        raise AnnotationError(
            f"Of {len(records)} dives of {data.root} no two are rendered ones of one number: render more "
            "(`fineparser synthesize`), or give no --limit."
        )
    query, exemplar = np.concatenate([group[np.stack(ordered_pairs(len(group)))] for group in groups], axis=1)
    views = [plain_view(dive, identity.preprocessing) for dive in dives]
    cuts = [view.transitions(dive) for dive, view in zip(dives, views, strict=True)]
    poses = []
    with torch.inference_mode():
        for dive, view in zip(dives, views, strict=True):
            cancel.raise_if_cancelled()
            video = frame_tensor(dive, view, ALL_SAMPLES).to(device).contiguous(memory_format=torch.channels_last)
            poses.append(backbone.refined_poses(video))
            progress(Progress("poses", len(poses), len(dives)))
        seen = torch.stack(poses)
        features = model.static_encoder.to_feature(backbone.features(seen))
        tokens = model.static_encoder.step_tokens(features, cuts)
        points = (model.static_stream(tokens[query], tokens[exemplar]) * model.step_weights).cpu().numpy()
        off = _off(backbone.track_refined(seen).cpu().numpy(), dives, views, truths)
    true = true_contributions(dives, scaled_qualities(dives, truths), query, exemplar).numpy()
    numbers = np.array([dives[i].dive_number for i in query])
    read = [_read(points[:, i], true[:, i], numbers) for i in range(3)]
    read.append(_read(points.sum(axis=1), true.sum(axis=1), numbers))
    report = [
        [name, f"{one.untold:.1f}", f"{one.error:.1f}", f"{one.rho:.2f}"]
        for name, one in zip((*STEP_NAMES, "sum"), read, strict=True)
    ]
    return (
        f"{len(dives)} dives, seen around their true masks, cut at their true transitions\n\n"
        f"{text_table(['joints off by, pixels', 'median', 'a tenth by', f'beyond {_FAR_PX:.0f}'], off)}\n\n"
        f"{text_table(['points, static stream', 'untold', 'squared error', 'Spearman'], report)}\n"
        f"{len(query)} pairs of dives of one number, errors in squared points at the best scale"
    )


def _off(tracked: np.ndarray, dives: Sequence[Dive], views: Sequence[View], truths: GroundTruths) -> list[list[str]]:
    """Rows of a table: pixels that the seen joints of (n, 96, 16, 3) are off, with sides as they fit best."""
    spans: dict[str, list[np.ndarray]] = {"until the entry": [], "around the take-off": [], "in the flight": []}
    for found, dive, view in zip(tracked, dives, views, strict=True):
        true = keypoint_labels(dive, view, ALL_SAMPLES, truths)
        shown = visible_joints(torch.from_numpy(true), mask_tensor(dive, view, ALL_SAMPLES)).numpy()
        straight, swapped = (
            np.linalg.norm(joints[..., :2] - MASK_SIZE * true, axis=-1)
            for joints in (found, found[:, list(KEYPOINT_FLIP)])
        )
        nearer = np.nansum(swapped, axis=1) < np.nansum(straight, axis=1)
        off = np.where(nearer[:, None], swapped, straight)
        st, ed = view.transitions(dive)
        first, last = max(0, st + _TAKE_OFF[0]), st + _TAKE_OFF[1]
        for span, (start, end) in zip(spans.values(), ((0, ed), (first, last), (last, ed)), strict=True):
            span.append(off[start:end][shown[start:end]])
    rows = []
    for name, parts in spans.items():
        all_off = np.concatenate(parts)
        if not all_off.size:
            continue
        far = 100 * float((all_off > _FAR_PX).mean())
        rows.append([name, f"{np.median(all_off):.2f}", f"{np.quantile(all_off, 0.9):.1f}", f"{far:.1f} %"])
    return rows


def _read(points: np.ndarray, true: np.ndarray, numbers: np.ndarray) -> Read:
    size = float((points**2).sum())
    best = float((points * true).sum()) / size if size else 0.0
    of_number = (numbers == number for number in np.unique(numbers))
    rhos = [rank_correlation(points[rows], true[rows]) for rows in of_number if rows.sum() >= MIN_PAIRS]
    return Read(
        untold=float((true**2).mean()),
        error=float(((best * points - true) ** 2).mean()),
        rho=float(np.mean(rhos)) if rhos else float("nan"),
    )


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
        report = measure_poses(
            Analyzer.open(weights=args.weights), data, records, cache=args.cache, progress=progress, cancel=cancel
        )
    print(report)


if __name__ == "__main__":
    main()

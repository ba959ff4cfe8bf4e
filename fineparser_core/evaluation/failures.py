"""Pictures of dives with found and true masks: those on which a network does worst, for its model card."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from fineparser_core.data.records import DatasetDive
from fineparser_core.evaluation.evaluate import Evaluator
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.printable import printable
from fineparser_core.progress import CancelToken, Progress, ProgressCallback

_SAMPLES = np.linspace(4, 70, 8).astype(int)  # later samples mostly show water
_TILE_PX, _DIVES = 168, 4
_FOUND, _TRUTH, _TEXT = (255, 64, 160), (90, 255, 90), (255, 255, 255)


def worst(results: Sequence[DiveResult], badness: Callable[[DiveResult], float | None]) -> list[DiveResult]:
    """Return the four dives that are worst, the worst first; those without a value are left out."""
    valued = [(value, result) for result in results if (value := badness(result)) is not None]
    return [result for _, result in sorted(valued, key=lambda pair: -pair[0])[:_DIVES]]


def mask_badness(result: DiveResult) -> float | None:
    """Return 1 - mask IoU."""
    return None if not result.masks or "iou" not in result.masks else 1 - result.masks["iou"]


def step_badness(result: DiveResult) -> float | None:
    """Return 1 - IoU of the flights' intervals."""
    return None if result.interval_iou is None else 1 - result.interval_iou


#: Pictures of failures: file, caption, and what is bad.
SHEETS = (
    (
        "worst_masks.jpg",
        "The rendered test dives with the worst masks: found ones filled, true ones outlined.",
        mask_badness,
    ),
    ("worst_steps.jpg", "The rendered test dives whose transitions are farthest off.", step_badness),
)


def failure_sheets(
    evaluator: Evaluator,
    dives: Sequence[DatasetDive],
    results: Sequence[DiveResult],
    *,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> dict[str, np.ndarray]:
    """Draw network inputs with masks, predicted filled, true outlined; each dive is encoded once.

    Returns:
        By file, (H, W, 3) uint8 RGB, a row per dive; no file without dives.

    Raises:
        Cancelled: once the token is set.
    """
    shown = {name: worst(results, badness) for name, _, badness in SHEETS}
    by_id = {dive.record.id: dive for dive in dives}
    every = {result.id: result for of_sheet in shown.values() for result in of_sheet}
    rows = {}
    for done, result in enumerate(every.values(), start=1):
        cancel.raise_if_cancelled()
        rows[result.id] = _row(evaluator, by_id[result.id], result)
        progress(Progress("pictures", done, len(every)))
    return {name: np.vstack([rows[result.id] for result in of_sheet]) for name, of_sheet in shown.items() if of_sheet}


def _row(evaluator: Evaluator, dive: DatasetDive, result: DiveResult | None = None) -> np.ndarray:
    given, observed = evaluator.encode(dive)
    masks = observed.mask_probability
    tiles = []
    for sample in _SAMPLES:
        tile = cv2.resize(given.frames[sample], (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_LINEAR)
        if masks is not None:
            found = cv2.resize(masks[0, sample].float().cpu().numpy(), (_TILE_PX, _TILE_PX)) >= 0.5
            tile[found] = (0.55 * tile[found] + 0.45 * np.array(_FOUND)).astype(np.uint8)
        if given.truth is not None:
            truth = cv2.resize(given.truth[sample].astype(np.uint8), (_TILE_PX, _TILE_PX))
            outlines, _ = cv2.findContours(truth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(tile, outlines, -1, _TRUTH, 1)
        tiles.append(tile)
    row = np.ascontiguousarray(np.hstack(tiles))
    if result is None:
        return row
    iou = "" if not result.masks or "iou" not in result.masks else f", mask IoU {result.masks['iou']:.2f}"
    steps = ""
    if result.transitions is not None and result.true_transitions is not None:
        off = [found - true for found, true in zip(result.transitions, result.true_transitions, strict=True)]
        steps = f", transitions {off[0]:+d} and {off[1]:+d} samples"
    text = f"{result.dive_number}{iou}{steps}"
    cv2.putText(row, printable(text), (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _TEXT, 1, cv2.LINE_AA)
    return row

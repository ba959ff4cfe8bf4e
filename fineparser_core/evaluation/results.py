"""The result of a dive, of which a summary and a report are made, and a cache of results on disk, dive by dive."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core import __version__
from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.exemplars import candidates
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import ExportError
from fineparser_core.evaluation.metrics import center_disc, interval_iou, mask_iou, step_ious
from fineparser_core.evaluation.protocol import Protocol, ProtocolRecord
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.tables import csv_table

#: Weight of precision: Achanta et al., CVPR 2009, the convention of the field.
BETA_SQUARED = 0.3
#: The paper's text gives beta itself as 0.3.
PAPER_BETA_SQUARED = 0.3**2

_N_THRESHOLDS = 256
#: Variance relative to the mean square below which it is rounding (ratio).
_ROUNDING = 1e-12


def stretched(probability: np.ndarray) -> np.ndarray:
    """Return a map (H, W) stretched linearly to span 0 to 1, float64; a constant map as it is.

    Source: PySODMetrics, by which the field compares, does this before every metric.
    """
    p = probability.astype(np.float64)
    low, high = p.min(), p.max()
    return (p - low) / (high - low) if high > low else p


def mae(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean absolute error of a map in [0, 1], any shape, against a bool mask.

    Source: section 4.2; Perazzi et al., CVPR 2012.
    """
    return float(np.abs(probability - truth.astype(np.float64)).mean())


def f_beta_adaptive(probability: np.ndarray, truth: np.ndarray, beta_squared: float = BETA_SQUARED) -> float:
    """Return the F-measure at a threshold of twice the mean of the map, at most 1; 0 where no athlete is hit.

    Args:
        probability: (H, W) in [0, 1].
        truth: (H, W) bool.
        beta_squared: weight of recall in the harmonic mean; below 1 precision counts more.

    Source: section 4.2; Achanta et al., CVPR 2009.
    """
    found = probability >= min(2 * float(probability.mean(dtype=np.float64)), 1.0)
    hits = np.count_nonzero(found & truth)
    n_found, n_true = np.count_nonzero(found), np.count_nonzero(truth)
    return float(_f_beta(np.array(hits), np.array(n_found), int(n_true), beta_squared))


def f_beta_mean(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of the F-measures at the 256 thresholds 0/255, 1/255, ... 1; arguments as of `f_beta_adaptive`.

    Source: as of `f_beta_adaptive`; thresholds as the tools of the field set them.
    """
    level = (probability.astype(np.float64) * (_N_THRESHOLDS - 1)).astype(np.uint8)
    found = np.bincount(level.ravel(), minlength=_N_THRESHOLDS)[::-1].cumsum()
    hits = np.bincount(level[truth], minlength=_N_THRESHOLDS)[::-1].cumsum()
    return float(_f_beta(hits, found, int(np.count_nonzero(truth)), BETA_SQUARED).mean())


def s_measure(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the structure measure: similarity of map and mask as objects and by region, in equal parts (alpha = 0.5).

    Args:
        probability: (H, W) in [0, 1].
        truth: (H, W) bool.

    Returns:
        0 to 1. Against an empty mask 1 - mean probability, against a full mask the mean.

    Source: section 4.2; Fan et al., ICCV 2017.
    """
    p, t = probability.astype(np.float64), truth.astype(np.float64)
    n_true = float(t.sum())
    if n_true in (0, t.size):
        return float(p.mean() if n_true else 1 - p.mean())
    # Sums over the four quadrants around the centroid, whose own row and column belong to the upper left.
    height, width = t.shape
    rows, columns = np.zeros((2, height)), np.zeros((width, 2))
    down = round(float(t.sum(axis=1) @ np.arange(height)) / n_true) + 1
    across = round(float(t.sum(axis=0) @ np.arange(width)) / n_true) + 1
    rows[0, :down] = rows[1, down:] = columns[:across, 0] = columns[across:, 1] = 1
    pt = p * t
    sums = (rows @ each @ columns for each in (p, t, p * p, pt, p * pt))
    in_p, in_t, in_pp, in_pt, in_ppt = (each.ravel() for each in sums)
    size = np.outer(rows.sum(axis=1), columns.sum(axis=0)).ravel()
    found, square = in_pt.sum(), in_ppt.sum()
    missed = t.size - n_true - in_p.sum() + found
    missed_square = missed - (in_p.sum() - found) + (in_pp.sum() - square)  # of 1 - p where there is no athlete
    share = n_true / t.size
    objects = share * _object(found, square, n_true) + (1 - share) * _object(missed, missed_square, t.size - n_true)
    return max(0.0, float(objects + (size * _similarity(size, in_p, in_t, in_pp, in_pt)).sum() / t.size) / 2)


def _f_beta(hits: np.ndarray, found: np.ndarray, n_true: int, beta_squared: float) -> np.ndarray:
    # (1 + b) P R / (b P + R) with P = hits / found and R = hits / n_true.
    return (1 + beta_squared) * hits / np.maximum(beta_squared * n_true + found, 1e-12)


def _object(total: float, square: float, n: float) -> float:
    """Return the similarity to 1 of n values by their sum and the sum of their squares."""
    mean = total / n
    deviation = np.sqrt(max(square - total * mean, 0.0) / (n - 1)) if n > 1 else 0.0
    return float(2 * mean / (mean**2 + 1 + deviation))


def _similarity(n: np.ndarray, p: np.ndarray, t: np.ndarray, pp: np.ndarray, pt: np.ndarray) -> np.ndarray:
    """Return luminance, contrast and structure combined, as in SSIM without its constants, of regions by their sums."""
    n = np.maximum(n, 1)
    p_mean, t_mean = p / n, t / n
    p_rest, t_rest, both = pp - p * p_mean, t - t * t_mean, pt - p * t_mean
    p_rest = np.where(p_rest > _ROUNDING * pp, p_rest, 0.0)
    both = np.where((p_rest > 0) & (t_rest > 0), both, 0.0)
    alike, scale = 4 * p_mean * t_mean * both, (p_mean**2 + t_mean**2) * (p_rest + t_rest)
    similarity: np.ndarray = np.where(alike != 0, alike / np.where(scale > 0, scale, 1), scale == 0)
    return similarity


#: Format of predictions on a data set, see `evaluation.predictions`.
PREDICTIONS_FORMAT = "fineparser.predictions/1"
#: Metrics that are measured of a map as it is, and again of the stretched map.
_OF_MAPS = {"mae": mae, "f_adaptive": f_beta_adaptive, "f_mean": f_beta_mean, "s_measure": s_measure}
_STRETCHED = "_stretched"
#: Metrics of a mask by their names in `DiveResult.masks`; with "empty " or "disc " before them, of a baseline.
MASK_METRICS: tuple[str, ...] = ("iou", "f_adaptive_paper", *_OF_MAPS, *(name + _STRETCHED for name in _OF_MAPS))
MASK_BASELINES = ("empty", "disc")
FALSE_POSITIVE_AREA = "false_positive_area"


@dataclass(frozen=True, kw_only=True)
class DiveResult:
    """Prediction and truth of a dive; fields that the method does not predict or the data set does not label are None.

    Attributes:
        id: "event/index".
        dive_number: e.g. "207C".
        difficulty: DD.
        score: true, points.
        predicted: mean of the votes, points.
        spread: population standard deviation of the votes.
        n_exemplars: exemplars that voted.
        exemplar_mean: baseline, their mean score.
        number_mean: baseline, mean score of all training dives of the number.
        award_mean: baseline, DD times the mean over all training dives of score / DD.
        transitions: predicted (st, ed), samples; those of others may lie between two.
        true_transitions: labeled, samples.
        interval_iou: of the two.
        step_ious: of take-off, flight and entry.
        masks: what `mask_results` gives.
        exemplars: ids of those that voted.
        contributions: points of take-off, flight and entry against each of them; None for methods without.
    """

    id: str
    dive_number: str
    difficulty: float
    score: float
    predicted: float | None
    spread: float | None
    n_exemplars: int
    exemplar_mean: float | None
    number_mean: float | None = None
    award_mean: float | None = None
    transitions: tuple[int | float, int | float] | None = None
    true_transitions: tuple[int, int] | None = None
    interval_iou: float | None = None
    step_ious: tuple[float, float, float] | None = None
    masks: Mapping[str, float] | None = None
    exemplars: tuple[str, ...] = ()
    contributions: tuple[tuple[float, float, float], ...] | None = None


def dive_result(
    record: DiveRecord,
    pool: Sequence[DiveRecord],
    *,
    transitions: tuple[float, float] | None,
    true_transitions: tuple[int, int] | None,
    **measured: Any,
) -> DiveResult:
    """Return the result of a dive, with what follows from its record and the training dives.

    Args:
        transitions, true_transitions: samples that were found, and those that are labeled.
        measured: other attributes of `DiveResult`.
    """
    same_number = [other.score for other in candidates(record, pool, "dive-number")]
    others = (other for other in pool if other.key != record.key and other.difficulty > 0)
    awards = [other.score / other.difficulty for other in others if math.isfinite(other.score)]
    found, true = transitions, true_transitions
    return DiveResult(
        id=record.id,
        dive_number=record.dive_number,
        difficulty=record.difficulty,
        score=record.score,
        number_mean=float(np.mean(same_number)) if same_number else None,
        award_mean=float(np.mean(awards)) * record.difficulty if awards else None,
        transitions=found,
        true_transitions=true,
        interval_iou=interval_iou(found, true) if found is not None and true is not None else None,
        step_ious=step_ious(found, true) if found is not None and true is not None else None,
        **measured,
    )


def mask_results(
    probability: np.ndarray,
    truth: np.ndarray,
    missed: np.ndarray | None = None,
    baselines: dict[str, float] | None = None,
    *,
    stretch: bool = True,
) -> dict[str, float]:
    """Return the metrics of a clip's masks and of the two baselines.

    Args:
        probability: (samples, H, W) float in [0, 1].
        truth: (samples, H, W) bool.
        missed: (samples,) bool, samples whose athlete lies wholly outside the map: nothing of it is found there.
        baselines: metrics of the baselines on the same truth, which are taken from here, or measured and added.
        stretch: whether to measure stretched maps, too.

    Returns:
        Means over the samples with an athlete of `MASK_METRICS`, and of the same with "empty " and
        "disc " before them for an empty mask and `centre_disc`; over the others `FALSE_POSITIVE_AREA`, the share of
        the map at a probability of 0.5 or more. What has no sample is left out.

    Source: section 4.2. Deviation: over samples with an athlete, as a mask of nothing is right wherever there is none.
    """
    missed = np.zeros(len(truth), bool) if missed is None else missed
    shown = truth.any(axis=(1, 2)) | missed
    baselines = {} if baselines is None else baselines
    result: dict[str, float] = {}

    def means(prefix: str, given: np.ndarray) -> dict[str, float]:
        cases = zip(np.broadcast_to(given, truth[shown].shape), truth[shown], missed[shown], strict=True)
        each = [(_missed_mask if lost else _one_mask)(p, t, stretch) for p, t, lost in cases]
        return {prefix + name: float(np.mean([one[name] for one in each])) for name in each[0]}

    if shown.any():
        if not baselines:
            baselines |= means("empty ", np.zeros(truth.shape[1:])) | means("disc ", center_disc(*truth.shape[1:]))
        result = means("", probability[shown]) | baselines
    if not shown.all():
        result[FALSE_POSITIVE_AREA] = float((probability[~shown] >= 0.5).mean())
    return result


def write_predictions(
    csv_path: Path, json_path: Path, results: Sequence[DiveResult], protocol: ProtocolRecord | None = None
) -> None:
    """Write the results as a table, a row a dive with empty cells for None, and as JSON.

    Exemplars, contributions against them and the protocol are in the JSON only.

    Raises:
        ExportError: a file cannot be written.
    """
    rows = [result_row(result) for result in results]
    # Whether a dive has a number for false positives depends on its masks: the union of columns, in order.
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_whole(csv_path, csv_table(columns, rows))
    content: dict[str, Any] = {"format": PREDICTIONS_FORMAT}
    if protocol is not None:
        content["protocol"] = to_json(protocol)
    content["dives"] = [finite(asdict(result)) for result in results]
    write_whole(json_path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def finite(value: Any) -> Any:
    """Return the same mappings, sequences and numbers in JSON's types, with None for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _one_mask(probability: np.ndarray, truth: np.ndarray, stretch: bool) -> dict[str, float]:
    """Return the values of `MASK_METRICS`."""
    values = {
        "iou": mask_iou(probability, truth),
        "f_adaptive_paper": f_beta_adaptive(probability, truth, PAPER_BETA_SQUARED),
    }
    maps = {"": probability} | ({_STRETCHED: stretched(probability)} if stretch else {})
    return values | {name + suffix: of(map_, truth) for suffix, map_ in maps.items() for name, of in _OF_MAPS.items()}


def _missed_mask(probability: np.ndarray, truth: np.ndarray, stretch: bool) -> dict[str, float]:
    """Return the values of `MASK_METRICS` where the athlete is nowhere in the map."""
    errors = {"mae": mae(probability, truth), f"mae{_STRETCHED}": mae(stretched(probability), truth)}
    names = (name for name in MASK_METRICS if stretch or not name.endswith(_STRETCHED))
    return {name: errors.get(name, 0.0) for name in names}


def result_row(result: DiveResult) -> dict[str, Any]:
    """Return a dive's row of predictions.csv, of plain values."""
    values = asdict(result)
    del values["exemplars"], values["contributions"]
    pairs = {name: values.pop(name) or (None, None) for name in ("transitions", "true_transitions")}
    steps = values.pop("step_ious") or (None, None, None)
    masks = values.pop("masks") or {}
    for name, pair in pairs.items():
        values |= {f"{name}_{which}": sample for which, sample in zip(("first", "second"), pair, strict=True)}
    values |= {f"iou_{step}": iou for step, iou in zip(STEP_NAMES, steps, strict=True)}
    row: dict[str, Any] = finite(values | {f"mask {name}": value for name, value in masks.items()})
    return row


_FORMAT = "fineparser.evaluated-dives/1"


class ResultCache:
    """The results of an evaluation as lines of JSON; the first line identifies the evaluation.

    Args:
        folder: output folder of the evaluation; None keeps the results in memory only.
        protocol: preprocessing, decoding and choice of exemplars.
        facts: what the results depend on besides: weights, arithmetic, labels and the commit of the code. Results of
            any other evaluation in the folder are discarded.

    Raises:
        ExportError: the file cannot be read or written.
    """

    def __init__(self, folder: Path | None, protocol: Protocol, facts: Mapping[str, str]) -> None:
        self._path = None if folder is None else folder / "results.jsonl"
        self._known: dict[str, DiveResult] = {}
        if self._path is None:
            return
        head = json.dumps({"format": _FORMAT, "version": __version__, **asdict(protocol), **facts})
        try:
            # Text after the last line end is a line that was cut off while it was written.
            lines = self._path.read_text(encoding="utf-8").split("\n")[:-1] if self._path.exists() else []
            kept = lines if lines and lines[0] == head else [head]
            for line in kept[1:]:
                result = from_json(json.loads(line), DiveResult)
                self._known[result.id] = result
        except (OSError, ValueError) as error:
            raise ExportError(f"{self._path} cannot be read ({error}): remove it, or choose another folder.") from None
        write_whole(self._path, "".join(f"{line}\n" for line in kept))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, dive_id: str) -> DiveResult | None:
        """Return the result of a dive, if it is in the cache."""
        return self._known.get(dive_id)

    def add(self, result: DiveResult) -> None:
        """Store the result of a dive.

        Raises:
            ExportError: it cannot be written.
        """
        self._known[result.id] = result
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(result)) + "\n")
        except OSError as error:
            raise ExportError(f"{self._path} cannot be written ({error.strerror}): make room and go on.") from None

    def remove(self) -> None:
        """Delete the file; called once the outputs made from the results are written."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

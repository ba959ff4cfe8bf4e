"""The result of a dive; a list of these is all that a summary and a report need."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.exemplars import candidates
from fineparser_core.data.records import DiveRecord
from fineparser_core.evaluation.mask_metrics import PAPER_BETA_SQUARED, f_beta_adaptive, f_beta_mean, mae, s_measure
from fineparser_core.evaluation.metrics import interval_iou, mask_iou, step_ious
from fineparser_core.evaluation.naive_baselines import center_disc
from fineparser_core.evaluation.protocol import ProtocolRecord
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import to_json
from fineparser_core.support.csv_table import csv_table

#: Format of predictions on a data set, see `evaluation.predictions`.
PREDICTIONS_FORMAT = "fineparser.predictions/1"
#: Metrics of a mask by their names in `DiveResult.masks`; with "empty " or "disc " before them, of a baseline.
MASK_METRICS = ("iou", "mae", "f_adaptive", "f_mean", "f_adaptive_paper", "s_measure")
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


def mask_results(probability: np.ndarray, truth: np.ndarray, missed: np.ndarray | None = None) -> dict[str, float]:
    """Return the metrics of a clip's masks and of the two baselines.

    Args:
        probability: (samples, H, W) float in [0, 1].
        truth: (samples, H, W) bool.
        missed: (samples,) bool, samples whose athlete lies wholly outside the map: nothing of it is found there.

    Returns:
        Means over the samples with an athlete of `MASK_METRICS`, and of the same with "empty " and
        "disc " before them for an empty mask and `centre_disc`; over the others `FALSE_POSITIVE_AREA`, the share of
        the map at a probability of 0.5 or more. What has no sample is left out.

    Source: section 4.2. Deviation: over samples with an athlete, as a mask of nothing is right wherever there is none.
    """
    missed = np.zeros(len(truth), bool) if missed is None else missed
    shown = truth.any(axis=(1, 2)) | missed
    result: dict[str, float] = {}
    if shown.any():
        maps = {"": probability[shown], "empty ": np.zeros(truth.shape[1:]), "disc ": center_disc(*truth.shape[1:])}
        for prefix, given in maps.items():
            given = np.broadcast_to(given, truth[shown].shape)
            cases = zip(given, truth[shown], missed[shown], strict=True)
            each = [_missed_mask(p, t) if lost else _one_mask(p, t) for p, t, lost in cases]
            means = np.mean(each, axis=0).tolist()
            result |= {prefix + name: mean for name, mean in zip(MASK_METRICS, means, strict=True)}
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


def _one_mask(probability: np.ndarray, truth: np.ndarray) -> tuple[float, ...]:
    """Return the values of `MASK_METRICS`."""
    return (
        mask_iou(probability, truth),
        mae(probability, truth),
        f_beta_adaptive(probability, truth),
        f_beta_mean(probability, truth),
        f_beta_adaptive(probability, truth, PAPER_BETA_SQUARED),
        s_measure(probability, truth),
    )


def _missed_mask(probability: np.ndarray, truth: np.ndarray) -> tuple[float, ...]:
    """Return the values of `MASK_METRICS` where the athlete is nowhere in the map."""
    return tuple(mae(probability, truth) if name == "mae" else 0.0 for name in MASK_METRICS)


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
    return finite(values | {f"mask {name}": value for name, value in masks.items()})

"""Metrics over many dives with their intervals and naive baselines, as JSON and as text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.metrics import aiou, median_transition_ious, rank_correlations, relative_l2, spearman
from fineparser_core.evaluation.protocol import IntervalUnit, interval_unit
from fineparser_core.evaluation.results import FALSE_POSITIVE_AREA, MASK_BASELINES, MASK_METRICS, DiveResult, finite
from fineparser_core.support.bootstrap import bootstrap_interval
from fineparser_core.support.tables import text_table

EXEMPLAR_BASELINE = "drawn exemplars"
NUMBER_BASELINE = "training mean of number"
AWARD_BASELINE = "DD x training mean of score / DD"
MEDIAN_BASELINE = "median transitions"
#: Scored dives of a number or an event below which its R-l2 is not available.
MIN_DIVES_OF_GROUP = 10
_NOT_AVAILABLE = "not available"
#: Function from draws (k, n) int64 of n dives to a number for each draw, (k,); nan where there is none.
Statistic = Callable[[np.ndarray], np.ndarray]
#: A row of a table, by its columns.
Row = dict[str, Any]
_MASK_BASELINE_NAMES = {"empty": "empty mask", "disc": "centre disc"}

#: Every metric by its name in JSON: what it is called, and whether more is better.
METRICS = {
    "rho": ("Spearman rho", True),
    "r_l2_x100": ("R-l2 x100", False),
    "score_error": ("score error, points", False),
    "aiou_50": ("AIoU@0.5", True),
    "aiou_75": ("AIoU@0.75", True),
    "step_iou": ("phase IoU (ours)", True),
    "mae": ("mask MAE", False),
    "f_beta": ("F_beta adaptive, beta^2 = 0.3", True),
    "f_beta_mean": ("F_beta mean, beta^2 = 0.3", True),
    "f_beta_paper": ("F_beta adaptive, beta = 0.3", True),
    "s_measure": ("S-measure, alpha = 0.5", True),
    "mae_stretched": ("mask MAE, map stretched", False),
    "f_beta_stretched": ("F_beta adaptive, map stretched", True),
    "f_beta_mean_stretched": ("F_beta mean, map stretched", True),
    "s_measure_stretched": ("S-measure, map stretched", True),
    "mask_iou": ("mask IoU", True),
    FALSE_POSITIVE_AREA: ("false-positive area", False),
}
_MASK_NAMES = {
    name: {"iou": "mask_iou", "f_adaptive_paper": "f_beta_paper"}.get(name)
    or name.replace("f_adaptive", "f_beta").replace("f_mean", "f_beta_mean")
    for name in MASK_METRICS
}


class Intervals(NamedTuple):
    """Bootstrap intervals of 95 %, over whole events where there are enough, as dives of an event are not independent.

    Attributes:
        unit: what is drawn.
        resamples: draws; 0 gives no intervals.
    """

    unit: IntervalUnit
    seed: int
    resamples: int = 2000

    def __call__(self, statistic: Statistic, dives: Sequence[DiveResult]) -> tuple[float, float]:
        """Return the ends of the interval of a statistic over dives."""
        groups = list(map(_event, dives)) if self.unit == "event" else None
        return bootstrap_interval(statistic, len(dives), groups=groups, resamples=self.resamples, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number over n dives, its 95 % bootstrap interval, and the same number of each baseline on the same dives."""

    value: float
    low: float
    high: float
    n: int
    baselines: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Metrics of a method on a set of dives.

    Attributes:
        n_dives: all dives.
        n_scored: dives with a predicted score.
        n_fewer_exemplars: dives with fewer exemplars than requested.
        interval_unit: what the intervals draw, see `Intervals`.
        metrics: by name, in the order of `METRICS`; what cannot be measured is absent.
        by_number, by_event: rows of dive numbers, and of events: `name`, `n` dives, `rho`, `r_l2_x100`, `score_error`,
            `aiou_50` and `aiou_75`; None where one is not available. R-l2 is relative to the range of the true scores
            within the row, which few dives hardly sample: it is available from `MIN_DIVES_OF_GROUP` scored dives on.
        by_step: rows of steps in order: `step`, mean `iou` and that of the median transitions, `baseline_iou`; how far
            its first sample is off, `mean_error` and `median_error`, not for the take-off. Empty without steps.
    """

    n_dives: int
    n_scored: int
    n_fewer_exemplars: int
    interval_unit: str
    metrics: Mapping[str, Metric]
    by_number: tuple[Row, ...]
    by_event: tuple[Row, ...]
    by_step: tuple[Row, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Names of the metrics that are not available here."""
        return tuple(name for name in METRICS if name not in self.metrics)

    def values(self) -> dict[str, float]:
        """Return the metrics alone, by name."""
        return {name: metric.value for name, metric in self.metrics.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; null for unavailable values."""
        plain: dict[str, Any] = finite(asdict(self))
        plain["metrics"] |= dict.fromkeys(self.absent)
        return plain

    def as_text(self) -> str:
        """Format aligned tables: metrics with intervals and baselines, steps, dive numbers, events."""
        blocks = [f"{self.n_dives} dives, {self.n_scored} scored"]
        if self.n_fewer_exemplars:
            blocks[0] += f", {self.n_fewer_exemplars} with fewer exemplars than asked for"
        blocks.append(text_table(*self.metric_table(), left=(0, 4)))
        if self.by_step:
            blocks.append(text_table(*self.step_table()))
        blocks.append(text_table(*self.number_table()))
        header, rows = self.event_table(MIN_DIVES_OF_GROUP)
        if rows:
            small = len(self.by_event) - len(rows)
            more = f"\n{small} more events of fewer than {MIN_DIVES_OF_GROUP} dives" if small else ""
            blocks.append(text_table(header, rows) + more)
        return "\n\n".join(blocks) + "\n"

    def metric_table(self) -> tuple[list[str], list[list[str]]]:
        """Return the header and cells: every metric, those that are not available too."""
        rows = []
        for name, (label, more) in METRICS.items():
            metric = self.metrics.get(name)
            if metric is None:
                rows.append([label, _NOT_AVAILABLE, "", "", ""])
                continue
            baselines = ", ".join(f"{which} {_number(value)}" for which, value in metric.baselines.items())
            interval = f"{_number(metric.low)} to {_number(metric.high)}"
            rows.append(
                [f"{label}, {'higher' if more else 'lower'}", _number(metric.value), interval, str(metric.n), baselines]
            )
        return ["metric, better", "value", f"95 % interval by {self.interval_unit}", "dives", "baselines"], rows

    def step_table(self) -> tuple[list[str], list[list[str]]]:
        """Return the header and cells, a row a step."""
        rows = [
            [row["step"], *(_number(row[key]) for key in ("iou", "baseline_iou", "mean_error", "median_error"))]
            for row in self.by_step
        ]
        return ["step", "IoU", f"of {MEDIAN_BASELINE}", "start off, samples", "median"], rows

    def number_table(self) -> tuple[list[str], list[list[str]]]:
        """Return the header and cells, a row a dive number."""
        return ["dive number", *_GROUP_HEADER], [[row["name"], *_group_cells(row)] for row in self.by_number]

    def event_table(self, fewest: int = 1) -> tuple[list[str], list[list[str]]]:
        """Return the header and cells, a row an event of at least `fewest` dives."""
        rows = (row for row in self.by_event if row["n"] >= fewest)
        return ["event", *_GROUP_HEADER], [[row["name"], *_group_cells(row)] for row in rows]


def summarize(
    results: Sequence[DiveResult],
    *,
    median_transitions: tuple[float, float] | None,
    exemplars: int = 10,
    seed: int = 0,
    resamples: int = 2000,
) -> Summary:
    """Compute every metric that the results allow.

    Masks are averaged over the samples of a dive first, then over dives, so that the interval's unit is the dive.

    Args:
        results: of all dives.
        median_transitions: (st, ed) of the training dives, the naive baseline of the transitions.
        exemplars: E, the requested number of voters.
        seed: of the bootstrap.
        resamples: of the bootstrap; 0 gives no intervals.

    Raises:
        ConfigError: there are no results.
    """
    if not results:
        raise ConfigError("There are no results to summarise: evaluate at least one dive.")
    intervals = Intervals(interval_unit([result.id for result in results]), seed, resamples)
    metrics = _score_metrics(results, intervals) | _step_metrics(results, median_transitions, intervals)
    metrics |= _mask_metrics(results, intervals)
    return Summary(
        n_dives=len(results),
        n_scored=sum(result.predicted is not None for result in results),
        # A score without any exemplar is of a method that compares nothing.
        n_fewer_exemplars=sum(
            result.n_exemplars < exemplars and (result.n_exemplars > 0 or result.predicted is None)
            for result in results
        ),
        interval_unit=intervals.unit,
        metrics={name: metrics[name] for name in METRICS if name in metrics},
        by_number=tuple(
            _group(name, [result for result in results if result.dive_number == name])
            for name in sorted({result.dive_number for result in results})
        ),
        by_event=tuple(
            _group(name, [result for result in results if _event(result) == name])
            for name in sorted(set(map(_event, results)))
        ),
        by_step=_step_rows(results, median_transitions),
    )


def is_scored(result: DiveResult) -> bool:
    """Return True for a dive with a predicted score."""
    return result.predicted is not None


def is_parsed(result: DiveResult) -> bool:
    """Return True for a dive whose transitions are labeled and predicted."""
    return result.interval_iou is not None and result.step_ious is not None and result.true_transitions is not None


def is_masked(result: DiveResult) -> bool:
    """Return True for a dive with predicted masks and an athlete in the true ones."""
    return result.masks is not None and MASK_METRICS[0] in result.masks


def score_statistics(scored: Sequence[DiveResult]) -> dict[str, Statistic]:
    """Return the metrics of dives with a predicted score by name, as functions of draws of these dives."""
    true = np.array([result.score for result in scored])
    predicted = np.array([result.predicted for result in scored], np.float64)
    # R-l2 is relative to the range of the evaluated set, which a resample has no part in.
    relative = ((predicted - true) / (np.ptp(true) or np.nan)) ** 2 * 100
    return {
        "rho": lambda i: rank_correlations(predicted[i], true[i]),
        "r_l2_x100": lambda i: relative[i].mean(axis=-1),
        "score_error": lambda i: np.abs(predicted[i] - true[i]).mean(axis=-1),
    }


def step_values(parsed: Sequence[DiveResult]) -> dict[str, np.ndarray]:
    """Return the values (n,) of n dives for which `is_parsed` is true, whose means are the metrics, by name."""
    intervals = np.array([result.interval_iou for result in parsed], np.float64)
    steps = np.array([result.step_ious for result in parsed], np.float64)
    return {"aiou_50": intervals >= 0.5, "aiou_75": intervals >= 0.75, "step_iou": steps.mean(axis=1)}


def mask_values(masked: Sequence[DiveResult]) -> dict[str, np.ndarray]:
    """Return the values (n,) of n dives for which `is_masked` is true, whose means are the metrics, by name."""
    masks = [result.masks for result in masked if result.masks is not None]
    names = {key: name for key, name in _MASK_NAMES.items() if all(key in clip for clip in masks)}
    return {name: np.array([clip[key] for clip in masks], np.float64) for key, name in names.items()}


def _score_metrics(results: Sequence[DiveResult], intervals: Intervals) -> dict[str, Metric]:
    scored = list(filter(is_scored, results))
    if not scored:
        return {}
    n = len(scored)
    true = np.array([result.score for result in scored])
    guesses = {"": np.array([result.predicted for result in scored], np.float64)}
    baselines = {EXEMPLAR_BASELINE: "exemplar_mean", NUMBER_BASELINE: "number_mean", AWARD_BASELINE: "award_mean"}
    for name, key in baselines.items():
        # A baseline that lacks a dive would be measured on others than the method.
        if all(getattr(result, key) is not None for result in scored):
            guesses[name] = np.array([getattr(result, key) for result in scored], np.float64)
    measures = spearman, relative_l2, _error
    metrics = {}
    for (name, resampled), measure in zip(score_statistics(scored).items(), measures, strict=True):
        values = {guess: measure(scores, true) for guess, scores in guesses.items()}
        # One dive has no rank, and equal scores have neither rank nor range.
        if np.isfinite(value := values.pop("")):
            low, high = intervals(resampled, scored)
            metrics[name] = Metric(value=value, low=low, high=high, n=n, baselines=values)
    return metrics


def _step_metrics(
    results: Sequence[DiveResult], median: tuple[float, float] | None, intervals: Intervals
) -> dict[str, Metric]:
    parsed = list(filter(is_parsed, results))
    if not parsed:
        return {}
    baselines: dict[str, dict[str, float]] = {}
    if median is not None:
        baseline, baseline_steps = median_transition_ious(
            median, [r.true_transitions for r in parsed if r.true_transitions]
        )
        numbers = (aiou(baseline, 0.5), aiou(baseline, 0.75), float(baseline_steps.mean()))
        names = ("aiou_50", "aiou_75", "step_iou")
        baselines = {name: {MEDIAN_BASELINE: number} for name, number in zip(names, numbers, strict=True)}
    values = step_values(parsed)
    return {name: _mean_metric(each, parsed, baselines.get(name, {}), intervals) for name, each in values.items()}


def _mask_metrics(results: Sequence[DiveResult], intervals: Intervals) -> dict[str, Metric]:
    masked, metrics = list(filter(is_masked, results)), dict[str, Metric]()
    shown = [result.masks for result in masked if result.masks is not None]
    values = mask_values(masked)
    for key, name in _MASK_NAMES.items():
        if not shown or name not in values:
            continue
        baselines = {
            _MASK_BASELINE_NAMES[baseline]: float(np.mean([clip[f"{baseline} {key}"] for clip in shown]))
            for baseline in MASK_BASELINES
        }
        metrics[name] = _mean_metric(values[name], masked, baselines, intervals)
    if empty := [result for result in results if FALSE_POSITIVE_AREA in (result.masks or {})]:
        areas = np.array([(result.masks or {})[FALSE_POSITIVE_AREA] for result in empty])
        metrics[FALSE_POSITIVE_AREA] = _mean_metric(areas, empty, {"empty mask": 0.0}, intervals)
    return metrics


def _mean_metric(
    values: np.ndarray, dives: Sequence[DiveResult], baselines: Mapping[str, float], intervals: Intervals
) -> Metric:
    low, high = intervals(lambda i: values[i].mean(axis=-1), dives)
    return Metric(value=float(values.mean()), low=low, high=high, n=len(values), baselines=baselines)


def _event(result: DiveResult) -> str:
    return result.id.rpartition("/")[0]


def _group(name: str, mine: Sequence[DiveResult]) -> Row:
    scored = list(filter(is_scored, mine))
    true = np.array([result.score for result in scored])
    predicted = np.array([result.predicted for result in scored], np.float64)
    ious = [result.interval_iou for result in mine if result.interval_iou is not None]
    return {
        "name": name,
        "n": len(mine),
        "rho": _or_none(spearman(predicted, true)) if scored else None,
        "r_l2_x100": _or_none(relative_l2(predicted, true)) if len(scored) >= MIN_DIVES_OF_GROUP else None,
        "score_error": _error(predicted, true) if scored else None,
        "aiou_50": aiou(ious, 0.5) if ious else None,
        "aiou_75": aiou(ious, 0.75) if ious else None,
    }


_GROUP_HEADER = ("dives", "rho", "R-l2 x100", "score error", "AIoU@0.5", "AIoU@0.75")


def _group_cells(row: Row) -> list[str]:
    relative = _NOT_AVAILABLE if row["r_l2_x100"] is None else _number(row["r_l2_x100"])
    errors = (_number(row[key]) for key in ("score_error", "aiou_50", "aiou_75"))
    return [str(row["n"]), _number(row["rho"]), relative, *errors]


def _step_rows(results: Sequence[DiveResult], median: tuple[float, float] | None) -> tuple[Row, ...]:
    parsed = list(filter(is_parsed, results))
    if not parsed:
        return ()
    ious = np.array([result.step_ious for result in parsed], np.float64).mean(axis=0)
    true = np.array([result.true_transitions for result in parsed])
    errors = np.abs(np.array([result.transitions for result in parsed]) - true)
    baselines = (
        None
        if median is None
        else median_transition_ious(median, [(st, ed) for st, ed in true.tolist()])[1].mean(axis=0)
    )
    return tuple(
        {
            "step": name,
            "iou": float(ious[step]),
            "baseline_iou": None if baselines is None else float(baselines[step]),
            "mean_error": float(errors[:, step - 1].mean()) if step else None,
            "median_error": float(np.median(errors[:, step - 1])) if step else None,
        }
        for step, name in enumerate(STEP_NAMES)
    )


def _error(predicted: np.ndarray, true: np.ndarray) -> float:
    return float(np.abs(predicted - true).mean())


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _number(value: float | None) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.4f}"

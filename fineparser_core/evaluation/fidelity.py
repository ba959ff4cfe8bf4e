"""Whether a contribution means its step: predicted contributions against differences of known step qualities.

Only rendered dives have qualities; the data set's `rendered.json` keeps them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.metrics import spearman
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.support.bootstrap import bootstrap_interval
from fineparser_core.support.documents import read_document, reading
from fineparser_core.synth.rubric import STEP_WEIGHTS

QUALITIES_FILE = "rendered.json"
Qualities = tuple[float, float, float]

#: A rank correlation over fewer pairs says next to nothing.
MIN_PAIRS = 10


def read_qualities(root: Path) -> dict[str, Qualities] | None:
    """Read the qualities of take-off, flight and entry (0..10) by "event/index"; None for a data set of real dives.

    Raises:
        AnnotationError: the file is damaged.
    """
    path = root / QUALITIES_FILE
    if not path.is_file():
        return None

    def refuse(reason: str) -> AnnotationError:
        return AnnotationError(f"{path} does not hold the qualities of dives ({reason}): render them again.")

    with reading(refuse, KeyError, TypeError):
        facts = read_document(path, dict[str, dict[str, Any]], refuse)
        return {name: _three(fact["qualities"]) for name, fact in facts.items()}


def true_contributions(difficulty: float, qualities: Qualities, exemplar: Qualities) -> np.ndarray:
    """Return the points (3,) that the steps of a dive are worth more than those of an exemplar of its number.

    Source: Eq. 6, with the award as the weighted mean of the steps' qualities.
    """
    difference = np.subtract(qualities, exemplar)
    return 3 * difficulty * np.array(STEP_WEIGHTS) / sum(STEP_WEIGHTS) * difference


def contribution_fidelity(
    results: Sequence[DiveResult], qualities: Mapping[str, Qualities], *, seed: int = 0
) -> dict[str, Any] | None:
    """Return Spearman's rho of predicted and true contributions over all pairs of a dive number, averaged over numbers.

    Args:
        results: with `exemplars` and `contributions`.
        qualities: of all their dives and exemplars, see `read_qualities`.
        seed: of the bootstrap.

    Returns:
        `steps`, each with `step`, `value` and a 95 % bootstrap interval over the numbers, `low` to `high`; `n_numbers`
        and `n_pairs`, of the numbers with at least `MIN_PAIRS`. None where no number has so many.

    Source: ours; the paper does not measure contributions.
    """
    predicted: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    true: defaultdict[str, list[np.ndarray]] = defaultdict(list)
    for result in results:
        if result.contributions is None:
            continue
        for exemplar, points in zip(result.exemplars, result.contributions, strict=True):
            predicted[result.dive_number].append(points)
            true[result.dive_number].append(
                true_contributions(result.difficulty, qualities[result.id], qualities[exemplar])
            )
    numbers = [number for number in sorted(predicted) if len(predicted[number]) >= MIN_PAIRS]
    if not numbers:
        return None
    each = np.array([_by_step(np.array(predicted[n]), np.array(true[n])) for n in numbers])
    steps = []
    for name, values in zip(STEP_NAMES, each.T, strict=True):
        low, high = bootstrap_interval(partial(_mean_of, values), len(values), seed=seed)
        steps.append({"step": name, "value": float(values.mean()), "low": low, "high": high})
    return {"steps": steps, "n_numbers": len(numbers), "n_pairs": sum(len(predicted[n]) for n in numbers)}


def _mean_of(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    mean: np.ndarray = values[drawn].mean(axis=-1)
    return mean


def rank_correlation(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return Spearman's rho of pairs of a number; 0 for a network that gives equal values, which ranks nothing."""
    return float(np.nan_to_num(spearman(predicted, true)))


def _by_step(predicted: np.ndarray, true: np.ndarray) -> list[float]:
    return [rank_correlation(predicted[:, step], true[:, step]) for step in range(len(STEP_NAMES))]


def _three(values: Sequence[float]) -> Qualities:
    first, second, third = (float(value) for value in values)
    return first, second, third

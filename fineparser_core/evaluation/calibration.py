"""Fits what weights state about themselves: how far a score may be off, and what is too little of a dive to be scored.

Both from held-out dives whose score and steps are known. The numbers go into the weights card.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.inference.clip_validation import DomainThresholds, refusal
from fineparser_core.records import ClipEvidence, IntervalRule
from fineparser_core.support.documents import read_document, reading

#: With fewer dives the quantile of an interval is among the largest errors, and cross-validation says nothing.
MIN_DIVES = 20
_FOLDS = 5
#: Threshold as a share of what all but a hundredth of the whole dives reach, as rendered dives are not quite real.
_LENIENCE = 0.5
_REFUSED = 0.01


@dataclass(frozen=True, kw_only=True)
class ScoredDives:
    """Held-out dives with a predicted and a known score, (n,) float64 each, in points; difficulty is DD."""

    error: np.ndarray
    spread: np.ndarray
    difficulty: np.ndarray

    def __len__(self) -> int:
        return len(self.error)

    def take(self, places: np.ndarray) -> "ScoredDives":
        """Return the selected dives."""
        return ScoredDives(error=self.error[places], spread=self.spread[places], difficulty=self.difficulty[places])


@dataclass(frozen=True, kw_only=True)
class FittedInterval:
    """A rule and what it holds.

    Attributes:
        dives: it was fitted on.
        coverage: share of them within, each by a rule that was fitted without it.
        mean_width: of the intervals, in points.
    """

    rule: IntervalRule
    dives: int
    coverage: float
    mean_width: float

    def as_card(self) -> dict[str, Any]:
        """Return the values for the weights card, `calibration.interval`."""
        measured = {"dives": self.dives, "coverage": round(self.coverage, 4), "mean_width": round(self.mean_width, 3)}
        return {**{name: round(value, 5) for name, value in asdict(self.rule).items()}, **measured}


@dataclass(frozen=True, kw_only=True)
class FittedDomain:
    """Thresholds and what they do.

    Attributes:
        dives: whole dives on which they were fitted.
        refused: share of them that is refused, each by thresholds that were fitted without it.
        caught: by what is wrong with a clip: how many of how many are refused.
    """

    least: DomainThresholds
    dives: int
    refused: float
    caught: Mapping[str, tuple[int, int]]

    def as_card(self) -> dict[str, Any]:
        """Return the values for the weights card, `calibration.domain`."""
        return {
            **{name: round(value, 5) for name, value in asdict(self.least).items()},
            "dives": self.dives,
            "refused": round(self.refused, 4),
            "caught": {kind: f"{caught} of {n}" for kind, (caught, n) in self.caught.items()},
        }


def read_scored(path: Path) -> ScoredDives:
    """Return the scored dives in a `predictions.json` of `fineparser evaluate`.

    Raises:
        AnnotationError: it cannot be read, or is none.
        ConfigError: no dive in it has a predicted score.
    """

    def refuse(reason: str) -> AnnotationError:
        return AnnotationError(
            f"{path} cannot be read as a predictions.json ({reason}): give the one that `fineparser evaluate --out` "
            "wrote."
        )

    with reading(refuse, KeyError, TypeError):
        rows = read_document(path, dict[str, Any], refuse)
        scored = [
            (float(row["predicted"] - row["score"]), float(row["spread"]), float(row["difficulty"]))
            for row in rows["dives"]
            if row["predicted"] is not None and row["spread"] is not None
        ]
    if not scored:
        raise ConfigError(f"{path} has no dive with a predicted score: measure dives that have exemplars.")
    return scored_dives(scored)


def scored_dives(rows: Sequence[tuple[float, float, float]]) -> ScoredDives:
    """Convert tuples of (error, spread, DD) to scored dives."""
    error, spread, difficulty = np.array(rows, np.float64).T
    return ScoredDives(error=error, spread=spread, difficulty=difficulty)


def check_level(level: float) -> None:
    """Check the level. Raises: ConfigError for a share of dives that no interval can hold."""
    if not 0.5 < level < 1:
        raise ConfigError(f"An interval cannot hold {level:g} of the dives: choose a level between 0.5 and 1, say 0.8.")


def fit_interval(dives: ScoredDives, level: float = 0.8, *, seed: int = 0) -> FittedInterval:
    """Fit the rule of the interval and measure its coverage by cross-validation.

    Split-conformal in spirit: the scale base + a * spread + b * DD is fitted to the absolute errors by non-negative
    least squares, then stretched to the quantile of |error| / scale that leaves 1 - level of the dives outside.

    Args:
        level: share of dives that the interval should hold, over 0.5 and under 1.
        seed: of the folds.

    Raises:
        ConfigError: too few dives, or a level that cannot be.
    """
    check_level(level)
    if len(dives) < MIN_DIVES:
        raise ConfigError(f"{len(dives)} scored dives are too few for an interval: give at least {MIN_DIVES}.")
    fold = np.random.default_rng(seed).permutation(len(dives)) % _FOLDS
    inside = np.zeros(len(dives), bool)
    for k in range(_FOLDS):
        rule = _fit_rule(dives.take(fold != k), level)
        inside[fold == k] = np.abs(dives.error[fold == k]) <= _half_width(rule, dives.take(fold == k))
    rule = _fit_rule(dives, level)
    return FittedInterval(
        rule=rule,
        dives=len(dives),
        coverage=float(inside.mean()),
        mean_width=float(2 * _half_width(rule, dives).mean()),
    )


def fit_domain(
    whole: Sequence[ClipEvidence], wrong: Mapping[str, Sequence[ClipEvidence]], *, seed: int = 0
) -> FittedDomain:
    """Fit the least evidence of a whole dive, and count the wrong clips that it refuses.

    Raises:
        ConfigError: too few whole dives.
    """
    if len(whole) < MIN_DIVES:
        raise ConfigError(f"{len(whole)} dives are too few for thresholds: give at least {MIN_DIVES}.")
    fold = np.random.default_rng(seed).permutation(len(whole)) % _FOLDS
    refused = 0
    for k in range(_FOLDS):
        least = _fit_thresholds([one for one, f in zip(whole, fold, strict=True) if f != k])
        refused += sum(refusal(one, least) is not None for one, f in zip(whole, fold, strict=True) if f == k)
    least = _fit_thresholds(whole)
    caught = {
        kind: (sum(refusal(one, least) is not None for one in clips), len(clips)) for kind, clips in wrong.items()
    }
    return FittedDomain(least=least, dives=len(whole), refused=refused / len(whole), caught=caught)


def _fit_thresholds(whole: Sequence[ClipEvidence]) -> DomainThresholds:
    least = {}
    for field in fields(DomainThresholds):
        values = [getattr(evidence, field.name) for evidence in whole]
        least[field.name] = _LENIENCE * float(np.quantile(values, _REFUSED))
    return DomainThresholds(**least)


def _fit_rule(dives: ScoredDives, level: float) -> IntervalRule:
    size = np.abs(dives.error)
    columns = np.stack([np.ones(len(dives)), dives.spread, dives.difficulty], axis=1)
    scale, _ = nnls(columns, size)
    if not scale.any():  # no error at all
        scale = np.array([1e-6, 0.0, 0.0])
    ratio = np.sort(size / (columns @ scale + 1e-9))
    place = min(int(np.ceil((len(dives) + 1) * level)), len(dives)) - 1
    base, per_spread, per_difficulty = (float(value) for value in scale * ratio[place])
    return IntervalRule(level=level, base=base, per_spread=per_spread, per_difficulty=per_difficulty)


def _half_width(rule: IntervalRule, dives: ScoredDives) -> np.ndarray:
    return rule.base + rule.per_spread * dives.spread + rule.per_difficulty * dives.difficulty

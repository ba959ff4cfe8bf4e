"""Fits what weights state about themselves: how far a score may be off, and what is too little of a dive to be scored.

Both from held-out dives whose score and steps are known. The numbers go into the weights card.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
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


def read_scored(path: Path) -> np.ndarray:
    """Return error, spread and DD (n, 3) of the scored dives in a `predictions.json` of `fineparser evaluate`.

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
    return np.array(scored, np.float64)


def check_level(level: float) -> None:
    """Check the level. Raises: ConfigError for a share of dives that no interval can hold."""
    if not 0.5 < level < 1:
        raise ConfigError(f"An interval cannot hold {level:g} of the dives: choose a level between 0.5 and 1, say 0.8.")


def fit_interval(dives: np.ndarray, level: float = 0.8, *, seed: int = 0) -> tuple[IntervalRule, dict[str, Any]]:
    """Fit the rule of the interval and measure its coverage by cross-validation.

    Split-conformal in spirit: the scale base + a * spread + b * DD is fitted to the absolute errors by non-negative
    least squares, then stretched to the quantile of |error| / scale that leaves 1 - level of the dives outside.

    Args:
        dives: error, spread and DD of each (n, 3).
        level: share of dives that the interval should hold, over 0.5 and under 1.
        seed: of the folds.

    Returns:
        The rule, and the values for the weights card, `calibration.interval`: the rule, how many `dives` it was fitted
        on, the `coverage` of them by rules that were fitted without them, and the `mean_width` in points.

    Raises:
        ConfigError: too few dives, or a level that cannot be.
    """
    check_level(level)
    if len(dives) < MIN_DIVES:
        raise ConfigError(f"{len(dives)} scored dives are too few for an interval: give at least {MIN_DIVES}.")
    fold = np.random.default_rng(seed).permutation(len(dives)) % _FOLDS
    inside = np.zeros(len(dives), bool)
    for k in range(_FOLDS):
        rule = _fit_rule(dives[fold != k], level)
        inside[fold == k] = np.abs(dives[fold == k, 0]) <= _half_width(rule, dives[fold == k])
    rule = _fit_rule(dives, level)
    width = float(2 * _half_width(rule, dives).mean())
    measured = {"dives": len(dives), "coverage": round(float(inside.mean()), 4), "mean_width": round(width, 3)}
    return rule, {**{name: round(value, 5) for name, value in asdict(rule).items()}, **measured}


def fit_domain(
    whole: Sequence[ClipEvidence], wrong: Mapping[str, Sequence[ClipEvidence]], *, seed: int = 0
) -> dict[str, Any]:
    """Fit the least evidence of a whole dive, and count the wrong clips that it refuses.

    Returns:
        The values for the weights card, `calibration.domain`: the thresholds, the whole `dives` they were fitted on,
        the share `refused` of them by thresholds that were fitted without them, and of `caught`, by what is wrong with
        a clip, how many of how many are refused.

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
    return {
        **{name: round(value, 5) for name, value in asdict(least).items()},
        "dives": len(whole),
        "refused": round(refused / len(whole), 4),
        "caught": {kind: f"{found} of {n}" for kind, (found, n) in caught.items()},
    }


def _fit_thresholds(whole: Sequence[ClipEvidence]) -> DomainThresholds:
    least = {}
    for field in fields(DomainThresholds):
        values = [getattr(evidence, field.name) for evidence in whole]
        least[field.name] = _LENIENCE * float(np.quantile(values, _REFUSED))
    return DomainThresholds(**least)


def _fit_rule(dives: np.ndarray, level: float) -> IntervalRule:
    size = np.abs(dives[:, 0])
    columns = np.column_stack([np.ones(len(dives)), dives[:, 1:]])
    scale, _ = nnls(columns, size)
    if not scale.any():  # no error at all
        scale = np.array([1e-6, 0.0, 0.0])
    ratio = np.sort(size / (columns @ scale + 1e-9))
    place = min(int(np.ceil((len(dives) + 1) * level)), len(dives)) - 1
    base, per_spread, per_difficulty = (float(value) for value in scale * ratio[place])
    return IntervalRule(level=level, base=base, per_spread=per_spread, per_difficulty=per_difficulty)


def _half_width(rule: IntervalRule, dives: np.ndarray) -> np.ndarray:
    return np.asarray(rule.base + dives[:, 1:] @ [rule.per_spread, rule.per_difficulty])

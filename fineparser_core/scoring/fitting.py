"""Fits what judged dives tell, in closed form: awards by features, splash and measures, and how an armstand looks.

One ridge regression has three blocks of columns, each with its share of the prior variance: the gated features of I3D
at four times about the contact, the map of the splash (as seen, and as its mirror image has it, too), and the measures
as the terms of the measured stream read them. A measure whose slope would have the wrong sign is left out. Numpy and
scipy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from fineparser_core.scoring.measured_stream import Quantities, Term
from fineparser_core.scoring.readout import PHASE_OF_TIME, Readout, Readouts, features_at

#: Times of the awards' features after the contact, seconds, in the order of `PHASE_OF_TIME`; and of an armstand's.
AWARD_S, ARMSTAND_S = np.array([-1.2, -0.5, 0.2, 0.6]), np.array([-2.0, -1.6])
#: Shares of the prior variance: features, splash as seen, splash made symmetric, measures; by leaving events out.
_SHARES = (0.4, 0.2, 0.2, 0.2)
#: Penalty of the awards' regression, in the mean variance of its columns, and that of an armstand's.
_PENALTY, _ARMSTAND_PENALTY = 0.5, 3e-4
#: Weight of the splash's width beside other measures, whose prior slopes are alike in standard deviations.
_SPLASH_WEIGHT = 3.0
#: An armstand's log odds are those of the regression about its border between the classes, times this factor; the prior
#: of the regression's dives is taken out again.
_BORDER, _SHARPER, _PRIOR_LOG_ODDS = -0.65, 2.5, 2.2


@dataclass(frozen=True, kw_only=True)
class FittedDive:
    """A judged dive, as the fit sees it.

    Attributes:
        award: mean award, 0 to 10.
        event: left out together with others of the event.
        armstand: whether it starts from an armstand.
        windows_s, gated: as of `Readout.parts`.
        splash: (8, 18, 30), see `splash_map`; None where no water was seen.
        quantities: measures by name, with their standard deviations.
    """

    award: float
    event: str
    armstand: bool
    windows_s: np.ndarray
    gated: np.ndarray
    splash: np.ndarray | None
    quantities: Quantities


@dataclass(frozen=True, kw_only=True)
class AwardFit:
    """Result of the fit.

    Attributes:
        mean: award of a usual dive.
        award: readout of the features, awards against the mean.
        splash_mean, splash_weights: as of `Readouts`.
        terms: of the measured stream, with the fitted slopes.
    """

    mean: float
    award: Readout
    splash_mean: np.ndarray
    splash_weights: np.ndarray
    terms: tuple[Term, ...]

    def predict(self, dive: FittedDive) -> float:
        """Return the award of a dive."""
        found = self.mean + self.award.value(dive.windows_s, dive.gated)
        if dive.splash is not None:
            found += float((np.nan_to_num(dive.splash - self.splash_mean) * self.splash_weights).sum())
        return found + sum(_read(term, dive.quantities) for term in self.terms)


def fit_awards(dives: Sequence[FittedDive], terms: Sequence[Term]) -> AwardFit:
    """Fit awards; the terms have slopes of 1 an award, which the fit replaces.

    Source: kernel ridge regression in its dual form (Saunders, Gammerman and Vovk 1998).
    """
    awards = np.array([dive.award for dive in dives])
    features = np.stack([features_at(dive.windows_s, dive.gated, AWARD_S).ravel() for dive in dives])
    maps, splash_mean = _maps(dives)
    mirrored = (maps + maps[..., ::-1]) / 2
    usual, scatter = features.mean(axis=0), features.std(axis=0) + 1e-6
    blocks = [(features - usual) / scatter / np.sqrt(features.shape[1]), _scaled(maps), _scaled(mirrored)]
    kept = list(terms)
    while True:
        read = np.array([[_read(term, dive.quantities) for term in kept] for dive in dives]).reshape(len(dives), -1)
        weights = np.array([_SPLASH_WEIGHT if term.measure == "splash_width" else 1.0 for term in kept])
        scales = weights / np.maximum(read.std(axis=0), 1e-9) / max(float(np.linalg.norm(weights)), 1e-9)
        columns = [*blocks, (read - read.mean(axis=0)) * scales]
        design = np.hstack([np.sqrt(share) * block for share, block in zip(_SHARES, columns, strict=True)])
        gram = design @ design.T + _PENALTY * np.eye(len(dives))
        slopes = design.T @ np.linalg.solve(gram, awards - awards.mean())
        parts = np.split(slopes, np.cumsum([block.shape[1] for block in columns])[:-1])
        parts = [np.sqrt(share) * part for share, part in zip(_SHARES, parts, strict=True)]
        of_terms = parts[3] * scales
        if (of_terms >= 0).all():
            break
        kept = [term for term, slope in zip(kept, of_terms, strict=True) if slope >= 0]
    of_features = parts[0] / scatter / np.sqrt(features.shape[1])
    as_seen, symmetric = parts[1] / _norm(maps), (parts[2] / _norm(mirrored)).reshape(maps.shape[1:])
    splash_weights = as_seen.reshape(maps.shape[1:]) + (symmetric + symmetric[..., ::-1]) / 2
    return AwardFit(
        mean=float(awards.mean() - of_terms @ read.mean(axis=0)),
        award=Readout(
            times_s=AWARD_S,
            weights=of_features.reshape(len(AWARD_S), -1).astype(np.float32),
            bias=-float(of_features @ usual),
        ),
        splash_mean=splash_mean,
        splash_weights=splash_weights.astype(np.float32),
        terms=tuple(_sloped(term, float(slope)) for term, slope in zip(kept, of_terms, strict=True)),
    )


def left_out(dives: Sequence[FittedDive], terms: Sequence[Term], groups: Sequence[object]) -> np.ndarray:
    """Return the awards (n,) of dives by fits without their group."""
    found = np.zeros(len(dives))
    for group in dict.fromkeys(groups):
        fit = fit_awards([dive for dive, of in zip(dives, groups, strict=True) if of != group], terms)
        for at, (dive, of) in enumerate(zip(dives, groups, strict=True)):
            if of == group:
                found[at] = fit.predict(dive)
    return found


def fit_armstand(dives: Sequence[FittedDive]) -> Readout:
    """Fit the log odds of an armstand by the features before the take-off: a ridge logistic regression."""
    features = np.stack([features_at(dive.windows_s, dive.gated, ARMSTAND_S).ravel() for dive in dives])
    sign = np.array([1.0 if dive.armstand else -1.0 for dive in dives])
    usual, scatter = features.mean(axis=0), features.std(axis=0) + 1e-6
    columns = (features - usual) / scatter
    gram = columns @ columns.T / columns.shape[1]

    def loss(dual: np.ndarray) -> tuple[float, np.ndarray]:
        off = gram @ dual[1:] + dual[0]
        slope = -sign / (1 + np.exp(sign * off)) / len(sign)
        penalty = gram @ dual[1:]
        value = np.logaddexp(0, -sign * off).mean() + _ARMSTAND_PENALTY * dual[1:] @ penalty
        return float(value), np.r_[slope.sum(), gram @ slope + 2 * _ARMSTAND_PENALTY * penalty]

    dual = minimize(loss, np.zeros(len(dives) + 1), jac=True, method="L-BFGS-B").x
    weights = columns.T @ dual[1:] / columns.shape[1] / scatter
    bias = dual[0] - weights @ usual
    return Readout(
        times_s=ARMSTAND_S,
        weights=(_SHARPER * weights).reshape(len(ARMSTAND_S), -1).astype(np.float32),
        bias=float(_SHARPER * (bias - _BORDER) + _PRIOR_LOG_ODDS),
    )


def readouts_of(model: str, fit: AwardFit, armstand: Readout) -> Readouts:
    """Return the fitted readouts of a set of weights."""
    return Readouts(model, armstand, fit.award, fit.splash_mean, fit.splash_weights)


def unit_term(name: str, step: str, boards_m: tuple[float, ...], values: np.ndarray, shape: str) -> Term:
    """Return a term of slope 1 between the 5th and the 95th percentile of a measure.

    Args:
        values: (n,) of judged dives.
        shape: "less", "more" or "zero": which values are better.
    """
    low, usual, high = np.quantile(np.abs(values) if shape == "zero" else values, [0.05, 0.5, 0.95]).tolist()
    term = Term(measure=name, step=step, usual=usual, spread=float(np.std(values)), boards_m=boards_m)
    if shape == "less":
        return replace(term, high=low, above=1.0, most=high - low)
    if shape == "more":
        return replace(term, low=high, below=1.0, most=high - low)
    return replace(term, low=0.0, high=0.0, below=1.0, above=1.0, most=high)


def _read(term: Term, known: Quantities) -> float:
    if term.measure not in known:
        return 0.0
    value, deviation = known[term.measure]
    return term.certainty(deviation) * term.against_usual(value)


def _sloped(term: Term, slope: float) -> Term:
    return replace(term, below=slope * term.below, above=slope * term.above, most=slope * term.most)


def _maps(dives: Sequence[FittedDive]) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps (n, 8, 18, 30) off their mean, 0 where nothing was seen, and the mean."""
    seen = np.stack([dive.splash for dive in dives if dive.splash is not None])
    shown = np.isfinite(seen)
    mean = np.where(shown, seen, 0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
    unseen = np.full(mean.shape, np.nan)
    off = [np.nan_to_num((unseen if dive.splash is None else dive.splash) - mean) for dive in dives]
    return np.stack(off), mean.astype(np.float32)


def _norm(block: np.ndarray) -> float:
    return float(np.sqrt(block.reshape(len(block), -1).var(axis=0).sum()))


def _scaled(block: np.ndarray) -> np.ndarray:
    return block.reshape(len(block), -1) / _norm(block)


assert len(AWARD_S) == len(PHASE_OF_TIME)

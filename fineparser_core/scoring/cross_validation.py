"""Whether learning from judged dives helps: each is predicted by what the others taught, beside simpler ways."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from scipy.stats import norm, spearmanr, t

from fineparser_core.scoring.learning import JudgedScore, Learned, as_shipped, check_marks, learn, table_of
from fineparser_core.scoring.profile import LEAST_GROUPS, CrossValidated, Gain, Profile
from fineparser_core.support.bootstrap import bootstrap_interval

#: Minimum number of athletes, or events, to be left out in turn; fewer say little about others.
_LEAST_GROUPS = 3
_LEVEL, _HIGHEST = 0.9, 10.0
#: Ways that calibrated awards are held against: what is shipped; the mean mark of the number and board among the others
#: (of all of them where it is not among them); the mean mark of the same athlete's other dives, which the others lack:
#: the guess of a coach who knows the athlete.
OVER = ("shipped", "mean of the number", "mean of the athlete")


def cross_validate(dives: Sequence[JudgedScore]) -> tuple[CrossValidated, np.ndarray]:
    """Predict each dive by the others: those of other athletes, where enough are named, of other events, or all.

    Returns:
        The outcome, with paired intervals over the groups that were left out, and the predicted awards (4, n):
        calibrated, that is by what the others taught, and by `OVER`.

    Raises: what `check_marks` raises.
    """
    check_marks([one.dive for one in dives])
    table, left_out, group = table_of(dives), *_groups(dives)
    predicted = np.empty((1 + len(OVER), len(dives)))
    calibrated, shipped, of_number, of_athlete = predicted
    shipped[:] = table.predicted(as_shipped())
    for one in np.unique(group):
        out, rest = group == one, group != one
        calibrated[out] = table.take(out).predicted(learn(table.take(rest)))
        for i in np.flatnonzero(out).tolist():
            of_number[i] = _mean_of(table.award, rest & (table.number == table.number[i]), rest)
    for i, athlete in enumerate(table.athlete.tolist()):
        alone = np.arange(len(dives)) != i
        of_athlete[i] = _mean_of(table.award, alone & (table.athlete == athlete), alone & (group != group[i]))
    # The mean of all others is lower for better dives only because it leaves them out: it separates no dives.
    named = {one.dive.athlete for one in dives} - {""}
    separates = (True, len(np.unique(table.number)) > 1, len(named) > 1)
    off, gains = np.abs(predicted - table.award), []
    for over, awards, errors, ranks in zip(OVER, predicted[1:], off[1:], separates, strict=True):
        low, high = _interval(errors - off[0], group) if len(np.unique(group)) >= LEAST_GROUPS else (None, None)
        mean, ranked = float((errors - off[0]).mean()), _rank_correlation(awards, table.award) if ranks else 0.0
        gains.append(Gain(over=over, off=float(errors.mean()), rank_correlation=ranked, gain=mean, low=low, high=high))
    place = min(int(np.ceil(0.8 * (len(dives) + 1))), len(dives)) - 1
    over_shipped, over_number, over_athlete = gains
    checked = CrossValidated(
        left_out=left_out,
        times=len(np.unique(group)),
        off=float(off[0].mean()),
        off_80=float(np.sort(off[0])[place]),
        rank_correlation=_rank_correlation(calibrated, table.award),
        gains=(over_shipped, over_number, over_athlete),
    )
    return checked, predicted


def make_profile(
    dives: Sequence[JudgedScore], checked: CrossValidated | None, *, name: str, model: str, forced: bool = False
) -> Profile:
    """Make a profile of all dives.

    Args:
        checked: what `cross_validate` gave of them; None for too few, whose profile is used all the same.
        model: id of the weights of their analyses.
        forced: it is to be used though it was not shown to help.
    """
    learned: Learned = learn(table_of(dives))
    days = sorted({one.dive.date for one in dives} - {""})
    named = {one.dive.athlete for one in dives} - {""}
    return Profile(
        name=name,
        dives=len(dives),
        athletes=max(len(named), 1),
        first_day=days[0] if days else "",
        last_day=days[-1] if days else "",
        made_on=date.today().isoformat(),
        model=model,
        offset=float(learned.solution[0]),
        scale=float(learned.solution[1]),
        weights=learned.weights,
        network_share=float(learned.solution[-1]),
        emphasis=learned.emphasis,
        numbers=dict(learned.numbers),
        checked=checked,
        forced=forced and (checked is None or not checked.helped),
    )


def _rank_correlation(predicted: np.ndarray, award: np.ndarray) -> float:
    return float(spearmanr(predicted, award).statistic) if np.ptp(predicted) else 0.0


def _interval(gains: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Return the ends of the 90 % interval of a mean gain, over groups of dives.

    A bootstrap of few groups is too narrow: it is widened as Student's interval is against the normal interval
    (Hesterberg 2015).
    """
    groups = [gains[group == one] for one in np.unique(group)]
    sums, counts = np.array([one.sum() for one in groups]), np.array([len(one) for one in groups])

    def means(drawn: np.ndarray) -> np.ndarray:
        return np.asarray(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))

    n, tail, mean = len(groups), (1 + _LEVEL) / 2, float(gains.mean())
    wider = float(np.sqrt(n / (n - 1)) * t.ppf(tail, n - 1) / norm.ppf(tail))
    low, high = bootstrap_interval(means, n, level=_LEVEL)
    low, high = np.clip([mean - wider * (mean - low), mean + wider * (high - mean)], -_HIGHEST, _HIGHEST).tolist()
    return low, high


def _groups(dives: Sequence[JudgedScore]) -> tuple[str, np.ndarray]:
    """Return what is left out at a time, and the group of each dive."""
    for left_out in ("athlete", "event"):
        names = [getattr(one.dive, left_out) for one in dives]
        if all(names) and len(set(names)) >= _LEAST_GROUPS:
            return left_out, np.unique(names, return_inverse=True)[1]
    return "dive", np.arange(len(dives))


def _mean_of(award: np.ndarray, wanted: np.ndarray, otherwise: np.ndarray) -> float:
    return float(award[wanted if wanted.any() else otherwise].mean())

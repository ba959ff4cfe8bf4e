"""Learns how the judges of a club mark, from dives that are analyzed and judged: in closed form.

An award is a sum that is linear in the learned values: level, scale, the weight of each measure, the network's share.

    award = mean + offset + scale * (exemplar's award - mean) + sum(weight * the measure's addition) + share * network

The offset, the level of these judges, is learned first, from one mark on, see `_level`. From five marks on the others
follow. Each is held to the shipped value by a normal prior: weights by a factor of all, a factor of their phase, and
their own. How tight the priors are is not known: the result is the mean over a grid of them, each as likely as it makes
the marks (empirical Bayes, averaged), so that a few dives move little. Marks of an athlete go together: unmeasured
qualities of a diver come again. Marks of phases, where given, show how much each phase counts, and what counts in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.optimize import lsq_linear
from scipy.stats import norm

from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.diving.difficulty import Difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.judged import judged_quantities
from fineparser_core.records import Analysis, ExemplarVote
from fineparser_core.scoring.measured_stream import Quantities, measured_stream, number_key, quantities

#: Least dives that teach more than a level.
LEAST_DIVES = 5
_HIGHEST = 10.0
#: Prior deviation of a level that differs from the shipped one, and deviation of a mark about its level: alike, so that
#: one mark moves the level by half.
_LEVEL, _ABOUT_LEVEL = 1.2, 1.2
#: Probability beforehand that the level is about the shipped one, for each mark beyond the first, and at most: few
#: marks cannot tell, and many marks that agree with the shipped level should leave it alone.
_SHIPPED_A_MARK, _SHIPPED = 0.1, 0.6
#: Grid of standard deviations: of the offset; of what all weights, a phase's and each have of their own; of the marks.
_OFFSETS, _WEIGHTS, _NOISES = (0.0, 0.15, 0.3, 0.5), (0.0, 0.15, 0.3, 0.6, 1.0), (0.7, 0.9, 1.2, 1.6)
#: Penalty on looser weights beforehand: e to the power of this for a deviation of 1.
_TIGHT = 2.0
#: Prior deviation of the network's share, relative to that of a weight.
_OF_SHARE = 0.25
#: Prior deviation of a dive number's own offset, relative to the common offset.
_OF_NUMBER = 0.75
#: Share of the variance of marks that is the athlete's.
_OF_ATHLETE = 0.3
#: Deviation of a phase's mark against that of an award, of the award about the marks of its phases, and of the emphasis
#: of a phase.
_OF_PHASE, _ABOUT_PHASES, _EMPHASIS = 2.5, 0.6, 0.1
#: For weights that would be negative.
_LEAST_DEVIATION = 0.15


@dataclass(frozen=True, kw_only=True)
class JudgedScore:
    """A judged dive, of which award and number are known, as it was analyzed with what is shipped.

    Attributes:
        votes: of the exemplars, as shipped; empty for an award by measures alone.
        queries: what was measured, equally likely each, as `moved_quantities` gives it.
    """

    dive: JudgedDive
    difficulty: Difficulty
    votes: tuple[ExemplarVote, ...]
    queries: tuple[Quantities, ...]

    @property
    def number(self) -> DiveNumber:
        """Dive number."""
        return parse_dive_number(self.dive.dive_number or "")


def judged_score(
    dive: JudgedDive, analysis: Analysis, difficulty: Difficulty, moved: Sequence[Quantities] = ()
) -> JudgedScore:
    """Return the judged score of a dive that was analyzed as shipped.

    Args:
        moved: as of `moved_quantities`; where it is empty, the measures of the analysis stand for them.
    """
    parse = analysis.parse
    return JudgedScore(
        dive=dive,
        difficulty=difficulty,
        votes=analysis.scoring.exemplars if analysis.scoring is not None else (),
        queries=tuple(moved) or (quantities(analysis.measures or (), parse.read_awards),),
    )


def unlearnable(analysis: Analysis) -> str:
    """Return why nothing can be learned from a dive so analyzed; "" where it can."""
    scored = analysis.scoring or analysis.own_award
    if scored is None:
        return analysis.verdict.reason or "A dive without a number is not scored: give its number."
    if not (analysis.measures if analysis.scoring is None else analysis.scoring.uses_measures):
        return "Nothing was measured of it."
    return "" if scored.profile is None else "It was scored by a profile: score it as shipped."


def check_marks(dives: Sequence[JudgedDive]) -> None:
    """Check that marks can be learned from. Raises: ConfigError for marks that teach nothing, a sentence each."""
    awards: dict[str, float] = {}
    for dive in dives:
        name = str(dive.video.parent / dive.name)
        if dive.award is None or not np.isfinite(marks := (dive.award, *(dive.phases or ()))).all():
            raise ConfigError("{0} has a mark that is no number: correct it, or leave it out.", name)
        if not all(0 <= mark <= _HIGHEST for mark in marks):
            raise ConfigError(
                "{0} has the mark {1:g}, and awards go from 0 to 10: were they given out of 100, divide them by ten.",
                name,
                max(marks, key=lambda mark: abs(mark - _HIGHEST / 2)),
            )
        if awards.setdefault(name, dive.award) != dive.award:
            raise ConfigError(
                "{0} is there with the marks {1:g} and {2:g}: keep one of them.", name, awards[name], dive.award
            )
    if len(dives) < LEAST_DIVES:
        raise ConfigError(
            "{0} judged dives are too few to learn from: {1} are the least, and forty are a good number.",
            len(dives),
            LEAST_DIVES,
        )
    if len(set(awards.values())) == 1:
        raise ConfigError(
            "All {0} dives have the mark {1:g}: marks that do not differ teach nothing.", len(dives), dives[0].award
        )


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Result of learning, as in `Profile`; `solution` (3 + m,) has offset, scale, weights of measures, and share."""

    solution: np.ndarray
    emphasis: tuple[float, float, float]
    numbers: Mapping[str, float]

    @property
    def weights(self) -> dict[str, float]:
        return dict(zip(_measures(), self.solution[2:-1].tolist(), strict=True))


@dataclass(frozen=True, kw_only=True)
class Table:
    """Dives as rows (n).

    Attributes:
        award: (n,).
        level: (n,) award of a usual dive from the board.
        parts: (n, 3, 3 + m) what each phase's award is a linear function of: columns offset, scale, weights, share.
        athlete: (n,) int, the same for the same athlete.
        number: (n,) str, of `number_key`.
        marks: (n, 3), nan where there are none.
    """

    award: np.ndarray
    level: np.ndarray
    parts: np.ndarray
    athlete: np.ndarray
    number: np.ndarray
    marks: np.ndarray

    def take(self, rows: np.ndarray) -> "Table":
        """Return the selected rows."""
        return Table(
            award=self.award[rows],
            level=self.level[rows],
            parts=self.parts[rows],
            athlete=self.athlete[rows],
            number=self.number[rows],
            marks=self.marks[rows],
        )

    def predicted(self, learned: Learned) -> np.ndarray:
        """Return the awards (n,) by the learned values."""
        of_number = np.array([learned.numbers.get(number, 0.0) for number in self.number.tolist()])
        return np.asarray(self.level + self.parts.sum(axis=1) @ learned.solution + of_number)


def table_of(dives: Sequence[JudgedScore]) -> Table:
    """Return the dives as a table."""
    nobody = range(-1, -len(dives) - 1, -1)
    names = [one.dive.athlete for one in dives]
    athletes: Mapping[str, int] = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return Table(
        award=np.array([one.dive.award for one in dives], float),
        level=np.array([measured_stream().level(one.difficulty.board_m) for one in dives]),
        parts=np.array([_parts(dive) for dive in dives]),
        athlete=np.array([athletes[name] if name else alone for name, alone in zip(names, nobody, strict=True)]),
        number=np.array([number_key(dive.number, dive.difficulty.board_m) for dive in dives]),
        marks=np.array([one.dive.phases or (np.nan,) * len(STEP_NAMES) for one in dives]),
    )


def as_shipped() -> Learned:
    """Return what is shipped, as if it were learned."""
    stream = measured_stream()
    solution = np.array([0.0, 1.0, *(1.0 for _ in _measures()), stream.network_share])
    return Learned(solution=solution, emphasis=stream.step_shares, numbers={})


def learn(table: Table) -> Learned:
    """Learn from one dive or more, shrunk towards what is shipped; fewer than `LEAST_DIVES` teach a level alone."""
    if len(table.award) < LEAST_DIVES:
        shipped = as_shipped()
        return replace(shipped, solution=np.r_[_level(table, shipped.solution), shipped.solution[1:]])
    emphasis = _emphasis(table)
    numbers, start, basis = np.unique(table.number), *_prior(emphasis)
    level = _level(table, start)
    table = replace(table, level=table.level + level)
    design, off, of_number = _whitened(table, emphasis, start, numbers)
    latent = np.hstack([design @ basis, of_number])
    gram, projected, size = latent.T @ latent, latent.T @ off, float(off @ off)
    found, likely = [], []
    for offset, weight, noise in product(_OFFSETS, _WEIGHTS, _NOISES):
        scales = _scales(basis, offset, weight, len(numbers))
        # Posterior of normal marks with normal priors: scales * (noise² + scales gram scales)^-1 * scales.
        inner = noise**2 * np.eye(len(scales)) + scales[:, None] * gram * scales
        mean = scales * np.linalg.solve(inner, scales * projected)
        log_det = np.linalg.slogdet(inner / noise**2)[1] + 2 * len(off) * np.log(noise)
        found.append((mean, weight, noise))
        likely.append(-0.5 * (log_det + (size - projected @ mean) / noise**2) - _TIGHT * weight)
    share = np.exp(np.array(likely) - max(likely))
    share /= share.sum()
    means, weights, noises = (np.array(one) for one in zip(*found, strict=True))
    moved, of_numbers = np.split(share @ means, [basis.shape[1]])
    solution = start + basis @ moved
    if (solution[1:] < 0).any():
        spread = _scales(basis, max(_OFFSETS), max(float(share @ weights), _LEAST_DEVIATION), 0)
        solution = _not_negative(solution, design, basis * spread, float(share @ noises))
    solution[0] = level  # what is left of it was learned beside the weights, so that these do not explain it
    first, second, third = (emphasis / emphasis.sum()).tolist()
    return Learned(
        solution=solution,
        emphasis=(first, second, third),
        numbers=dict(zip(numbers.tolist(), of_numbers.tolist(), strict=True)),
    )


def _level(table: Table, start: np.ndarray) -> float:
    """Return the offset of the awards: the mean over a wide prior and over those about the shipped level.

    Which of them holds is told by the marks. Marks of an athlete go together.
    """
    off = table.award - table.level - table.parts.sum(axis=1) @ start
    together = table.athlete[:, None] == table.athlete
    precision = np.linalg.inv(_ABOUT_LEVEL**2 * (_OF_ATHLETE * together + (1 - _OF_ATHLETE) * np.eye(len(off))))
    variance = 1 / precision.sum()
    mean = variance * (precision @ off).sum()
    shipped = min(_SHIPPED_A_MARK * (len(off) - 1), _SHIPPED)
    deviations = np.array([_LEVEL, *_OFFSETS])
    before = np.array([1 - shipped, *(shipped / len(_OFFSETS) for _ in _OFFSETS)])
    likely = before * norm.pdf(mean, scale=np.sqrt(variance + deviations**2))
    kept = deviations**2 / (deviations**2 + variance)
    return float(mean * (likely @ kept) / likely.sum())


def _measures() -> tuple[str, ...]:
    """Return the measures of the terms, in the order of the columns."""
    return tuple(dict.fromkeys(term.measure for term in measured_stream().terms))


def _parts(dive: JudgedScore) -> np.ndarray:
    """Return the parts (3, 3 + m) of `Table`: as the stream adds them, with learned values left open."""
    stream, known, names = measured_stream(), judged_quantities(), _measures()
    number, board_m, points = dive.number, dive.difficulty.board_m, 3 * dive.difficulty.value
    share = stream.share(board_m)
    found = np.zeros((len(STEP_NAMES), 3 + len(names)))
    shares = np.array(stream.step_shares)
    found[:, 0] = shares
    for vote in dive.votes:
        off = vote.score / points - stream.level(board_m)
        found[:, 1] += off * shares * (vote.id in known) / len(dive.votes)
        if share:  # otherwise the dynamic stream has what the terms read, and nothing of the network's
            network = [(part.dynamic + part.static) / points / share for part in vote.contributions]
            found[:, -1] += np.array(network) / len(dive.votes)
    exemplars = [known.get(vote.id) for vote in dive.votes] or [None]
    for query, exemplar in product(dive.queries, exemplars):
        signed: list[tuple[Quantities, float]] = [(query, 1.0), (exemplar or {}, -1.0)]
        for of_dive, sign in signed:
            for term, award in stream.parts(of_dive, number, board_m):
                column = 2 + names.index(term.measure)
                found[STEP_NAMES.index(term.step), column] += sign * award / len(dive.queries) / len(exemplars)
    return found


def _emphasis(table: Table) -> np.ndarray:
    """Return the weights (3,) of the phases in an award: as shipped, moved by the marks of phases."""
    shares = np.array(measured_stream().step_shares)
    marked = np.isfinite(table.marks).all(axis=1)
    if marked.sum() < 3:
        return shares
    marks, award = (values[marked] - values[marked].mean(axis=0) for values in (table.marks, table.award))
    rows = np.vstack([marks / _ABOUT_PHASES, np.eye(3) / _EMPHASIS])
    return np.asarray(lsq_linear(rows, np.concatenate([award / _ABOUT_PHASES, shares / _EMPHASIS]), bounds=(0.01, 2)).x)


def _prior(emphasis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the start of learning (p,), and its directions (p, q), all of deviation 1.

    The directions are offset, all weights together, those of a phase, each, and the network's share.
    """
    stream, names = measured_stream(), _measures()
    steps = [next(STEP_NAMES.index(term.step) for term in stream.terms if term.measure == name) for name in names]
    start = as_shipped().solution
    start[2:-1] = (emphasis / np.array(stream.step_shares))[steps]
    m = len(names)
    basis = np.zeros((3 + m, 6 + m))
    basis[0, 0] = 1
    basis[1:-1, 1] = 1
    basis[-1, 1] = stream.network_share
    basis[2 + np.arange(m), 2 + np.array(steps)] = 1
    basis[2 + np.arange(m), 5 + np.arange(m)] = 1
    basis[-1, -1] = 1
    return start, basis


def _scales(basis: np.ndarray, offset: float, weight: float, n_numbers: int) -> np.ndarray:
    """Return the standard deviations of the moves of the solution, and of each number's own offset."""
    scales = np.full(basis.shape[1] + n_numbers, weight)
    scales[0], scales[basis.shape[1] - 1] = offset, _OF_SHARE * weight
    scales[basis.shape[1] :] = _OF_NUMBER * offset
    return scales


def _whitened(
    table: Table, emphasis: np.ndarray, start: np.ndarray, numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows with independent noise of equal size: of awards, then of marks of phases.

    Returns:
        The design of the rows, their errors at the start, and the number of each row.
    """
    together = table.athlete[:, None] == table.athlete
    root = np.linalg.cholesky(_OF_ATHLETE * together + (1 - _OF_ATHLETE) * np.eye(len(together)))
    off = table.award - table.level - table.parts.sum(axis=1) @ start
    design = [np.linalg.solve(root, table.parts.sum(axis=1))]
    offs = [np.linalg.solve(root, off)]
    marked = np.isfinite(table.marks).all(axis=1)
    if marked.sum() >= 3:
        for step, counts in enumerate(emphasis):
            rows, marks = table.parts[marked, step], table.marks[marked, step]
            rows = (rows - rows.mean(axis=0)) / (counts * _OF_PHASE)
            design.append(rows)
            offs.append((marks - marks.mean()) / _OF_PHASE - rows @ start)
    rows, of_number = np.concatenate(design), np.linalg.solve(root, table.number[:, None] == numbers)
    return rows, np.concatenate(offs), np.pad(of_number, ((0, len(rows) - len(of_number)), (0, 0)))


def _not_negative(solution: np.ndarray, design: np.ndarray, moved_by: np.ndarray, noise: float) -> np.ndarray:
    """Return the nearest solution by its own uncertainty in which nothing but the offset is negative."""
    precision = design.T @ design / noise**2 + np.linalg.inv(moved_by @ moved_by.T)
    root = np.linalg.cholesky(precision).T
    least = np.zeros(len(solution))
    least[0] = -np.inf
    return np.asarray(lsq_linear(root, root @ solution, bounds=(least, np.inf)).x)

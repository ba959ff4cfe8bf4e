"""Ranking of scored dives by step, within a dive number and board: points of other dives are not comparable."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.points import scored_points


@dataclass(frozen=True, kw_only=True)
class RankedDive:
    """A row of the ranking.

    Attributes:
        start: place in the order in which they were given.
        name: name of the diver, with the file's where a diver has several dives; or of the file alone.
        score: score in points.
        judged: official score, points; None without judges' marks.
        step_points: relative to the exemplars, in the order of the steps.
        comparable: whether its exemplars are those of most dives of the group; with others, points of steps and
            score are relative to something else.
    """

    key: str
    start: int
    name: str
    file_name: str
    score: float
    judged: float | None
    step_points: tuple[float, ...]
    comparable: bool

    @property
    def values(self) -> tuple[float, ...]:
        """Values to rank by: official score (the last where there is none), score, and the points of each step."""
        return -1.0 if self.judged is None else self.judged, self.score, *self.step_points


Group = tuple[str, float | None]


def ranking(dives: Iterable[Dive]) -> dict[Group, list[RankedDive]]:
    """Return the scored dives by dive number and board, the largest group first, its dives in the given order."""
    groups: dict[Group, list[Dive]] = {}
    for dive in dives:
        if dive.analysis is not None and dive.analysis.scoring is not None and not dive.rescoring:
            scoring = dive.analysis.scoring
            groups.setdefault((scoring.dive_number, scoring.board_m), []).append(dive)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0][0], item[0][1] or 0))
    return {group: _ranked(members) for group, members in ordered}


def _ranked(dives: list[Dive]) -> list[RankedDive]:
    exemplars = {dive.key: _exemplar_ids(dive) for dive in dives}
    usual = Counter(exemplars.values()).most_common(1)[0][0]
    by_diver = Counter(dive.diver.casefold() for dive in dives)
    rows = []
    for start, dive in enumerate(dives):
        assert dive.analysis is not None
        scoring = dive.analysis.scoring
        assert scoring is not None
        rows.append(
            RankedDive(
                key=dive.key,
                start=start,
                name=f"{dive.diver} · {dive.title}"
                if dive.diver and by_diver[dive.diver.casefold()] > 1
                else dive.diver or dive.title,
                file_name=dive.path.name,
                score=scoring.score,
                judged=dive.judging.score(scoring.difficulty) if dive.judging is not None else None,
                step_points=scored_points(scoring),
                comparable=exemplars[dive.key] == usual,
            )
        )
    return rows


def _exemplar_ids(dive: Dive) -> frozenset[str]:
    scoring = dive.analysis.scoring if dive.analysis is not None else None
    return frozenset(vote.id for vote in scoring.exemplars) if scoring is not None else frozenset()

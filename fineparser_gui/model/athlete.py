"""The dives of one athlete over time: awards, points of the phases and measures, per dive number and board."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.types import Analysis, Measure
from fineparser_gui.model.dive import Dive
from fineparser_gui.model.points import scored_points

#: Dive number and board; None where they are not known.
Group = tuple[str | None, float | None]


@dataclass(frozen=True, kw_only=True)
class AthleteDive:
    """One dive of an athlete.

    Attributes:
        day: of the dive; None where it is not known.
        award: implied by the predicted score; None without a score.
        step_points: relative to the exemplars, in the order of the steps; empty without a score.
        measures: what was measured; empty before the analysis.
    """

    key: str
    title: str
    day: date | None
    award: float | None
    step_points: tuple[float, ...]
    measures: tuple[Measure, ...]

    def measure(self, name: str) -> Measure | None:
        """A measure by its name; None where it was not seen."""
        return next((one for one in self.measures if one.name == name), None)


class Histories:
    """Remembers what was measured of each analysis, so that a page can be filled again at once."""

    def __init__(self) -> None:
        self._measured: dict[str, tuple[Analysis, tuple[Measure, ...]]] = {}

    def of(self, dives: Iterable[Dive]) -> dict[Group, list[AthleteDive]]:
        """Dives by number and board, the largest group first; within a group from the oldest to the newest."""
        groups: dict[Group, list[AthleteDive]] = {}
        for dive in dives:
            groups.setdefault((dive.dive_number, dive.board_m), []).append(self._row(dive))
        for rows in groups.values():
            rows.sort(key=lambda row: row.day or date.min)
        return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0][0] or "", item[0][1] or 0)))

    def _row(self, dive: Dive) -> AthleteDive:
        scoring = dive.analysis.scoring if dive.analysis is not None and not dive.rescoring else None
        return AthleteDive(
            key=dive.key,
            title=dive.title,
            day=day_of(dive),
            award=scoring.award if scoring is not None else None,
            step_points=scored_points(scoring) if scoring is not None else (),
            measures=self._measures_of(dive),
        )

    def _measures_of(self, dive: Dive) -> tuple[Measure, ...]:
        if dive.analysis is None:
            return ()
        known = self._measured.get(dive.key)
        if known is None or known[0] is not dive.analysis:
            known = self._measured[dive.key] = dive.analysis, measures_of(dive.analysis)
        return known[1]


def athletes(dives: Iterable[Dive]) -> dict[str, list[Dive]]:
    """Dives by athlete in alphabetical order; names that differ in case alone are one athlete's."""
    found: dict[str, list[Dive]] = {}
    names: dict[str, str] = {}
    for dive in dives:
        if name := dive.diver.strip():
            found.setdefault(names.setdefault(name.casefold(), name), []).append(dive)
    return dict(sorted(found.items(), key=lambda item: item[0].casefold()))


def day_of(dive: Dive) -> date | None:
    """Day of a dive; None where there is none, or it is not known yet."""
    try:
        return date.fromisoformat(dive.dived_on or "")
    except ValueError:
        return None

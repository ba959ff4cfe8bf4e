"""Content of a report on dives of the session or of the history."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from fineparser_core.export.options import StrobeOptions
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.page import TrendPoint
from fineparser_core.measures.explanation import good_bands
from fineparser_core.records import Analysis, ComparedDive
from fineparser_gui.dives.dive import Dive
from fineparser_gui.player.drawings import NOTE
from fineparser_gui.store.records import HistoryDive
from fineparser_gui.store.session_file import SavedDive
from fineparser_gui.support.formatting import day_text

_Known = TypeVar("_Known", Dive, HistoryDive)


def season_of(dive: Dive, dives: Sequence[Dive]) -> list[Dive]:
    """Return the analyzed dives of a dive's diver, the oldest first; empty if the diver is not known."""
    name = dive.diver.strip().casefold()
    if not name:
        return []
    same = [one for one in dives if one.diver.strip().casefold() == name and one.analysis is not None]
    return sorted(same, key=lambda one: one.dived_on or "")


def notes_of(dive: Dive | SavedDive) -> str:
    """Return the coach's note on a dive and the notes on its frames, a line each."""
    on_frames = (drawing.text for drawing in sorted(dive.drawings, key=lambda one: one.frame) if drawing.kind == NOTE)
    return "\n".join(filter(None, (dive.note, *on_frames)))


def reported_dive(
    dive: Dive,
    dives: Sequence[Dive],
    *,
    drawings: bool,
    comparison: ComparedDive | None = None,
    strobe: bool = False,
    club: str = "",
) -> ReportedDive:
    """Return a dive of the session for a report.

    Args:
        dive: the dive, which is analyzed.
        dives: dives of the session, for the trend.
        drawings: whether its drawings are shown, and their notes beside its own.
        strobe: whether its stroboscopic picture is shown.
        club: of the diver, or "".
    """
    assert dive.analysis is not None
    return ReportedDive(
        path=dive.path,
        analysis=dive.analysis,
        diver=dive.diver,
        date=day_text(dive.dived_on or ""),
        club=club,
        outcome=dive.outcome,
        note=notes_of(dive) if drawings else dive.note,
        judging=dive.judging,
        marks=dive.drawings if drawings else (),
        bands=good_bands(dive.dive_number, dive.known_board_m),
        trend=_trend(dive, dives),
        comparison=comparison,
        strobe=StrobeOptions() if strobe else None,
    )


def reported_from_history(
    dive: HistoryDive,
    dives: Sequence[HistoryDive],
    saved: SavedDive,
    analysis: Analysis,
    *,
    drawings: bool,
    club: str = "",
) -> ReportedDive:
    """Return a dive of the history for the report of a season.

    Args:
        dives: dives of the season, for the trend, in order of time.
        saved: the dive's details, for its note and drawings.
        drawings: whether the drawings are shown.
        club: of the diver, or "".
    """
    return ReportedDive(
        path=dive.path,
        analysis=analysis,
        diver=dive.athlete,
        date=day_text(dive.dived_on),
        club=club,
        outcome=dive.outcome,
        note=notes_of(saved) if drawings else saved.note,
        judging=dive.judging,
        marks=saved.drawings if drawings else (),
        bands=good_bands(dive.dive_number, dive.board_m),
        trend=tuple(
            TrendPoint(
                label=day_text(one.dived_on) or one.title, award=one.award, is_this=one.id == dive.id, judged=one.judged
            )
            for one in _like(dive, dives)
            if one.award is not None or one.judged is not None
        ),
    )


def _trend(dive: Dive, dives: Sequence[Dive]) -> tuple[TrendPoint, ...]:
    """Return the trend of the judged or scored dives of the same number and board by the same diver."""
    points = []
    for one in _like(dive, season_of(dive, dives)):
        scored = one.analysis and (one.analysis.scoring or one.analysis.own_award)
        judged = one.judging.award if one.judging is not None else None
        if scored or judged is not None:
            award, label = scored.award if scored else None, day_text(one.dived_on or "") or one.title
            points.append(TrendPoint(label=label, award=award, is_this=one.key == dive.key, judged=judged))
    return tuple(points)


def _like(dive: _Known, dives: Iterable[_Known]) -> list[_Known]:
    """Return the dives of the same number and board."""
    return [one for one in dives if (one.dive_number, one.board_m) == (dive.dive_number, dive.board_m)]

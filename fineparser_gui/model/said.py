"""What a coach says of a dive, and what holds where a session and the history both say something of it."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from fineparser_core.diving.difficulty import known_difficulty
from fineparser_gui.model.dive import Dive
from fineparser_gui.model.history_dive import HistoryDive
from fineparser_gui.model.session_file import SavedDive

#: What the predicted score depends on: said as a whole.
_SCORED = ("dive_number", "board_m", "difficulty", "rule")
_SCORES = ("score", "score_range", "award", "award_range", "scored_by", "step_points")
#: What the results depend on.
_FOUND = (*_SCORED, "athlete", "correction")
#: Attributes of `SavedDive`, and of `Dive`.
SAID = (*_FOUND, "diver", "dived_on", "event", "outcome", "note", "judging", "drawings")
_NOTHING = SavedDive(path=Path())


def changed(before: SavedDive, now: SavedDive) -> frozenset[str]:
    """Names of what is said otherwise than before, or no more."""
    return frozenset(name for name in SAID if getattr(before, name) != getattr(now, name))


def recalled(dive: Dive, known: SavedDive) -> dict[str, object]:
    """What the history knows of a dive of which the session says nothing; a day that only the file told gives way."""
    filled = {name: getattr(known, name) for name in SAID if _blank(dive, name) and not _blank(known, name)}
    if known.dived_on and told_by_file(dive):
        filled["dived_on"] = known.dived_on
    return filled


def told_by_file(dive: Dive) -> bool:
    """Whether the day of a dive, or that there is none, is the file's word alone."""
    return dive.info is not None and dive.dived_on == (dive.info.recorded_on or "")


def agreed(known: SavedDive, now: SavedDive, said: Collection[str]) -> SavedDive:
    """A dive as a session has it now, where what was said before stays, and its range where the results do.

    Args:
        known: as the history has it.
        said: names of what the coach has changed since; whatever else is blank in the history is taken as well.
    """
    new = {*said, *(name for name in SAID if _blank(known, name))}
    if any(name in said for name in _SCORED):
        new.update(_SCORED)
    told = replace(now, **{name: getattr(known, name) for name in SAID if name not in new})
    return replace(told, in_frame=known.in_frame, out_frame=known.out_frame) if other_results(now, told) else told


def other_results(own: SavedDive, said: SavedDive) -> bool:
    """Whether the results of `own` are not those of what is said: all of those that the history has stay then."""
    return any(getattr(said, name) != getattr(own, name) for name in _FOUND)


def as_told(saved: SavedDive, known: HistoryDive) -> SavedDive:
    """What a session opens a dive from, with what the history's record tells, which may have changed since."""
    return replace(
        saved,
        path=known.path,
        identity=known.identity,
        diver=known.athlete,
        dived_on=known.dived_on,
        event=known.event,
        outcome=known.outcome,
        note=known.note,
        judging=known.judging,
        dive_number=known.dive_number or None,
    )


def with_said(now: HistoryDive, known: HistoryDive, own: SavedDive, said: SavedDive) -> HistoryDive:
    """The history's record of a dive with what holds.

    Args:
        now: with the results of `own`, which the session says.
        known: as it was, whose results stay where there are `other_results`; where it has none, the score is left out.
    """
    number, board_m, difficulty, rule = (getattr(said, name) for name in _SCORED)
    others = other_results(own, said)
    if board_m is None:  # the one that the fall shows
        board_m = (known if others else now).board_m
    tables = known_difficulty(number, board_m, difficulty)
    if others:
        if known.analysed:
            now = replace(known, path=now.path, identity=now.identity, content=now.content)
        else:
            now = replace(now, **{name: getattr(known, name) for name in _SCORES})
        now = replace(now, difficulty=tables)
    judged = said.judging.score(tables) if said.judging is not None and tables is not None else None
    return replace(
        now,
        athlete=said.diver,
        dived_on=said.dived_on or "",
        event=said.event,
        outcome=said.outcome,
        note=said.note,
        judging=said.judging,
        judged_score=judged,
        dive_number=number or "",
        board_m=board_m,
        synchro=rule.synchro,
    )


def _blank(dive: Dive | SavedDive, name: str) -> bool:
    value = getattr(dive, name)
    return not value or value == getattr(_NOTHING, name)

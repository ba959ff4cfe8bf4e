"""What a coach says of a dive, and what holds where a session and the history both say something of it."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from fineparser_gui.model.dive import Dive
from fineparser_gui.model.session_file import SavedDive

#: What the predicted score depends on: said as a whole.
_SCORED = ("dive_number", "board_m", "difficulty", "rule")
#: What the results depend on.
_FOUND = (*_SCORED, "athlete", "correction")
#: Attributes of `SavedDive`, and of `Dive`.
SAID = (*_FOUND, "diver", "dived_on", "event", "outcome", "note", "judging", "drawings")
_NOTHING = SavedDive(path=Path())


def changed(before: SavedDive, now: SavedDive) -> frozenset[str]:
    """Names of what is said otherwise than before, or no more."""
    return frozenset(name for name in SAID if getattr(before, name) != getattr(now, name))


def contradicted(own: SavedDive, known: SavedDive) -> frozenset[str]:
    """Names of what is said otherwise than is known; what either leaves blank does not count."""
    return frozenset(name for name in changed(own, known) if not (_blank(own, name) or _blank(known, name)))


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


def _blank(dive: Dive | SavedDive, name: str) -> bool:
    value = getattr(dive, name)
    return not value or value == getattr(_NOTHING, name)

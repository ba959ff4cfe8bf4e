"""Details that a coach enters for a dive, and the rules that merge a session's details with those of the history."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from fineparser_gui.dives.dive import Dive
from fineparser_gui.store.session_file import SavedDive

#: Attributes that the predicted score depends on; they change together.
SCORED = ("dive_number", "board_m", "difficulty", "rule")
#: Attributes that the results depend on.
_FOUND = (*SCORED, "athlete", "correction")
#: Attributes that a coach enters, of `SavedDive` and of `Dive`.
SAID = (*_FOUND, "diver", "dived_on", "event", "outcome", "note", "judging", "drawings")
_NOTHING = SavedDive(path=Path())


def changed(before: SavedDive, now: SavedDive) -> frozenset[str]:
    """Return the names of the details that differ from before."""
    return frozenset(name for name in SAID if getattr(before, name) != getattr(now, name))


def contradicted(own: SavedDive, known: SavedDive) -> frozenset[str]:
    """Return the names of the details that differ from the known dive and are blank in neither."""
    return frozenset(name for name in changed(own, known) if not (_blank(own, name) or _blank(known, name)))


def recalled(dive: Dive, known: SavedDive) -> dict[str, object]:
    """Return the details that the history knows and the session lacks; a day read from the file counts as lacking."""
    filled = {name: getattr(known, name) for name in SAID if _blank(dive, name) and not _blank(known, name)}
    if known.dived_on and told_by_file(dive):
        filled["dived_on"] = known.dived_on
    return filled


def told_by_file(dive: Dive) -> bool:
    """Return True if the day of a dive, or its absence, is known from the file alone."""
    return dive.info is not None and dive.dived_on == (dive.info.recorded_on or "")


def agreed(known: SavedDive, now: SavedDive, said: Collection[str]) -> SavedDive:
    """Return the history's dive with the details that the coach has changed in a session.

    The dive keeps its range unless the results change with the details.

    Args:
        known: the dive in the history.
        now: the dive in the session.
        said: names of the details that the coach has changed; those that the history lacks are taken as well.
    """
    new = {*said, *(name for name in SAID if _blank(known, name))}
    if any(name in said for name in SCORED):
        new.update(SCORED)
    told = replace(now, **{name: getattr(known, name) for name in SAID if name not in new})
    return replace(told, in_frame=known.in_frame, out_frame=known.out_frame) if other_results(now, told) else told


def other_results(own: SavedDive, said: SavedDive) -> bool:
    """Return True if the results of `own` belong to other details; the history then keeps all of its results."""
    return any(getattr(said, name) != getattr(own, name) for name in _FOUND)


def _blank(dive: Dive | SavedDive, name: str) -> bool:
    value = getattr(dive, name)
    return not value or value == getattr(_NOTHING, name)

"""Taking of session files into the store."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session_model import restored_attributes
from fineparser_gui.store.dives import KeptDive
from fineparser_gui.store.records import results_of
from fineparser_gui.store.said import changed
from fineparser_gui.store.session_file import SavedDive, SavedSession, parse_session, session_bytes
from fineparser_gui.store.store import SessionEntry, Store


def read_file(path: Path) -> tuple[SavedSession, str]:
    """Return the content of a session file and its digest.

    Raises:
        ConfigError: it cannot be read.
    """
    data = session_bytes(path)
    return parse_session(data, path), sha256(data).hexdigest()


def take_in(
    store: Store, saved: SavedSession, name: str, source: str, *, as_in_file: bool = False, listed: bool = False
) -> int:
    """Put a session into the store, unless it is there already; return its id, 0 for an empty session.

    Args:
        source: digest of the file that the session comes from.
        as_in_file: the details of the file replace those of the store; else they fill blank details.
        listed: show its dives in the history, though they are not analyzed.

    Raises:
        ExportError: the store cannot be written.
    """
    if known := store.session_of(source):
        return known
    entries = []
    for place, dive in enumerate(saved.dives):
        found = by_details(dive)
        if found is not None:
            said = changed(SavedDive(path=dive.path), dive) if as_in_file else frozenset[str]()
            found = replace(found, changed=said, listed=listed)
        entries.append(SessionEntry(key=str(place), id=0, saved=dive, kept=found))
    return store.keep_session(0, replace(saved, dives=()), entries, name=name, source=source)[0]


def by_details(saved: SavedDive) -> KeptDive | None:
    """Return a dive for the store by its details alone.

    None if its video was never opened, or is a recording of several dives.
    """
    results = results_of(Dive(key="", **restored_attributes(saved)))  # type: ignore[arg-type]
    return None if results is None else KeptDive(saved=saved, results=results, settled=False)

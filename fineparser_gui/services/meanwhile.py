"""The store of dives that are kept while the history cannot be opened or written; the history takes them in later."""

import logging
import os
import sqlite3
import stat
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from getpass import getuser
from glob import escape
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.language import Phrase, together
from fineparser_core.support.atomic import try_writing
from fineparser_core.support.sqlite_file import PATIENCE_S, exclusive, is_blank
from fineparser_gui.store.file import connected, copy_file, is_sound, lock_of
from fineparser_gui.store.schema import is_store
from fineparser_gui.store.store import Store

log = logging.getLogger(__name__)

_NAME = "-meanwhile"


def open_store(path: Path, months: Sequence[str] = (), *, patience_s: float = PATIENCE_S) -> Store:
    """Open the history, or else a store with a copy of its dives that keeps new ones meanwhile, as its notice says.

    A history that can be opened takes in what was kept meanwhile.

    Raises:
        ConfigError: neither can be opened.
    """
    store = None
    try:
        store = Store(path, months, patience_s=patience_s)
        try_writing(store.path.parent)
    except (OSError, FineParserError) as error:
        trouble = error if isinstance(error, FineParserError) else _unwritable(path, error)
        if (instead := _open_meanwhile(path, months, patience_s, trouble)) is not None:
            if store is not None:
                store.close()
            return instead
        if store is None:
            raise trouble from None
        store.notice = together(filter(None, [store.notice, trouble.phrase]))
        return store
    for place in _places(path):
        try:
            if is_store(place) and _is_private(place, path) and not place.samefile(store.path):
                with exclusive(lock_of(path)):  # another window may start
                    _take_over(store, place)
        except (OSError, sqlite3.Error, FineParserError) as error:
            log.warning("history: %s is not taken in: %s", place, error)
    return store


def _places(path: Path) -> tuple[Path, Path]:
    """Return where dives may be kept meanwhile: beside the history, or in a folder of this user for temporary files."""
    folder = Path(tempfile.gettempdir()) / f"fineparser-{getattr(os, 'getuid', getuser)()}"
    name = f"{path.stem}{_NAME}-{zlib.crc32(os.fsencode(path.absolute())):08x}{path.suffix}"
    return path.with_stem(f"{path.stem}{_NAME}"), folder / name


def _is_private(place: Path, path: Path) -> bool:
    """Return True if a file lies beside the history, or in a folder that is this user's alone."""
    state = place.parent.lstat()
    own = os.name == "nt" or (state.st_uid == os.getuid() and state.st_mode == stat.S_IFDIR | 0o700)
    return own or place.parent == path.parent


def _open_meanwhile(path: Path, months: Sequence[str], patience_s: float, trouble: FineParserError) -> Store | None:
    for place in _places(path):
        copied = ""
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try_writing(place.parent)
            if not _is_private(place, path):
                continue
            with exclusive(lock_of(place)):
                if is_blank(place):
                    copied = _copy_newest(path, place, patience_s)
            store = Store(place, months, patience_s=patience_s)
        except (OSError, sqlite3.Error, FineParserError) as error:
            log.info("history: %s cannot be used: %s", place, error)
            continue
        kept = Phrase("Until then dives are kept in {0}, from where they come into the history.", place)
        shown = [Phrase("The history is shown as it was on {0}.", copied)] if copied else []
        store.notice = together([trouble.phrase, kept, *shown])
        return store
    return None


def _copy_newest(path: Path, target: Path, patience_s: float) -> str:
    """Copy the dives of the newest sound store beside the history; return of when they are."""
    beside = path.parent.glob(f"{escape(path.stem)}*{path.suffix}")
    copies = [one for one in beside if not one.stem.startswith(f"{path.stem}{_NAME}") and is_store(one)]
    for one in sorted(copies, key=lambda one: one.stat().st_mtime, reverse=True):
        if is_sound(one, patience_s):
            with closing(connected(one, "?mode=ro")) as source:
                # Rows that are changed from here on have a greater revision.
                copy_file(source, target, "DELETE FROM session", "UPDATE dive SET revision = 0")
            return datetime.fromtimestamp(one.stat().st_mtime).isoformat(" ", "minutes")
    return ""


def _take_over(store: Store, place: Path) -> None:
    """Take in a store of dives that were kept meanwhile, unless a window still uses it, and give it another name."""
    if not place.exists():
        return
    with closing(Store(place)) as kept:
        if not kept.is_alone():
            return
        store.take_over(kept)
    os.replace(place, place.with_stem(f"{place.stem}-taken-{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}"))


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        "The history {0} cannot be written ({1}): make room on its disk, or check its permissions.",
        path,
        error.strerror or str(error),
    )

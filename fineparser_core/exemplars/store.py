"""The exemplars that dives are compared with: those that come with the program and the coach's own, read as one.

The coach's own are in a folder with one SQLite file, its backup and the clips that it refers to. Several programs may
use it at once: SQLite's write-ahead log separates readers from one writer, and an unfinished transaction of a killed
program is rolled back.
"""

import logging
import os
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar
from uuid import uuid4

import platformdirs

from fineparser_core.errors import ExemplarError, ExportError
from fineparser_core.exemplars.clip_folder import CLIPS_NAME, store_clip, sweep_clips
from fineparser_core.exemplars.facts import ExemplarFacts, check_facts
from fineparser_core.exemplars.records import Exemplar, ExemplarEncoding, ExemplarMask
from fineparser_core.exemplars.recovery import back_up, backup_is_due, exclusive, repair
from fineparser_core.exemplars.rows import (
    encoding_row,
    exemplar_row,
    mask_row,
    read_encoding,
    read_exemplar,
    read_mask,
)
from fineparser_core.exemplars.schema import (
    attach,
    connect,
    connect_reading,
    connect_writing,
    make_tables,
    reading,
)
from fineparser_core.language import Phrase, together
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.resources import resource
from fineparser_core.support.atomic import sweep_leftovers
from fineparser_core.types import DiveParse

log = logging.getLogger(__name__)

FILE_NAME = "library.sqlite"
#: More are a table without end. FineDiving has 3,000 dives.
_MOST_EXEMPLARS = 100_000

Record = TypeVar("Record")


def own_folder() -> Path:
    """Where the exemplars of this user lie; it may not exist yet."""
    return platformdirs.user_data_path("fineparser", appauthor=False) / "exemplars"


class ExemplarStore:
    """Exemplars with their masks and encodings, of one file or of the coach's own and the bundled one together.

    Where both have an exemplar of one id, the coach's own counts. Only the coach's own is ever written. The threads of
    a process may share a store.

    Attributes:
        path: the file to name in a message: the only one, or the bundled one.
        folder: where exemplars are added and changed; None where a file is only read.
        writable: whether exemplars can be added and changed now.
        notice: one sentence for the user where the coach's own exemplars were damaged or cannot be written; else "".
    """

    def __init__(self, connection: sqlite3.Connection, files: Mapping[str, Path], folder: Path | None = None) -> None:
        """Reads an open connection.

        Args:
            files: by the name of the database within the connection, "main" first.
        """
        self.path, self.folder = list(files.values())[-1], folder
        self.writable, self.notice = False, ""
        self._db, self._files = connection, dict(files)
        self._lock = threading.RLock()
        self.notice = self._left_out()

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Opens one file for reading, without a path the bundled one; another program may be writing it.

        Raises: ExemplarError where the file is missing, is not an exemplar library, or has no exemplar to use.
        """
        path = path or resource("exemplars", FILE_NAME)
        store = cls._on(connect_reading(path), {"main": path})
        if store.notice and not store._read("main")[0]:
            store.close()
            raise ExemplarError("{0}: copy it again or choose another one.", store.notice.rstrip("."))
        return store

    @classmethod
    def open_own(cls, folder: Path | None = None, *, bundled: Path | None = None) -> Self:
        """Opens the exemplars of a folder (default: this user's) for writing, and makes it where there is none.

        A damaged file is set aside and replaced by its backup, which `notice` then says. Where the folder cannot be
        written, what is there is opened for reading alone.

        Args:
            bundled: a file to read together with them.

        Raises:
            ExemplarError: the folder can neither be written nor read, or a newer version of the program made it.
        """
        folder = folder or own_folder()
        path = folder / FILE_NAME
        notice, writable = "", True
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with exclusive(folder):
                notice = repair(path)
                connection = connect_writing(path)
        except (OSError, sqlite3.OperationalError, ExportError) as error:
            log.warning("own library: %s", error)
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            if not path.is_file():
                raise ExemplarError(
                    "{0} cannot be written ({1}), so no exemplars can be kept there: make it writable.", folder, reason
                ) from None
            notice = Phrase(
                "{0} cannot be written ({1}): its exemplars can be used, but none added or changed.", path, reason
            )
            writable, connection = False, connect_reading(path)
        except sqlite3.DatabaseError as error:
            raise ExemplarError("{0} cannot be used ({1}): move it away, and a new one is made.", path, error) from None
        store = cls._on(connection, {"main": path, **({"bundled": bundled} if bundled else {})}, folder)
        store.notice, store.writable = together(filter(None, (notice, store.notice))), writable
        if writable:
            sweep_leftovers(folder)
            sweep_leftovers(folder / CLIPS_NAME)
            store._sweep_clips()
            if backup_is_due(path):
                store._back_up()
        return store

    @classmethod
    def open_all(cls, folder: Path | None, *, make: bool = False) -> Self:
        """Opens the bundled exemplars together with those of a folder.

        Args:
            folder: of the coach's own; None: there are none. One that cannot be used is left out, and `notice` says so.
            make: make it where it is not there yet.

        Raises: ExemplarError where the bundled ones cannot be read.
        """
        if folder is None or not (make or folder.is_dir()):
            return cls.open()
        try:
            return cls.open_own(folder, bundled=resource("exemplars", FILE_NAME))
        except ExemplarError as error:
            store = cls.open()
            store.notice = error.phrase
            return store

    @classmethod
    def create(cls, path: Path) -> Self:
        """Makes a new, empty file for writing; it must not exist yet.

        Raises: ExemplarError where it cannot be written.
        """
        if path.exists():
            raise ExemplarError("{0} exists already: choose another name for the library.", path)
        connection = None
        try:
            connection = connect(path)
            connection.execute("PRAGMA page_size = 1024")  # a row's arrays end on a page of their own
            make_tables(connection)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise ExemplarError("{0} cannot be written: {1}.", path, error) from None
        store = cls._on(connection, {"main": path})
        store.writable = True
        return store

    @classmethod
    def _on(cls, connection: sqlite3.Connection, files: Mapping[str, Path], folder: Path | None = None) -> Self:
        """A store on an open connection, to which further files are attached; the connection is closed if it fails."""
        try:
            for name, path in list(files.items())[1:]:
                attach(connection, name, path)
            return cls(connection, files, folder)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _reading(self, cancel: CancelToken | None = None) -> Iterator[sqlite3.Connection]:
        """Raises: ExemplarError where it cannot be read, Cancelled once the token is set."""
        with self._lock, reading(self._db, " or ".join(map(str, self._files.values())), cancel):
            yield self._db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or none, also where the process dies within.

        Raises: ExemplarError where it cannot be written.
        """
        self._check_writable()
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.OperationalError as error:
                raise ExemplarError(
                    "{0} cannot be written now ({1}): close other programs that use it, see "
                    "that the disk has room, and try again.",
                    self._files["main"],
                    error,
                ) from None

    def _check_writable(self) -> None:
        if not self.writable:
            raise ExemplarError(
                self.notice or Phrase("{0} cannot be written: no folder for exemplars of your own is open.", self.path)
            )

    def dive_numbers(self) -> dict[str, int]:
        """Number of exemplars by dive number, without those in the bin."""
        return dict(sorted(Counter(one.dive_number for one in self.exemplars()).items()))

    def exemplars(self, dive_number: str | None = None, *, cancel: CancelToken | None = None) -> list[Exemplar]:
        """All exemplars, or those of a dive number, ordered by id, without those in the bin.

        Raises: Cancelled once the token is set.
        """
        known = (one for one in self._known(cancel) if not one.removed and dive_number in (None, one.dive_number))
        return sorted(known, key=lambda one: one.id)

    def removed(self) -> list[Exemplar]:
        """What lies in the bin, the latest first."""
        binned = sorted((one for one in self._known() if one.removed), key=lambda one: one.id)
        return sorted(binned, key=lambda one: one.removed_at or "", reverse=True)

    def own_ids(self) -> set[str]:
        """Ids of the exemplars that the coach added, those in the bin included."""
        return set() if self.folder is None else {one.id for one in self._read("main")[0]}

    def get(self, exemplar_id: str) -> Exemplar:
        """An exemplar by its id, from the bin as well.

        Raises: ExemplarError where there is none of that id.
        """
        found = self._find(exemplar_id)
        if found is None:
            raise ExemplarError("{0} has no exemplar '{1}'.", self.path, exemplar_id)
        return found[1]

    def mask(self, exemplar_id: str) -> ExemplarMask | None:
        """The masks of an exemplar; None where none were stored.

        Raises: ExemplarError where they are damaged.
        """
        row = self._row_of(exemplar_id, "sampled_frames, probability, crop_xyxy FROM {}.mask WHERE exemplar_id = ?")
        return None if row is None else self._read_row(exemplar_id, read_mask, row)

    def encoding(
        self, exemplar_id: str, model_id: str, *, cancel: CancelToken | None = None
    ) -> ExemplarEncoding | None:
        """The encoding of an exemplar by a model; None where that model has not encoded it yet.

        Raises: ExemplarError where it is damaged, Cancelled once the token is set.
        """
        columns = "gated, static_tokens, st, ed FROM {}.encoding WHERE exemplar_id = ? AND model_id = ?"
        row = self._row_of(exemplar_id, columns, model_id, cancel=cancel)
        return None if row is None else self._read_row(exemplar_id, read_encoding, row)

    def encoded(self, model_id: str) -> set[str]:
        """Ids of the exemplars that a model has encoded."""
        found: set[str] = set()
        with self._reading() as db:
            for file in self._files:
                hidden = "" if file == "main" else "AND exemplar_id NOT IN (SELECT id FROM main.exemplar)"
                rows = db.execute(
                    f"SELECT exemplar_id FROM {file}.encoding WHERE model_id = ? {hidden} LIMIT {_MOST_EXEMPLARS}",
                    (model_id,),
                )
                found.update(row[0] for row in rows)
        return found

    def _known(self, cancel: CancelToken | None = None) -> list[Exemplar]:
        """The exemplars of all files, those in the bin included; the first file's hides another's of the same id."""
        known: dict[str, Exemplar] = {}
        for file in self._files:
            for one in self._read(file, cancel=cancel)[0]:
                known.setdefault(one.id, one)
        return list(known.values())

    def _find(self, exemplar_id: str, cancel: CancelToken | None = None) -> tuple[str, Exemplar] | None:
        """The exemplar of an id, and the file that it is of."""
        for file in self._files:
            for one in self._read(file, "WHERE id = ?", exemplar_id, cancel=cancel)[0]:
                return file, one
        return None

    def _read(
        self, file: str, condition: str = "", *values: str, cancel: CancelToken | None = None
    ) -> tuple[list[Exemplar], list[str]]:
        """The exemplars of a file that can be used, and of each other one, which it is and why it cannot."""
        found: list[Exemplar] = []
        left_out: list[str] = []
        with self._reading(cancel) as db:
            # Sorted by nobody, as a damaged table may be without end.
            cursor = db.execute(f"SELECT * FROM {file}.exemplar {condition} LIMIT {_MOST_EXEMPLARS + 1}", values)
            names = [column[0] for column in cursor.description]
            folder = self._files[file].parent
            real_folder = os.path.realpath(folder)
            for row in cursor:
                if len(found) + len(left_out) == _MOST_EXEMPLARS:
                    raise ValueError(f"it holds more than {_MOST_EXEMPLARS:,} exemplars")
                try:
                    found.append(read_exemplar(dict(zip(names, row, strict=True)), folder, real_folder))
                except ValueError as error:
                    left_out.append(f"{row[0]!r:.60}, {error}")
        return found, left_out

    def _left_out(self) -> str:
        """A sentence for each file with exemplars that cannot be used."""
        sentences = []
        for file, path in self._files.items():
            found, left_out = self._read(file)
            if left_out:
                n, of = len(left_out), len(found) + len(left_out)
                are = "is" if n == 1 else "are"
                sentences.append(
                    Phrase(
                        "{0}: {1} of {2} exemplars cannot be used and {3} left out: {4}.", path, n, of, are, left_out[0]
                    )
                )
        return " ".join(sentences)

    def _row_of(
        self, exemplar_id: str, columns: str, *values: str, cancel: CancelToken | None = None
    ) -> tuple[object, ...] | None:
        found = self._find(exemplar_id, cancel)
        if found is None:
            return None
        with self._reading(cancel) as db:
            row: tuple[object, ...] | None = db.execute(
                f"SELECT {columns.format(found[0])}", (exemplar_id, *values)
            ).fetchone()
            return row

    def _read_row(self, exemplar_id: str, read: Callable[..., Record], row: tuple[object, ...]) -> Record:
        try:
            return read(*row)
        except ValueError as error:
            raise ExemplarError(
                "{0}: exemplar {1} cannot be used, {2}: copy the library again, or choose another one.",
                self.path,
                repr(exemplar_id),
                error,
            ) from None

    def add(
        self, exemplar: Exemplar, mask: ExemplarMask, encodings: Mapping[str, ExemplarEncoding] | None = None
    ) -> None:
        """Adds an exemplar whose clip lies in the library's folder or below, with masks and encodings, all or nothing.

        Args:
            encodings: by the id of the model that made them.

        Raises: ExemplarError where it cannot be written, or the id is taken.
        """
        path = self._files["main"]
        try:
            row = exemplar_row(exemplar, path.parent)
            read_exemplar(row, path.parent, os.path.realpath(path.parent))  # what cannot be read is not written either
        except ValueError as error:
            raise ExemplarError("{0} cannot take exemplar {1}: {2}.", path, repr(exemplar.id), error) from None
        names, places = ", ".join(row), ", ".join("?" * len(row))
        try:
            with self._writing() as db:
                db.execute(f"INSERT INTO main.exemplar ({names}) VALUES ({places})", tuple(row.values()))
                _put_mask(db, exemplar.id, mask)
                for model_id, encoding in (encodings or {}).items():
                    _put_encoding(db, exemplar.id, model_id, encoding)
        except sqlite3.IntegrityError as error:
            raise ExemplarError(
                "{0} cannot take exemplar '{1}' ({2}): give it another name.", path, exemplar.id, error
            ) from None
        self._back_up()

    def add_clip(
        self,
        parse: DiveParse,
        facts: ExemplarFacts,
        encoding: ExemplarEncoding,
        *,
        corrected: bool = False,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Exemplar:
        """Adds a parsed clip with its official score; its video file is copied into the library's folder.

        Args:
            encoding: of the clip, by the model that parsed it.
            corrected: a person placed the transitions of the parse, and other weights do not move them.
            progress: called with the stage "copy".

        Raises:
            ConfigError: for facts that cannot be.
            ExemplarError: where the library cannot be written.
            Cancelled: once the token is set; the library is as it was.
        """
        facts = check_facts(facts)
        self._check_writable()
        clip = parse.clip
        name = re.sub(r"[^\w-]+", "-", clip.path.stem).strip("-")[:24] or "dive"
        exemplar = Exemplar(
            id=f"{name}-{uuid4().hex[:6]}",
            clip_path=store_clip(clip.path, self._files["main"].parent, progress=progress, cancel=cancel),
            in_frame=clip.in_frame,
            out_frame=clip.out_frame,
            first_flight_frame=parse.transitions.first_flight_frame,
            first_entry_frame=parse.transitions.first_entry_frame,
            synthetic=resource() in clip.path.resolve().parents,  # the sample dive
            corrected=corrected,
            **asdict(facts),
        )
        self.add(exemplar, ExemplarMask.of(parse), {parse.model.id: encoding})
        return exemplar

    def keep_parse(
        self,
        exemplar_id: str,
        model_id: str,
        encoding: ExemplarEncoding,
        mask: ExemplarMask,
        transitions: tuple[int, int],
    ) -> None:
        """Keeps what newer weights made of an exemplar of the coach's; transitions that a person placed stay.

        Args:
            transitions: first frames of flight and entry as these weights find them.

        Raises: ExemplarError where it cannot be written.
        """
        if not self.writable:
            return
        with self._writing() as db:
            if db.execute("SELECT 1 FROM main.exemplar WHERE id = ?", (exemplar_id,)).fetchone() is None:
                return  # a bundled one, or deleted meanwhile
            db.execute(
                "UPDATE main.exemplar SET first_flight_frame = ?, first_entry_frame = ? WHERE id = ? AND NOT corrected",
                (*transitions, exemplar_id),
            )
            _put_mask(db, exemplar_id, mask)
            _put_encoding(db, exemplar_id, model_id, encoding)

    def edit(self, exemplar_id: str, facts: ExemplarFacts) -> None:
        """Replaces the facts of an exemplar that a person entered.

        Raises: ConfigError for facts that cannot be, ExemplarError where it cannot be written.
        """
        values = asdict(check_facts(facts))
        self._change(exemplar_id, ", ".join(f"{name} = ?" for name in values), *values.values())

    def remove(self, exemplar_id: str) -> None:
        """Moves an exemplar to the bin. Raises: ExemplarError where it cannot be written."""
        self._change(exemplar_id, "removed_at = ?", datetime.now(UTC).isoformat(timespec="seconds"))

    def restore(self, exemplar_id: str) -> None:
        """Takes an exemplar out of the bin. Raises: ExemplarError where it cannot be written."""
        self._change(exemplar_id, "removed_at = NULL")

    def _change(self, exemplar_id: str, assignments: str, *values: object) -> None:
        with self._writing() as db:
            changed = db.execute(
                f"UPDATE main.exemplar SET {assignments} WHERE id = ?", (*values, exemplar_id)
            ).rowcount
        if not changed:
            raise ExemplarError("{0} has no exemplar '{1}'.", self._files["main"], exemplar_id)
        self._back_up()

    def empty_bin(self) -> None:
        """Deletes permanently what lies in the bin, with the clips that no other exemplar needs."""
        with self._writing() as db:
            db.execute("DELETE FROM main.exemplar WHERE removed_at IS NOT NULL")
        self._sweep_clips()
        self._back_up()

    def _sweep_clips(self) -> None:
        with self._reading() as db:
            needed = {row[0] for row in db.execute("SELECT clip FROM main.exemplar")}
        sweep_clips(self._files["main"].parent, needed)

    def _back_up(self) -> None:
        if self.folder is not None:
            back_up(self._db, self._lock, self._files["main"])


def _put_mask(db: sqlite3.Connection, exemplar_id: str, mask: ExemplarMask) -> None:
    """Stores or replaces the masks of an exemplar, within a transaction."""
    db.execute("INSERT OR REPLACE INTO main.mask VALUES (?, ?, ?, ?)", (exemplar_id, *mask_row(mask)))


def _put_encoding(db: sqlite3.Connection, exemplar_id: str, model_id: str, encoding: ExemplarEncoding) -> None:
    """Stores or replaces an encoding, within a transaction."""
    values = (exemplar_id, model_id, *encoding_row(encoding))
    db.execute("INSERT OR REPLACE INTO main.encoding VALUES (?, ?, ?, ?, ?, ?)", values)

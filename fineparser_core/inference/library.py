"""The exemplar library: one SQLite file with dives to compare with, their masks and their encodings per model."""

import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from fineparser_core.errors import ExemplarError
from fineparser_core.resources import resource
from fineparser_core.types import MASK_SIZE, N_SAMPLES, DiveParse

_FIRST_SCHEMA = (
    """
CREATE TABLE exemplar (
    id TEXT PRIMARY KEY, dive_number TEXT NOT NULL, board_m REAL, score REAL NOT NULL,
    clip TEXT NOT NULL, in_frame INTEGER NOT NULL, out_frame INTEGER NOT NULL,
    first_flight_frame INTEGER NOT NULL, first_entry_frame INTEGER NOT NULL, synthetic INTEGER NOT NULL
) STRICT""",
    "CREATE INDEX exemplar_by_number ON exemplar (dive_number)",
    """
CREATE TABLE mask (
    exemplar_id TEXT PRIMARY KEY REFERENCES exemplar (id) ON DELETE CASCADE,
    sampled_frames BLOB NOT NULL, probability BLOB NOT NULL, crop_xyxy BLOB NOT NULL
) STRICT""",
    """
CREATE TABLE encoding (
    exemplar_id TEXT NOT NULL REFERENCES exemplar (id) ON DELETE CASCADE, model_id TEXT NOT NULL,
    gated BLOB NOT NULL, static_tokens BLOB NOT NULL, st INTEGER NOT NULL, ed INTEGER NOT NULL,
    PRIMARY KEY (exemplar_id, model_id)
) STRICT""",
)
#: What version 2 added: a column and what it holds in a library of version 1.
_SECOND_COLUMNS = (
    ("diver", "TEXT NOT NULL DEFAULT ''", "''"),
    ("dived_on", "TEXT", "NULL"),
    ("synchro", "INTEGER NOT NULL DEFAULT 0", "0"),
    ("corrected", "INTEGER NOT NULL DEFAULT 0", "0"),
    ("removed_at", "TEXT", "NULL"),
)
#: Statements that make a library of version i + 1 out of one of version i; version 0 is an empty file.
_MIGRATIONS = (
    _FIRST_SCHEMA,
    tuple(f"ALTER TABLE exemplar ADD COLUMN {name} {kind}" for name, kind, _ in _SECOND_COLUMNS),
)
SCHEMA_VERSION = len(_MIGRATIONS)
#: How long to wait for another program that is writing.
_PATIENCE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Exemplar:
    """A dive with a known score. Frames are of its clip; transitions are the first frame of the new step.

    Attributes:
        synthetic: rendered, not a real dive.
        diver: name of the diver, "" where it is not known.
        dived_on: day of the dive as YYYY-MM-DD; None where it is not known.
        synchro: two divers at once; compared with its like alone.
        corrected: a person put the transitions where they are, so that no model moves them.
        removed: lies in the bin: no candidate, but restorable.
    """

    id: str
    dive_number: str
    board_m: float | None
    score: float
    clip_path: Path
    in_frame: int
    out_frame: int
    first_flight_frame: int
    first_entry_frame: int
    synthetic: bool
    diver: str = ""
    dived_on: str | None = None
    synchro: bool = False
    corrected: bool = False
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class ExemplarMask:
    """Masks of an exemplar, as in `DiveParse`: frames (96,), probability (96, 112, 112) float16, crop (96, 4)."""

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, parse: DiveParse) -> Self:
        """The masks of a clip."""
        return cls(
            sampled_frames=parse.sampled_frames, mask_probability=parse.mask_probability, crop_xyxy=parse.crop_xyxy
        )


@dataclass(frozen=True, kw_only=True)
class ExemplarEncoding:
    """What comparing with an exemplar needs: gated (9, 1024) and static_tokens (3, 4, 64) float32, (st, ed) samples."""

    gated: np.ndarray = field(repr=False)
    static_tokens: np.ndarray = field(repr=False)
    transition_samples: tuple[int, int]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what a damaged file or a damaged array in it raises into one sentence."""
    try:
        yield
    except (sqlite3.Error, zlib.error, ValueError) as error:
        raise ExemplarError(
            f"{path} cannot be read as an exemplar library ({error}): copy it again or choose another one."
        ) from None


def version_of(connection: sqlite3.Connection) -> int:
    """Schema version of an open file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Brings an open file to the present schema, in one transaction; other programs wait meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in _MIGRATIONS[version_of(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def connect(place: Path | str) -> sqlite3.Connection:
    """A connection that the threads of a process may use in turn; a path, or an URI of SQLite.

    Transactions are begun by name: SQLite's own begin as readers, which two writers cannot both turn into writing.
    """
    connection = sqlite3.connect(
        place,
        uri=isinstance(place, str),
        check_same_thread=False,
        timeout=_PATIENCE_S,
        isolation_level=None,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Library:
    """Reads an exemplar library, and writes one that was opened for writing."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self._db = connection
        self._lock = threading.RLock()
        # What is read, whatever the version: a view of our connection, not of the file, which may be read-only.
        older = "".join(f", {value} AS {name}" for name, _, value in _SECOND_COLUMNS)
        columns = "*" + (older if version_of(connection) < SCHEMA_VERSION else "")
        connection.execute(f"CREATE TEMP VIEW known AS SELECT {columns} FROM main.exemplar")

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Opens a library for reading; without a path the bundled one.

        Raises: ExemplarError where the file is missing or is not an exemplar library.
        """
        path = path or resource("exemplars", "library.sqlite")
        if not path.is_file():
            raise ExemplarError(f"{path} does not exist: give the path of an exemplar library.")
        # immutable: a bundled library may lie in a read-only folder, where SQLite cannot make its side files.
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with readable(path):
            connection = connect(uri)
        try:
            with readable(path):
                version = version_of(connection)
            if not 1 <= version <= SCHEMA_VERSION:
                raise ExemplarError(
                    f"{path} is not an exemplar library of version 1 to {SCHEMA_VERSION} (found {version}): choose "
                    "another one, or update the program."
                )
            with readable(path):
                return cls(path, connection, writable=False)
        except ExemplarError:
            connection.close()
            raise

    @classmethod
    def create(cls, path: Path) -> Self:
        """Makes a new, empty library for writing; the file must not exist yet.

        Raises: ExemplarError where it cannot be written.
        """
        if path.exists():
            raise ExemplarError(f"{path} exists already: choose another name for the library.")
        connection = None
        try:
            connection = connect(path)
            migrate(connection)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise ExemplarError(f"{path} cannot be written: {error}.") from None
        return cls(path, connection, writable=True)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, readable(self.path):
            yield self._db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or none, also where the process dies within.

        Raises: ExemplarError where the library cannot be written.
        """
        if not self.writable:
            raise ExemplarError(f"{self.path} cannot be written: choose a folder where you may write.")
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
                    f"{self.path} cannot be written now ({error}): close other programs that use it, see that the disk "
                    "has room, and try again."
                ) from None

    def dive_numbers(self) -> dict[str, int]:
        """Number of exemplars by dive number."""
        with self._reading() as db:
            return dict(
                db.execute("SELECT dive_number, COUNT(*) FROM known WHERE removed_at IS NULL GROUP BY 1 ORDER BY 1")
            )

    def exemplars(self, dive_number: str | None = None) -> list[Exemplar]:
        """All exemplars, or those of a dive number, ordered by id, without those in the bin."""
        return self._select(
            "SELECT * FROM known WHERE removed_at IS NULL AND dive_number = ifnull(?, dive_number) ORDER BY id",
            dive_number,
        )

    def get(self, exemplar_id: str) -> Exemplar:
        """An exemplar by its id, from the bin as well.

        Raises: ExemplarError where there is none of that id.
        """
        found = self._select("SELECT * FROM known WHERE id = ?", exemplar_id)
        if not found:
            raise ExemplarError(f"{self.path} has no exemplar '{exemplar_id}'.")
        return found[0]

    def _select(self, query: str, *values: object) -> list[Exemplar]:
        with self._reading() as db:
            cursor = db.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [self._exemplar(dict(zip(names, row, strict=True))) for row in cursor]

    def _exemplar(self, row: dict[str, Any]) -> Exemplar:
        return Exemplar(
            clip_path=self.path.parent / row.pop("clip"),
            removed=row.pop("removed_at") is not None,
            synthetic=bool(row.pop("synthetic")),
            synchro=bool(row.pop("synchro")),
            corrected=bool(row.pop("corrected")),
            **row,
        )

    def mask(self, exemplar_id: str) -> ExemplarMask | None:
        """The masks of an exemplar; None where none were stored."""
        with self._reading() as db:
            row = db.execute(
                "SELECT sampled_frames, probability, crop_xyxy FROM mask WHERE exemplar_id = ?", (exemplar_id,)
            ).fetchone()
            if row is None:
                return None
            probability = np.frombuffer(zlib.decompress(row[1]), np.uint8).reshape(N_SAMPLES, MASK_SIZE, MASK_SIZE)
            return ExemplarMask(
                sampled_frames=np.frombuffer(row[0], "<i8").reshape(N_SAMPLES).astype(np.int64),
                mask_probability=(probability / np.float32(255)).astype(np.float16),
                crop_xyxy=np.frombuffer(row[2], "<f4").reshape(N_SAMPLES, 4).astype(np.float32),
            )

    def encoding(self, exemplar_id: str, model_id: str) -> ExemplarEncoding | None:
        """The encoding of an exemplar by a model; None where that model has not encoded it yet."""
        with self._reading() as db:
            row = db.execute(
                "SELECT gated, static_tokens, st, ed FROM encoding WHERE exemplar_id = ? AND model_id = ?",
                (exemplar_id, model_id),
            ).fetchone()
            if row is None:
                return None
            return ExemplarEncoding(
                gated=np.frombuffer(row[0], "<f4").reshape(9, 1024),
                static_tokens=np.frombuffer(row[1], "<f4").reshape(3, 4, 64),
                transition_samples=(row[2], row[3]),
            )

    def encoded(self, model_id: str) -> set[str]:
        """Ids of the exemplars that a model has encoded."""
        with self._reading() as db:
            return {row[0] for row in db.execute("SELECT exemplar_id FROM encoding WHERE model_id = ?", (model_id,))}

    def add(
        self, exemplar: Exemplar, mask: ExemplarMask, encodings: Mapping[str, ExemplarEncoding] | None = None
    ) -> None:
        """Adds an exemplar whose clip lies in the library's folder or below; needs a writable library.

        Args:
            encodings: by the id of the model that made them.

        Raises: ExemplarError where it cannot be written, or the id is taken.
        """
        e = exemplar
        row = {
            "clip": e.clip_path.resolve().relative_to(self.path.parent.resolve()).as_posix(),
            "removed_at": None,
            **{f.name: getattr(e, f.name) for f in fields(e) if f.name not in ("clip_path", "removed")},
        }
        names, places = ", ".join(row), ", ".join("?" * len(row))
        try:
            with self._writing() as db:
                db.execute(f"INSERT INTO exemplar ({names}) VALUES ({places})", tuple(row.values()))
                put_mask(db, e.id, mask)
                for model_id, encoding in (encodings or {}).items():
                    put_encoding_row(db, e.id, model_id, encoding)
        except sqlite3.IntegrityError as error:
            raise ExemplarError(f"{self.path} cannot take exemplar '{e.id}' ({error}): give it another name.") from None

    def keep_parse(
        self,
        exemplar_id: str,
        model_id: str,
        encoding: ExemplarEncoding,
        mask: ExemplarMask,
        transitions: tuple[int, int],
    ) -> None:
        """Where `OwnLibrary` keeps what newer weights made of an exemplar; what is bundled stays as it is."""

    def put_encoding(self, exemplar_id: str, model_id: str, encoding: ExemplarEncoding) -> None:
        """Stores or replaces the encoding of an exemplar by a model. Needs a writable library."""
        with self._writing() as db:
            put_encoding_row(db, exemplar_id, model_id, encoding)


def put_mask(db: sqlite3.Connection, exemplar_id: str, mask: ExemplarMask) -> None:
    """Stores or replaces the masks of an exemplar, within a transaction."""
    # In steps of 4: an outline moves by no pixel, and the file is half as large.
    quantised = np.minimum(np.rint(mask.mask_probability.astype(np.float32) * 255 / 4) * 4, 255).astype(np.uint8)
    frames, crop = mask.sampled_frames.astype("<i8").tobytes(), mask.crop_xyxy.astype("<f4").tobytes()
    packed = zlib.compress(quantised.tobytes(), 9)
    db.execute("INSERT OR REPLACE INTO mask VALUES (?, ?, ?, ?)", (exemplar_id, frames, packed, crop))


def put_encoding_row(db: sqlite3.Connection, exemplar_id: str, model_id: str, encoding: ExemplarEncoding) -> None:
    """Stores or replaces an encoding, within a transaction."""
    arrays = (encoding.gated.astype("<f4").tobytes(), encoding.static_tokens.astype("<f4").tobytes())
    db.execute(
        "INSERT OR REPLACE INTO encoding VALUES (?, ?, ?, ?, ?, ?)",
        (exemplar_id, model_id, *arrays, *encoding.transition_samples),
    )

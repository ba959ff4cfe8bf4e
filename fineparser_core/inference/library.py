"""The exemplar library: one SQLite file with dives to compare with, their masks and their encodings per model."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fineparser_core.errors import ExemplarError
from fineparser_core.resources import resource
from fineparser_core.types import MASK_SIZE, N_SAMPLES

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE exemplar (
    id TEXT PRIMARY KEY, dive_number TEXT NOT NULL, board_m REAL, score REAL NOT NULL,
    clip TEXT NOT NULL, in_frame INTEGER NOT NULL, out_frame INTEGER NOT NULL,
    first_flight_frame INTEGER NOT NULL, first_entry_frame INTEGER NOT NULL, synthetic INTEGER NOT NULL
) STRICT;
CREATE INDEX exemplar_by_number ON exemplar (dive_number);
CREATE TABLE mask (
    exemplar_id TEXT PRIMARY KEY REFERENCES exemplar (id) ON DELETE CASCADE,
    sampled_frames BLOB NOT NULL, probability BLOB NOT NULL, crop_xyxy BLOB NOT NULL
) STRICT;
CREATE TABLE encoding (
    exemplar_id TEXT NOT NULL REFERENCES exemplar (id) ON DELETE CASCADE, model_id TEXT NOT NULL,
    gated BLOB NOT NULL, static_tokens BLOB NOT NULL, st INTEGER NOT NULL, ed INTEGER NOT NULL,
    PRIMARY KEY (exemplar_id, model_id)
) STRICT;
"""


@dataclass(frozen=True, kw_only=True)
class Exemplar:
    """A dive with a known score. Frames are of its clip; transitions are the first frame of the new step."""

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


@dataclass(frozen=True, kw_only=True)
class ExemplarMask:
    """Masks of an exemplar, as in `DiveParse`: frames (96,), probability (96, 112, 112) float16, crop (96, 4)."""

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ExemplarEncoding:
    """What comparing with an exemplar needs: gated (9, 1024) and static_tokens (3, 4, 64) float32, (st, ed) samples."""

    gated: np.ndarray = field(repr=False)
    static_tokens: np.ndarray = field(repr=False)
    transition_samples: tuple[int, int]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns what a damaged file or a damaged array in it raises into one sentence."""
    try:
        yield
    except (sqlite3.Error, zlib.error, ValueError) as error:
        raise ExemplarError(
            f"{path} cannot be read as an exemplar library ({error}): copy it again or choose another one."
        ) from None


class Library:
    """Reads an exemplar library, and writes one that was opened for writing."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self._db = connection

    @classmethod
    def open(cls, path: Path | None = None) -> "Library":
        """Opens a library for reading; without a path the bundled one.

        Raises: ExemplarError where the file is missing or is not an exemplar library.
        """
        path = path or resource("exemplars", "library.sqlite")
        if not path.is_file():
            raise ExemplarError(f"{path} does not exist: give the path of an exemplar library.")
        # immutable: a bundled library may lie in a read-only folder, where SQLite cannot make its side files.
        # One connection serves the threads of a process in turn; nothing here writes.
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with _readable(path):
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            with _readable(path):
                version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise ExemplarError(f"{path} is not an exemplar library of version {SCHEMA_VERSION} (found {version}).")
        except ExemplarError:
            connection.close()
            raise
        return cls(path, connection, writable=False)

    @classmethod
    def create(cls, path: Path) -> "Library":
        """Makes a new, empty library for writing; the file must not exist yet.

        Raises: ExemplarError where it cannot be written.
        """
        if path.exists():
            raise ExemplarError(f"{path} exists already: choose another name for the library.")
        connection = None
        try:
            connection = sqlite3.connect(path)
            connection.executescript(_SCHEMA + f"PRAGMA user_version = {SCHEMA_VERSION};")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise ExemplarError(f"{path} cannot be written: {error}.") from None
        return cls(path, connection, writable=True)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with _readable(self.path):
            yield self._db

    def dive_numbers(self) -> dict[str, int]:
        """Number of exemplars by dive number."""
        with self._reading() as db:
            return dict(db.execute("SELECT dive_number, COUNT(*) FROM exemplar GROUP BY 1 ORDER BY 1"))

    def exemplars(self, dive_number: str) -> list[Exemplar]:
        """All exemplars of a dive number, ordered by id."""
        with self._reading() as db:
            rows = db.execute("SELECT * FROM exemplar WHERE dive_number = ? ORDER BY id", (dive_number,)).fetchall()
        return [self._exemplar(row) for row in rows]

    def candidates(self, dive_number: str) -> list[Exemplar]:
        """As `exemplars`.

        Raises: ExemplarError where there is none, with what there is instead.
        """
        found = self.exemplars(dive_number)
        if not found:
            known = ", ".join(self.dive_numbers()) or "nothing"
            raise ExemplarError(
                f"{self.path} holds no exemplars of {dive_number}, only of {known}: choose another library, or leave "
                "the dive number out to see the steps alone."
            )
        return found

    def get(self, exemplar_id: str) -> Exemplar:
        """Raises: ExemplarError where there is none of that id."""
        with self._reading() as db:
            row = db.execute("SELECT * FROM exemplar WHERE id = ?", (exemplar_id,)).fetchone()
        if row is None:
            raise ExemplarError(f"{self.path} has no exemplar '{exemplar_id}'.")
        return self._exemplar(row)

    def _exemplar(self, row: tuple) -> Exemplar:
        return Exemplar(
            id=row[0],
            dive_number=row[1],
            board_m=row[2],
            score=row[3],
            clip_path=self.path.parent / row[4],
            in_frame=row[5],
            out_frame=row[6],
            first_flight_frame=row[7],
            first_entry_frame=row[8],
            synthetic=bool(row[9]),
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

    def add(self, exemplar: Exemplar, mask: ExemplarMask) -> None:
        """Adds an exemplar; its clip is stored relative to the library's folder. Needs a writable library."""
        clip = exemplar.clip_path.resolve().relative_to(self.path.parent.resolve()).as_posix()
        e = exemplar
        frames = (e.in_frame, e.out_frame, e.first_flight_frame, e.first_entry_frame)
        quantised = np.rint(mask.mask_probability.astype(np.float32) * 255).astype(np.uint8)
        with self._db as db:
            db.execute(
                "INSERT INTO exemplar VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (e.id, e.dive_number, e.board_m, e.score, clip, *frames, int(e.synthetic)),
            )
            db.execute(
                "INSERT INTO mask VALUES (?, ?, ?, ?)",
                (
                    e.id,
                    mask.sampled_frames.astype("<i8").tobytes(),
                    zlib.compress(quantised.tobytes(), 9),
                    mask.crop_xyxy.astype("<f4").tobytes(),
                ),
            )

    def put_encoding(self, exemplar_id: str, model_id: str, encoding: ExemplarEncoding) -> None:
        """Stores or replaces the encoding of an exemplar by a model. Needs a writable library."""
        with self._db as db:
            db.execute(
                "INSERT OR REPLACE INTO encoding VALUES (?, ?, ?, ?, ?, ?)",
                (
                    exemplar_id,
                    model_id,
                    encoding.gated.astype("<f4").tobytes(),
                    encoding.static_tokens.astype("<f4").tobytes(),
                    *encoding.transition_samples,
                ),
            )

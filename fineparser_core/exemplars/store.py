"""The exemplars that dives are compared with: the bundled exemplars and the coach's own, read together.

The coach's own are in a folder with an SQLite file, its backup and the clips that it refers to.
"""

import hashlib
import logging
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from uuid import uuid4

import platformdirs

from fineparser_core.errors import ExemplarError, ExportError
from fineparser_core.exemplars.judged import judged_exemplar
from fineparser_core.exemplars.library_file import LibraryFile, LibraryFiles, back_up, open_repaired
from fineparser_core.exemplars.records import Exemplar, ExemplarEncoding, ExemplarFacts, check_facts
from fineparser_core.exemplars.rows import encoding_row, exemplar_row, mask_row, read_encoding, read_exemplar, read_mask
from fineparser_core.language import Phrase, together
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import DiveParse, MaskTrack
from fineparser_core.resources import resource
from fineparser_core.support.atomic import atomic_file, sweep_leftovers

log = logging.getLogger(__name__)

CLIPS_NAME = "clips"
_CHUNK_BYTES = 4 << 20
#: An unreferenced clip that is younger may belong to an exemplar that another program is adding.
_SPARED_S = 3600.0


def store_clip(
    source: Path, folder: Path, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
) -> Path:
    """Copy a video file below a library's folder, once for each content; return the copy.

    Raises:
        ExemplarError: the file cannot be read, or the copy cannot be written.
        Cancelled: once the token is set; nothing is left behind.
    """
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(source, progress, cancel):
            digest.update(chunk)
    except OSError as error:
        raise ExemplarError("{0} cannot be read ({1}): check the path.", source, error.strerror) from None
    target = folder / CLIPS_NAME / f"{digest.hexdigest()[:20]}{source.suffix.lower()}"
    try:
        target.parent.mkdir(exist_ok=True)
        if target.is_file() and target.stat().st_size == source.stat().st_size:
            os.utime(target)  # so that no other program sweeps it away
        else:
            with atomic_file(target) as temporary, temporary.open("wb") as file:
                file.writelines(_chunks(source, progress, cancel))
    except (OSError, ExportError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ExemplarError("{0} cannot be copied into {1}: {2}.", source, target.parent, reason) from None
    return target


def _chunks(path: Path, progress: ProgressCallback, cancel: CancelToken | None) -> Iterator[bytes]:
    done, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
            done += len(chunk)
            progress(Progress("copy", done, total))
            if cancel is not None:
                cancel.raise_if_cancelled()


def sweep_clips(folder: Path, needed: Set[str]) -> None:
    """Delete clips that no exemplar refers to and that are older than an hour.

    Args:
        needed: paths of clips relative to the library's folder, as POSIX writes them.
    """
    latest = time.time() - _SPARED_S
    for clip in (folder / CLIPS_NAME).glob("*"):
        try:
            if f"{CLIPS_NAME}/{clip.name}" not in needed and clip.stat().st_mtime < latest:
                clip.unlink()
        except OSError as error:  # in use on Windows: next time
            log.info("own library: %s stays (%s)", clip, error)


FILE_NAME = "library.sqlite"


def own_folder() -> Path:
    """Return the folder of this user's exemplars; it may not exist yet."""
    return platformdirs.user_data_path("fineparser", appauthor=False) / "exemplars"


class ExemplarStore:
    """Exemplars with their masks and encodings, of a single file or of the coach's own and the bundled file together.

    Where both have an exemplar of the same id, the coach's own counts. Only the coach's own is ever written. The
    threads of a process may share a store.

    Attributes:
        files: the coach's own first.
        path: the file to name in a message: the only file, or the bundled file.
        folder: where exemplars are added and changed; None where a file is only read.
        writable: whether exemplars can be added and changed now.
        notice: a sentence for the user where the coach's own exemplars were damaged or cannot be written; else "".
    """

    def __init__(
        self, files: Sequence[LibraryFile], folder: Path | None = None, *, writable: bool = False, notice: str = ""
    ) -> None:
        """Take files over, and close them if any cannot be read. Raises: ExemplarError."""
        self.files, self.path, self.folder, self.writable = LibraryFiles(files), files[-1].path, folder, writable
        try:
            self.notice = together(filter(None, (notice, *map(_left_out, files))))
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Open a file for reading, without a path the bundled file; another program may be writing it.

        Raises: ExemplarError where the file is missing, is not an exemplar library, or has no exemplar to use.
        """
        store = cls([LibraryFile.open(path or resource("exemplars", FILE_NAME))])
        if store.notice and not store.files.known():
            store.close()
            raise ExemplarError("{0}: copy it again or choose another one.", store.notice.rstrip("."))
        return store

    @classmethod
    def open_own(cls, folder: Path, *, bundled: Path | None = None) -> Self:
        """Open the exemplars of a folder for writing, and make it if missing.

        A damaged file is set aside and replaced by its backup, which `notice` then says. Where the folder cannot be
        written, what is there is opened for reading alone.

        Args:
            bundled: a file to read together with them.

        Raises:
            ExemplarError: the folder can neither be written nor read, or a newer version of the program made it.
        """
        path, writable = folder / FILE_NAME, True
        try:
            own, notice = open_repaired(path)
        except (OSError, sqlite3.Error, ExportError) as error:
            log.warning("own library: %s", error)
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            if not path.is_file():
                raise ExemplarError(
                    "{0} cannot be written ({1}), so no exemplars can be kept there: make it writable.", folder, reason
                ) from None
            notice = Phrase(
                "{0} cannot be written ({1}): its exemplars can be used, but none added or changed.", path, reason
            )
            own, writable = LibraryFile.open(path), False
        try:
            files = [own, LibraryFile.open(bundled)] if bundled else [own]
        except BaseException:
            own.close()
            raise
        store = cls(files, folder, writable=writable, notice=notice)
        if writable:
            sweep_leftovers(folder)
            sweep_leftovers(folder / CLIPS_NAME)
            store.sweep_clips()
            back_up(own, if_changed=True)
        return store

    @classmethod
    def open_all(cls, folder: Path | None, *, make: bool = False) -> Self:
        """Open the bundled exemplars together with those of a folder.

        Args:
            folder: of the coach's own; None: there are none. An unusable folder is left out, and `notice` says so.
            make: create the folder if it is missing.

        Raises: ExemplarError where the bundled exemplars cannot be read.
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
        """Make a new, empty file for writing. Raises: ExemplarError where it exists or cannot be written."""
        return cls([LibraryFile.create(path)], writable=True)

    def close(self) -> None:
        self.files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def exemplars(self, *, cancel: CancelToken | None = None) -> list[Exemplar]:
        """Return all exemplars, ordered by id, without those in the bin. Raises: Cancelled once the token is set."""
        return [one for one in self.files.known(cancel) if not one.removed]

    @property
    def with_judged(self) -> bool:
        """Whether judged dives without a clip vote beside its exemplars: those of the bundled file."""
        return self.path == resource("exemplars", FILE_NAME)

    def removed(self) -> list[Exemplar]:
        """Return the exemplars in the bin, the latest first."""
        return sorted(
            (one for one in self.files.known() if one.removed), key=lambda one: one.removed_at or "", reverse=True
        )

    def own_ids(self) -> set[str]:
        """Return the ids of the exemplars that the coach added, those in the bin included."""
        return set() if self.folder is None else {one.id for one in self.files[0].exemplars()[0]}

    def get(self, exemplar_id: str) -> Exemplar:
        """Return an exemplar by its id, from the bin as well, or a bundled judged dive.

        Raises: ExemplarError where there is none of that id.
        """
        found = self.files.find(exemplar_id)
        exemplar = judged_exemplar(exemplar_id) if found is None else found[1]
        if exemplar is None:
            raise ExemplarError("{0} has no exemplar '{1}'.", self.path, exemplar_id)
        return exemplar

    def mask(self, exemplar_id: str) -> MaskTrack | None:
        """Return the masks of an exemplar; None where none were stored.

        Raises: ExemplarError where they are damaged.
        """
        query = "SELECT sampled_frames, probability, crop_xyxy FROM mask WHERE exemplar_id = ?"
        return self.files.stored(read_mask, query, exemplar_id)

    def encoding(
        self, exemplar_id: str, model_id: str, *, cancel: CancelToken | None = None
    ) -> ExemplarEncoding | None:
        """Return the encoding of an exemplar by a model; None where that model has not encoded it yet.

        Raises: ExemplarError where it is damaged, Cancelled once the token is set.
        """
        query = "SELECT gated, static_tokens, st, ed FROM encoding WHERE exemplar_id = ? AND model_id = ?"
        return self.files.stored(read_encoding, query, exemplar_id, model_id, cancel=cancel)

    def add(self, exemplar: Exemplar, mask: MaskTrack, encodings: Mapping[str, ExemplarEncoding] | None = None) -> None:
        """Add an exemplar whose clip lies in the library's folder or below, with masks and encodings, all or nothing.

        Args:
            encodings: by the id of the model that made them.

        Raises: ExemplarError where it cannot be written, or the id is taken.
        """
        file = self._own()
        folder = file.path.parent
        try:
            row = exemplar_row(exemplar, folder)
            read_exemplar(row, folder, os.path.realpath(folder))  # what cannot be read is not written either
            with file.writing() as db:
                db.execute(
                    f"INSERT INTO exemplar ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", (*row.values(),)
                )
                _put(db, exemplar.id, mask, encodings or {})
        except (ValueError, sqlite3.IntegrityError) as error:
            raise ExemplarError("{0} cannot take exemplar {1}: {2}.", file.path, repr(exemplar.id), error) from None
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
        """Add a parsed clip with its official score; its video file is copied into the library's folder.

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
        clip = parse.clip
        name = re.sub(r"[^\w-]+", "-", clip.path.stem).strip("-")[:24] or "dive"
        exemplar = Exemplar(
            id=f"{name}-{uuid4().hex[:6]}",
            clip_path=store_clip(clip.path, self._own().path.parent, progress=progress, cancel=cancel),
            in_frame=clip.in_frame,
            out_frame=clip.out_frame,
            first_flight_frame=parse.transitions.first_flight_frame,
            first_entry_frame=parse.transitions.first_entry_frame,
            synthetic=resource() in clip.path.resolve().parents,  # the sample dive
            corrected=corrected,
            **asdict(facts),
        )
        self.add(exemplar, parse, {parse.model.id: encoding})
        return exemplar

    def keep_parse(
        self, exemplar_id: str, model_id: str, encoding: ExemplarEncoding, mask: MaskTrack, transitions: tuple[int, int]
    ) -> None:
        """Keep the parse of the coach's exemplar by newer weights; transitions that a person placed stay.

        Args:
            transitions: first frames of flight and entry as these weights find them.

        Raises: ExemplarError where it cannot be written.
        """
        if not self.writable:
            return
        with self._own().writing() as db:
            if db.execute("SELECT 1 FROM exemplar WHERE id = ?", (exemplar_id,)).fetchone() is None:
                return  # a bundled exemplar, or deleted meanwhile
            db.execute(
                "UPDATE exemplar SET first_flight_frame = ?, first_entry_frame = ? WHERE id = ? AND NOT corrected",
                (*transitions, exemplar_id),
            )
            _put(db, exemplar_id, mask, {model_id: encoding})

    def edit(self, exemplar_id: str, facts: ExemplarFacts, was: ExemplarFacts | None = None) -> None:
        """Replace the facts of an exemplar that a person entered.

        Args:
            was: facts that it must have; None: any.

        Raises: ConfigError for facts that cannot be, ExemplarError where it cannot be written or has other facts.
        """
        self._change(exemplar_id, was, **asdict(check_facts(facts)))

    def remove(self, exemplar_id: str) -> None:
        """Move an exemplar to the bin. Raises: ExemplarError where it cannot be written."""
        self._change(exemplar_id, removed_at=datetime.now(UTC).isoformat(timespec="seconds"))

    def restore(self, exemplar_id: str) -> None:
        """Take an exemplar out of the bin. Raises: ExemplarError where it cannot be written."""
        self._change(exemplar_id, removed_at=None)

    def _change(self, exemplar_id: str, was: ExemplarFacts | None = None, **values: object) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        known = asdict(check_facts(was)) if was is not None else {}
        where = "".join(f" AND {name} IS ?" for name in known)
        with self._own().writing() as db:
            query = f"UPDATE exemplar SET {names} WHERE id = ?{where}"
            if not db.execute(query, (*values.values(), exemplar_id, *known.values())).rowcount:
                if db.execute("SELECT 1 FROM exemplar WHERE id = ?", (exemplar_id,)).fetchone():
                    raise ExemplarError("Left as it is, as it was changed since: {0}.", exemplar_id)
                raise ExemplarError("{0} has no exemplar '{1}'.", self.files[0].path, exemplar_id)
        self._back_up()

    def empty_bin(self, older_than_s: float = 0.0) -> None:
        """Delete the exemplars in the bin permanently, with the clips that no other exemplar needs.

        Args:
            older_than_s: least time since they were removed, in seconds.
        """
        last = (datetime.now(UTC) - timedelta(seconds=older_than_s)).isoformat(timespec="seconds")
        with self._own().writing() as db:
            db.execute("DELETE FROM exemplar WHERE removed_at <= ?", (last,))
        self.sweep_clips()
        self._back_up()

    def sweep_clips(self) -> None:
        """Delete the clips that no exemplar of the coach's needs, those in the bin included."""
        with self.files[0].reading() as db:
            needed = {row[0] for row in db.execute("SELECT clip FROM exemplar")}
        sweep_clips(self.files[0].path.parent, needed)

    def _own(self) -> LibraryFile:
        """Return the file to write. Raises: ExemplarError where there is none."""
        if not self.writable:
            raise ExemplarError(
                self.notice or Phrase("{0} cannot be written: no folder for exemplars of your own is open.", self.path)
            )
        return self.files[0]

    def _back_up(self) -> None:
        if self.folder is not None:
            back_up(self.files[0])


def _left_out(file: LibraryFile) -> str:
    """Return a sentence where exemplars of a file cannot be used, or ""."""
    found, left_out = file.exemplars()
    if not left_out:
        return ""
    n, of, are = len(left_out), len(found) + len(left_out), "is" if len(left_out) == 1 else "are"
    return Phrase("{0}: {1} of {2} exemplars cannot be used and {3} left out: {4}.", file.path, n, of, are, left_out[0])


def _put(db: sqlite3.Connection, exemplar_id: str, mask: MaskTrack, encodings: Mapping[str, ExemplarEncoding]) -> None:
    """Store or replaces the masks and encodings of an exemplar, within a transaction."""
    db.execute("INSERT OR REPLACE INTO mask VALUES (?, ?, ?, ?)", (exemplar_id, *mask_row(mask)))
    for model_id, encoding in encodings.items():
        values = (exemplar_id, model_id, *encoding_row(encoding))
        db.execute("INSERT OR REPLACE INTO encoding VALUES (?, ?, ?, ?, ?, ?)", values)

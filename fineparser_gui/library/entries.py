"""What the exemplar library holds, as the worker reported it last."""

from collections import Counter
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import best_exemplar
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore
from fineparser_core.language import translated
from fineparser_core.types import MaskTrack
from fineparser_gui.library.library import LibraryEntry


class LibraryEntries(QObject):
    """The entries of the library.

    Args:
        folder: folder of the coach's own library; None: there is none.

    Signals:
        changed: the entries changed.
        problem: (str) a sentence for the banner.

    Attributes:
        entries: bundled and own exemplars, those in the bin included.
        writable: whether the coach can add exemplars; False until the worker has reported.
    """

    changed = Signal()
    problem = Signal(str)

    def __init__(self, folder: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._bundled: ExemplarStore | None = None
        self.entries: tuple[LibraryEntry, ...] = ()
        self.writable = False

    @property
    def exemplars(self) -> list[Exemplar]:
        """All exemplars that may vote; before the first report of the worker, the bundled exemplars."""
        if self.entries:
            return [entry.exemplar for entry in self.entries if not entry.exemplar.removed]
        try:
            return self._open_bundled().exemplars()
        except FineParserError as error:
            self.problem.emit(translated(error))
            return []

    def entry(self, exemplar_id: str) -> LibraryEntry | None:
        """Return the entry of an exemplar, or None."""
        return next((entry for entry in self.entries if entry.exemplar.id == exemplar_id), None)

    def lost(self, exemplar_id: str) -> bool:
        """Return True if an exemplar was deleted permanently; False while the coach's library cannot be read."""
        return self.writable and self.entry(exemplar_id) is None

    def numbers(self, *, synchro: bool = False) -> Counter[str]:
        """Return the number of exemplars by dive number."""
        return Counter(e.dive_number for e in self.exemplars if e.synchro == synchro)

    def best(self, dive_number: str, board_m: float | None, *, synchro: bool = False) -> Exemplar | None:
        """Return the best exemplar of a dive number, or None."""
        same = [e for e in self.exemplars if e.dive_number == dive_number and e.synchro == synchro]
        return best_exemplar(same, dive_number, board_m)

    def find(self, exemplar_id: str) -> Exemplar | None:
        """Return the exemplar of an id; None if it does not exist or is not reported yet, see `changed`."""
        entry = self.entry(exemplar_id)
        if entry is not None or self.entries:
            return entry.exemplar if entry is not None else None
        with suppress(FineParserError):
            return self._open_bundled().get(exemplar_id)
        return None

    def exemplar(self, exemplar_id: str) -> Exemplar | None:
        """Return the exemplar of an id that the user has requested; emit a `problem` if it does not exist."""
        found = self.find(exemplar_id)
        if found is None and not self.entries and self._folder is not None:
            self.problem.emit(self.tr("Your own exemplars are still being read: try again in a moment."))
        elif found is None:
            self.problem.emit(self.tr("The exemplar {0} is no longer in the library.").format(exemplar_id))
        return found

    def mask(self, exemplar_id: str) -> MaskTrack | None:
        """Return the masks of an exemplar, or None; does not wait for a writer."""
        entry = self.entry(exemplar_id)
        try:
            if entry is None or not entry.own or self._folder is None:
                return self._open_bundled().mask(exemplar_id)
            # Closed at once: the worker may have to replace the file.
            with ExemplarStore.open(self._folder / FILE_NAME) as own:
                return own.mask(exemplar_id)
        except FineParserError as error:
            self.problem.emit(translated(error))
            return None

    def _open_bundled(self) -> ExemplarStore:
        if self._bundled is None:
            self._bundled = ExemplarStore.open()
        return self._bundled

"""The worker's side of the exemplar library, which opens it once, changes it, and reports its content."""

from functools import cached_property
from pathlib import Path

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.language import translated
from fineparser_gui.library.library import LibraryEntry
from fineparser_gui.worker.protocol import ChangeLibraryRequest, LibraryReport


class LibraryHandler:
    """The bundled exemplars and the coach's own.

    Args:
        folder: folder of the coach's own exemplars; None: there are none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @cached_property
    def store(self) -> ExemplarStore:
        """All exemplars. Raises: ExemplarError if the bundled exemplars cannot be read."""
        return ExemplarStore.open_all(self._folder, make=True)

    def change(self, request: ChangeLibraryRequest) -> None:
        """Execute a request; "list" changes nothing."""
        if request.action == "edit":
            assert request.facts is not None
            self.store.edit(request.exemplar_id or "", request.facts)
        elif request.action == "remove":
            self.store.remove(request.exemplar_id or "")
        elif request.action == "restore":
            self.store.restore(request.exemplar_id or "")
        elif request.action == "empty_bin":
            self.store.empty_bin()

    def report(self, request_id: str, model_id: str, added: str | None) -> LibraryReport:
        """Return the current content of the library."""
        store = self.store
        encoded, own = store.files.encoded(model_id), store.own_ids()

        def entry(exemplar: Exemplar) -> LibraryEntry:
            state = "ready" if exemplar.id in encoded else "waiting"
            if exemplar.id in own and not exemplar.clip_path.is_file():
                state = "no clip"
            return LibraryEntry(exemplar=exemplar, own=exemplar.id in own, state=state)

        return LibraryReport(
            id=request_id,
            entries=[entry(one) for one in (*store.exemplars(), *store.removed())],
            writable=store.writable,
            notice=translated(store.notice),
            added=added,
        )

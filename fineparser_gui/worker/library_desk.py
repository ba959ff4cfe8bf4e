"""The worker's side of the exemplar libraries: opened once, changed, and told of."""

from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from fineparser_core.errors import ExemplarError
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.exemplar_facts import ExemplarFacts
from fineparser_core.inference.importing import ExemplarEncoder, import_exemplar
from fineparser_core.inference.libraries import Libraries, open_libraries
from fineparser_core.inference.library import Exemplar
from fineparser_core.inference.own_library import OwnLibrary
from fineparser_core.inference.rescore import correct_transitions
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.types import Clip, DiveParse, Encoding, Transitions
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
)


class LibraryDesk:
    """The bundled exemplars and the coach's own.

    Args:
        folder: of the coach's own library; None: there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @cached_property
    def _opened(self) -> tuple[Libraries, str]:
        return open_libraries(self._folder, make=True)

    @property
    def libraries(self) -> Libraries:
        """Both. Raises: ExemplarError where the bundled one cannot be read."""
        return self._opened[0]

    @property
    def _own(self) -> OwnLibrary:
        """Raises: ExemplarError where there is none."""
        libraries, notice = self._opened
        if libraries.own is None:
            raise ExemplarError(notice or "There is no folder for exemplars of your own.")
        return libraries.own

    def change(self, request: ChangeLibraryRequest) -> None:
        """Carry a request out; "list" changes nothing."""
        if request.action == "edit":
            self._own.edit(request.exemplar_id or "", ExemplarFacts(**request.facts or {}))
        elif request.action == "remove":
            self._own.remove(request.exemplar_id or "")
        elif request.action == "restore":
            self._own.restore(request.exemplar_id or "")
        elif request.action == "empty_bin":
            self._own.empty_bin()

    def add(
        self,
        request: AddExemplarRequest,
        analyzer: ExemplarEncoder,
        parsed: tuple[DiveParse, Encoding] | None,
        progress: ProgressCallback,
        cancel: CancelToken,
    ) -> str:
        """Add a clip; returns the id of the exemplar."""
        clip: Clip = parsed[0].clip if parsed else make_clip(Path(request.path), request.in_frame, request.out_frame)
        if parsed is not None and request.transitions is not None:
            parsed = correct_transitions(*parsed, Transitions(**request.transitions))
        made = import_exemplar(
            analyzer,
            self._own,
            clip,
            ExemplarFacts(**request.facts),
            parsed=parsed,
            corrected=parsed is not None and request.transitions is not None,
            progress=progress,
            cancel=cancel,
        )
        return made.id

    def encode(
        self, request: EncodeExemplarRequest, analyzer: ExemplarEncoder, progress: ProgressCallback, cancel: CancelToken
    ) -> None:
        """Make the encoding of an exemplar where these weights have none."""
        analyzer.exemplar_encoding(self.libraries.get(request.exemplar_id), progress=progress, cancel=cancel)

    def report(self, request_id: str, model_id: str, added: str | None) -> LibraryReport:
        """What there is now."""
        libraries, notice = self._opened
        encoded = libraries.encoded(model_id)
        own = libraries.own

        def entry(exemplar: Exemplar, is_own: bool) -> dict:
            state = "ready" if exemplar.id in encoded else "waiting"
            if is_own and not exemplar.clip_path.is_file():
                state = "no clip"
            return {
                "own": is_own,
                "state": state,
                "exemplar": {**asdict(exemplar), "clip_path": str(exemplar.clip_path)},
            }

        entries = [entry(one, own is not None and libraries.is_own(one.id)) for one in libraries.exemplars()]
        entries += [entry(one, True) for one in own.removed()] if own else []
        return LibraryReport(
            id=request_id,
            entries=entries,
            writable=own is not None and own.writable,
            notice=notice,
            added=added,
        )

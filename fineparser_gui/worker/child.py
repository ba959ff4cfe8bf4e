"""The process that owns torch: it reads requests on stdin and answers on stdout, a JSON object a line.

Run as `python -m fineparser_gui.worker.child FOLDER [SETTINGS [LIBRARY]]`, the settings as JSON, the library as the
folder of the coach's own exemplars. The main thread only reads, so that a cancel is heard while others compute. The
window decides what is carried out when; a canceled search is kept as far as it was read, and a later request continues
it. `Quick` requests have their own thread, so that a score never waits for the next window of a parse. End of input
ends the process, so that it never outlives the window. It keeps the latest dives in memory for a quick score, but
nothing that FOLDER does not also hold: after a crash a new worker scores what the old worker parsed. FOLDER is the
folder of an `AnalysisCache`.
"""

import faulthandler
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from fineparser_core.diving.difficulty import asked_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import Cancelled, ExportError, FineParserError, no_memory
from fineparser_core.exemplars.selection import check_rule
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.language import Phrase, translated, use_language
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, throttle
from fineparser_core.records import ClipEncoding, DiveParse, DiveSegment
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.rescore import correct_contact, correct_transitions
from fineparser_core.support.codec import to_json
from fineparser_core.support.files import check_content
from fineparser_core.support.processes import (
    ParentPipe,
    ProcessMessage,
    decode,
    expect_torch,
    input_lines,
    lower_priority,
)
from fineparser_core.video.clips import make_clip
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    AnyMessage,
    BegunReport,
    CancelledReport,
    CancelRequest,
    ChangeLibraryRequest,
    DevicesReport,
    EncodeExemplarRequest,
    Ending,
    Failure,
    LibraryReport,
    LibraryRequest,
    ParseRequest,
    Ping,
    Pong,
    ProgressReport,
    Quick,
    Ready,
    Request,
    Result,
    ScoreRequest,
    Segments,
    TrimRequest,
    WorkerSettings,
)
from fineparser_gui.worker.records import parse_record, read_parse

if TYPE_CHECKING:
    from fineparser_core.inference.analyzer import Analyzer
from functools import cached_property

from fineparser_core.exemplars.store import ExemplarStore

log = logging.getLogger(__name__)

Value = TypeVar("Value")

#: Maximum number of parsed dives in memory; a parse with its masks and its encoding takes 3 MB.
_DIVES_IN_MEMORY = 24
#: Maximum number of stopped searches in memory, each with a few images of its recording.
_SEARCHES_IN_MEMORY = 8
#: Shortest time between two progress messages, in seconds; drawing each costs the window some milliseconds.
_TELL_EVERY_S = 0.05
#: Time for which an exemplar of a dive that lost its star can be restored, in seconds: longer than a window is open.
_KEPT_IN_BIN_S = 7 * 86_400.0


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
        store = ExemplarStore.open_all(self._folder, make=True)
        if store.writable and store.removed():
            store.empty_bin(_KEPT_IN_BIN_S)  # stars that were taken away, and can no longer be undone
        return store

    def change(self, request: ChangeLibraryRequest) -> None:
        """Execute a request; "list" changes nothing."""
        if request.action == "edit":
            assert request.facts is not None
            self.store.edit(request.exemplar_id or "", request.facts, request.was)
        elif request.action == "remove":
            self.store.remove(request.exemplar_id or "")
        elif request.action == "restore":
            self.store.restore(request.exemplar_id or "")

    def report(self, request_id: str, model_id: str, added: str | None) -> LibraryReport:
        """Return the current content of the library."""
        store = self.store
        encoded, own = store.files.encoded(model_id), store.own_ids()
        mine = [one for one in store.exemplars() if one.id in own]
        return LibraryReport(
            id=request_id,
            exemplars=[*store.exemplars(), *store.removed()],
            own=sorted(own),
            waiting=[one.id for one in mine if one.id not in encoded and one.clip_path.is_file()],
            writable=store.writable,
            notice=translated(store.notice),
            added=added,
        )


class ParseLost(FineParserError):
    """Error raised if the results of a clip are no longer kept: it has to be analyzed again."""


class Worker:
    """Worker that carries out the requests in turn, and quick requests beside them on a second thread."""

    def __init__(
        self, folder: Path, send: Callable[[ProcessMessage], None], settings: WorkerSettings, library: Path | None
    ) -> None:
        self._cache = AnalysisCache(folder)
        self._library = LibraryHandler(library)
        self._settings = settings
        self._send = send
        self._asked: SimpleQueue[Request] = SimpleQueue()
        self._asked_quick: SimpleQueue[Request] = SimpleQueue()
        self._tokens: dict[str, CancelToken] = {}
        self._analyzer: Analyzer | None = None
        self._opening, self._remembering = threading.Lock(), threading.Lock()
        self._tried_to_open = threading.Event()
        self._searches: dict[str, DiveSearch] = {}  # of stopped requests, by their `kept_as`
        self._dives: dict[str, tuple[DiveParse, ClipEncoding]] = {}  # by parse_id, the latest used last
        threading.Thread(target=self._run, name="analysis", daemon=True).start()
        threading.Thread(target=self._run_quick, name="quick", daemon=True).start()

    def handle(self, message: ProcessMessage) -> None:
        """Take a message from the window; called from the reading thread."""
        if isinstance(message, CancelRequest):
            if token := self._tokens.get(message.id):
                token.cancel()
        elif isinstance(message, Ping):
            self._send(Pong())
        elif isinstance(message, Request):
            self._tokens[message.id] = CancelToken()
            (self._asked_quick if isinstance(message, Quick) else self._asked).put(message)

    def _run(self) -> None:
        lower_priority()  # on Linux of this thread alone: quick requests are short, and the coach waits for them
        self._guard(None, self._tell_devices)
        self._guard(None, self._open)
        self._tried_to_open.set()
        self._carry_out(self._asked)

    def _run_quick(self) -> None:
        self._tried_to_open.wait()
        self._carry_out(self._asked_quick)

    def _carry_out(self, asked: "SimpleQueue[Request]") -> None:
        while True:
            request = asked.get()
            self._send(BegunReport(id=request.id))
            self._guard(request.id, partial(self._answer, request))

    def _guard(self, request_id: str | None, work: Callable[[], object]) -> None:
        try:
            work()
        except Cancelled:
            self._end(CancelledReport(id=request_id))
        except FineParserError as error:
            self._end(Failure(id=request_id, kind=type(error).__name__, message=translated(error)))
        except Exception as error:
            if (short := no_memory(error)) is not None:
                self._end(Failure(id=request_id, kind=type(short).__name__, message=translated(short)))
                return
            log.exception("request %s failed", request_id)
            self._end(Failure(id=request_id, kind="InternalError", message=f"{type(error).__name__}: {error}"))

    def _end(self, ending: Ending) -> None:
        self._tokens.pop(ending.id or "", None)  # before the window may send the request again
        self._send(ending)

    def _tell_devices(self) -> None:
        from fineparser_core.support.device import device_names

        self._send(DevicesReport(devices=device_names()))

    def _open(self) -> "Analyzer":
        """Return the analyzer, opening it once; after a failure the next request tries again."""
        with self._opening:
            if self._analyzer is None:
                from fineparser_core.checkpoints.bundle import read_card
                from fineparser_core.inference.analyzer import Analyzer

                chosen = self._settings
                weights = Path(chosen.weights) if chosen.weights else bundled_weights()
                self._analyzer = Analyzer.open(
                    weights=weights, library=self._library.store, device=chosen.device, precision=chosen.precision
                )
                model, card = self._analyzer.model, asdict(read_card(weights))
                self._send(Ready(device=model.device, precision=model.precision, card=card))
            return self._analyzer

    def _answer(self, request: Request) -> None:
        self._tokens[request.id].raise_if_cancelled()
        if isinstance(request, ParseRequest):
            self._end(self._parse(request))
        elif isinstance(request, TrimRequest):
            self._end(Segments(id=request.id, segments=self._find_dives(request)))
        elif isinstance(request, ScoreRequest):
            self._end(self._score(request))
        elif isinstance(request, LibraryRequest):
            self._end(self._keep_library(request))

    def _keep_library(self, request: LibraryRequest) -> LibraryReport:
        added = None
        if isinstance(request, ChangeLibraryRequest):
            self._library.change(request)
        elif isinstance(request, EncodeExemplarRequest):
            exemplar = self._library.store.get(request.exemplar_id)
            progress, cancel = self._watch(request)
            self._open().exemplar_encoding(exemplar, progress=progress, cancel=cancel)
        else:
            added = self._add_exemplar(request)
        return self._library.report(request.id, self._analyzer.model.id if self._analyzer else "", added)

    def _add_exemplar(self, request: AddExemplarRequest) -> str:
        parsed = self._encoded(request.parse_id) if request.parse_id else None
        placed = parsed is not None and request.transitions is not None
        check_content(Path(request.path), request.content)
        if parsed is None:
            clip = make_clip(Path(request.path), request.in_frame, request.out_frame)
        else:
            clip = parsed[0].clip
            if request.transitions is not None:
                parsed = correct_transitions(*parsed, request.transitions)
        progress, cancel = self._watch(request)
        made = self._open().add_exemplar(
            clip, request.facts, parsed=parsed, corrected=placed, progress=progress, cancel=cancel
        )
        return made.id

    @contextmanager
    def _search(self, request: ParseRequest | TrimRequest) -> Iterator[DiveSearch]:
        """Provide the search that an earlier, stopped request began; keep it if it is stopped again."""
        name = request.kept_as or request.id
        search = self._searches.pop(name, None) or DiveSearch(Path(request.path))
        try:
            yield search
        except Cancelled:
            search.forget_pictures()
            _keep_latest(self._searches, name, search, _SEARCHES_IN_MEMORY)
            raise

    def _parse(self, request: ParseRequest) -> Result:
        progress, cancel = self._watch(request)
        with self._search(request) as search:
            search.find_body = self._open().find_body
            found = find_clip(
                Path(request.path),
                request.point,
                start_frame=request.in_frame,
                end_frame=request.out_frame,
                trim=request.trim,
                search=search,
                progress=progress,
                cancel=cancel,
            )
            parse, encoding = self._open().parse(found.clip, found.recording, progress=progress, cancel=cancel)
        check_content(Path(request.path), request.content)
        name = request.kept_as or request.id
        record = parse_record(parse, encoding)
        self._cache.put(name, *record)
        self._remember(name, parse, encoding)
        return Result(id=request.id, analysis=record[0]["analysis"], record_path=str(self._cache.path(name)))

    def _find_dives(self, request: TrimRequest) -> list[DiveSegment]:
        progress, cancel = self._watch(request)
        with self._search(request) as search:
            found = search.run(progress=lambda one: progress(replace(one, stage="scan")), cancel=cancel)
        check_content(Path(request.path), request.content)
        self._keep(request, {"segments": to_json(found.segments)})
        return found.segments

    def _score(self, request: ScoreRequest) -> Result:
        parse, encoding = self._encoded(request.parse_id)
        if request.transitions is not None:
            parse, encoding = correct_transitions(parse, encoding, request.transitions)
        if request.contact_frame is not None:
            parse = correct_contact(parse, request.contact_frame)
        dive = parse_dive_number(request.details.dive_number or "")
        difficulty = asked_difficulty(dive, request.details.board_m, request.details.difficulty)
        check_rule(request.rule, self._library.store.exemplars, dive)
        analyzer, (progress, cancel) = self._open(), self._watch(request)
        analyzer.use_profile(request.profile)  # of this thread alone: nothing else scores
        analysis = analyzer.score_parse(
            (parse, encoding),
            dive,
            difficulty,
            request.overruled,
            n_exemplars=request.n_exemplars,
            rule=request.rule,
            progress=progress,
            cancel=cancel,
        )
        answer = analysis_to_dict(analysis)
        if analysis.scoring is not None:  # else exemplars may come
            self._keep(request, {"analysis": answer})
        return Result(id=request.id, analysis=answer, record_path=str(self._cache.path(request.parse_id)))

    def _keep(self, request: ScoreRequest | TrimRequest, answer: dict) -> None:
        """Keep an answer for the next window that asks the same."""
        if request.kept_as:
            try:
                self._cache.put(request.kept_as, answer)
            except ExportError as error:  # it is computed again then
                log.warning("not kept: %s", error)

    def _encoded(self, parse_id: str) -> tuple[DiveParse, ClipEncoding]:
        """Return the result of a `ParseRequest`, from memory or from the cache."""
        parse, encoding = self._dives.get(parse_id) or self._read_encoded(parse_id)
        self._remember(parse_id, parse, encoding)
        return parse, encoding

    def _remember(self, parse_id: str, parse: DiveParse, encoding: ClipEncoding) -> None:
        with self._remembering:
            _keep_latest(self._dives, parse_id, (parse, encoding), _DIVES_IN_MEMORY)

    def _read_encoded(self, parse_id: str) -> tuple[DiveParse, ClipEncoding]:
        try:
            if record := self._cache.get(parse_id):
                return read_parse(record)
        except ExportError as error:
            log.warning("%s", error)
            self._cache.remove(parse_id)
        raise ParseLost(Phrase("The analysis of this dive is no longer kept: analyse it again."))

    def _watch(self, request: Request) -> tuple[ProgressCallback, CancelToken]:
        """Return the callback that reports the progress of a request, and the token that stops it."""

        def tell(progress: Progress) -> None:
            self._send(ProgressReport(id=request.id, stage=progress.stage, done=progress.done, total=progress.total))

        return throttle(tell, _TELL_EVERY_S), self._tokens[request.id]


def _keep_latest(kept: dict[str, Value], name: str, value: Value, most: int) -> None:
    kept.pop(name, None)
    kept[name] = value
    while len(kept) > most:
        del kept[next(iter(kept))]


def main() -> None:
    """Serve until the input ends."""
    window = ParentPipe(gone=lambda: os._exit(0))
    expect_torch()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    faulthandler.enable()  # the window keeps the last lines of stderr
    settings = WorkerSettings(**json.loads(sys.argv[2])) if len(sys.argv) > 2 else WorkerSettings()
    use_language(settings.language)
    library = Path(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else None
    worker = Worker(Path(sys.argv[1]), window.send, settings, library)
    for line in input_lines():
        worker.handle(decode(line, AnyMessage))
    # The analysis thread may be deep inside torch: leave without waiting for it.
    os._exit(0)


if __name__ == "__main__":
    main()

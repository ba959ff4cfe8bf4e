"""The process that owns torch: reads requests on stdin, answers on stdout, one JSON object a line.

Run as `python -m fineparser_gui.worker.child FOLDER [SETTINGS [LIBRARY]]`, the settings as JSON, the library as the
folder of the coach's own exemplars. The main thread only reads, so that a cancel is heard while others compute: one
thread scores, so that a score never waits for a parse, and one carries out everything else, where a request lets a more
urgent one pass between two of its windows. End of input ends the process, so that it never outlives the window. It
keeps the latest dives in memory for a quick score, but nothing that FOLDER does not also hold: after a crash a new
worker scores what the old one parsed. FOLDER is that of an `AnalysisCache`.
"""

import faulthandler
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import Cancelled, ExportError, FineParserError
from fineparser_core.exemplars.facts import ExemplarFacts
from fineparser_core.exemplars.selection import CandidateRule, check_rule
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.language import Phrase, translated, use_language
from fineparser_core.motion.recording import DiveSearch, find_clip
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, throttle
from fineparser_core.scoring.rescore import correct_contact, correct_transitions
from fineparser_core.support.background import lower_priority, wait_asleep
from fineparser_core.types import AthletePoint, ClipEncoding, DiveParse, Transitions
from fineparser_core.video.clips import make_clip
from fineparser_gui.model.analysis_cache import AnalysisCache
from fineparser_gui.worker.library_handler import LibraryHandler
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    BegunReport,
    CancelledReport,
    CancelRequest,
    ChangeLibraryRequest,
    DevicesReport,
    EncodeExemplarRequest,
    Failure,
    HoldRequest,
    LibraryReport,
    LibraryRequest,
    Message,
    ParseRequest,
    Ping,
    Pong,
    ProgressReport,
    RankRequest,
    Ready,
    Request,
    Result,
    ScoreRequest,
    Segments,
    TrimRequest,
    WorkerSettings,
    decode,
    encode,
)
from fineparser_gui.worker.records import parse_record, read_parse

if TYPE_CHECKING:
    from fineparser_core.inference.analyzer import Analyzer

log = logging.getLogger(__name__)

#: A parse with its masks and its encoding take 3 MB.
_DIVES_IN_MEMORY = 24
#: Cancelled searches that can go on, each with a few images of its recording.
_SEARCHES_IN_MEMORY = 8
#: The window draws what it is told, which costs it some milliseconds.
_TELL_EVERY_S = 0.05


class ParseLost(FineParserError):
    """What was found in a clip is no longer kept: it has to be analysed again."""


class Worker:
    """Carries requests out on two threads, one for scores and one for the rest; on each the most urgent first."""

    def __init__(
        self, folder: Path, send: Callable[[Message], None], settings: WorkerSettings, library: Path | None
    ) -> None:
        self._cache = AnalysisCache(folder)
        self._library = LibraryHandler(library)
        self._settings = settings
        self._send = send
        self._waiting: list[Request] = []
        self._arrived = threading.Condition()
        self._held = False
        self._tokens: dict[str, CancelToken] = {}
        self._ranks: dict[str, int] = {}  # urgency by request
        self._analyzer: Analyzer | None = None
        self._opening, self._remembering = threading.Lock(), threading.Lock()
        self._searches: dict[str, DiveSearch] = {}  # those that were cancelled, by what they are kept as
        self._dives: dict[str, tuple[DiveParse, ClipEncoding]] = {}  # by parse_id, the latest used last
        threading.Thread(target=self._run, args=(False,), name="analysis", daemon=True).start()
        threading.Thread(target=self._run, args=(True,), name="scores", daemon=True).start()

    def handle(self, message: Message) -> None:
        """Take one message from the window; called from the reading thread."""
        if isinstance(message, CancelRequest):
            if token := self._tokens.get(message.id):
                token.cancel()
                self._notify()
        elif isinstance(message, RankRequest):
            if message.id in self._ranks:
                self._ranks[message.id] = message.urgency
                self._notify()
        elif isinstance(message, HoldRequest):
            self._held = message.held
            self._notify()
        elif isinstance(message, Ping):
            self._send(Pong())
        elif isinstance(message, Request):
            self._tokens[message.id] = CancelToken()
            self._ranks[message.id] = message.urgency
            with self._arrived:
                self._waiting.append(message)
                self._arrived.notify_all()

    def _notify(self) -> None:
        with self._arrived:
            self._arrived.notify_all()

    def _run(self, scores: bool) -> None:
        if not scores:
            lower_priority()  # on Linux of this thread alone: a score is short, and somebody waits for it
            self._guard(None, self._tell_devices)
            self._guard(None, self._open)
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._most_urgent(scores))
            if request := self._take(scores):
                self._carry_out(request)

    def _most_urgent(self, scores: bool, above: int = -1) -> Request | None:
        """What waits for one of the threads and is more urgent than `above`; of equals the first to come."""
        of_thread = [one for one in self._waiting if isinstance(one, ScoreRequest) == scores]
        urgent = (one for one in of_thread if self._ranks[one.id] > above)
        return max(urgent, key=lambda one: self._ranks[one.id], default=None)

    def _take(self, scores: bool, above: int = -1) -> Request | None:
        with self._arrived:
            request = self._most_urgent(scores, above)
            if request is not None:
                self._waiting.remove(request)
            return request

    def _carry_out(self, request: Request) -> None:
        self._send(BegunReport(id=request.id))
        self._guard(request.id, lambda: self._answer(request))
        self._tokens.pop(request.id, None)
        self._ranks.pop(request.id, None)

    def _let_pass(self, running: Request) -> None:
        """Carry out what is more urgent than the running request of the same thread, which waits meanwhile.

        On a thread of its own: autocast and inference mode, in which the running one is, are a thread's.
        """
        while request := self._take(isinstance(running, ScoreRequest), self._ranks[running.id]):
            thread = threading.Thread(target=self._carry_out, args=(request,), name=f"urgent {request.id}", daemon=True)
            thread.start()
            thread.join()

    def _wait_while_held(self, running: Request, token: CancelToken) -> None:
        """Stand still where the running request is, but for what is more urgent."""

        def goes_on() -> bool:
            return not self._held or token.cancelled

        while not goes_on():
            with self._arrived:
                self._arrived.wait_for(lambda: goes_on() or self._most_urgent(False, self._ranks[running.id]))
            self._let_pass(running)

    def _guard(self, request_id: str | None, work: Callable[[], object]) -> None:
        try:
            work()
        except Cancelled:
            self._send(CancelledReport(id=request_id or ""))
        except FineParserError as error:
            self._send(Failure(id=request_id, kind=type(error).__name__, message=translated(error)))
        except Exception as error:
            log.exception("request %s failed", request_id)
            self._send(Failure(id=request_id, kind="InternalError", message=f"{type(error).__name__}: {error}"))

    def _tell_devices(self) -> None:
        from fineparser_core.inference.device import device_names

        self._send(DevicesReport(devices=device_names()))

    def _open(self) -> "Analyzer":
        """The analyzer, opened once; a failure is tried again with the next request."""
        with self._opening:
            return self._opened()

    def _opened(self) -> "Analyzer":
        if self._analyzer is None:
            from fineparser_core.checkpoints.bundle import read_card
            from fineparser_core.inference.analyzer import Analyzer, bundled_weights

            chosen = self._settings
            weights = Path(chosen.weights) if chosen.weights else bundled_weights()
            self._analyzer = Analyzer.open(
                weights=weights, library=self._library.store, device=chosen.device, precision=chosen.precision
            )
            model = self._analyzer.model
            card = asdict(read_card(weights))
            self._send(Ready(device=model.device, precision=model.precision, card=card))
        return self._analyzer

    def _answer(self, request: Request) -> None:
        if isinstance(request, ParseRequest):
            self._send(self._parse(request))
        elif isinstance(request, TrimRequest):
            self._send(Segments(id=request.id, segments=self._find_dives(request)))
        elif isinstance(request, ScoreRequest):
            self._send(self._score(request))
        else:
            self._send(self._keep_library(request))

    def _keep_library(self, request: LibraryRequest) -> LibraryReport:
        token, added = self._tokens[request.id], None
        token.raise_if_cancelled()
        if isinstance(request, ChangeLibraryRequest):
            self._library.change(request)
        elif isinstance(request, EncodeExemplarRequest):
            exemplar = self._library.store.get(request.exemplar_id)
            self._open().exemplar_encoding(exemplar, progress=self._reporter(request), cancel=token)
        else:
            added = self._add_exemplar(request, token)
        return self._library.report(request.id, self._analyzer.model.id if self._analyzer else "", added)

    def _add_exemplar(self, request: AddExemplarRequest, token: CancelToken) -> str:
        parsed = self._encoded(request.parse_id) if request.parse_id else None
        placed = parsed is not None and request.transitions is not None
        if parsed is None:
            clip = make_clip(Path(request.path), request.in_frame, request.out_frame)
        else:
            clip = parsed[0].clip
            if request.transitions is not None:
                parsed = correct_transitions(*parsed, Transitions(**request.transitions))
        made = self._open().add_exemplar(
            clip,
            ExemplarFacts(**request.facts),
            parsed=parsed,
            corrected=placed,
            progress=self._reporter(request),
            cancel=token,
        )
        return made.id

    def _parse(self, request: ParseRequest) -> Result:
        token = self._tokens[request.id]
        token.raise_if_cancelled()
        athlete = AthletePoint(**request.athlete) if request.athlete else None
        report = self._reporter(request)
        found = find_clip(
            Path(request.path),
            athlete,
            start_frame=request.in_frame,
            end_frame=request.out_frame,
            trim=request.trim,
            progress=report,
            cancel=token,
        )
        parse, encoding = self._open().parse(found.clip, found.recording, progress=report, cancel=token)
        name = request.kept_as or request.id
        record = parse_record(parse, encoding, self._suggest(encoding))
        self._cache.put(name, *record)
        self._remember(name, parse, encoding)
        return Result(
            id=request.id,
            analysis=record[0]["analysis"],
            record_path=str(self._cache.path(name)),
            suggestions=record[0]["suggestions"],
        )

    def _suggest(self, encoding: ClipEncoding) -> list[str]:
        try:
            return self._open().suggest(encoding)
        except FineParserError as error:  # a hint is not worth the analysis
            log.warning("no suggestions: %s", error)
            return []

    def _find_dives(self, request: TrimRequest) -> list[dict]:
        token = self._tokens[request.id]
        token.raise_if_cancelled()
        name = request.kept_as or request.path
        search = self._searches.pop(name, None) or DiveSearch(Path(request.path))
        report = self._reporter(request)
        try:
            found = search.run(progress=lambda one: report(replace(one, stage="scan")), cancel=token)
        except Cancelled:
            self._searches[name] = search
            while len(self._searches) > _SEARCHES_IN_MEMORY:
                del self._searches[next(iter(self._searches))]
            raise
        segments = [asdict(segment) for segment in found.segments]
        self._keep(request, {"segments": segments})
        return segments

    def _score(self, request: ScoreRequest) -> Result:
        token = self._tokens[request.id]
        token.raise_if_cancelled()
        parse, encoding = self._encoded(request.parse_id)
        if request.transitions is not None:
            parse, encoding = correct_transitions(parse, encoding, Transitions(**request.transitions))
        if request.contact_frame is not None:
            parse = correct_contact(parse, request.contact_frame)
        dive = parse_dive_number(request.dive_number)
        difficulty = find_difficulty(dive, request.board_m, request.difficulty)
        rule = CandidateRule(nearest=request.nearest, synchro=request.synchro)
        check_rule(rule, self._library.store.exemplars, dive)
        analysis = self._open().score_parse(
            (parse, encoding),
            dive,
            difficulty,
            n_exemplars=request.n_exemplars,
            rule=rule,
            progress=self._reporter(request),
            cancel=token,
        )
        answer = analysis_to_dict(analysis)
        # Not where exemplars may come, nor while a transition is dragged, as this is not where it ends.
        if analysis.scoring is not None and self._most_urgent(True) is None:
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
        """What a `ParseRequest` found, from memory or from the cache."""
        parse, encoding = self._dives.get(parse_id) or self._read_encoded(parse_id)
        self._remember(parse_id, parse, encoding)
        return parse, encoding

    def _remember(self, parse_id: str, parse: DiveParse, encoding: ClipEncoding) -> None:
        with self._remembering:
            self._dives.pop(parse_id, None)
            self._dives[parse_id] = (parse, encoding)
            while len(self._dives) > _DIVES_IN_MEMORY:
                del self._dives[next(iter(self._dives))]

    def _read_encoded(self, parse_id: str) -> tuple[DiveParse, ClipEncoding]:
        try:
            if record := self._cache.get(parse_id):
                return read_parse(record)
        except ExportError as error:
            log.warning("%s", error)
            self._cache.remove(parse_id)
        raise ParseLost(Phrase("The analysis of this dive is no longer kept: analyse it again."))

    def _reporter(self, request: Request) -> ProgressCallback:
        def send(progress: Progress) -> None:
            self._send(ProgressReport(id=request.id, stage=progress.stage, done=progress.done, total=progress.total))

        tell = throttle(send, _TELL_EVERY_S)

        def report(progress: Progress) -> None:
            tell(progress)
            self._let_pass(request)
            if isinstance(request, TrimRequest):
                self._wait_while_held(request, self._tokens[request.id])

        return report


def _claim_stdout() -> BinaryIO:
    """The pipe to the window, for us alone: whatever else writes to fd 1 (torch, a driver) lands on stderr."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe


def main() -> None:
    """Serve until the input ends."""
    pipe = _claim_stdout()
    wait_asleep()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    faulthandler.enable()  # the window keeps what is said last
    lock = threading.Lock()

    def send(message: Message) -> None:
        try:
            with lock:
                pipe.write(encode(message))
                pipe.flush()
        except OSError:  # the window is gone
            os._exit(0)

    settings = WorkerSettings(**json.loads(sys.argv[2])) if len(sys.argv) > 2 else WorkerSettings()
    use_language(settings.language)
    library = Path(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else None
    worker = Worker(Path(sys.argv[1]), send, settings, library)
    for line in sys.stdin.buffer:
        worker.handle(decode(line))
    # The analysis thread may be deep inside torch: leave without waiting for it.
    os._exit(0)


if __name__ == "__main__":
    main()

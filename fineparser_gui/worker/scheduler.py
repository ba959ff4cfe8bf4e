"""The queue of all requests to the worker, in order of urgency, each a task until it ends."""

import itertools
import logging
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, auto
from time import monotonic
from types import UnionType

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.progress import Progress
from fineparser_gui.worker.client import WorkerClient
from fineparser_gui.worker.kept_results import KeptResults
from fineparser_gui.worker.protocol import (
    Answer,
    BegunReport,
    CancelledReport,
    CancelRequest,
    ChangeLibraryRequest,
    DevicesReport,
    EncodeExemplarRequest,
    Ending,
    Failure,
    ParseRequest,
    ProcessMessage,
    ProgressReport,
    Quick,
    Ready,
    Request,
    ScoreRequest,
    TrimRequest,
    WorkerSettings,
)

log = logging.getLogger(__name__)

#: Deaths of the worker in a row, with no request answered between them, after which it is not started again.
_MOST_DEATHS = 5
#: Time in milliseconds after which a worker that has not stopped a request hangs; every step between two safe points
#: is shorter.
_STOP_MS = 30_000
#: Longest time spent on kept answers in a turn of the event loop, in seconds.
_TURN_S = 0.02
#: Place of the dive that is shown; less than every place in the list.
SHOWN = -1
#: Start and share of the time of each stage, as measured; a search of a recording has a single stage.
_STAGES = {"read": (0.0, 0.2), "coarse": (0.2, 0.1), "parse": (0.3, 0.7), "scan": (0.0, 1.0)}
#: Share of the work from which the request's own pace is preferred to the usual duration, and from which it is used
#: where no usual duration is known.
_TELLING, _LEAST_TELLING = 0.3, 0.05


class Clock:
    """Timekeeper of one request while the worker carries it out.

    Attributes:
        fraction: share of the work that is done, 0 to 1; it never falls, not even in a second pass over the clip.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._begun_s: float | None = None  # None: it stands still
        self._spent_s = 0.0  # before
        self._before = self._in_pass = 0.0
        self.fraction = 0.0
        self._first: tuple[float, float] | None = (
            None  # where its pace counts from: torch wakes up before the first report
        )

    @property
    def begun(self) -> bool:
        return self._begun_s is not None or self._spent_s > 0

    @property
    def elapsed_s(self) -> float:
        """Seconds that the worker spent on it."""
        return self._spent_s + (0.0 if self._begun_s is None else self._now() - self._begun_s)

    def begin(self) -> None:
        """Start or resume counting, as the worker begins the request or continues it."""
        self._begun_s = self._now()

    def stop(self) -> None:
        """Pause counting while the worker does something else."""
        self._spent_s, self._begun_s = self.elapsed_s, None

    def report(self, progress: Progress) -> None:
        """Update the fraction from the worker's progress."""
        if self._begun_s is None:
            self.begin()
        start, share = _STAGES.get(progress.stage, (self._in_pass, 0.0))
        done = start + share * min(progress.done / max(progress.total, 1), 1.0)
        if done < self._in_pass:  # another pass over the clip
            self._before = self.fraction
        self._in_pass = done
        self.fraction = max(self.fraction, self._before + (1 - self._before) * done)
        if self._first is None:
            self._first = (self.elapsed_s, self.fraction) if self.fraction < _LEAST_TELLING else (0.0, 0.0)

    def left_s(self, usual_s: float | None = None) -> float | None:
        """Return the estimated remaining time in seconds, or None if nothing is known.

        Args:
            usual_s: duration of earlier requests of the same kind; None: there were none.
        """
        first_s, first = self._first or (0.0, 0.0)
        if self.fraction - first >= (_LEAST_TELLING if usual_s is None else _TELLING):
            usual_s = (self.elapsed_s - first_s) / (self.fraction - first)
        return None if usual_s is None else usual_s * (1 - self.fraction)


class Urgency(IntEnum):
    """Urgency of a task: more urgent tasks go first; searches and analyses stop for them and continue later."""

    BACKGROUND = 0  # encoding exemplars in advance
    BATCH = 1
    SHOWN = 2  # the dive that is shown: its analysis, or the search of its file
    SCORE = 3  # takes milliseconds
    DRAG = 4  # score while a transition is dragged


class TaskState(Enum):
    """State of a task."""

    KEPT = auto()  # the answer is known, and not emitted yet
    WAITING = auto()
    STOPPED = auto()  # waits for a more urgent task; the worker keeps the search so far
    SENT = auto()  # the worker has not begun it
    BEGUN = auto()
    STOPPING = auto()  # the worker was asked to stop it, and has not answered yet


class Task(QObject):
    """Task of the worker, which ends in exactly one of `finished`, `failed` and `cancelled`.

    Args:
        request: request to send to the worker.
        key: key of the dive that the request is about; "": of no dive.
        urgency: urgency, which the scheduler raises for the shown dive.
        cancel: called to cancel the task.

    Signals:
        progressed: (Progress)
        finished: (Answer)
        failed: (str, str) kind of error, sentence for the user. Kind "WorkerCrash": the worker died of it, twice;
            "WorkerGone": it keeps dying and is not restarted automatically.
        cancelled: `cancel` took effect.

    Attributes:
        suspect: True if the worker died during the request, which is repeated once with no other beside it.
        dropped: True if the task is canceled and ends when the worker stops it.
        progress: last progress report of the worker.
        clock: share of the work that is done, and the time that it has taken.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    cancelled = Signal()

    def __init__(self, request: Request, key: str, urgency: Urgency, cancel: Callable[["Task"], None]) -> None:
        super().__init__()
        self.request, self.key, self.urgency = request, key, urgency
        self.state = TaskState.WAITING
        self.suspect = self.dropped = False
        self.progress: Progress | None = None
        self.clock = Clock()
        self._cancel = cancel

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def sent(self) -> bool:
        """True if the worker has it."""
        return self.state in (TaskState.SENT, TaskState.BEGUN, TaskState.STOPPING)

    @property
    def begun(self) -> bool:
        """True if the worker carries it out."""
        return self.state in (TaskState.BEGUN, TaskState.STOPPING)

    def cancel(self) -> None:
        """Cancel the task: at once if it has not begun, else at the worker's next safe point."""
        self._cancel(self)

    def abandon(self) -> None:
        """Cancel without emitting any further signal."""
        self.blockSignals(True)
        self._cancel(self)


#: Urgency by kind of request; `Urgency.BATCH` for all others.
_USUAL = {EncodeExemplarRequest: Urgency.BACKGROUND, ScoreRequest: Urgency.SCORE, ChangeLibraryRequest: Urgency.SCORE}


class Scheduler(QObject):
    """Scheduler that sends tasks to the worker by urgency: first the analysis or search of the shown dive.

    Tasks of the same urgency follow the order of the list. A request whose answer is kept is not sent: its task ends
    with the kept answer, in a later turn of the event loop.

    The worker carries out a single task at a time, and `Quick` tasks beside it. A task is sent while others run only if
    it is more urgent than all of them; a task that is not quick stops the running task, which continues where it was
    when nothing more urgent waits. So the analysis of the shown dive overtakes the others, and a score every analysis.

    Args:
        places: returns the place of each dive in the list by its key; `SHOWN` for the shown dive.
        kept: answers of former requests.

    Signals:
        paused_changed: see `paused`.
        devices: (DevicesReport) the devices that the network can run on here.
        ready: (Ready) the weights are loaded.
        failed: (str, str) kind of error and sentence for the user, for failures that end no task.
    """

    paused_changed = Signal()
    devices = Signal(object)
    ready = Signal(object)
    failed = Signal(str, str)

    def __init__(
        self,
        client: WorkerClient,
        places: Callable[[], Mapping[str, int]] = dict,
        parent: QObject | None = None,
        kept: KeptResults | None = None,
    ) -> None:
        super().__init__(parent)
        self._client, self._places = client, places
        self.kept = kept or KeptResults()
        self._tasks: list[Task] = []  # that have not ended, in the order in which they were submitted
        self._telling = QTimer(self, interval=0)
        self._telling.timeout.connect(self._tell_kept)
        self._ids = itertools.count(1)
        self._deaths = 0  # in a row
        self._usual_s: dict[type, float] = {}  # that requests of a kind take
        self._paused = self._gave_up = False
        self._patience = QTimer(self, singleShot=True, interval=_STOP_MS)  # since a request was to be stopped
        self._patience.timeout.connect(self._end_hanging)
        client.started.connect(self.reconsider)
        client.received.connect(self._on_received)
        client.died.connect(self._on_died)

    @property
    def tasks(self) -> list[Task]:
        """Tasks that have not ended, in the order in which they were submitted."""
        return list(self._tasks)

    @property
    def running(self) -> list[Task]:
        """Tasks that the worker has, then those that it stopped for others; of each the most urgent first."""
        begun = [task for task in self._tasks if task.sent or task.state is TaskState.STOPPED]
        return sorted(begun, key=lambda task: (not task.sent, -task.urgency))

    @property
    def paused(self) -> bool:
        """True if analyses and searches are paused; all other tasks go on."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Start no analysis and stop the running search, or go on. A running analysis is finished."""
        self._gave_up = False
        if paused != self._paused:
            self._paused = paused
            self.paused_changed.emit()
            if self._tasks and not paused:
                self._client.start()  # it may have stopped
            self.reconsider()

    def try_again(self) -> None:
        """Resume the queue if it was paused because the worker kept dying."""
        if self._gave_up:
            self.pause(False)

    def submit(self, request: Request, *, key: str = "", urgency: Urgency | None = None, anew: bool = False) -> Task:
        """Queue a request; its id is assigned here.

        Args:
            key: key of the dive that it is about; "": of no dive.
            urgency: None: the usual urgency of its kind.
            anew: send the request even if its answer is kept.
        """
        urgency = _USUAL.get(type(request), Urgency.BATCH) if urgency is None else urgency
        task = Task(msgspec.structs.replace(request, id=f"q{next(self._ids)}"), key, urgency, self._cancel)
        self._tasks.append(task)
        if not anew and self.kept.has(task.request):
            task.state = TaskState.KEPT
            self._telling.start()
        else:
            self._ask(task)
        return task

    def _ask(self, task: Task) -> None:
        task.state = TaskState.WAITING
        self._client.start()
        self.reconsider()

    def _tell_kept(self) -> None:
        """End some of the answered tasks together, so that the window is painted once for all of them."""
        until_s = monotonic() + _TURN_S
        while monotonic() < until_s:
            task = next((one for one in self._tasks if one.state is TaskState.KEPT), None)
            if task is None:
                self._telling.stop()
                return
            answer = self.kept.answer(task.request)
            if answer is None:  # it was damaged, or another window has just removed it
                self._ask(task)
            else:
                self._end(task, answer)

    def reconsider(self) -> None:
        """Send the tasks that may begin now, and stop less urgent tasks; to be called when another dive is shown."""
        places = self._places()
        for one in self.tasks:
            _rank(one, places)
            if self._paused and isinstance(one.request, TrimRequest):
                self._stop(one)
        while self._client.running:
            waiting = self._ready()
            if not waiting:
                break
            task = min(waiting, key=lambda one: (-one.urgency, places.get(one.key, SHOWN)))
            sent = [one for one in self._tasks if one.sent]
            if any(task.suspect or one.suspect or one.urgency >= task.urgency for one in sent):
                break
            before = next((one for one in sent if not isinstance(one.request, Quick)), None)
            if before is not None and not isinstance(task.request, Quick):
                self._stop(before)
                break
            task.state = TaskState.SENT
            self._client.send(task.request)

    def use(self, settings: WorkerSettings) -> None:
        """Restart the worker with other settings; running tasks are sent again."""
        was_running = self._client.running
        self._client.stop()
        self._client.settings = settings
        self._take_back()
        for task in self._tasks:
            task.suspect = False
        if was_running:
            self._client.start()

    def close(self) -> None:
        """Forget all tasks."""
        self._tasks.clear()
        self._telling.stop()
        self._patience.stop()

    def _ready(self) -> list[Task]:
        """Return the waiting tasks that may begin now."""
        held = (ParseRequest, TrimRequest) if self._paused else ()
        waiting = (task for task in self._tasks if task.state in (TaskState.WAITING, TaskState.STOPPED))
        return [task for task in waiting if not isinstance(task.request, held)]

    def task_of(self, key: str, kinds: type[Request] | UnionType = ParseRequest | TrimRequest) -> Task | None:
        """Return a dive's task of some kinds that has not ended and was not abandoned, or None."""
        found = (one for one in self._tasks if one.key == key and isinstance(one.request, kinds))
        return next((one for one in found if not one.signalsBlocked()), None)

    def left_s(self, task: Task) -> float | None:
        """Return the seconds until a task is done once it runs, or None if they cannot be estimated."""
        return task.clock.left_s(self._usual_s.get(type(task.request)))

    @property
    def batch_left_s(self) -> float | None:
        """Seconds until all analyses are done; None if they cannot be estimated."""
        asked = [one for one in self._tasks if one.state is not TaskState.KEPT]
        analyses = [task for task in asked if isinstance(task.request, ParseRequest)]
        each = [left for task in analyses if (left := self.left_s(task)) is not None]
        return sum(each) if analyses and len(each) == len(analyses) else None

    def _cancel(self, task: Task) -> None:
        if task not in self._tasks:
            return
        task.dropped = True
        if task.begun:
            self._stop(task)
        elif task.sent:
            self._client.send(CancelRequest(id=task.id))
            self._end(task, CancelledReport(id=task.id))
            self.reconsider()
        else:
            self._end(task, CancelledReport(id=task.id))

    def _stop(self, task: Task) -> None:
        """Let the worker stop a task; a task that has not begun is stopped once it begins."""
        if task.state is TaskState.BEGUN:
            task.state = TaskState.STOPPING
            self._patience.start()
            self._client.send(CancelRequest(id=task.id))

    def _end_hanging(self) -> None:
        """Restart the worker, which has not stopped a task in time."""
        log.warning("the worker does not stop what it was asked to and is started again")
        self.use(self._client.settings)

    def _on_received(self, message: ProcessMessage) -> None:
        if isinstance(message, DevicesReport):
            self.devices.emit(message)
        elif isinstance(message, Ready):
            self.ready.emit(message)
        elif isinstance(message, Failure) and message.id is None:
            self.failed.emit(message.kind, message.message)
        elif not isinstance(message, BegunReport | ProgressReport | Ending):
            log.warning("unexpected message of the worker: %s", message)
        elif (task := next((one for one in self._tasks if one.id == message.id), None)) is None:
            log.info("stale message of request %s ignored", message.id)
        elif isinstance(message, ProgressReport):
            progress = Progress(message.stage, message.done, message.total)
            task.progress = progress
            task.clock.report(progress)
            task.progressed.emit(progress)
        else:
            self._on_step(task, message)
            self.reconsider()

    def _on_step(self, task: Task, message: BegunReport | Ending) -> None:
        if isinstance(message, BegunReport):
            task.state = TaskState.BEGUN
            task.clock.begin()
        elif isinstance(message, CancelledReport) and not task.dropped:
            task.state = TaskState.STOPPED
            task.clock.stop()
        else:
            self._deaths = 0
            self._end(task, message)
        if not any(one.state is TaskState.STOPPING for one in self._tasks):
            self._patience.stop()

    def _end(self, task: Task, message: Ending) -> None:
        """Emit the final signal of a task."""
        self._tasks.remove(task)
        if isinstance(message, Answer):
            if task.clock.begun:
                usual_s = self._usual_s.get(type(task.request), task.clock.elapsed_s)
                self._usual_s[type(task.request)] = (usual_s + task.clock.elapsed_s) / 2  # the latest count most
            task.finished.emit(message)
        elif isinstance(message, Failure):
            task.failed.emit(message.kind, message.message)
        else:
            task.cancelled.emit()
        task.deleteLater()

    def _take_back(self) -> None:
        """Let the tasks of a worker that is gone wait again, and end those that were dropped."""
        self._patience.stop()
        for task in self.running:
            task.state, task.clock = TaskState.WAITING, Clock()
            if task.dropped:
                self._end(task, CancelledReport(id=task.id))

    def _on_died(self) -> None:
        """Restart the worker and repeat its requests; a request that kills the worker twice fails.

        Requests that ran side by side are repeated separately, to find which of them kills the worker.
        """
        self._deaths += 1
        suspects = [task for task in self._tasks if task.begun and not task.dropped]
        guilty = next((task for task in suspects if task.suspect), None)  # it ran alone
        self._take_back()
        for task in suspects:
            task.suspect = True
        if guilty is not None:
            text = self.tr("The analysis process stopped twice while it worked on this. The log has details.")
            self._end(guilty, Failure(id=guilty.id, kind="WorkerCrash", message=text))
        if self._deaths > _MOST_DEATHS:
            self._give_up()
            return
        if guilty is None:
            text = self.tr("The analysis process stopped unexpectedly and was started again.")
            self.failed.emit("WorkerCrash", text)
        QTimer.singleShot(0, self, self._client.start)

    def _give_up(self) -> None:
        """Start no worker until the user requests it: analyses wait, and requests that cannot wait fail."""
        self._deaths = 0
        self.pause(True)
        self._gave_up = True
        kind, text = (
            "WorkerGone",
            self.tr("The analysis process keeps stopping. See the log, then analyse again to retry."),
        )
        self.failed.emit(kind, text)
        for task in self._ready():
            self._end(task, Failure(id=task.id, kind=kind, message=text))


def _rank(task: Task, places: Mapping[str, int]) -> None:
    """Raise the urgency of the shown dive's task.

    A running analysis keeps its urgency: it takes seconds, and a coach who looks through the dives would stop each.
    """
    if isinstance(task.request, TrimRequest) or (isinstance(task.request, ParseRequest) and not task.sent):
        task.urgency = Urgency.SHOWN if places.get(task.key) == SHOWN else Urgency.BATCH

"""The queue of all requests to the worker: decides which one runs next."""

import itertools
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.progress import Progress
from fineparser_gui.services.kept_results import KeptResults
from fineparser_gui.services.task import Task
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import (
    Answer,
    BegunReport,
    CancelledReport,
    CancelRequest,
    DevicesReport,
    Ending,
    Failure,
    HoldRequest,
    Message,
    ParseRequest,
    ProgressReport,
    RankRequest,
    Ready,
    Request,
    TrimRequest,
    Urgency,
    WorkerSettings,
)

log = logging.getLogger(__name__)

#: Deaths of the worker in a row, with no request answered between them, after which it is not started again.
_MOST_DEATHS = 5
#: Longer than any step between two safe points: a worker that has not stopped a cancelled request by then hangs.
_CANCEL_MS = 30_000
#: Of kept answers that are told in one turn of the event loop.
_TURN_S = 0.02
#: Place of the dive that is shown; less than every place in the list.
SHOWN = -1


class Scheduler(QObject):
    """Sends tasks to the worker by urgency: the dive that is shown first, whether it is analysed or searched.

    Within one urgency they follow the order of the list.

    What was answered before is not asked again: the task ends by the kept answer, in a later turn of the event loop.

    A task is sent while others run only if it is more urgent than all of them. So the analysis of the dive that is
    shown overtakes the others, and a score overtakes every analysis.

    Args:
        places: returns the place of each dive in the list by its key; `SHOWN` for the one that is shown.
        kept: answers of former requests.

    Signals:
        paused_changed: see `paused`.
        holding_changed: see `holding`.
        devices: (DevicesReport) what the network can run on here.
        ready: (Ready) the weights are loaded.
        failed: (str, str) kind of error and sentence for the user, for failures that end no task.
    """

    paused_changed = Signal()
    holding_changed = Signal()
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
        self._answered: deque[Task] = deque()  # by what is kept, and not told yet
        self._telling = QTimer(self, interval=0)
        self._telling.timeout.connect(self._tell_kept)
        self._ids = itertools.count(1)
        self._waiting: list[Task] = []
        self._running: list[Task] = []  # in ascending urgency
        self._deaths = 0  # in a row
        self._usual_s: dict[type, float] = {}  # that requests of a kind take
        self._paused = self._gave_up = False
        self._patience = QTimer(self, singleShot=True, interval=_CANCEL_MS)  # runs while a request is being cancelled
        self._patience.timeout.connect(self._stop_hanging)
        client.started.connect(self._on_started)
        client.received.connect(self._on_received)
        client.died.connect(self._on_died)

    @property
    def tasks(self) -> list[Task]:
        """Tasks that have not ended, in the order in which they were submitted."""
        return sorted([*self._running, *self._waiting, *self._answered], key=lambda task: int(task.id[1:]))

    @property
    def running(self) -> list[Task]:
        """Tasks that were sent to the worker and have not ended, the most urgent first."""
        return self._running[::-1]

    @property
    def paused(self) -> bool:
        """Whether analyses and searches are paused; scores and changes of the library go on."""
        return self._paused

    @property
    def holding(self) -> bool:
        """Whether a paused search blocks tasks that are not more urgent."""
        return self._paused and any(isinstance(task.request, TrimRequest) for task in self._running)

    def pause(self, paused: bool) -> None:
        """Start no analysis and suspend the running search, or go on. A running analysis is finished."""
        self._gave_up = False
        if paused != self._paused:
            self._paused = paused
            self._client.send(HoldRequest(held=paused))
            self.paused_changed.emit()
            self.holding_changed.emit()
            if self._waiting and not paused:
                self._client.start()  # it may have stopped
            self.reconsider()

    def try_again(self) -> None:
        """Go on if the queue was paused because the worker kept dying."""
        if self._gave_up:
            self.pause(False)

    def submit(self, request: Request, *, key: str = "", anew: bool = False) -> Task:
        """Queue a request; its id is assigned here.

        Args:
            key: of the dive that it is about; "" where it is about none.
            anew: ask the worker also where the answer is kept.
        """
        task = Task(replace(request, id=f"q{next(self._ids)}"), key, self._cancel)
        if not anew and self.kept.has(task.request):
            self._answered.append(task)
            self._telling.start()
        else:
            self._ask(task)
        return task

    def _ask(self, task: Task) -> None:
        self._waiting.append(task)
        self._client.start()
        if self._may_begin(task):
            self.reconsider()

    def _tell_kept(self) -> None:
        """End some of the tasks that are answered: what is shown then is painted once for all of them."""
        until_s = monotonic() + _TURN_S
        while self._answered and monotonic() < until_s:
            task = self._answered.popleft()
            answer = self.kept.answer(task.request)
            if answer is None:  # it was damaged, or another window has just removed it
                self._ask(task)
            else:
                self._end(task, answer)
        if not self._answered:
            self._telling.stop()

    def reconsider(self) -> None:
        """Send the tasks that may start now; to be called when another dive is shown."""
        self._rank_running()
        while self._client.running and self._waiting:
            places = self._places()
            task = min((one for one in self._waiting if self._may_begin(one)), key=self._rank(places), default=None)
            if task is None:
                break
            urgency = self._urgency(task, places)
            last = self._running[-1] if self._running else None
            highest = max((one.request.urgency for one in self._running), default=-1)
            if last is not None and (task.suspect or last.suspect or urgency <= highest):
                break
            task.request = replace(task.request, urgency=urgency)
            self._waiting.remove(task)
            self._running.append(task)
            self._client.send(task.request)
            if isinstance(task.request, TrimRequest):
                self.holding_changed.emit()

    def use(self, settings: WorkerSettings) -> None:
        """Restart the worker with other settings; running tasks are sent again."""
        was_running = self._client.running
        self._client.stop()
        self._client.settings = settings
        self._take_back_running()
        for task in self._waiting:
            task.suspect = False
        if was_running:
            self._client.start()

    def close(self) -> None:
        """Forget all tasks."""
        self._answered.clear()
        self._telling.stop()
        self._waiting.clear()
        self._running.clear()
        self._patience.stop()

    def _may_begin(self, task: Task) -> bool:
        return not self._paused or not isinstance(task.request, ParseRequest | TrimRequest)

    def task_of(self, key: str) -> Task | None:
        """The analysis or search of a dive that has not ended."""
        kinds = (ParseRequest, TrimRequest)
        return next((one for one in self.tasks if one.key == key and isinstance(one.request, kinds)), None)

    def left_s(self, task: Task) -> float | None:
        """Seconds until a task is done once it runs; None: nothing tells."""
        return task.clock.left_s(self._usual_s.get(type(task.request)))

    @property
    def batch_left_s(self) -> float | None:
        """Seconds until all analyses are done; None: nothing tells."""
        analyses = [task for task in (*self._running, *self._waiting) if isinstance(task.request, ParseRequest)]
        each = [left for task in analyses if (left := self.left_s(task)) is not None]
        return sum(each) if analyses and len(each) == len(analyses) else None

    def _urgency(self, task: Task, places: Mapping[str, int]) -> int:
        held = self._paused and isinstance(task.request, TrimRequest)
        shown = isinstance(task.request, ParseRequest | TrimRequest) and places.get(task.key) == SHOWN
        return Urgency.SHOWN if shown and not held else task.urgency

    def _rank_running(self) -> None:
        """Tell the worker which of the running searches is of the dive that is shown now.

        An analysis that was begun keeps its urgency: it takes seconds, and each one overtaken holds a clip in memory.
        """
        places = self._places() if self._running else {}
        for task in [one for one in self._running if isinstance(one.request, TrimRequest)]:
            urgency = self._urgency(task, places)
            if urgency != task.request.urgency:
                task.request = replace(task.request, urgency=urgency)
                self._client.send(RankRequest(id=task.id, urgency=urgency))

    def _rank(self, places: Mapping[str, int]) -> Callable[[Task], tuple]:
        return lambda task: (-self._urgency(task, places), places.get(task.key, SHOWN), int(task.id[1:]))

    def _cancel(self, task: Task) -> None:
        if task in self._waiting or task in self._answered:
            (self._waiting if task in self._waiting else self._answered).remove(task)
            if not self._answered:
                self._telling.stop()
            self._end(task, CancelledReport(id=task.id))
        elif task in self._running and not task.cancelling:
            task.cancelling = True
            self._patience.start()
            self._client.send(CancelRequest(id=task.id))
            if not task.begun:
                self._running.remove(task)
                self._end(task, CancelledReport(id=task.id))
                self.reconsider()

    def _stop_hanging(self) -> None:
        """Restart the worker, which has not stopped a cancelled request."""
        log.warning("the worker does not stop what was cancelled and is started again")
        self.use(self._client.settings)

    def _on_started(self) -> None:
        if self._paused:
            self._client.send(HoldRequest(held=True))
        self.reconsider()

    def _on_received(self, message: Message) -> None:
        if isinstance(message, DevicesReport):
            self.devices.emit(message)
            return
        if isinstance(message, Ready):
            self.ready.emit(message)
            return
        if isinstance(message, Failure) and message.id is None:
            self.failed.emit(message.kind, message.message)
            return
        if not isinstance(message, BegunReport | ProgressReport | Ending):
            log.warning("unexpected message of the worker: %s", message)
            return
        task = next((one for one in (*self._running, *self._waiting) if one.id == message.id), None)
        if task is None:
            log.info("stale message of request %s ignored", message.id)
        elif isinstance(message, BegunReport):
            task.begun = True
            task.clock.begin()
        elif isinstance(message, ProgressReport):
            task.clock.report(Progress(message.stage, message.done, message.total))
            task.progressed.emit(Progress(message.stage, message.done, message.total))
        else:
            self._deaths = 0
            (self._running if task in self._running else self._waiting).remove(task)
            self._end(task, message)
            self.reconsider()

    def _end(self, task: Task, message: Ending) -> None:
        """Emit the final signal of a task that was removed from its list."""
        if not any(one.cancelling for one in self._running):
            self._patience.stop()
        if isinstance(task.request, TrimRequest):
            self.holding_changed.emit()
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

    def _take_back_running(self) -> None:
        """Move running tasks back to the queue; those being cancelled end."""
        running, self._running = self._running, []
        self._waiting += [task for task in running if not task.cancelling]
        for task in running:
            task.begun = False
            if task.cancelling:
                self._end(task, CancelledReport(id=task.id))

    def _on_died(self) -> None:
        """Start the worker again, and ask what it worked on once more; a request of which it dies twice fails.

        What it worked on at once is asked one by one, so that the one which it dies of is known.
        """
        self._deaths += 1
        suspects = [task for task in self._running if task.begun and not task.cancelling]
        guilty = next((task for task in suspects if task.suspect), None)  # it ran alone
        self._take_back_running()
        for task in suspects:
            task.suspect = True
        gone = self._deaths > _MOST_DEATHS
        if guilty is not None:
            self._waiting.remove(guilty)
            text = self.tr("The analysis process stopped twice while it worked on this. The log has details.")
            self._end(guilty, Failure(id=guilty.id, kind="WorkerCrash", message=text))
        if gone:
            self._give_up()
            return
        if guilty is None:
            text = self.tr("The analysis process stopped unexpectedly and was started again.")
            self.failed.emit("WorkerCrash", text)
        QTimer.singleShot(0, self, self._client.start)

    def _give_up(self) -> None:
        """Start no worker until the user asks for it: the analyses wait, and what cannot wait fails."""
        self._deaths = 0
        self.pause(True)
        self._gave_up = True
        kind, text = (
            "WorkerGone",
            self.tr("The analysis process keeps stopping. See the log, then analyse again to retry."),
        )
        self.failed.emit(kind, text)
        failing = [task for task in self._waiting if self._may_begin(task)]
        self._waiting = [task for task in self._waiting if task not in failing]
        for task in failing:
            self._end(task, Failure(id=task.id, kind=kind, message=text))

"""Jobs in processes of their own that each open something costly once: a process that dies costs its job alone."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from fineparser_core.errors import FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.support.own_process import TERMINAL_SIGNALS, deaf_to_ctrl_c, end_with_parent, ignore, spawn_context

Job = TypeVar("Job")
Answer = TypeVar("Answer")

_READY = "ready"
#: Longest time for which a cancel goes unseen.
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Died:
    """Answer of a job whose process ended, by a signal where the code is below 0."""

    code: int | None


@dataclass
class _Worker:
    process: BaseProcess
    ready: bool = False
    job: int | None = None


def do_jobs(
    open_worker: Callable[[], Callable[[Job], Answer]],
    jobs: Sequence[Job],
    n_processes: int,
    cancel: CancelToken,
    *,
    more: Callable[[], Sequence[Job] | None] = lambda: None,
) -> Generator[tuple[int, Answer | Died], None, None]:
    """Yield the place of each job and its answer as they are done; once it ends, so have the processes.

    Args:
        open_worker: called once in each process; it and all that is sent must be picklable.
        more: asked now and then for further jobs, whose places follow; None: there will be no more.

    Raises:
        FineParserError: raised by `open_worker`; or a process died in it.
        Cancelled: at once, whatever the processes do.
    """
    waiting, places, coming = deque(enumerate(jobs)), count(len(jobs)), True
    spawn = spawn_context()
    workers: dict[Connection, _Worker] = {}

    def start() -> None:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_work, args=(theirs, open_worker), daemon=True)
        with deaf_to_ctrl_c():  # which is the parent's
            process.start()
        theirs.close()
        workers[ours] = _Worker(process)

    try:
        while True:
            if coming:
                further = more()
                coming = further is not None
                waiting.extend((place, job) for job, place in zip(further or (), places, strict=False))
            busy = sum(worker.job is not None for worker in workers.values())
            if not (waiting or busy or coming):
                return
            while len(workers) < min(n_processes, max(busy + len(waiting), coming)):
                start()
            for connection, worker in workers.items():
                if waiting and worker.ready and worker.job is None:
                    worker.job, job = waiting.popleft()
                    with suppress(OSError):  # it has just died, which is noticed next
                        connection.send(job)
            cancel.raise_if_cancelled()
            try:
                ready = wait(list(workers), _LOOK_EVERY_S)
            except InterruptedError:  # by Ctrl+C on Windows, which has set the token by now
                continue
            for connection in [one for one in workers if one in ready]:
                worker = workers[connection]
                answer = _received(connection, worker)
                if isinstance(answer, Exception):
                    raise answer
                done, worker.ready, worker.job = worker.job, True, None
                if isinstance(answer, Died):
                    del workers[connection]
                if done is not None:
                    yield done, answer
    finally:
        for worker in workers.values():
            worker.process.kill()
        for worker in workers.values():
            worker.process.join()


def _received(connection: Connection, worker: _Worker) -> Any:
    try:
        return connection.recv()
    except (EOFError, OSError):
        worker.process.join()
        code = worker.process.exitcode
        if not worker.ready:
            return FineParserError("A process ended before it could begin (code {0}): try fewer at once.", str(code))
        return Died(code)


def _work(connection: Connection, open_worker: Callable[[], Callable[[Any], Any]]) -> None:
    ignore(TERMINAL_SIGNALS)
    end_with_parent()
    try:
        do = open_worker()
    except FineParserError as error:
        connection.send(error)
        return
    connection.send(_READY)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        while True:
            connection.send(do(connection.recv()))

"""The program's own processes: their start, messages as lines, and jobs shared among several.

A process of the program runs a module of it, in a checkout, from a wheel and in the frozen app. Its standard input and
output carry lines, most of them typed records as JSON; no pickle travels. It ends at the end of its input, so that it
never outlives the process that started it. The window starts its processes with `fineparser_gui.support.process`.
"""

import gc
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, NoReturn

import msgspec

from fineparser_core import errors
from fineparser_core.errors import FineParserError
from fineparser_core.language import translated
from fineparser_core.progress import CancelToken
from fineparser_core.support.codec import from_json, to_json

_NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000  # of the Windows API


def lower_priority() -> None:
    """Lower the scheduling priority of this process, on Linux of the calling thread and of those that it starts.

    On Linux it joins the idle scheduling class. Niceness alone is not enough there: a thread that wakes up to
    draw a frame waits until a niced thread has used up its time slice of several milliseconds.

    The priority stays as it is where the system does not permit the change.
    """
    try:
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif sys.platform == "win32":
            import ctypes

            ctypes.windll.kernel32.SetPriorityClass(ctypes.c_void_p(-1), _BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(_NICENESS)
    except OSError:
        pass


def expect_torch() -> None:
    """Prepare a process for torch, which is about to be loaded.

    Threads of OpenMP that wait for each other sleep. Else they spin, and where other programs want the cores, too, take
    them from the very threads that they wait for: an analysis on two busy cores took three to seven times as long. Who
    sets OMP_WAIT_POLICY decides. And Python looks for garbage less often, else again and again while torch is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    gc.set_threshold(_OBJECTS_BETWEEN)


#: New objects after which Python looks for garbage.
_OBJECTS_BETWEEN = 20_000
#: Variable by which Python leaves the working folder off its path, as -P does.
_SAFE_PATH = "PYTHONSAFEPATH"
#: First argument of the frozen command line that has it run a module of ours, which the second names.
RUN_MODULE = "--run-module"
#: Longest time for which a cancel goes unseen, in seconds.
_LOOK_EVERY_S = 0.2
_STDIN, _STDOUT, _STDERR = range(3)

#: Signals that terminals send to all processes in them: Ctrl+C; on Windows also Ctrl+Break and a console that closes.
TERMINAL_SIGNALS: tuple[signal.Signals, ...] = (signal.SIGINT,)
#: Options of `subprocess` that keep Ctrl+C from a process from its first moment on: it is the parent's to handle.
_OUT_OF_THE_TERMINAL: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    TERMINAL_SIGNALS = (signal.SIGINT, signal.SIGBREAK)
    _OUT_OF_THE_TERMINAL = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
#: Signals that ask a program to end.
STOP_SIGNALS = (*TERMINAL_SIGNALS, signal.SIGTERM)


def is_frozen() -> bool:
    """Return True in the bundled app, which has no Python that others could use."""
    return bool(getattr(sys, "frozen", False))


def own_process(module: str, *arguments: str) -> list[str]:
    """Return program and arguments of a process that runs a module of ours as `python -m` would.

    Elsewhere than in the frozen app -P keeps the working directory off the path: the coach's folder may hold a
    `json.py`. There the command line beside the window's program runs the module: it has standard streams on Windows,
    where a program without a console has none.

    Args:
        module: full name, e.g. `fineparser_core.export.jobs`.
    """
    if not is_frozen():
        return [sys.executable, "-P", "-m", module, *arguments]
    here = Path(sys.executable)
    return [str(here.with_name(f"fineparser{here.suffix}")), RUN_MODULE, module, *arguments]


def run_to_end(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a process without input in a working folder, and return what it wrote, as text.

    Raises:
        OSError: it could not be started.
    """
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@contextmanager
def safe_path() -> Iterator[None]:
    """Let Pythons that others start in the block, and theirs, leave their working folder off the path.

    `multiprocessing`, which PyTorch loads data with, starts processes by `python -c`, which looks into the working
    folder first: an untrusted `pickle.py` beside the clips would be run.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


def ignore(signals: Iterable[signal.Signals]) -> None:
    """Leave signals to the parent of this process, which ends it in its own way."""
    for number in signals:
        signal.signal(number, signal.SIG_IGN)


class ProcessMessage(msgspec.Struct, frozen=True, tag=True):
    """A message between processes of the program; its JSON names its type."""


class Failed(ProcessMessage, frozen=True, kw_only=True):
    """Error that ended a process's work, as a sentence for the user; kind is the class of the error."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: FineParserError) -> "Failed":
        """Return the message of an error, in the language of this process."""
        return cls(kind=type(error).__name__, message=translated(error))

    def error(self) -> FineParserError:
        """Return the error that the message is of."""
        kind = getattr(errors, self.kind, FineParserError)
        return kind(self.message)


def encode(record: Any) -> bytes:
    """Return a record as a line of JSON, made by `json`, as names of files need not be valid Unicode."""
    return json.dumps(to_json(record)).encode() + b"\n"


def decode(line: bytes, kind: Any) -> Any:
    """Return the message of a line, the inverse of `encode`.

    Args:
        kind: union of the messages that may come.

    Raises:
        ValueError: the line is none of them.
    """
    try:
        return msgspec.convert(json.loads(line), kind, dec_hook=lambda kind, value: kind(value))
    except ValueError as error:
        raise ValueError(f"not a message: {line[:200]!r}") from error


def input_lines(longest: int | None = None) -> Iterator[bytes]:
    """Yield lines of standard input as they come, the last without its end; not by `sys.stdin`.

    Its lock, which the interpreter needs to end, would be held by a waiting thread.

    Args:
        longest: a longer line ends the input.
    """
    rest = b""
    while (longest is None or len(rest) < longest) and (data := os.read(_STDIN, 65536)):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
    if rest:
        yield rest


class ParentPipe:
    """Standard output of this process as its way to the parent: whole lines, from any thread.

    What else is printed, by torch or a driver for example, goes to standard error.

    Args:
        gone: called if the parent no longer reads.
    """

    def __init__(self, gone: Callable[[], object]) -> None:
        self._pipe, self._gone, self._lock = os.fdopen(os.dup(_STDOUT), "wb"), gone, Lock()
        os.dup2(_STDERR, _STDOUT)
        sys.stdout = sys.stderr

    def send(self, message: ProcessMessage) -> None:
        """Send a message."""
        self.write(encode(message))

    def write(self, line: bytes) -> None:
        """Send a line, with its end."""
        try:
            with self._lock:
                self._pipe.write(line)
                self._pipe.flush()
        except (OSError, ValueError):  # ValueError: it was closed below
            with suppress(OSError):
                self._pipe.close()  # else what it holds is tried again, and told, when it is deleted
            self._gone()


class _Opened(ProcessMessage, frozen=True):
    """Report that a process of jobs has opened what they need."""


class _JobProcess:
    """A process that does jobs one at a time; a thread puts each line of its answers on a queue, b"" at their end."""

    def __init__(self, module: str, options: Any, heard: "SimpleQueue[tuple[_JobProcess, bytes]]") -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(own_process(module), stdin=pipe, stdout=pipe, **_OUT_OF_THE_TERMINAL)
        self._heard = heard
        self.ready, self.job = False, -1  # -1: none
        Thread(target=self._hear, daemon=True).start()
        self.send(options)

    def send(self, record: Any) -> None:
        with suppress(OSError):  # it has just died, which is heard next
            self._process.stdin.write(encode(record))  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]

    def end(self) -> int:
        """Kill the process, if it runs, and wait until it is gone; return its exit code."""
        self._process.kill()
        code = self._process.wait()
        with suppress(OSError):  # what it did not read
            self._process.stdin.close()  # type: ignore[union-attr]
        return code

    def _hear(self) -> None:
        with self._process.stdout as lines:  # type: ignore[union-attr]
            for line in lines:
                if line.endswith(b"\n"):  # else it was killed while it wrote
                    self._heard.put((self, line))
        self._heard.put((self, b""))


def do_jobs(
    module: str, options: Any, jobs: Sequence[Any], n_processes: int, cancel: CancelToken
) -> Generator[tuple[int, bytes | int], None, None]:
    """Do jobs in processes that each open something costly once: a process that dies costs its job alone.

    Yield the place of each job and the line that answers it, or the exit code of its process that died, below 0 by a
    signal, as they are done; once it ends, so have the processes.

    Args:
        module: module of the processes, which calls `serve_jobs`.
        options: record that each process opens what it needs by.
        jobs: records.

    Raises:
        FineParserError: raised as a process opens what it needs; or it died then.
        Cancelled: at once, whatever the processes do.
    """
    waiting = deque(enumerate(jobs))
    heard: SimpleQueue[tuple[_JobProcess, bytes]] = SimpleQueue()
    running: list[_JobProcess] = []
    try:
        while True:
            busy = sum(process.job >= 0 for process in running)
            if not (waiting or busy):
                return
            while len(running) < min(n_processes, busy + len(waiting)):
                running.append(_JobProcess(module, options, heard))
            for process in running:
                if waiting and process.ready and process.job < 0:
                    process.job, job = waiting.popleft()
                    process.send(job)
            cancel.raise_if_cancelled()
            try:
                process, line = heard.get(timeout=_LOOK_EVERY_S)
            except Empty:
                continue
            if not line:
                running.remove(process)
                code = process.end()
            if process.ready and process.job >= 0:
                done, process.job = process.job, -1
                yield done, line or code
            elif not process.ready and not line:
                said = f"A process ended before it could begin (code {code}): try fewer at once."
                raise FineParserError(said)
            elif not process.ready and isinstance(opened := decode(line, _Opened | Failed), Failed):
                raise opened.error()
            process.ready = True
    finally:
        for process in running:
            process.end()


def serve_jobs(open_worker: Callable[[Any], Callable[[Any], bytes]], options: Any, job: Any) -> NoReturn:
    """Be a process of `do_jobs`, until the parent is gone.

    Args:
        open_worker: called with the options; it returns what makes the line of a job's answer.
        options, job: the types of the records.
    """
    ignore(TERMINAL_SIGNALS)
    lines: SimpleQueue[bytes] = SimpleQueue()

    def listen() -> None:
        for line in input_lines():
            lines.put(line)
        os._exit(1)

    Thread(target=listen, daemon=True).start()
    parent = ParentPipe(lambda: os._exit(1))
    try:
        work = open_worker(from_json(json.loads(lines.get()), options))
    except FineParserError as error:
        parent.send(Failed.of(error))
    else:
        parent.send(_Opened())
        while True:
            parent.write(work(from_json(json.loads(lines.get()), job)))
    sys.stderr.flush()
    os._exit(0)  # the thread waits for input, on Windows for ever

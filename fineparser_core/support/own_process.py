"""Start of the program's own processes, in a checkout, from a wheel and in the frozen app."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

#: Variable by which Python leaves the working folder off its path, as -P does.
_SAFE_PATH = "PYTHONSAFEPATH"
#: First argument of the frozen command line that has it run a module of ours, which the second names.
RUN_MODULE = "--run-module"

#: Signals that terminals send to all processes in them: Ctrl+C; on Windows also Ctrl+Break and a console that closes.
TERMINAL_SIGNALS: tuple[signal.Signals, ...] = (signal.SIGINT,)
if sys.platform == "win32":
    TERMINAL_SIGNALS = (signal.SIGINT, signal.SIGBREAK)
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
        module: full name, e.g. `fineparser_core.export.job_process`.
    """
    if not is_frozen():
        return [sys.executable, "-P", "-m", module, *arguments]
    here = Path(sys.executable)
    return [str(here.with_name(f"fineparser{here.suffix}")), RUN_MODULE, module, *arguments]


class _SafeProcess(SpawnProcess):
    @staticmethod
    def _Popen(process: BaseProcess) -> Any:
        with _safe_path():
            return SpawnProcess._Popen(process)


class _SafeContext(SpawnContext):
    Process = _SafeProcess


def spawn_context() -> SpawnContext:
    """Return the context of `multiprocessing` whose processes start without the working folder on their path.

    `multiprocessing` starts each of them, and a tracker of its semaphores, with `python -c`, which looks into the
    working folder first: a stranger's `pickle.py` beside the clips would be run.
    """
    if sys.platform != "win32":
        with _safe_path():
            resource_tracker.ensure_running()
    return _SafeContext()


@contextmanager
def _safe_path() -> Iterator[None]:
    """Let Pythons that are started in the block, and theirs, leave their working folder off the path."""
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


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Let processes that are started in the block ignore Ctrl+C from their first moment on."""
    if sys.platform == "win32":
        import ctypes

        ignore_ctrl_c = ctypes.WinDLL("kernel32").SetConsoleCtrlHandler
        ignore_ctrl_c(None, True)
        try:
            yield
        finally:
            ignore_ctrl_c(None, False)
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end_with_parent() -> None:
    """Make this process of `multiprocessing` end once its parent does, killed or not.

    It would wait for work for ever, or go on writing where another run writes.
    """
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()

"""Progress, log and cancellation of a command that runs in a terminal."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from fineparser_core.commands.printing import remark
from fineparser_core.printable import PrintableFormatter
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.support.processes import STOP_SIGNALS

#: Time between lines on a stage in progress where there is no terminal, in seconds: a log shows that a job lives.
_LINE_EVERY_S = 10.0


@contextmanager
def running(*, quiet: bool = False) -> Iterator[tuple[ProgressCallback, CancelToken]]:
    """Yield a progress callback, and a cancel token that Ctrl+C and the other stop signals set."""
    with cancel_on_signals() as cancel, progress_on_stderr(quiet=quiet) as progress:
        yield progress, cancel


@contextmanager
def cancel_on_signals() -> Iterator[CancelToken]:
    """Yield a token that stop signals set; a second Ctrl+C interrupts at once, but not by torchrun.

    That hands on to its processes what a terminal has sent to them already. Only in the main thread, as Python handles
    signals nowhere else.
    """
    token = CancelToken()

    def handle(number: int, frame: FrameType | None) -> None:
        if token.cancelled and number == signal.SIGINT and "TORCHELASTIC_RUN_ID" not in os.environ:
            raise KeyboardInterrupt
        token.cancel()

    previous = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield token
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def progress_on_stderr(*, quiet: bool = False) -> Iterator[ProgressCallback]:
    """Yield a callback that shows a bar with the time left for each stage on a terminal, else lines now and then."""
    console = Console(stderr=True)
    if quiet:
        yield ignore_progress
        return
    last: Progress | None = None
    spoken_s = time.monotonic()
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=False,  # it would follow the bars to stderr
    )
    bar: TaskID | None = None

    def show(progress: Progress) -> None:
        nonlocal last, bar, spoken_s
        if progress == last:  # a repeated report
            return
        ended = 0 < progress.total <= progress.done
        if console.is_terminal:
            if bar is None or last is None or progress.stage != last.stage:
                bar = bars.add_task(progress.stage, total=progress.total or None)
            bars.update(bar, completed=progress.done, total=progress.total or None)
        elif ended or (progress.total > 0 and time.monotonic() - spoken_s > _LINE_EVERY_S):
            remark(f"{progress.stage} {progress.done}/{progress.total}")
            spoken_s = time.monotonic()
        last = progress

    if not console.is_terminal:
        yield show
        return
    with bars:
        yield show


def log_to_stderr() -> None:
    """Show the log: colored on a terminal, with the time of day before each line."""
    terminal = sys.stderr.isatty()
    handler = RichHandler(console=Console(stderr=True), show_path=False) if terminal else logging.StreamHandler()
    form = "%(message)s" if terminal else "%(asctime)s %(message)s"
    handler.setFormatter(PrintableFormatter(form, datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])

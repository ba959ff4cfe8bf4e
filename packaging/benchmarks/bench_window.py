"""The real program in its window, and a stopwatch for what appears on it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from fineparser_core.constants import STEP_NAMES
from fineparser_core.types import StepSpan
from fineparser_gui.app import Studio
from fineparser_gui.canvas.mask_track import MaskTrack
from fineparser_gui.canvas.video_canvas import VideoCanvas
from fineparser_gui.model.dive import DiveState
from fineparser_gui.panels.video_pane import VideoPane

PATIENCE_S = 300.0
SIZE = (1440, 900)


class Watch(QObject):
    """Notes when a frame of a canvas is on the screen: after painting, when the event loop has its turn again."""

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__()
        self.seen: list[tuple[int, float]] = []
        self.on_seen: Callable[[int, float], None] = lambda frame, now_s: None
        canvas.painted.connect(self._note, Qt.ConnectionType.QueuedConnection)

    @Slot(int)
    def _note(self, frame: int) -> None:
        now_s = perf_counter()
        self.seen.append((frame, now_s))
        self.on_seen(frame, now_s)


class Heartbeat(QObject):
    """The longest time for which the window did not answer.

    Attributes:
        longest_s: between two beats.
        longest_busy_s: the most processor time that the window's own thread took between two; on a loaded machine it
            tells the program's share of the wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest_s = self.longest_busy_s = 0.0
        self._last_s, self._busy_s = perf_counter(), thread_time()
        self._timer = QTimer(self, interval=4, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now_s, busy_s = perf_counter(), thread_time()
        self.longest_s = max(self.longest_s, now_s - self._last_s)
        self.longest_busy_s = max(self.longest_busy_s, busy_s - self._busy_s)
        self._last_s, self._busy_s = now_s, busy_s

    def __str__(self) -> str:
        longest, busy = self.longest_s * 1000, self.longest_busy_s * 1000
        return f"window without an answer for {longest:.0f} ms at most; its own work between two: {busy:.0f} ms at most"


class BenchWindow:
    """The window and what drives it."""

    def __init__(self) -> None:
        self.app = QApplication(sys.argv[:1])
        self._wake = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
        self.studio = Studio(self.app)
        self.session, self.window = self.studio.session, self.studio.window
        self.player, self.transport = self.window.player, self.window.transport
        self.window.resize(*SIZE)
        self.window.show()
        self.wait(lambda: self.window.windowHandle().isExposed())

    def wait(self, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Run the event loop until the condition holds.

        Raises:
            TimeoutError: it did not in time.
        """
        deadline_s = perf_counter() + patience_s
        # It sleeps between events as the program's own loop does; with a time limit, Qt would never sleep.
        self._wake.start()
        while not condition():
            if perf_counter() > deadline_s:
                raise TimeoutError("the window did not get there in time")
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        self._wake.stop()

    def rest(self, seconds: float) -> None:
        """Let the window live for a while."""
        end_s = perf_counter() + seconds
        self.wait(lambda: perf_counter() >= end_s)

    def open(self, path: Path) -> str:
        """Open a clip and wait until its first frame is there; returns the key of its dive."""
        self.session.open([path])
        self.wait(lambda: self.session.current is not None and self.session.current.info is not None)
        self.wait(lambda: self.player.pane.info is not None and self.shows(self.player.pane, self.transport.frame))
        assert self.session.current is not None
        return self.session.current.key

    def shows(self, pane: VideoPane, frame: int) -> bool:
        """Whether a pane's canvas was given the exact frame."""
        return pane.frame == frame == pane.canvas.shown_frame

    def start_batch(self, paths: list[Path]) -> None:
        """Drop clips and wait until the worker is at them; the dive that was shown is shown again."""
        shown = self.session.current.key if self.session.current else None
        self.session.open(paths)
        if shown is not None:
            self.session.select(shown)
        self.wait(self.batch_runs)

    def batch_runs(self) -> bool:
        """Whether the worker is at an analysis."""
        return any(self.session.dive(key).state is DiveState.ANALYSING for key in self.session.keys)

    def close(self) -> None:
        """End it as a user would."""
        self.window.close()


@contextmanager
def open_window() -> Iterator[BenchWindow]:
    """The window, closed whatever happens."""
    made = BenchWindow()
    try:
        yield made
    finally:
        made.close()


def put_masks(pane: VideoPane, first: int, last: int) -> None:
    """Give a pane steps and a mask that moves, as an analysis of first..last would."""
    sampled = np.trunc(np.linspace(first, last, 96)).astype(np.int64)
    rows, columns = np.mgrid[:112, :112]
    masks = np.zeros((96, 112, 112), np.float16)
    for sample in range(96):
        distance = np.hypot(rows - 20 - sample * 0.7, columns - 56)
        masks[sample] = np.clip(1.5 - distance / 12, 0, 1)
    assert pane.info is not None
    crop = np.array([0, 0, pane.info.width_px, pane.info.height_px], np.float32)
    track = MaskTrack(sampled_frames=sampled, mask_probability=masks, crop_xyxy=np.tile(crop, (96, 1)))
    cuts = np.linspace(first, last + 1, 4).astype(int)
    steps = [
        StepSpan(name=name, start_frame=int(start), end_frame=int(end))
        for name, start, end in zip(STEP_NAMES, cuts[:-1], cuts[1:], strict=True)
    ]
    pane.set_analysis(track, steps)

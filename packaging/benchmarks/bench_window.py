"""Drives the program in its window, and measures when frames appear."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from fineparser_core.records import MaskTrack, step_spans
from fineparser_gui.app import Studio
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.player.video_pane import VideoPane
from fineparser_gui.session.dive import DiveState

PATIENCE_S = 300.0
SIZE = (1440, 900)


class Watch(QObject):
    """Records when frames of a canvas are on screen: at the first event after painting."""

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
    """The longest time for which the event loop did not run.

    Attributes:
        longest_s: between two beats.
        longest_busy_s: most processor time of the GUI thread between two beats, the program's share on a loaded
            machine.
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
        return f"event loop blocked for at most {longest:.0f} ms, {busy:.0f} ms of them by the window's own work"


class BenchWindow:
    """The program's window, driven by a benchmark, with settings, autosave and history of its own."""

    def __init__(self) -> None:
        self.app = QApplication(sys.argv[:1])
        self._wake = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
        self._folder = TemporaryDirectory()
        self.studio = Studio(self.app, Path(self._folder.name))
        self.session, self.window = self.studio.session, self.studio.window
        self.player, self.transport = self.window.player, self.window.transport
        self.window.resize(*SIZE)
        self.window.show()
        self.wait(lambda: self.window.windowHandle().isExposed())

    def wait(self, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Run the event loop until the condition holds.

        Raises:
            TimeoutError: the condition did not hold in time.
        """
        deadline_s = perf_counter() + patience_s
        # Waits for events like the program's own loop; processEvents with a time limit would poll.
        self._wake.start()
        while not condition():
            if perf_counter() > deadline_s:
                raise TimeoutError("the window did not get there in time")
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        self._wake.stop()

    def rest(self, seconds: float) -> None:
        """Run the event loop for some seconds."""
        end_s = perf_counter() + seconds
        self.wait(lambda: perf_counter() >= end_s)

    def open(self, path: Path) -> str:
        """Open a clip and wait for its first frame; returns the key of its dive."""
        self.session.open([path])
        self.wait(lambda: self.session.current is not None and self.session.current.info is not None)
        self.wait(lambda: self.player.pane.info is not None and self.shows(self.player.pane, self.transport.frame))
        assert self.session.current is not None
        return self.session.current.key

    def shows(self, pane: VideoPane, frame: int) -> bool:
        """Whether a pane shows the exact frame."""
        return pane.frame == frame == pane.canvas.shown_frame

    def start_batch(self, paths: list[Path]) -> None:
        """Open clips and wait until the worker analyses them; the shown dive stays."""
        shown = self.session.current.key if self.session.current else None
        self.session.open(paths)
        if shown is not None:
            self.session.select(shown)
        self.wait(self.batch_runs)

    def batch_runs(self) -> bool:
        """Whether an analysis is running."""
        return any(self.session.dive(key).state is DiveState.ANALYSING for key in self.session.keys)

    def close(self) -> None:
        """Close the window; what it has kept goes."""
        self.window.close()
        self._folder.cleanup()


@contextmanager
def open_window() -> Iterator[BenchWindow]:
    """Context of a window that is closed at the end."""
    made = BenchWindow()
    try:
        yield made
    finally:
        made.close()


def put_masks(pane: VideoPane, first: int, last: int) -> None:
    """Set steps and a moving mask on a pane, as an analysis of first..last does."""
    sampled = np.trunc(np.linspace(first, last, 96)).astype(np.int64)
    rows, columns = np.mgrid[:112, :112]
    masks = np.zeros((96, 112, 112), np.float16)
    for sample in range(96):
        distance = np.hypot(rows - 20 - sample * 0.7, columns - 56)
        masks[sample] = np.clip(1.5 - distance / 12, 0, 1)
    assert pane.info is not None
    crop = np.array([0, 0, pane.info.width_px, pane.info.height_px], np.float32)
    track = MaskTrack(sampled_frames=sampled, mask_probability=masks, crop_xyxy=np.tile(crop, (96, 1)))
    pane.set_analysis(track, step_spans(*np.linspace(first, last + 1, 4).astype(int).tolist()))

"""Drives the program and takes screenshots of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QSize, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from fineparser_gui.app import Studio
from fineparser_gui.session.dive import Dive, DiveState

_PATIENCE_MS = 1_800_000
_SETTLE_MS = 500
_ENDED = (DiveState.READY, DiveState.FAILED, DiveState.NEEDS_TRIM, DiveState.CANCELLED, DiveState.MISSING)


def run_for(duration_ms: int) -> None:
    """Run the event loop for a while."""
    loop = QEventLoop()
    QTimer.singleShot(duration_ms, loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool], timeout_ms: int = _PATIENCE_MS) -> None:
    """Run the event loop until the condition holds.

    Raises:
        TimeoutError: the condition did not hold in time.
    """
    deadline = QDeadlineTimer(timeout_ms)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError("the window did not get there in time")
        run_for(20)


class Photographer:
    """A window of a given size and a folder for its screenshots."""

    def __init__(self, app: QApplication, out: Path, size: QSize) -> None:
        self._out = out
        out.mkdir(parents=True, exist_ok=True)
        self.studio = Studio(app)
        self.session, self.window = self.studio.session, self.studio.window
        self.window.resize(size)
        self.window.show()
        run_for(_SETTLE_MS)

    @property
    def dive(self) -> Dive:
        """The shown dive."""
        assert self.session.current is not None
        return self.session.current

    def act(self, action_id: str) -> None:
        """Trigger an action."""
        self.window.actions_by_id[action_id].trigger()

    def wait_for_answer(self) -> None:
        """Wait until the shown dive is analysed and, where possible, scored."""

        def settled() -> bool:
            return self.dive.state in _ENDED and not self.dive.busy and not self.dive.rescoring

        wait_until(settled)

    def show_middle_of(self, step: int) -> None:
        """Move the playhead to the middle of a step."""
        assert self.dive.analysis is not None
        span = self.dive.analysis.parse.steps[step]
        self.window.transport.seek((span.start_frame + span.end_frame) // 2)

    def picture(self, name: str, widget: QWidget | None = None, *, width_px: int | None = None) -> None:
        """Save what a widget, or the window, looks like once it has settled, as WebP; of a width where one is given."""
        run_for(_SETTLE_MS)
        wait_until(self._pictures_are_there)
        run_for(_SETTLE_MS)
        image = (widget or self.window).grab().toImage()
        if width_px is not None:
            image = image.scaledToWidth(width_px, Qt.TransformationMode.SmoothTransformation)
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        size, pixels = (image.width(), image.height()), image.constBits()
        picture = Image.frombuffer("RGB", size, pixels, "raw", "RGB", image.bytesPerLine(), 1)
        # A tenth of a PNG, and hardly a difference to be seen: the pictures of the documentation are tracked.
        picture.save(self._out / f"{name}.webp", quality=72, method=6, use_sharp_yuv=True)

    def _pictures_are_there(self) -> bool:
        """Whether each video shows its requested frame."""
        if not self.session.comparing.sides:
            return True
        panes = self.window.player.panes[: len(self.session.comparing.sides)]
        return all(pane.is_cached(pane.frame) and pane.canvas.shown_frame == pane.frame for pane in panes)

    @contextmanager
    def dialog(self, action_id: str) -> Iterator[QDialog]:
        """Context of the dialog that an action opens."""

        def dialogs() -> list[QDialog]:
            return [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]

        self.act(action_id)
        wait_until(lambda: bool(dialogs()))
        found = dialogs()
        yield found[-1]
        for one in found:
            one.close()
        run_for(20)

    def close(self) -> None:
        """Close the window."""
        self.window.close()
        run_for(20)

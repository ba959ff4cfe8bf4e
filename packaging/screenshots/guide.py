"""Screenshots of the user guide: of the start, and of the sample dive as it is scored, compared and exported."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QDeadlineTimer, QEventLoop, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from fineparser_core.errors import FineParserError
from fineparser_gui.app import Studio
from fineparser_gui.session.dive import Dive, DiveState

_PATIENCE_MS = 1_800_000
_SETTLE_MS = 500
_ENDED = (DiveState.READY, DiveState.FAILED, DiveState.NEEDS_TRIM, DiveState.CANCELLED, DiveState.MISSING)
_SIZE, _WIDTH_PX = (1440, 900), 960
_DIVE_NUMBER, _BOARD_M = "207C", 10.0
_LATER_FRAMES = 4


def take(out: Path) -> None:
    """Take the screenshots.

    Raises:
        FineParserError: the dive could not be analysed or scored.
    """
    out.mkdir(parents=True, exist_ok=True)
    studio = Studio(QApplication([]))
    studio.window.resize(*_SIZE)
    studio.window.show()
    _run_for(_SETTLE_MS)
    try:
        _first_dive(studio, out)
    finally:
        studio.window.close()
        _run_for(20)


def _first_dive(studio: Studio, out: Path) -> None:
    session, window = studio.session, studio.window

    def dive() -> Dive:
        assert session.current is not None
        return session.current

    def wait_for_answer() -> None:
        _wait_until(lambda: dive().state in _ENDED and not dive().busy and not dive().rescoring)

    studio.preferences.change(theme="light")
    _picture(studio, out / "start.webp")
    session.open([window.opener.sample()[0]])
    _wait_until(lambda: session.current is not None)
    wait_for_answer()
    if dive().state is not DiveState.READY:
        raise FineParserError(f"It was not analysed: {dive().problem}")
    session.editing.set_details(dive().key, _DIVE_NUMBER, _BOARD_M)
    wait_for_answer()
    if not dive().votes:
        raise FineParserError(f"It was not scored: {dive().problem}")
    analysis = dive().analysis
    assert analysis is not None
    _, flight, entry = analysis.parse.steps
    window.transport.seek((flight.start_frame + flight.end_frame) // 2)
    _picture(studio, out / "main.webp")

    window.actions_by_id["compare"].trigger()
    window.transport.seek(entry.start_frame)
    _picture(studio, out / "compare.webp")
    window.actions_by_id["compare"].trigger()

    for _ in range(_LATER_FRAMES):
        window.player.edits.nudge_transition(1, 1)
    wait_for_answer()
    _picture(studio, out / "corrected.webp")

    def dialogs() -> list[QDialog]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]

    window.actions_by_id["export"].trigger()
    _wait_until(lambda: bool(dialogs()))
    _picture(studio, out / "export.webp", dialogs()[-1])
    for one in dialogs():
        one.close()


def _picture(studio: Studio, path: Path, dialog: QWidget | None = None) -> None:
    """Save what a dialog, or the smaller window, looks like once it has settled and each video shows its frame."""
    sides = len(studio.session.comparing.sides)
    panes = studio.window.player.panes[:sides]
    _run_for(_SETTLE_MS)
    _wait_until(lambda: all(one.is_cached(one.frame) and one.canvas.shown_frame == one.frame for one in panes))
    _run_for(_SETTLE_MS)
    image = (dialog or studio.window).grab().toImage()
    if dialog is None:
        image = image.scaledToWidth(_WIDTH_PX, Qt.TransformationMode.SmoothTransformation)
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    size, pixels = (image.width(), image.height()), image.constBits()
    picture = Image.frombuffer("RGB", size, pixels, "raw", "RGB", image.bytesPerLine(), 1)
    # A tenth of a PNG, and hardly a difference to be seen: the pictures of the documentation are tracked.
    picture.save(path, quality=72, method=6, use_sharp_yuv=True)


def _run_for(duration_ms: int) -> None:
    """Run the event loop for a while."""
    loop = QEventLoop()
    QTimer.singleShot(duration_ms, loop.quit)
    loop.exec()


def _wait_until(condition: Callable[[], bool]) -> None:
    """Run the event loop until the condition holds.

    Raises:
        TimeoutError: the condition did not hold in time.
    """
    deadline = QDeadlineTimer(_PATIENCE_MS)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError("the window did not get there in time")
        _run_for(20)

"""`python -m fineparser_gui.screenshot CLIP --out DIR`: pictures of the real window on a real analysis."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QApplication

from fineparser_gui.app import Studio
from fineparser_gui.session.dive import DiveState
from fineparser_gui.theme import DARK, LIGHT

_PATIENCE_MS = 300_000
_SETTLE_MS = 600
_MOVED_FRAMES = 6


def wait_until(condition: Callable[[], bool], timeout_ms: int = _PATIENCE_MS) -> None:
    """Run the event loop until the condition holds.

    Raises:
        TimeoutError: it did not within the time.
    """
    deadline = QDeadlineTimer(timeout_ms)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError("the window did not get there in time")
        _run_for(20)


def _run_for(duration_ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(duration_ms, loop.quit)
    loop.exec()


def _grab_corrected(studio: Studio, path: Path) -> None:
    """The entry moved by a few frames and an exemplar left out; both undone."""
    session, window = studio.session, studio.window
    window.player.nudge_transition(1, _MOVED_FRAMES)
    wait_until(lambda: session.current is None or not session.current.rescoring)
    session.editing.leave_out(session.current.key, window.exemplars.model.vote(0).id, True)
    _run_for(_SETTLE_MS)
    window.grab().save(str(path))
    session.editing.edits.setIndex(0)
    wait_until(lambda: session.current is None or not session.current.rescoring)


def main(argv: list[str] | None = None) -> int:
    """Save main.png, corrected.png and compare.png."""
    parser = argparse.ArgumentParser(prog="python -m fineparser_gui.screenshot", description=main.__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--dive-number")
    parser.add_argument("--board", type=float)
    parser.add_argument("--in", dest="in_frame", type=int)
    parser.add_argument("--frame", type=int, help="frame to show (default: the middle of the flight)")
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--dark", action="store_true")
    arguments = parser.parse_args(argv)
    app = QApplication(sys.argv[:1])
    studio = Studio(app)
    studio.themes.use(DARK if arguments.dark else LIGHT)
    session, window = studio.session, studio.window
    width, height = (int(side) for side in arguments.size.split("x"))
    window.resize(QSize(width, height))
    window.show()
    session.open(
        [arguments.clip],
        dive_number=arguments.dive_number,
        board_m=arguments.board,
        in_frame=arguments.in_frame,
    )
    done = (DiveState.READY, DiveState.FAILED, DiveState.HELD)
    wait_until(lambda: session.current is None or (session.current.state in done and not session.current.scoring))
    arguments.out.mkdir(parents=True, exist_ok=True)
    frame = arguments.frame
    if frame is None and session.current is not None and session.current.analysis is not None:
        flight = session.current.analysis.parse.steps[1]
        frame = (flight.start_frame + flight.end_frame) // 2
    window.transport.seek(frame or 0)
    _run_for(_SETTLE_MS)
    window.grab().save(str(arguments.out / "main.png"))
    if session.current is not None and session.current.votes:
        _grab_corrected(studio, arguments.out / "corrected.png")
    best = session.best_exemplar()
    if best is not None:
        session.compare_with(best.id)
        _run_for(_SETTLE_MS)
        window.grab().save(str(arguments.out / "compare.png"))
    window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The pictures of the documentation: a coach's first evening with the program, from the clip to the saved session."""

from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from fineparser_core.errors import FineParserError
from fineparser_core.export.options import Look
from fineparser_gui.screenshots.stage import Stage, wait_until
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.session_file import write_session

_WIDTH_PX = 1120
_DIVE_NUMBER, _BOARD_M = "207C", 10.0
_LATER_FRAMES = 4


def walk(app: QApplication, out: Path, size: QSize, clip: Path | None = None, in_frame: int | None = None) -> None:
    """Take the pictures, of the sample dive or another one of the same number.

    Raises:
        FineParserError: the clip could not be analysed or scored.
    """
    with TemporaryDirectory(prefix="fineparser-walk-") as folder:
        session_file = Path(folder) / "evening.fineparser"
        _first_evening(Stage(app, out, size), session_file, clip, in_frame)
        stage = Stage(app, out, size)
        stage.window.open_paths([session_file])
        wait_until(lambda: stage.session.current is not None)
        stage.wait_for_answer()
        stage.window.transport.seek(stage.dive.analysis.parse.transitions.first_entry_frame)
        stage.picture("reopened", width_px=_WIDTH_PX)
        stage.close()


def _first_evening(stage: Stage, session_file: Path, clip: Path | None, in_frame: int | None) -> None:
    session, window = stage.session, stage.window
    stage.studio.preferences.change(theme="light")
    stage.picture("start", width_px=_WIDTH_PX)
    session.open([clip or window.open_sample_path()[0]], in_frame=in_frame)
    wait_until(lambda: session.current is not None)
    stage.wait_for_answer()
    if stage.dive.state is not DiveState.READY:
        raise FineParserError(f"{stage.dive.path} was not analysed: {stage.dive.problem}")
    session.set_details(stage.dive.key, _DIVE_NUMBER, _BOARD_M)
    stage.wait_for_answer()
    if not stage.dive.votes:
        raise FineParserError(f"{stage.dive.path} was not scored: {stage.dive.problem}")
    stage.show_middle_of(1)
    stage.picture("main", width_px=_WIDTH_PX)

    entry = stage.dive.analysis.parse.steps[2]
    window.transport.seek(entry.start_frame)
    for _ in range((entry.end_frame - entry.start_frame) // 8):  # to where the hands reach the water
        stage.act("step_forward")
    stage.picture("entry", width_px=_WIDTH_PX)

    stage.act("compare")
    window.transport.seek(entry.start_frame)
    stage.picture("compare", width_px=_WIDTH_PX)
    stage.act("compare")

    for _ in range(_LATER_FRAMES):
        stage.act("entry_later")
    stage.wait_for_answer()
    stage.picture("corrected", width_px=_WIDTH_PX)
    with stage.dialog("export") as dialog:
        stage.picture("export", dialog)
    written = session_file.with_name("dive.mp4")
    session.exports.clip(stage.dive.key, written, Look())
    wait_until(lambda: not session.exports.busy)
    if not written.is_file():
        raise FineParserError(f"{written.name} was not written: {[one.message for one in session.exports.exports]}")
    write_session(session.snapshot(), session_file)
    stage.close()

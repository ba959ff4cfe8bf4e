"""Screenshots of the user guide, from the first clip to the saved session."""

from pathlib import Path
from tempfile import TemporaryDirectory

from photographer import Photographer, wait_until
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from fineparser_core.errors import FineParserError
from fineparser_core.export.jobs import ClipJob
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.session_file import write_session

_WIDTH_PX = 960
_DIVE_NUMBER, _BOARD_M = "207C", 10.0
_LATER_FRAMES = 4

Frames = tuple[int | None, int | None]


def walk(app: QApplication, out: Path, size: QSize, clip: Path | None = None, frames: Frames = (None, None)) -> None:
    """Take the screenshots, of the sample dive or of another one of the same number.

    Args:
        frames: first and last frame of that dive; None where it begins or ends with the file.

    Raises:
        FineParserError: the clip could not be analysed or scored.
    """
    with TemporaryDirectory(prefix="fineparser-walk-") as folder:
        photographer = Photographer(app, out, size)
        try:
            _first_evening(photographer, Path(folder) / "evening.fineparser", clip, frames)
        finally:
            photographer.close()


def _first_evening(photographer: Photographer, session_file: Path, clip: Path | None, frames: Frames) -> None:
    session, window = photographer.session, photographer.window
    photographer.studio.preferences.change(theme="light")
    photographer.picture("start", width_px=_WIDTH_PX)
    session.open([clip or window.opener.sample()[0]], in_frame=frames[0], out_frame=frames[1])
    wait_until(lambda: session.current is not None)
    photographer.wait_for_answer()
    if photographer.dive.state is not DiveState.READY:
        raise FineParserError(f"It was not analysed: {photographer.dive.problem}")
    session.editing.set_details(photographer.dive.key, _DIVE_NUMBER, _BOARD_M)
    photographer.wait_for_answer()
    if not photographer.dive.votes:
        raise FineParserError(f"It was not scored: {photographer.dive.problem}")
    photographer.show_middle_of(1)
    photographer.picture("main", width_px=_WIDTH_PX)

    entry = photographer.dive.analysis.parse.steps[2]
    photographer.act("compare")
    window.transport.seek(entry.start_frame)
    photographer.picture("compare", width_px=_WIDTH_PX)
    photographer.act("compare")

    for _ in range(_LATER_FRAMES):
        window.player.edits.nudge_transition(1, 1)
    photographer.wait_for_answer()
    photographer.picture("corrected", width_px=_WIDTH_PX)
    with photographer.dialog("export") as dialog:
        photographer.picture("export", dialog)
    written = session_file.with_name("dive.mp4")
    session.exports.add(ClipJob(path=written, analysis=photographer.dive.analysis))
    wait_until(lambda: not session.exports.busy)
    if not written.is_file():
        raise FineParserError(f"{written.name} was not written: {[one.message for one in session.exports.exports]}")
    write_session(session.snapshot(), session_file)

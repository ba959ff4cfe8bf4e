"""The command `fineparser-gui [CLIP …]`, which opens the window with clips."""

import argparse
import importlib.util
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from fineparser_core.errors import ExitCode
from fineparser_core.language import Phrase
from fineparser_core.support.atomic import is_full, try_writing
from fineparser_core.support.processes import is_frozen, own_process
from fineparser_gui.support.display import display_problem

_NO_QT = "fineparser-gui: the window needs Qt, which is not installed: run `python -m pip install 'fineparser[gui]'`."


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or a sentence; argparse hides a full disk."""
        stream = sys.stderr if file is sys.stderr else sys.stdout
        try:
            print(message, end="", file=stream, flush=True)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # Python would try again at its end
            sys.exit(ExitCode.OUTPUT)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Parse the command line: clips, and dive number, board and frames of a single clip."""
    parser = _Parser(prog="fineparser-gui", description="Opens the FineParser window.")
    about = "video file, folder of videos, or session file"
    parser.add_argument("clips", nargs="*", type=lambda path: Path(path).absolute(), metavar="CLIP", help=about)
    parser.add_argument("--dive-number", metavar="NUMBER", help="e.g. 207C")
    parser.add_argument("--board", type=float, metavar="M", help="1, 3, 5, 7.5 or 10")
    parser.add_argument("--start-frame", type=int, metavar="F", help="first frame of the dive, 0-based")
    parser.add_argument("--end-frame", type=int, metavar="F", help="last frame of the dive, included")
    parser.add_argument("--session", type=int, default=0, help=argparse.SUPPRESS)  # of a program that begins anew
    # For builds, not for users: the app asks no questions and quits by itself.
    parser.add_argument("--self-test", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def own_folder(path: Path) -> tuple[Path | None, str]:
    """Create the folder of settings, store and exemplars.

    Returns:
        The folder and "". Where it cannot be written, a message for the user, with the folder where only space is
        missing: what is in it can be read, and space may be made; else with None.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        try_writing(path)
        with suppress(OSError):  # a disk that knows no permissions
            path.chmod(0o700)
        return path, ""
    except OSError as error:
        return path if is_full(error) and path.is_dir() else None, Phrase(
            "Settings are not kept as {0} cannot be written ({1}): make room on its disk, or check its permissions.",
            path,
            error.strerror or str(error),
        )


def main() -> int:
    """Run the program until the window is closed; returns the exit code."""
    arguments = parse_arguments(sys.argv[1:])
    if importlib.util.find_spec("PySide6") is None:
        print(_NO_QT, file=sys.stderr)
        return 1
    # Before anything of Qt is loaded, which would end in a traceback where a library of the system is missing.
    if refusal := display_problem():
        print(f"fineparser-gui: {refusal}", file=sys.stderr)
        return ExitCode.USAGE
    import platformdirs

    from fineparser_core.constants import BOARDS_M
    from fineparser_core.diving.dive_number import parse_dive_number
    from fineparser_core.errors import ConfigError, FineParserError
    from fineparser_core.language import UNITS, translated
    from fineparser_gui.app import Application, Studio
    from fineparser_gui.preferences.store import PreferenceStore
    from fineparser_gui.session.session_file import SUFFIX
    from fineparser_gui.store.store import FILE_NAME
    from fineparser_gui.support.images import show_icon
    from fineparser_gui.support.log_file import report_unexpected, start_logging
    from fineparser_gui.support.translation import install_language

    try:
        if arguments.board not in (None, *BOARDS_M):
            boards = ", ".join(f"{board:g}" for board in BOARDS_M)
            raise ConfigError("--board {0:g} is not a board: choose one of {1}.", arguments.board, boards)
        number = str(parse_dive_number(arguments.dive_number)) if arguments.dive_number else None
    except FineParserError as error:
        print(f"fineparser-gui: {error}", file=sys.stderr)
        return error.exit_code
    data = platformdirs.user_data_path("fineparser", appauthor=False)
    folder, problem = own_folder(data)
    if folder is not None:
        start_logging(folder)
    app = Application(sys.argv[:1])
    show_icon(app)
    preferences = PreferenceStore(folder).now
    install_language(app, preferences.language)
    os.environ[UNITS] = preferences.units
    cache, _ = own_folder(platformdirs.user_cache_path("fineparser", appauthor=False) / "analyses")
    studio = Studio(app, folder, cache, data / FILE_NAME, writable=not problem)
    studio.window.shown_first.connect(app.collect_garbage)  # pyqtgraph is loaded by then
    report_unexpected(studio.window.tell_unexpected)
    app.file_opened.connect(lambda path: studio.window.opener.open_paths([path]))
    if arguments.self_test is not None:
        from fineparser_gui.self_test import SelfTest

        SelfTest(studio, arguments.self_test)
    studio.window.show()
    if problem:
        studio.session.problem.emit(translated(problem))
    if arguments.session:
        studio.files.open_session(arguments.session)
    elif not arguments.clips:
        studio.files.open_crashed()
    clips = [path for path in arguments.clips if path.suffix.lower() != SUFFIX]
    for path in arguments.clips:
        if path not in clips:
            studio.window.files.open_path(path)
    if clips:
        studio.window.opener.add_videos(
            clips,
            dive_number=number,
            board_m=arguments.board,
            in_frame=arguments.start_frame,
            out_frame=arguments.end_frame,
        )
    code = app.exec()
    if (session := studio.window.begins_anew_with) is not None:
        program = [sys.executable] if is_frozen() else own_process("fineparser_gui")
        try:
            subprocess.Popen([*program, "--session", str(session)])
        except OSError as error:  # the program has been moved or replaced meanwhile
            logging.getLogger(__name__).error("the program does not begin anew: %s", error)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""`python packaging/screenshots/take.py OUT`: every panel and dialog, light and dark, at 1x and 2x.

Each scale runs in a separate process, because Qt reads it at start. Without a display, they run under Xvfb or, where
that is not installed, offscreen, where text may look different.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from fineparser_core.errors import FineParserError

_SCALES = (1, 2)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python packaging/screenshots/take.py", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--guide", action="store_true", help="the pictures of the user guide instead")
    parser.add_argument("--clip", type=Path, help="of another dive than the sample (guide)")
    parser.add_argument("--start-frame", type=int, metavar="F", help="first frame of that dive")
    parser.add_argument("--end-frame", type=int, metavar="F", help="its last frame, which a cut-off file needs")
    parser.add_argument("--size", default="1440x900", metavar="WxH", help="of the window")
    parser.add_argument("--scale", type=int, choices=_SCALES, help="this scale alone")
    parser.add_argument("--theme", choices=("light", "dark"), help="this theme alone")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process
    return parser.parse_args(argv)


def in_a_process(arguments: list[str], scale: int) -> int:
    """Run this script in a new process at a scale; returns its exit status."""
    environment = os.environ | {"QT_SCALE_FACTOR": str(scale)}
    command = [sys.executable, __file__, "--here", "--scale", str(scale), *arguments]
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if shutil.which("xvfb-run"):
            command = ["xvfb-run", "-a", "-s", "-screen 0 3840x2400x24", *command]
            environment["QT_QPA_PLATFORM"] = "xcb"
        else:
            environment["QT_QPA_PLATFORM"] = "offscreen"
    return subprocess.run(command, env=environment, check=False).returncode


def take(arguments: argparse.Namespace) -> None:
    """Take the screenshots on the present display."""
    from guide import walk
    from photographer import Photographer
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QApplication
    from scenes import take_all

    app = QApplication(sys.argv[:1])
    width, height = (int(side) for side in arguments.size.split("x"))
    if arguments.guide:
        frames = arguments.start_frame, arguments.end_frame
        walk(app, arguments.out, QSize(width, height), arguments.clip, frames)
        return
    with TemporaryDirectory(prefix="fineparser-pictures-") as folder:
        photographer = Photographer(app, arguments.out / f"{arguments.scale}x", QSize(width, height), Path(folder))
        take_all(photographer, (arguments.theme,) if arguments.theme else ("light", "dark"))
        photographer.close()


def main(argv: list[str] | None = None) -> int:
    """Take all screenshots."""
    arguments = parse_arguments(argv)
    if arguments.here:
        try:
            take(arguments)
        except FineParserError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        return 0
    passed = [str(arguments.out), "--size", arguments.size]
    passed += ["--theme", arguments.theme] if arguments.theme else []
    if arguments.guide:
        passed += ["--guide", *(["--clip", str(arguments.clip)] if arguments.clip else [])]
        for option, frame in (("--start-frame", arguments.start_frame), ("--end-frame", arguments.end_frame)):
            passed += [option, str(frame)] if frame is not None else []
        return in_a_process(passed, arguments.scale or 1)
    scales = (arguments.scale,) if arguments.scale else _SCALES
    return max(in_a_process(passed, scale) for scale in scales)


if __name__ == "__main__":
    sys.exit(main())

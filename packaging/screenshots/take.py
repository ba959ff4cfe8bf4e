"""`python packaging/screenshots/take.py OUT`: the pictures of the user guide, of the sample dive or of another one.

Without a display, it runs under Xvfb or, where that is not installed, offscreen, where text may look different.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

_SHOWN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main() -> int:
    """Take the pictures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--clip", type=Path, help="of another dive than the sample, of the same number")
    parser.add_argument("--start-frame", type=int, metavar="F", help="first frame of that dive")
    parser.add_argument("--end-frame", type=int, metavar="F", help="its last frame, which a cut-off file needs")
    parser.add_argument("--size", default="1440x900", metavar="WxH", help="of the window")
    args = parser.parse_args()
    if sys.platform == "linux" and not any(map(os.environ.get, _SHOWN)):
        found = shutil.which("xvfb-run")
        run = [found, "-a", "-s", "-screen 0 3840x2400x24"] if found else []
        environment = os.environ | {"QT_QPA_PLATFORM": "xcb" if found else "offscreen"}
        return subprocess.run([*run, sys.executable, *sys.argv], env=environment, check=False).returncode
    from guide import walk
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QApplication

    from fineparser_core.errors import FineParserError

    width, height = (int(side) for side in args.size.split("x"))
    try:
        walk(QApplication(sys.argv[:1]), args.out, QSize(width, height), args.clip, (args.start_frame, args.end_frame))
    except FineParserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python packaging/screenshots/take.py OUT`: the pictures of the user guide, of the sample dive.

Without a display, it runs under Xvfb or, where that is not installed, offscreen, where text may look different.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_SHOWN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main() -> int:
    """Take the pictures; return the exit code."""
    if sys.platform == "linux" and not any(map(os.environ.get, _SHOWN)):
        found = shutil.which("xvfb-run")
        run = [found, "-a", "-s", "-screen 0 3840x2400x24"] if found else []
        environment = os.environ | {"QT_QPA_PLATFORM": "xcb" if found else "offscreen"}
        return subprocess.run([*run, sys.executable, *sys.argv], env=environment, check=False).returncode
    from guide import take

    from fineparser_core.errors import FineParserError

    try:
        take(Path(sys.argv[1]))
    except FineParserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) == 2 else __doc__)

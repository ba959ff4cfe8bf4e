"""A disk with four kilobytes left: the window and the command line say one sentence each, and nothing falls over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
#: Puts a nearly full file system of 64 KiB over the folder $0, in a name space of its own, and runs the rest there.
_FULL = 'mount -t tmpfs -o size=64k,mode=777 full "$0" && head -c 60000 /dev/zero > "$0/filler" && exec "$@"'

#: What follows the name of a file.
NO_ROOM = "cannot be written (No space left on device): make room on its disk, or choose another one."


def on_full_disk(folder, *command):
    """Runs a command in whose home, the folder, nothing can be written."""
    environment = {key: text for key, text in os.environ.items() if not key.startswith("XDG_")}
    environment |= {
        "TMPDIR": str(folder.parent),
        "HOME": str(folder),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(_ROOT),
    }
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", _FULL, str(folder), *command],
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def home(tmp_path):
    """A folder to put the file system over."""
    folder = tmp_path / "home"
    folder.mkdir()
    if sys.platform != "linux" or on_full_disk(folder, "true").returncode != 0:
        pytest.skip("no file system can be mounted here")
    return folder


def test_the_window_says_so(home, tmp_path):
    done = on_full_disk(home, sys.executable, "-P", "-m", "fineparser_gui", "--self-test", str(tmp_path))
    # What Qt says of a plugin without a screen.
    assert [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line] == []
    (said,) = json.loads((tmp_path / "self-test.json").read_text(encoding="utf-8"))["problems"]
    kept = home / ".local" / "share" / "fineparser"
    assert said == (
        f"Settings are not kept as {kept} cannot be written (No space left on device): "
        "make room on its disk, or check its permissions."
    )


def test_the_command_line_says_so_before_it_works(home):
    command = [sys.executable, "-P", "-m", "fineparser_core.commands.cli", "demo", "--out", str(home / "out")]
    done = on_full_disk(home, *command)
    assert done.returncode == 7
    assert done.stderr == f"fineparser: {home / 'out'} {NO_ROOM}\n"

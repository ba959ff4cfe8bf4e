"""What helps a coach where something is wrong, and files that the desktop opens."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="ends another way there")
def test_a_crash_inside_a_library_leaves_where_it_was(tmp_path):
    program = (
        "import faulthandler, sys; from pathlib import Path\n"
        "from fineparser_gui.support.log_file import start_logging\n"
        "start_logging(Path(sys.argv[1])); faulthandler._sigsegv()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True)
    assert done.returncode != 0
    assert "Segmentation fault" in (tmp_path / "logs" / "crash.log").read_text(encoding="utf-8")
    subprocess.run([sys.executable, "-c", program.rpartition(";")[0], str(tmp_path)], check=True)  # the next start
    assert "Segmentation fault" in (tmp_path / "logs" / "crash.log").read_text(encoding="utf-8")


def test_a_file_that_the_desktop_opens_reaches_the_window():
    program = (
        "from PySide6.QtCore import QCoreApplication; from PySide6.QtGui import QFileOpenEvent\n"
        "from fineparser_gui.app import Application\n"
        "app = Application([]); app.file_opened.connect(lambda path: print(path.name))\n"
        "QCoreApplication.sendEvent(app, QFileOpenEvent('/clips/erster Sprung.mp4'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "erster Sprung.mp4"

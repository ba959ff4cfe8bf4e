"""Where no window can be opened, or nothing be kept, one sentence says so."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fineparser_gui.__main__ import own_folder
from fineparser_gui.support import display

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")


def test_no_display_is_told_with_a_way_out():
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    done = subprocess.run([sys.executable, "-m", "fineparser_gui"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "fineparser-gui: there is no display here for a window: `fineparser score CLIP` works without one."
    ]


@pytest.mark.parametrize(
    ("apt", "remedy"), [("/usr/bin/apt", "`sudo apt install libxcb-icccm4`"), (None, "packages of")]
)
def test_the_packages_are_named_on_debian(monkeypatch, apt, remedy):
    monkeypatch.setattr(display.shutil, "which", lambda _: apt)
    assert remedy in display.install_sentence(["libxcb-icccm.so.4"])


def test_a_display_that_is_not_there_is_told():
    if display.missing_libraries("xcb"):
        pytest.skip("this system has no libraries for windows")
    assert ":4711" in (display.display_problem({"DISPLAY": ":4711"}) or "")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "taken").touch()
    folder, sentence = own_folder(tmp_path / "taken" / "fineparser")
    assert folder is None
    assert "are not kept" in sentence
    assert own_folder(tmp_path / "new" / "fineparser") == (tmp_path / "new" / "fineparser", "")
    assert list((tmp_path / "new" / "fineparser").iterdir()) == []
    if os.name != "nt":  # names of children on a shared computer
        (tmp_path / "new" / "fineparser").chmod(0o755)
        own_folder(tmp_path / "new" / "fineparser")
        assert stat.S_IMODE((tmp_path / "new" / "fineparser").stat().st_mode) == 0o700


def test_a_folder_without_room_is_one_sentence_and_still_read(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fineparser_gui.__main__.try_writing", full)
    folder, said = own_folder(tmp_path / "fineparser")
    assert folder == tmp_path / "fineparser"
    assert said.endswith("(No space left on device): make room on its disk, or check its permissions.")
    assert said.count(". ") == 0


@pytest.mark.parametrize("environment", [{"QT_QPA_PLATFORM": "offscreen"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_other_platforms_are_qts_own_business(environment):
    assert display.display_problem(environment) is None


#: Presses the buttons of the start page, with real events of the display's mouse, and closes what each opens.
PRESS = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from answers_kit import SilentWorker
from fineparser_gui import app
app.WorkerClient = SilentWorker
program = app.Application(sys.argv[:1])
studio = app.Studio(program, Path(sys.argv[1]))
window, opened = studio.window, {}
window.show()
assert QTest.qWaitForWindowExposed(window)

def close_others():
    for other in program.topLevelWidgets():
        if other is not window and other.isVisible() and other.isWindow():
            opened[pressed].append(type(other).__name__)
            other.close()

timer = QTimer(interval=100)
timer.timeout.connect(close_others)
timer.start()
for button in window.empty.findChildren(QPushButton):
    if button.isVisible() and button.isEnabled():
        pressed = button.text()
        opened[pressed] = []
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        QTest.qWait(300)
timer.stop()
colors = window.grab().toImage()
drawn = {colors.pixel(x, y) for x in range(0, colors.width(), 7) for y in range(0, colors.height(), 7)}
dives = [dive.path.name for dive in studio.session.dives]
window.close()
print(json.dumps({"platform": program.platformName(), "opened": opened, "dives": dives, "colors": len(drawn)}))
"""


@pytest.fixture
def x_display():
    """The display of an X server that draws into memory."""
    if shutil.which("Xvfb") is None or display.missing_libraries("xcb"):
        pytest.skip("there is no Xvfb here, or no libraries for windows")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


def test_the_start_page_is_pressed_on_a_real_x_server(x_display, tmp_path):
    tests = Path(__file__).resolve().parents[1]
    paths = os.pathsep.join(map(str, (tests.parent, tests, tests / "gui")))
    environment = {**os.environ, "DISPLAY": x_display, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8"}
    environment.pop("WAYLAND_DISPLAY", None)
    command = [sys.executable, "-c", PRESS, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["platform"] == "xcb"
    assert {name: bool(windows) for name, windows in found["opened"].items()} == {
        "Open video…": True,
        "Record at the pool…": True,
        "Meet…": True,
        "Open the sample dive": False,
    }
    assert found["dives"] == ["sample.mp4"]
    assert found["colors"] > 10

"""Where no window can be opened, or nothing be kept, one sentence says so."""

import errno
import os
import stat
import subprocess
import sys

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

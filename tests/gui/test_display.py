"""Where no window can be opened, or nothing be kept, one sentence says so."""

import ctypes
import errno
import os
import subprocess
import sys

import pytest

from fineparser_gui import display
from fineparser_gui.__main__ import own_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")


def test_no_display_is_told_with_a_way_out():
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    done = subprocess.run(
        [sys.executable, "-m", "fineparser_gui"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "fineparser-gui: there is no display here for a window: `fineparser score CLIP` works without one."
    ]


def test_a_missing_library_is_named(monkeypatch):
    def load(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert "libxcb-cursor0" in (display.display_problem({"DISPLAY": ":0"}) or "")


def test_a_display_that_is_not_there_is_told():
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError:
        pytest.skip("this system has no libraries for windows")
    assert ":4711" in (display.display_problem({"DISPLAY": ":4711"}) or "")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "taken").touch()
    folder, sentence = own_folder(tmp_path / "taken" / "fineparser")
    assert folder is None
    assert "are not kept" in sentence
    assert own_folder(tmp_path / "new" / "fineparser") == (tmp_path / "new" / "fineparser", "")
    assert list((tmp_path / "new" / "fineparser").iterdir()) == []


def test_a_folder_without_room_is_one_sentence_and_still_read(tmp_path, monkeypatch):
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fineparser_gui.__main__.try_writing", full)
    folder, said = own_folder(tmp_path / "fineparser")
    assert folder == tmp_path / "fineparser"
    assert said.endswith("(No space left on device): make room on its disk.")
    assert said.count(". ") == 0


@pytest.mark.parametrize("environment", [{"QT_QPA_PLATFORM": "offscreen"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_other_platforms_are_qts_own_business(environment):
    assert display.display_problem(environment) is None

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
    ("system", "command"),
    [
        ("ID=debian", "sudo apt install libxcb-icccm4 libxcb-keysyms1"),
        ('ID=zorin\nID_LIKE="ubuntu debian"', "sudo apt install libxcb-icccm4 libxcb-keysyms1"),
        ("ID=fedora", "sudo dnf install xcb-util-keysyms xcb-util-wm"),
        ('ID="rhel"\nID_LIKE="fedora"', "sudo dnf install xcb-util-keysyms xcb-util-wm"),
        ("ID=manjaro\nID_LIKE=arch", "sudo pacman -S xcb-util-keysyms xcb-util-wm"),
    ],
)
def test_the_packages_are_named_as_the_system_calls_them(tmp_path, monkeypatch, system, command):
    (tmp_path / "os-release").write_text(f"NAME=x\n{system}\n", encoding="utf-8")
    monkeypatch.setattr(display, "_OS_RELEASE", tmp_path / "os-release")
    libraries = ["libxcb-icccm.so.4", "libxcb-keysyms.so.1"]
    assert display.install_sentence(libraries) == (
        f"Qt needs libxcb-icccm.so.4, libxcb-keysyms.so.1: run `{command}` and try again."
    )


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
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fineparser_gui.__main__.try_writing", full)
    folder, said = own_folder(tmp_path / "fineparser")
    assert folder == tmp_path / "fineparser"
    assert said.endswith("(No space left on device): make room on its disk, or check its permissions.")
    assert said.count(". ") == 0


@pytest.mark.parametrize("environment", [{"QT_QPA_PLATFORM": "offscreen"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_other_platforms_are_qts_own_business(environment):
    assert display.display_problem(environment) is None

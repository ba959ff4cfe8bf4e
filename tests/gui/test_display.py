"""Where no window can be opened, one sentence says so."""

import ctypes
import os
import subprocess
import sys

import pytest

from fineparser_gui import display

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


@pytest.mark.parametrize("environment", [{"QT_QPA_PLATFORM": "offscreen"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_other_platforms_are_qts_own_business(environment):
    assert display.display_problem(environment) is None

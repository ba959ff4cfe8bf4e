"""Settings files that are damaged or malicious: the program starts, with defaults in place of what is wrong."""

import sys
from random import Random

import pytest
from hostile_sessions import odd_files
from hostile_settings import SETTINGS
from sandbox import RIGHT

from fineparser_gui.preferences.store import PreferenceStore

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox reads /proc")

_ACTION = "window_actions:start_with_settings"
_QUICK = ("as they should be", "a theme, nested", "a version of many digits", "a variant of a user's type")


def _started(name, outcome):
    assert outcome.kind == RIGHT, (name, outcome)
    return outcome.value


@pytest.mark.parametrize("names", [_QUICK, pytest.param(tuple(SETTINGS), marks=pytest.mark.hostile)])
def test_the_program_starts_with_any_settings(sandbox, tmp_path, names):
    for name in names:
        path = tmp_path / "any.ini"
        path.write_bytes(SETTINGS[name]())
        value = _started(name, sandbox.run(_ACTION, path))
        expected = ("dark", 5) if name == "as they should be" else ("system", 10)
        assert (value["theme"], value["n_exemplars"]) == expected, name


@pytest.fixture(scope="module")
def settings(sandbox, tmp_path_factory):
    """The settings files that a window leaves."""
    outcome = sandbox.run("window_actions:left_settings", tmp_path_factory.mktemp("settings"))
    assert outcome.kind == RIGHT, outcome
    return {name: text.encode() for name, text in outcome.value.items()}


def _flipped(data, place):
    return data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("every", [211, pytest.param(1, marks=pytest.mark.hostile)])
def test_flipped_bits_lose_at_most_a_preference(settings, tmp_path, every):
    for place in range(0, 8 * len(settings["settings.ini"]), every):
        (tmp_path / "settings.ini").write_bytes(_flipped(settings["settings.ini"], place))
        PreferenceStore(tmp_path).change(mask_opacity=55)
        assert PreferenceStore(tmp_path).now.mask_opacity == 55, place


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("n", [3, pytest.param(100, marks=pytest.mark.hostile)])
@pytest.mark.parametrize("name", ["settings.ini", "window.ini"])
def test_a_window_opens_with_flipped_bits(settings, sandbox, tmp_path, name, n):
    for place in Random(63).sample(range(8 * len(settings[name])), n):
        (tmp_path / name).write_bytes(_flipped(settings[name], place))
        _started(f"bit {place} of {name}", sandbox.run(_ACTION, tmp_path / name))


@pytest.mark.hostile
def test_the_program_starts_with_what_is_no_file_for_settings(sandbox, tmp_path):
    found = odd_files(tmp_path / "odd")
    for name in ("folder", "pipe", "loop", "device", "sparse"):
        value = _started(name, sandbox.run(_ACTION, found[name]))
        assert value["kept"], name  # aside

"""Settings files that are damaged or malicious: the program starts, with defaults in place of what is wrong."""

import sys
from pathlib import Path

import pytest
from hostile_sessions import odd_files
from hostile_settings import SETTINGS
from sandbox import RIGHT, Outcome, Sandbox, Tally

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox reads /proc")

_ACTION = "window_actions:start_with_settings"
_QUICK = ("as they should be", "a theme, nested", "a version of many digits", "a null character in a last folder")


def _started(tally: Tally, name: str, outcome: Outcome) -> dict:
    tally.add("settings", name, outcome)
    assert outcome.kind == RIGHT, (name, outcome)
    return outcome.value


@pytest.mark.parametrize("names", [_QUICK, pytest.param(tuple(SETTINGS), marks=pytest.mark.hostile)])
def test_the_program_starts_with_any_settings(
    sandbox: Sandbox, tally: Tally, tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        path = tmp_path / "any.ini"
        path.write_bytes(SETTINGS[name]())
        value = _started(tally, name, sandbox.run(_ACTION, path))
        expected = ("dark", 5) if name == "as they should be" else ("system", 10)
        assert (value["theme"], value["n_exemplars"]) == expected, name
        assert value["recent"] <= 8


@pytest.mark.hostile
def test_the_program_starts_with_what_is_no_file_for_settings(sandbox: Sandbox, tally: Tally, tmp_path: Path) -> None:
    found = odd_files(tmp_path / "odd")
    for name in ("folder", "pipe", "loop", "device", "sparse"):
        value = _started(tally, name, sandbox.run(_ACTION, found[name]))
        assert value["kept"], name  # aside

import json
import subprocess
import sys

import pytest

from fineparser_core.errors import ConfigError
from fineparser_core.training import provenance

SETTINGS = {"config": {"lr": 0.001, "freeze": ("i3d",)}, "data": {"labels": "abc"}}


def open_run(out, settings, *, resume):
    with provenance.open_run(out, settings, resume=resume):
        pass


def begin(out):
    open_run(out, SETTINGS, resume=False)
    (out / "train.pt").write_bytes(b"weights")


def test_a_new_folder_is_made_and_stamped(tmp_path):
    out = tmp_path / "new" / "run"
    open_run(out, SETTINGS, resume=False)
    stamp = json.loads((out / "run.json").read_bytes())
    assert stamp["settings"] == {"config": {"lr": 0.001, "freeze": ["i3d"]}, "data": {"labels": "abc"}}
    open_run(out, SETTINGS | {"data": {}}, resume=False)  # a stamp alone is no run yet


def test_a_run_goes_on_when_asked_to_and_with_the_same_settings_alone(tmp_path):
    begin(tmp_path)
    with pytest.raises(ConfigError, match="holds a run already: add --resume"):
        open_run(tmp_path, SETTINGS, resume=False)
    open_run(tmp_path, SETTINGS, resume=True)
    with pytest.raises(ConfigError, match=r"started with config\.lr = 0\.001, not 0\.01"):
        open_run(tmp_path, SETTINGS | {"config": {"lr": 0.01, "freeze": ("i3d",)}}, resume=True)
    with pytest.raises(ConfigError, match=r"started with config\.freeze = \['i3d'\], not None"):
        open_run(tmp_path, SETTINGS | {"config": {"lr": 0.001}}, resume=True)
    with pytest.raises(ConfigError, match=r"started with data\.labels = 'abc', not 'xyz'"):
        open_run(tmp_path, SETTINGS | {"data": {"labels": "xyz"}}, resume=True)


def test_going_on_clears_away_what_a_killed_run_left_half_written(tmp_path, left_half_written):
    begin(tmp_path)
    left_half_written(tmp_path / "train.pt")
    open_run(tmp_path, SETTINGS, resume=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "run.lock", "run.pid", "train.pt"]


HOLD = """
import sys
from pathlib import Path
from fineparser_core.training.provenance import open_run
with open_run(Path(sys.argv[1]), {}, resume=True):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_folder_until_that_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            named = rf"is in use by process {holder.pid} on .+ since 2\d\d\d-.*: wait until that has ended, end it, or"
            for resume in (True, False):
                with pytest.raises(ConfigError, match=named):
                    open_run(tmp_path, {}, resume=resume)
        finally:
            holder.kill()
    open_run(tmp_path, {}, resume=True)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_stamp_is_named(tmp_path, content):
    begin(tmp_path)
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"run\.json is damaged"):
        open_run(tmp_path, SETTINGS, resume=True)

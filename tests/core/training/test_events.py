"""What a run tells: lines that are whole, once each, and TensorBoard where there is one."""

import builtins
import json
import math
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fineparser_core.training.events import FILE_NAME, Events


@pytest.fixture
def no_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if "tensorboard" in name:
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()]


def test_tensorboard_gets_scalars_and_images(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = Events(tmp_path)
    for iteration in (1, 2):
        events.write("train", iteration, {"total": 1.5 / iteration, "mask": math.nan})
    events.images("masks", "athlete", 1, np.zeros((8, 12, 3), np.uint8))
    events.close()
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [(e.step, e.value) for e in board.Scalars("train/total")] == [(1, 1.5), (2, 0.75)]
    assert board.Tags()["scalars"] == ["train/total"]
    image = board.Images("masks/athlete")[0]
    assert (image.width, image.height) == (12, 8)


@pytest.mark.usefixtures("no_tensorboard")
def test_without_tensorboard_the_lines_are_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        events = Events(tmp_path)
    assert "TensorBoard is not installed" in caplog.text
    events.write("train", 1, {"total": 2.0})
    events.images("masks", "athlete", 1, np.zeros((8, 12, 3), np.uint8))
    events.close()
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert lines(tmp_path) == [{"stage": "train", "iteration": 1, "total": 2.0}]


def test_other_processes_write_nothing(tmp_path: Path) -> None:
    events = Events(tmp_path, on=False)
    events.write("train", 1, {"total": 2.0})
    events.images("masks", "athlete", 1, np.zeros((8, 12, 3), np.uint8))
    events.cut("train", 0)
    events.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_tensorboard")
def test_values_that_json_lacks_are_left_out(tmp_path: Path) -> None:
    Events(tmp_path).write("train", 1, {"total": math.inf, "mask": math.nan, "regression": np.float32(0.5)})
    assert lines(tmp_path) == [{"stage": "train", "iteration": 1, "regression": 0.5}]


@pytest.mark.usefixtures("no_tensorboard")
def test_a_run_that_goes_on_drops_what_it_will_tell_again(tmp_path: Path) -> None:
    events = Events(tmp_path)
    events.cut("train", 0)  # nothing there yet
    for iteration in (1, 2, 3):
        events.write("train", iteration, {"total": float(iteration)})
    events.write("validation", 3, {"rho": 0.5})
    with (tmp_path / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write('{"stage": "train", "itera')
    again = Events(tmp_path)
    again.cut("train", 1)
    again.write("train", 2, {"total": 2.0})
    assert [(event["stage"], event["iteration"]) for event in lines(tmp_path)] == [
        ("train", 1),
        ("validation", 3),
        ("train", 2),
    ]


@pytest.mark.parametrize("fails", ["start_run", "log_metrics", "end_run"])
def test_a_server_of_mlflow_that_is_gone_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise ConnectionError

    told = {name: lost if name == fails else lambda *_, **__: None for name in ("start_run", "log_metrics", "end_run")}
    monkeypatch.setitem(sys.modules, "mlflow", types.SimpleNamespace(**told))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    events = Events(tmp_path)
    events.write("train", 1, {"total": 0.5})
    events.write("train", 2, {"total": 0.4})
    events.close()
    assert len(lines(tmp_path)) == 2

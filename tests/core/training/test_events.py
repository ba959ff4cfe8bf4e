import builtins
import json
import math

import numpy as np
import pytest

from fineparser_core.errors import ExportError
from fineparser_core.training.events import FILE_NAME, Events


@pytest.fixture
def no_tensorboard(monkeypatch):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if "tensorboard" in name:
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


def lines(folder):
    return [json.loads(line) for line in (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()]


def test_tensorboard_gets_scalars_and_images(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = Events(tmp_path)
    for iteration in (1, 2):
        events.write("train", iteration, {"total": 1.5 / iteration, "mask": math.nan})
    events.images("masks", "athlete", 1, np.zeros((8, 12, 3), np.uint8))
    events.histogram("weights/i3d", 1, np.arange(5.0))
    events.histogram("weights/none", 1, np.zeros(0))
    events.close()
    again = Events(tmp_path)
    again.go_on("train", 1)
    for iteration in (2, 3):
        again.write("train", iteration, {"total": 3.0 / iteration})
    again.close()
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [(e.step, e.value) for e in board.Scalars("train/total")] == [(1, 1.5), (2, 1.5), (3, 1.0)]
    assert board.Tags()["scalars"] == ["train/total"]
    image = board.Images("masks/athlete")[0]
    assert (image.width, image.height) == (12, 8)
    assert [event.histogram_value.num for event in board.Histograms("weights/i3d")] == [5]
    assert board.Tags()["histograms"] == ["weights/i3d"]


@pytest.mark.usefixtures("no_tensorboard")
def test_without_tensorboard_the_lines_are_all(tmp_path, caplog):
    with caplog.at_level("INFO"):
        events = Events(tmp_path)
    assert "TensorBoard is not installed" in caplog.text
    events.write("train", 1, {"total": 2.0})
    events.images("masks", "athlete", 1, np.zeros((8, 12, 3), np.uint8))
    events.close()
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert lines(tmp_path) == [{"stage": "train", "iteration": 1, "total": 2.0}]


@pytest.mark.usefixtures("no_tensorboard")
def test_events_that_cannot_be_written_end_the_run_with_a_sentence(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ExportError, match=r"events\.jsonl cannot be written \(.*\): make room"):
        Events(tmp_path).write("train", 1, {"total": 2.0})


@pytest.mark.usefixtures("no_tensorboard")
def test_values_that_json_lacks_are_left_out(tmp_path):
    Events(tmp_path).write("train", 1, {"total": math.inf, "mask": math.nan, "regression": np.float32(0.5)})
    assert lines(tmp_path) == [{"stage": "train", "iteration": 1, "regression": 0.5}]


@pytest.mark.usefixtures("no_tensorboard")
def test_a_run_that_goes_on_drops_what_it_will_tell_again(tmp_path):
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

import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from fineparser_core.data.finediving import load_finediving
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.progress import CancelToken
from fineparser_core.synth import dataset
from fineparser_core.synth.dataset import SynthConfig, synthesize

CONFIG = SynthConfig(train=2, test=1, seed=3)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    # Full-size dives take a second each; the layout does not depend on size and length.
    whole = dataset.render_dive
    size = {"height_px": 64, "aspect": 1.0, "n_frames": 40, "first_flight_frame": 12, "first_entry_frame": 26}

    def small(spec, seed):
        return whole(dataset.DiveSpec(dive_number=spec.dive_number, board_m=spec.board_m, **size), seed)

    monkeypatch.setattr(dataset, "render_dive", small)


@pytest.fixture
def root(tmp_path):
    synthesize(tmp_path / "data", CONFIG)
    return tmp_path / "data"


def test_layout_is_read_without_defects(root):
    data = load_finediving(root)
    assert not data.defects
    assert len(data.split("train")) == 2
    assert len(data.split("test")) == 1
    facts = json.loads((root / "rendered.json").read_bytes())
    for record in data.records.values():
        fact = facts[f"{record.key[0]}/{record.key[1]}"]
        assert record.first_flight_frame == fact["first_flight_frame"]
        assert record.first_entry_frame == fact["first_entry_frame"]
        assert record.board_m in (None, fact["board_m"])
        assert len(fact["qualities"]) == 3
        mask = cv2.imread(str(data.mask_paths(record)[record.first_flight_frame]), cv2.IMREAD_GRAYSCALE)
        assert mask.max() > 200
        assert (mask > 127).mean() < 0.5


def test_a_second_run_renders_the_missing_dives_only(root):
    records = sorted((root / ".records").iterdir())
    kept = records[0].stat().st_mtime_ns
    before = records[1].read_bytes()
    records[1].unlink()
    synthesize(root, CONFIG)
    assert records[0].stat().st_mtime_ns == kept
    assert records[1].read_bytes() == before
    assert not (root / ".partial").exists()


def test_other_settings_in_the_same_folder_are_refused(root):
    with pytest.raises(ConfigError, match="another folder"):
        synthesize(root, SynthConfig(train=2, test=1, seed=4))


def test_a_refused_folder_keeps_what_it_holds(tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "thesis.txt").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="other files"):
        synthesize(tmp_path, CONFIG)
    assert (tmp_path / ".partial" / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_cancelling_leaves_complete_dives_only(tmp_path):
    cancel = CancelToken()

    def stop_after_first(progress):
        if progress.done == 1:
            cancel.cancel()

    with pytest.raises(Cancelled):
        synthesize(tmp_path / "data", CONFIG, progress=stop_after_first, cancel=cancel)
    assert len(list((tmp_path / "data" / ".records").iterdir())) == 1
    assert not (tmp_path / "data" / ".partial").exists()
    assert not (tmp_path / "data" / "train_split.pkl").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes as Linux lists them")
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    command = [sys.executable, "-m", "fineparser_core.commands.cli", "synthesize", "--out", str(tmp_path / "data")]
    with subprocess.Popen([*command, "--train", "50", "--workers", "2"], stderr=subprocess.DEVNULL) as process:
        while not list(tmp_path.glob("data/.records/*.json")):
            assert process.poll() is None
            time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
        process.kill()
    assert len(children) >= 2

    def running(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    while any(map(running, children)):
        time.sleep(0.1)

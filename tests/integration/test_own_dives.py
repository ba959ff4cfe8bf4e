"""From a club's table and videos to trained weights, by stand-ins of which scores and transitions are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_training import see_some

from fineparser_core.checkpoints.bundle import load_fineparser
from fineparser_core.commands.cli import main
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.frame_cache import DatasetCache
from fineparser_core.data.judged_dives import read_dives
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.exemplars.records import rendered_facts
from fineparser_core.models.i3d import I3D
from fineparser_core.resources import bundled_weights, resource
from fineparser_core.training.dives import check_labels
from fineparser_core.training.presets import get_config
from fineparser_core.video.reader import VideoReader

# The smallest method, on one dive.
ONE_STEP = (
    *("--config", "i3d-mlp", "--freeze", "i3d", "--batch-norm", "fixed", "--grad-accum-steps", "1", "--limit", "1"),
    *("--epochs", "1", "--batch-size", "1", "--validation-share", "0", "--device", "cpu"),
)


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    """Four judged dives of one number, the last for testing, and one without a score."""
    folder = tmp_path_factory.mktemp("club")
    facts = rendered_facts()
    chosen = [fact for fact in facts if fact["dive_number"] == "207C"][:4]
    rows = ["Clip;Dive;Board;Points;first flight;first entry;end;Diver;split"]
    another = chosen[0] | {"score": "", "out_frame": chosen[0]["out_frame"] - 1}  # by its last frame
    for i, fact in enumerate([*chosen, another]):
        frames = f"{fact['first_flight_frame']};{fact['first_entry_frame']};{fact['out_frame']}"
        clip, score = resource("exemplars", f"{fact['id']}.mp4"), str(fact["score"]).replace(".", ",")
        rows.append(f"{clip};207C;10 m;{score};{frames};A{i};{'test' if i == 3 else ''}")
    (folder / "dives.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert main(["data", "import", str(folder / "dives.csv"), "--out", str(folder / "club.json")]) == 0
    return folder / "club.json"


def test_a_table_of_videos_is_trained_on(club, fineparser, tmp_path, monkeypatch):
    monkeypatch.setattr(I3D, "forward", see_some)
    trained = fineparser("train", *ONE_STEP, "--data", club, "--cache", tmp_path / "cache", "--out", tmp_path / "run")
    assert trained.code == 0, trained.err
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert results["data"]["name"] == "club.json"
    assert results["data"]["dives"] == 1


def test_frames_and_masks_are_those_of_the_video(club, tmp_path):
    content = json.loads(club.read_text(encoding="utf-8"))
    video = Path(content["dives"][0]["video"])
    frames = np.minimum(np.arange(10, 106), 90)
    probability = np.zeros((96, 112, 112), np.float16)
    probability[:, 40:60, 50:62] = 1
    crops = np.tile(np.array([60, 0, 300, 240], np.float32), (96, 1))
    np.savez(tmp_path / "masks.npz", frame=frames, probability=probability, crop_xyxy=crops)
    for dive in content["dives"][:2]:
        dive["masks"] = str(tmp_path / "masks.npz")
    content["dives"][0]["labelled_by"] = "weights-1"
    (tmp_path / "masked.json").write_text(json.dumps(content), encoding="utf-8")
    data = load_dataset(tmp_path / "masked.json")
    first, _, third, *_ = data.records.values()
    assert data.name == "masked.json, transitions of 1 found by weights-1, masks of 2 by weights"
    assert (first.n_frames, first.start_frame, first.first_flight_frame) == (81, 10, 20)
    with pytest.raises(AnnotationError, match="other dives have masks, it has none"):
        data.length(third)
    with VideoReader(video) as reader:
        (shown,) = data.frames(first, [5])
        assert np.array_equal(shown, reader.frame(15))
    mask = list(data.masks(first))[5]
    rows, columns = np.nonzero(mask)
    assert mask.shape == shown.shape[:2]
    assert (rows.mean(), columns.mean()) == pytest.approx((240 * 50 / 112, 60 + 240 * 56 / 112), abs=1)
    cache = DatasetCache(tmp_path / "cache", data, "follow")
    assert cache.prepare([first]) == []
    dive = cache.load(first)
    assert (dive.masks[20] > 127).any()
    assert dive.seconds == pytest.approx(80 / 25)


def test_exemplars_of_numbers_that_nobody_trained_on_are_not_drawn(club, fineparser, tmp_path):
    content = json.loads(club.read_text(encoding="utf-8"))
    content["dives"][3]["dive_number"] = "107B"
    (tmp_path / "other.json").write_text(json.dumps(content), encoding="utf-8")
    refused = fineparser("evaluate", "--data", tmp_path / "other.json", "--per-number", "2", "--device", "cpu")
    assert refused.code == 2
    assert "No training dive has a number of the dives to measure: leave --per-number away." in refused.err


def test_what_lacks_masks_is_told_how_to_get_them(club, tmp_path):
    data = load_dataset(club)
    for needs in (lambda: check_labels(data, get_config("fineparser")), lambda: DatasetCache(tmp_path, data, "follow")):
        with pytest.raises((AnnotationError, ConfigError), match="data import TABLE --label"):
            needs()
    with pytest.raises(ConfigError, match="leave --frames"):
        load_dataset(club, frames=tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_apps_own_model_goes_on_to_learn(club, fineparser, tmp_path):
    dives = [dive for dive in json.loads(club.read_text(encoding="utf-8"))["dives"] if dive.get("split") != "test"][:2]
    for dive in dives:
        del dive["first_flight_frame"], dive["first_entry_frame"]
    (tmp_path / "bare.json").write_text(
        json.dumps({"format": "fineparser-dives", "version": 1, "dives": dives}), encoding="utf-8"
    )
    settings = ["--config", "fine-tune", "--epochs", "1"]
    settings += ["--validation-share", "0", "--device", "cpu", "--cache", str(tmp_path / "cache")]
    bare = fineparser("train", *settings, "--data", tmp_path / "bare.json", "--out", tmp_path / "run")
    assert "data import TABLE --label" in bare.err
    labeled = fineparser("data", "import", tmp_path / "bare.json", "--out", tmp_path / "club.json", "--label")
    assert labeled.code == 0, labeled.err
    data = load_dataset(tmp_path / "club.json")
    assert data.has_masks
    for dive, record in zip(read_dives(tmp_path / "club.json"), data.records.values(), strict=True):
        assert None not in (dive.start_frame, dive.end_frame, dive.first_flight_frame, dive.first_entry_frame)
        assert (dive.labelled_by.startswith("fineparser"), record.has_steps) == (True, True)
        assert any(mask.any() for mask in data.masks(record))
    trained = fineparser("train", *settings, "--data", tmp_path / "club.json", "--out", tmp_path / "run")
    assert trained.code == 0, trained.err
    before, old = load_fineparser(bundled_weights())
    after, card = load_fineparser(tmp_path / "run" / "bundle")
    assert card.trained_on.startswith("2 dives of club.json, transitions of 2 found by fineparser-pose")
    assert card.trained_on.endswith(f"; before that {old.trained_on}")
    assert card.notices[0].startswith(f"Starts from {old.id} ")
    states = before.state_dict(), after.state_dict()
    moved = {
        name
        for name, value in states[0].items()
        if (value - states[1][name]).abs().max() > 1e-6 + value.abs().max() / 1e3
    }
    assert moved
    assert {name.split(".")[0] for name in moved} <= {"reducers", "dynamic_stream", "static_stream", "static_encoder"}
    clip = resource("samples", "sample.mp4")
    words = ("--dive-number", "207C", "--exemplars", "1", "--weights", tmp_path / "run" / "bundle", "--json", "-")
    scored = fineparser("score", clip, *words)
    assert scored.code == 0, scored.err
    assert json.loads(scored.out)["model"]["id"] == card.id

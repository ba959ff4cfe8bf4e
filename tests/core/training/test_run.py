import math
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from fineparser_core.checkpoints.bundle import card_of_method
from fineparser_core.config import RunSettings
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.frame_cache import DatasetCache
from fineparser_core.errors import Cancelled, ConfigError, ExportError
from fineparser_core.models.i3d import I3D
from fineparser_core.progress import CancelToken
from fineparser_core.training.initial import initial_model
from fineparser_core.training.methods import METHODS
from fineparser_core.training.presets import PRESETS, get_config
from fineparser_core.training.run import train
from fineparser_core.training.validation import best_on_test, picked_epoch


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_card_says_what_the_method_takes_and_gives_and_not_what_another_does(method):
    fields = card_of_method(get_config(method.name).model, rendered=True)
    assert fields["name"] == method.name
    assert ("exemplars" in fields["inputs"]) == ("exemplars" in fields["intended_use"]) == method.contrastive
    for label, what in (("steps", "phases"), ("masks", "masks")):
        assert (what in fields["intended_use"]) == (label in method.labels)
        assert (f"no {what}" in fields["limitations"]) == (label not in method.labels)
    assert "rendered dives" in fields["limitations"]
    assert "rendered dives" not in card_of_method(get_config(method.name).model, rendered=False)["limitations"]


def test_a_run_is_cancelled_while_it_decodes(rendered_root, tmp_path, caplog):
    settings, cancel = RunSettings(cache=tmp_path / "cache", resume=True), CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        train("i3d-mlp", rendered_root, tmp_path, settings=settings, cancel=cancel)
    assert "all weights start random: give --kinetics or --weights" in caplog.text
    assert not (tmp_path / "events.jsonl").exists()
    caplog.clear()
    (tmp_path / "train.pt").touch()
    with pytest.raises(Cancelled):
        train("i3d-mlp", rendered_root, tmp_path, settings=settings, cancel=cancel)
    assert "random" not in caplog.text


def test_room_for_all_splits_is_asked_for_before_any_is_decoded(rendered_root, tmp_path, monkeypatch):
    data, folder = load_dataset(rendered_root), tmp_path / "cache"
    enough_for_training = DatasetCache(folder, data, "release", 3).plan(data.split("train")).bytes_needed
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=enough_for_training))
    with pytest.raises(ExportError, match=r"needs 0\.0\d GB for 3 dives, and 0\.0\d GB are free"):
        train("i3d-mlp", data, tmp_path / "run", settings=RunSettings(cache=folder))
    assert not folder.exists()


def test_the_release_starts_from_kinetics_and_its_mask_decoder_as_released(tmp_path, narrow_networks):
    config = replace(get_config("release"), sve_weights="random")
    with pytest.raises(ConfigError, match=r"starts from Kinetics: give --kinetics FILE, .* or --start random"):
        initial_model(config, RunSettings())
    drawn, path = I3D().state_dict(), tmp_path / "kinetics.safetensors"
    arrays = {name: value.numpy() for name, value in drawn.items() if not name.endswith("tracked")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fineparser_core.checkpoints.kinetics.load_kinetics", lambda path: arrays)
        (ours, _), (released, _) = (
            initial_model(replace(config, initialization=name), RunSettings(kinetics=path))
            for name in ("ours", "release")
        )
    for part in ("i3d", "spatial_parser.encoder"):
        mine, theirs = (model.get_submodule(part).conv3d_1a_7x7 for model in (ours, released))
        assert torch.equal(mine.conv3d.weight, theirs.conv3d.weight)
        assert (mine.batch3d.running_var - theirs.batch3d.running_var).numpy() == pytest.approx(1e-3 - 1e-5, rel=1e-3)
    decoder = released.spatial_parser.decoder
    kernel = decoder.upsample_side[1].weight  # 4 x 8 x 8
    assert torch.equal(kernel[0, 0], kernel[0, 0, :1].expand(4, -1, -1))
    assert not kernel[0, 1].any()
    line = torch.tensor([1, 3, 5, 7, 7, 5, 3, 1]) / 8
    assert torch.allclose(kernel[3, 3, 2], line[:, None] * line)
    assert decoder.side[0].weight.std().item() == pytest.approx(1e-3, rel=0.2)
    assert not decoder.fuse.bias.any()


def epoch(number, **splits):
    return {"epoch": number, **splits}


def test_the_highest_correlation_is_picked_and_the_earliest_of_equals():
    history = [epoch(n, validation={"rho": rho}) for n, rho in enumerate((0.2, 0.7, 0.7, 0.5), start=1)]
    assert picked_epoch(history) == 2


def test_ties_go_to_the_next_metric_where_less_error_is_more():
    values = [{"rho": 0.5, "r_l2_x100": 2.0}, {"rho": 0.5, "r_l2_x100": 1.0}, {"rho": 0.4, "r_l2_x100": 0.1}]
    assert picked_epoch([epoch(n, validation=value) for n, value in enumerate(values, start=1)]) == 2


def test_of_a_single_dive_the_error_of_its_score_decides():
    assert picked_epoch([epoch(n, validation={"score_error": off}) for n, off in enumerate((9.0, 3.0, 4.0), 1)]) == 2


@pytest.mark.parametrize("rho", [math.nan, None])
def test_a_correlation_that_is_none_loses_to_any(rho):
    history = [epoch(1, validation={"rho": rho, "aiou_75": 1.0}), epoch(2, validation={"rho": -0.9})]
    assert picked_epoch(history) == 2


def test_without_validation_the_last_epoch_is_picked_whatever_the_test_says():
    assert picked_epoch([epoch(5, test={"rho": 0.9}), epoch(10, test={"rho": 0.1}), epoch(11)]) == 11


def test_the_release_evaluates_rarely_and_picks_on_the_test_split():
    release = PRESETS["release"]
    assert [n for n in range(1, 61) if release.evaluates(n)] == [*range(4, 51, 4), *range(52, 61, 2)]
    history = [epoch(n, test={"rho": rho}) for n, rho in enumerate((0.2, 0.7, 0.5), 1)]
    assert picked_epoch(history, release.pick_on) == 2
    assert all(PRESETS["fineparser"].evaluates(n) for n in range(1, 4))


def test_the_release_takes_every_metric_from_its_own_best_epoch():
    history = [
        epoch(1, test={"rho": 0.1, "r_l2_x100": 0.5, "mae": 0.2}),
        epoch(2, test={"rho": 0.9, "r_l2_x100": 3.0, "mae": 0.1}),
        epoch(3, validation={"rho": 1.0}),
    ]
    assert best_on_test(history) == {"rho": (2, 0.9), "r_l2_x100": (1, 0.5), "mae": (2, 0.1)}
    assert best_on_test([epoch(1)]) == {}

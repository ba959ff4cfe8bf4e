"""Settings: presets that can be built, text that becomes values, and values that survive JSON."""

import json
from dataclasses import asdict, fields
from typing import Any

import pytest
import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import (
    FINEPARSERS,
    METHODS,
    PRESETS,
    STATIC_BACKBONES,
    ModelConfig,
    TrainConfig,
    from_dict,
    get_config,
    override,
)
from fineparser_core.errors import ConfigError
from fineparser_core.training.staged_config import StagedConfig


def differences(one: TrainConfig, other: TrainConfig) -> dict[str, Any]:
    return {f.name: getattr(other, f.name) for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)}


def test_every_table_has_its_presets() -> None:
    for name in ("release", "paper", "mtl-aqa", "rendered", *(f"table3-{row}" for row in "ABCDE")):
        assert name in PRESETS
    of_table_5 = {f"table5-{name}" for name in STATIC_BACKBONES}
    assert {f"table4-{n}" for n in (2, 4, 8)} | of_table_5 <= set(PRESETS)
    assert set(METHODS) - set(FINEPARSERS) <= set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name: str) -> None:
    config = get_config(name)
    assert config == PRESETS[name]
    assert from_dict(json.loads(json.dumps(asdict(config)))) == config


@pytest.mark.parametrize("model", sorted({config.model for config in PRESETS.values()}, key=lambda m: m.architecture))
def test_every_network_of_a_preset_can_be_built(model: Any) -> None:
    with torch.device("meta"):
        network = build_model(model)
    assert sum(p.numel() for p in network.parameters()) > 10_000_000


def test_networks_that_differ_have_names_that_differ() -> None:
    models = {config.model for config in PRESETS.values()}
    assert len({model.architecture for model in models}) == len(models)


def test_presets_differ_from_the_release_in_what_they_are_called_after() -> None:
    release = PRESETS["release"]
    assert differences(release, PRESETS["paper"]) == {"psnet_lr": 1e-4}
    assert differences(release, PRESETS["table3-A"]) == {"sve": False, "tap": False}
    assert differences(release, PRESETS["table3-B"]) == {"sap": False, "tap": False}
    assert differences(release, PRESETS["table3-C"]) == {"sap": False, "sve": False}
    assert differences(release, PRESETS["table3-D"]) == {"sap": False}
    assert PRESETS["table3-E"] == PRESETS["table4-4"] == PRESETS["table5-resnet34"] == release
    assert differences(release, PRESETS["table4-8"]) == {"step_duration": 8}
    assert differences(release, PRESETS["table5-vit_s_16"]) == {"static_backbone": "vit_s_16"}
    assert differences(release, PRESETS["tsa"]) == {"method": "tsa"}


def test_typed_text_becomes_values() -> None:
    config = get_config(
        "release",
        {"epochs": "3", "i3d-lr": "1e-5", "all_pairs": "True", "freeze": "i3d,psnet,", "batch-norm": "fixed"},
    )
    changed = {"epochs": 3, "i3d_lr": 1e-5, "all_pairs": True, "freeze": ("i3d", "psnet"), "batch_norm": "fixed"}
    assert differences(PRESETS["release"], config) == changed
    assert [type(getattr(config, name)) for name in changed] == [int, float, bool, tuple, str]
    assert get_config("rendered", {"freeze": ""}).freeze == ()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epoch": "3"}, "Unknown setting 'epoch': use one of method, "),
        ({"epochs": "3.5"}, "epochs is '3.5': it must be a whole number"),
        ({"lr": "fast"}, "lr is 'fast': it must be a number"),
        ({"all-pairs": "yes"}, "all_pairs is 'yes': use true or false"),
        ({"epochs": "0"}, "epochs is 0: it must be above 0"),
        ({"batch_size": "-1"}, "batch_size is -1"),
        ({"lr": "nan"}, "lr is nan"),
        ({"lr": "inf"}, "lr is inf"),
        ({"weight-decay": "-0.1"}, "weight_decay is -0.1: it must be finite and not negative"),
        ({"weight-decay": "nan"}, "weight_decay is nan"),
        ({"method": "magic"}, "method is 'magic': use one of fineparser, "),
        ({"step-duration": "3"}, "step_duration is 3: use one of 2, 4, 8"),
        ({"all-pairs": "true", "batch_size": "1"}, "A batch of 1 has no pairs"),
        ({"ema": "1"}, "must be below 1"),
        ({"window-count": "5"}, "fineparser takes 9 windows, 10 samples apart, not 5, 10 apart: its temporal parser"),
        ({"method": "tsa", "window-stride": "8"}, "tsa takes 9 windows"),
        ({"method": "usdl", "window-count": "10"}, "10 windows of 16 samples, 10 apart, do not lie within 96 samples"),
        ({"method": "usdl", "window-count": "0"}, "each at least 1"),
        ({"step-weights": "3,5"}, "give three numbers"),
        ({"step-weights": "0,0,0"}, "not negative and not all 0"),
        ({"focal-alpha": "2"}, "focal_alpha is 2.0: use a share of 1, or none"),
        ({"focal-alpha": "much"}, "focal_alpha is 'much': it must be a number"),
        ({"optimizer": "lion"}, "optimizer is 'lion': use one of adam, adamw, sgd"),
        ({"validation-share": "1"}, "must be below 1"),
        ({"preprocessing": "follow", "sap": "false"}, "'follow' needs a network that finds the athlete: use 'whole'"),
        ({"preprocessing": "follow", "method": "tsa"}, "'follow' needs a network that finds the athlete"),
    ],
)
def test_values_that_do_not_fit_are_named(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        get_config("release", values)


def test_unknown_presets_and_settings_of_other_versions_are_named() -> None:
    with pytest.raises(ConfigError, match="Unknown preset 'relase': use one of release, paper"):
        get_config("relase")
    with pytest.raises(ConfigError, match=r"Unknown settings \['speed'\]: they come from another version"):
        from_dict({"speed": 3})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"static-backbone": "vgg"}, "static_backbone is 'vgg': use one of resnet18, "),
        ({"preprocessing": "centre"}, "preprocessing is 'centre': use one of release, whole, follow"),
        ({"precision": "int8"}, "precision is 'int8'"),
        ({"mask-iterations": "-1"}, "mask_iterations is -1: it must be finite and not negative"),
        ({"head-lr": "nan"}, "head_lr is nan"),
        ({"first-look-dives": "0"}, "first_look_dives is 0: it must be above 0"),
        ({"parse-views": "0"}, "parse_views is 0"),
        ({"parse-dives": "0"}, "parse_dives is 0"),
        ({"first-look-windows": "6"}, "6 of 6 windows show whole frames: give --first-look-windows less than"),
        ({"first-look-windows": "0", "mask-windows": "0"}, "0 of 0 windows show whole frames"),
        ({"parse-batch": "1"}, "A batch of one dive has no pairs: give --parse-batch and --head-batch at least 2"),
        ({"epochs": "2"}, "Unknown setting 'epochs': use one of seed, "),
    ],
)
def test_sizes_with_which_no_stage_could_train_are_named(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        override(StagedConfig(), values)


def test_the_staged_recipe_takes_text_as_well() -> None:
    config = override(StagedConfig(), {"method": "fineparser", "mask_iterations": "7", "preprocessing": "whole"})
    assert (config.method, config.mask_iterations, config.preprocessing) == ("fineparser", 7, "whole")
    assert config.network.model == ModelConfig()

from dataclasses import fields, replace

import docstring_parser
import pytest
import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.commands import train
from fineparser_core.commands.options import parse
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import ConfigError
from fineparser_core.methods import get_method
from fineparser_core.training.presets import PRESETS


def differences(one, other):
    return {f.name: getattr(other, f.name) for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)}


@pytest.mark.parametrize("model", {config.method: config.model for config in PRESETS.values()}.values())
def test_every_network_of_a_preset_can_be_built(model):
    with torch.device("meta"):
        network = build_model(model)
    assert sum(p.numel() for p in network.parameters()) > 2_000_000


def test_presets_differ_from_fineparser_in_what_they_are_called_after():
    fineparser = PRESETS["fineparser"]
    assert differences(fineparser, PRESETS["table3-A"]) == {"sve": False, "tap": False}
    assert differences(fineparser, PRESETS["table3-B"]) == {"sap": False, "tap": False}
    assert differences(fineparser, PRESETS["table3-C"]) == {"sap": False, "sve": False}
    assert differences(fineparser, PRESETS["table3-D"]) == {"sap": False}
    assert PRESETS["table3-E"] == PRESETS["table4-4"] == PRESETS["table5-resnet34"] == fineparser
    assert differences(fineparser, PRESETS["table4-8"]) == {"step_duration": 8}
    assert differences(fineparser, PRESETS["table5-resnet18"]) == {"static_backbone": "resnet18"}
    assert differences(fineparser, PRESETS["tsa"]).keys() == {"method", *get_method("tsa").preset} - {"lr"}


def typed(*words, default=PRESETS["fineparser"]):
    return parse(type(default), "train", words, default=default)


def test_typed_words_become_values():
    config = typed("--epochs", "3", "--i3d-lr", "1e-5", "--all-pairs", "--freeze", "i3d", "psnet", "--batch-norm=fixed")
    changed = {"epochs": 3, "i3d_lr": 1e-5, "all_pairs": True, "freeze": ("i3d", "psnet"), "batch_norm": "fixed"}
    assert differences(PRESETS["fineparser"], config) == changed
    assert [type(getattr(config, name)) for name in changed] == [int, float, bool, tuple, str]
    assert typed("--freeze", default=replace(PRESETS["fineparser"], freeze=("i3d",))).freeze == ()
    assert not typed("--no-sap").sap


def test_help_offers_both_flags_of_a_switch_that_is_on(capsys):
    with pytest.raises(SystemExit):
        train.main(["--config", "release", "--help"])
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "--sap, --no-sap spatial parser: the gate and the masks. (default: True)" in words
    assert "--lone-pairs, --no-lone-pairs" in words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--epoch 3", "Unrecognized options: --epoch, 3"),
        ("--epochs 3.5", "Error parsing --epochs: .*'3.5'"),
        ("--epochs 0", "epochs is 0: it must be above 0"),
        ("--lr nan", "--lr: 'nan' is not a number"),
        ("--weight-decay nan", "--weight-decay: 'nan' is not a number"),
        ("--step-duration 3", "invalid choice '3' for argument '--step-duration'"),
        ("--all-pairs --batch-size 1", "A batch of 1 has no pairs"),
        ("--window-count 5", "A 'fineparser' does not depend on window_count: leave window_count away"),
        ("--method usdl --window-count 10", "10 windows of 16 samples, 10 apart, do not lie within 96 samples"),
        ("--step-weights 3 5", "Missing value for argument '--step-weights'"),
        ("--focal-alpha much", "Error parsing --focal-alpha: .*'much'"),
        ("--validation-share 1", "must be below 1"),
        ("--pick-on test", "to be picked on the test split: add --test-epochs"),
        ("--evaluate-every 0", "evaluate_every is 0: it must be above 0"),
        ("--preprocessing follow --no-sap", "'follow' needs a network that finds the athlete: use 'whole'"),
    ],
)
def test_values_that_do_not_fit_are_named_in_one_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence) as caught:
        typed(*words.split())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [TrainConfig, RunSettings])
def test_every_setting_has_a_description(kind):
    documented = [one for base in kind.__mro__ for one in docstring_parser.parse(base.__doc__ or "").params]
    described = {one.arg_name for one in documented if one.description}
    assert described == {field.name for field in fields(kind)}

from pathlib import Path

import pytest
import torch
import torchvision.models as zoo
from safetensors.torch import save_file

from fineparser_core.checkpoints.backbones import load_imagenet
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import CheckpointError
from fineparser_core.training.initial import IMAGENET_NOTICE, initial_model

pytestmark = pytest.mark.usefixtures("narrow_networks")


def saved(network, path):
    torch.save(network.state_dict(), path)
    return path


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_state_dict_of_torchvision_becomes_the_backbones_start(name, tmp_path):
    source = getattr(zoo, name)()
    out = saved(source, tmp_path / "net.pth")
    config = TrainConfig(static_backbone=name, sap=False, tap=False)
    model, notices = initial_model(config, RunSettings(imagenet=out))
    assert IMAGENET_NOTICE in notices
    ours = model.static_encoder.backbone.state_dict()
    for key, value in source.state_dict().items():
        if not key.startswith("fc."):
            assert torch.equal(ours[key], value), key
    with pytest.raises(CheckpointError, match="does not fit"):
        load_imagenet(out, "resnet18" if name != "resnet18" else "resnet50")


def test_checkpoints_around_a_state_dict_and_safetensors_are_read(tmp_path):
    state = zoo.resnet18().state_dict()
    torch.save({"model": {f"module.{key}": value for key, value in state.items()}, "epoch": 3}, tmp_path / "a.pth")
    save_file(state, tmp_path / "b.safetensors")
    for name in ("a.pth", "b.safetensors"):
        assert "conv1.weight" in load_imagenet(tmp_path / name, "resnet18")


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def test_what_is_no_such_network_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError, match=r"evil\.pth is damaged or not a file of weights"):
        load_imagenet(tmp_path / "evil.pth", "resnet18")
    assert not (tmp_path / "executed").exists()
    whole = saved(zoo.resnet18(), tmp_path / "net.pth").read_bytes()
    for name in ("cut.pth", "cut.safetensors"):
        (tmp_path / name).write_bytes(whole[:1000])
        with pytest.raises(CheckpointError, match="damaged"):
            load_imagenet(tmp_path / name, "resnet18")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_imagenet(tmp_path / "nowhere.pth", "resnet18")
    with pytest.raises(CheckpointError, match="does not fit resnet18"):
        load_imagenet(saved(zoo.resnet50(), tmp_path / "large.pth"), "resnet18")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="is not a state dict"):
        load_imagenet(tmp_path / "list.pth", "resnet18")

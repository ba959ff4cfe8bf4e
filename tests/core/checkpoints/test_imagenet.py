from pathlib import Path

import pytest
import torch
import torchvision.models as zoo
from safetensors.torch import save_file

from fineparser_core.checkpoints.imagenet import convert_imagenet, load_imagenet, write_imagenet
from fineparser_core.commands.cli import main
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import CheckpointError
from fineparser_core.models.fineparser import FineParser
from fineparser_core.training.initial import IMAGENET_NOTICE, initial_model


def saved(network, path):
    torch.save(network.state_dict(), path)
    return path


def vit(image_px):
    return zoo.VisionTransformer(image_px, 16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536)


@pytest.mark.parametrize("name", ["resnet18", pytest.param("resnet34", marks=pytest.mark.slow), "resnet50"])
def test_a_state_dict_of_torchvision_becomes_the_backbones_start(name, tmp_path):
    source = getattr(zoo, name)()
    out = tmp_path / "imagenet.safetensors"
    assert main(["convert", "imagenet", str(out), "--source", str(saved(source, tmp_path / "net.pth"))]) == 0
    config = TrainConfig(static_backbone=name, sap=False, tap=False)
    model, notices = initial_model(config, RunSettings(imagenet=out))
    assert isinstance(model, FineParser)
    assert IMAGENET_NOTICE in notices
    ours = model.static_encoder.backbone.state_dict()
    for key, value in source.state_dict().items():
        if not key.startswith("fc."):
            assert torch.equal(ours[key], value), key
    with pytest.raises(CheckpointError, match="does not fit vit_s_16"):
        load_imagenet(out, "vit_s_16")


@pytest.mark.parametrize("image_px", [112, 224])
def test_the_positions_of_a_vit_are_resampled(image_px, tmp_path):
    source = vit(image_px)
    name, weights = convert_imagenet(saved(source, tmp_path / "vit.pth"))
    assert name == "vit_s_16"
    assert weights["encoder.pos_embedding"].shape == (1, 50, 384)
    assert not any(key.startswith("heads") for key in weights)
    if image_px == 112:
        assert torch.equal(weights["encoder.pos_embedding"], source.state_dict()["encoder.pos_embedding"])
    write_imagenet(name, weights, tmp_path / "out.safetensors")
    again = load_imagenet(tmp_path / "out.safetensors", "vit_s_16")
    assert all(torch.equal(again[key], value) for key, value in weights.items())


def test_checkpoints_around_a_state_dict_and_safetensors_are_read(tmp_path):
    state = zoo.resnet18().state_dict()
    torch.save({"model": {f"module.{key}": value for key, value in state.items()}, "epoch": 3}, tmp_path / "a.pth")
    save_file(state, tmp_path / "b.safetensors")
    for name in ("a.pth", "b.safetensors"):
        assert convert_imagenet(tmp_path / name)[0] == "resnet18"


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def test_what_is_no_such_network_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError, match=r"evil\.pth is damaged or not a file of weights"):
        convert_imagenet(tmp_path / "evil.pth")
    assert not (tmp_path / "executed").exists()
    whole = saved(zoo.resnet18(), tmp_path / "net.pth").read_bytes()
    for name in ("cut.pth", "cut.safetensors"):
        (tmp_path / name).write_bytes(whole[:1000])
        with pytest.raises(CheckpointError, match="damaged"):
            convert_imagenet(tmp_path / name)
    with pytest.raises(CheckpointError, match="cannot be read"):
        convert_imagenet(tmp_path / "nowhere.pth")
    with pytest.raises(CheckpointError, match="holds none of resnet18, resnet34, resnet50, vit_s_16"):
        convert_imagenet(saved(zoo.resnet101(), tmp_path / "large.pth"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="is not a state dict"):
        convert_imagenet(tmp_path / "list.pth")

from pathlib import Path

import pytest
import torch
import torchvision.models as zoo
from safetensors.torch import save_file

from fineparser_core.checkpoints import backbones
from fineparser_core.checkpoints.backbones import fetch_imagenet, load_imagenet
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.models.baselines import c3d
from fineparser_core.training.initial import C3D_NOTICE, IMAGENET_NOTICE, initial_model
from fineparser_core.training.presets import get_config

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


def vit(image_px):
    return zoo.VisionTransformer(image_px, 16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536)


def of_timm(name):
    """Return timm's name of a tensor of torchvision's ViT."""
    for theirs, ours in reversed(backbones._OF_TIMM.items()):
        name = name.replace(ours, theirs) if ours.startswith(".") or name.startswith(ours) else name
    return name.replace("heads.head.", "head.")


def test_a_vit_of_timm_becomes_torchvisions_with_its_positions_resampled(tmp_path):
    source = vit(224).state_dict()
    renamed = {of_timm(name): value for name, value in source.items()}
    known = {"cls_token", "pos_embed", "blocks.11.attn.qkv.bias", "blocks.0.mlp.fc2.weight", "norm.bias"}
    assert known <= renamed.keys()
    torch.save(renamed, tmp_path / "timm.pth")
    weights = load_imagenet(tmp_path / "timm.pth", "vit_s_16")
    assert weights["encoder.pos_embedding"].shape == (1, 50, 384)
    assert weights.keys() == {name for name in source if not name.startswith("heads")}
    assert torch.equal(
        weights["encoder.layers.encoder_layer_3.mlp.3.bias"], source["encoder.layers.encoder_layer_3.mlp.3.bias"]
    )
    with pytest.raises(CheckpointError, match="torchvision has no ImageNet weights of ViT-S/16: give timm's"):
        fetch_imagenet("vit_s_16")


def test_weights_of_c3d_become_the_start_of_its_baselines_and_of_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(c3d, "WIDE_SIZE", 8)
    source = c3d.C3DModel("pool5").state_dict()
    named = {name.removeprefix("c3d."): value for name, value in source.items() if not name.startswith("head.")}
    torch.save({**named, "fc8.weight": torch.zeros(487, 8)}, tmp_path / "c3d.pickle")
    for preset in ("c3d-lstm", "c3d-avg-mtl"):
        model, notices = initial_model(get_config(preset), RunSettings(c3d=tmp_path / "c3d.pickle"))
        assert C3D_NOTICE in notices
        assert torch.equal(model.c3d.conv5b.weight, named["conv5b.weight"])
        assert torch.equal(model.fc6.weight, named["fc6.weight"])
    torch.save(torch.nn.Linear(2, 3).state_dict(), tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"does not fit C3D: 'conv1\.weight' differs \(20 tensors\)"):
        initial_model(get_config("c3d-svr"), RunSettings(c3d=tmp_path / "other.pth"))
    with pytest.raises(ConfigError, match=r"A 'usdl-i3d' has no part for such weights: leave --c3d away\."):
        initial_model(get_config("usdl"), RunSettings(c3d=tmp_path / "any"))


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

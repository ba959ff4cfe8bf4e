"""What a run starts from where a bundle does not have all of the network."""

from dataclasses import asdict
from pathlib import Path

import torch

from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.config import ModelConfig, TrainConfig
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.pose_backbone import PoseBackbone
from fineparser_core.models.presets import build
from fineparser_core.training.initial import initial_model


def backbone_of(network: object) -> PoseBackbone:
    assert isinstance(network, FineParser)
    assert isinstance(network.static_encoder.backbone, PoseBackbone)
    return network.static_encoder.backbone


def card_of(config: ModelConfig) -> WeightsCard:
    model = asdict(config)
    return WeightsCard(
        name="test", architecture=config.architecture, model=model, trained_on="nothing", synthetic=True, metrics={}
    )


def test_an_upright_look_that_a_bundle_lacks_starts_as_its_first_look(tmp_path: Path) -> None:
    config = ModelConfig(static_backbone="pose", sap=False, tap=False)
    torch.manual_seed(1)
    network = build(config)
    torch.nn.init.normal_(backbone_of(network).track.out.weight)
    save_bundle(network.state_dict(), card_of(config), tmp_path / "pose", half=False)
    wanted = TrainConfig(static_backbone="pose_upright", sap=False, tap=False)
    started = backbone_of(initial_model(wanted, weights=tmp_path / "pose", kinetics=None)[0])
    assert started.upright is not None
    for name, value in backbone_of(network).state_dict().items():
        assert torch.equal(started.state_dict()[name], value), name
        if not name.startswith(("aux", "track")):  # tracks start at zero
            assert torch.equal(started.upright.state_dict()[name], value), name
    assert (started.upright.told.weight == 0).all()
    assert (started.upright.track.out.weight == 0).all()

    torch.nn.init.normal_(started.upright.told.weight)
    torch.nn.init.normal_(started.upright.out.weight)
    upright = build(wanted.model)
    backbone_of(upright).load_state_dict(started.state_dict())
    save_bundle(upright.state_dict(), card_of(wanted.model), tmp_path / "upright", half=False)
    again = backbone_of(initial_model(wanted, weights=tmp_path / "upright", kinetics=None)[0])
    assert again.upright is not None
    assert torch.equal(again.upright.out.weight, started.upright.out.weight)
    assert torch.equal(again.upright.told.weight, started.upright.told.weight)

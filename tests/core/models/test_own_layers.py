"""Layers of our own recipe: they start as the paper's network, and no preset of it has them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fineparser_core.config import POSE_BACKBONES, PRESETS, ModelConfig
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.i3d import TAP_CHANNELS
from fineparser_core.models.mask_refiner import MIDDLE_CHANNELS, MaskRefiner, MaskSharpener
from fineparser_core.models.pose_backbone import POSE_FEATURES
from fineparser_core.models.presets import build
from fineparser_core.models.spatial_parser import MaskDecoder
from fineparser_core.models.static_encoder import StaticEncoder
from fineparser_core.models.temporal_parser import DECODERS
from fineparser_core.staged_config import StagedConfig

Taps = tuple[torch.Tensor, ...]
WINDOWS = torch.randn(1, 3, 16, 32, 32, generator=torch.Generator().manual_seed(3))
OWN = ModelConfig(static_backbone="resnet18", refined_masks=True, mixed_features=True)


@pytest.fixture(scope="module")
def taps() -> Taps:
    """Of a window of 16 x 32 x 32."""
    generator = torch.Generator().manual_seed(0)
    sizes = ((8, 16, 16), (8, 8, 8), (8, 4, 4), (4, 2, 2))
    return tuple(torch.randn(1, c, *s, generator=generator) for c, s in zip(TAP_CHANNELS, sizes, strict=True))


def test_a_refiner_gives_every_scale_its_map(taps: Taps) -> None:
    refiner = MaskRefiner()
    middle = refiner.middle(taps)
    assert middle.shape == (1, MIDDLE_CHANNELS, 8, 8, 8)
    torch.nn.init.normal_(refiner.out.weight)
    out = refiner(taps)
    assert out.shape == (1, 16, 32, 32)
    assert torch.equal(refiner(taps, middle), out)
    for coarse in range(4):  # every tap is looked at
        changed = tuple(tap * (2 if i == coarse else 1) for i, tap in enumerate(taps))
        assert not torch.equal(refiner(changed), out)


def test_a_sharpener_adds_nothing_at_first_and_then_looks_at_all_it_is_given() -> None:
    sharpener = MaskSharpener().eval()
    logits, middle = torch.randn(1, 16, 32, 32), torch.randn(1, MIDDLE_CHANNELS, 8, 8, 8)
    assert not sharpener(logits, WINDOWS, middle).any()
    torch.nn.init.normal_(sharpener.last.weight)
    added = sharpener(logits, WINDOWS, middle)
    assert added.shape == logits.shape
    assert not torch.equal(sharpener(logits + 1, WINDOWS, middle), added)
    assert not torch.equal(sharpener(logits, WINDOWS + 1, middle), added)
    # Every frame by itself, and with what is known of it and of the one beside it: others change nothing in it.
    other, known = WINDOWS.clone(), middle.clone()
    other[:, :, 5] += 1
    known[:, :, 4] += 1
    changed = (sharpener(logits, other, known) != added).flatten(2).any(dim=2)[0]
    assert changed.tolist() == [sample in (5, 8, 9) for sample in range(16)]
    part = sharpener(logits[:, 4:6], WINDOWS[:, :, 4:6], middle[:, :, 2:3])
    torch.testing.assert_close(part, added[:, 4:6], rtol=1e-4, atol=1e-4)


def test_a_refined_decoder_starts_as_the_papers(taps: Taps) -> None:
    torch.manual_seed(1)
    plain = MaskDecoder()
    torch.manual_seed(1)
    refined = MaskDecoder(refined=True)
    assert plain.refiner is None
    for name, value in plain.state_dict().items():
        assert torch.equal(refined.state_dict()[name], value)
    assert torch.equal(refined(taps, WINDOWS), plain(taps, WINDOWS))
    assert torch.equal(refined.fused(taps, WINDOWS), plain.fused(taps, WINDOWS))
    assert refined.refiner is not None
    assert torch.equal(refined(taps, WINDOWS, refined.refiner.middle(taps)), plain(taps, WINDOWS))
    refined.fused(taps, WINDOWS).square().mean().backward()
    gradient = refined.refiner.out.weight.grad
    assert gradient is not None
    assert gradient.abs().max() > 0  # and learns from there


def test_only_the_fused_map_is_refined(taps: Taps) -> None:
    decoder = MaskDecoder(refined=True)
    before = decoder(taps, WINDOWS)
    assert decoder.refiner is not None
    torch.nn.init.ones_(decoder.refiner.out.bias)
    after = decoder(taps, WINDOWS)
    assert torch.equal(after[:, :4], before[:, :4])
    torch.testing.assert_close(after[:, 4], before[:, 4] + 1)
    torch.testing.assert_close(decoder.fused(taps, WINDOWS), after[:, 4])


def test_mixed_features_pass_a_layer_of_their_own() -> None:
    with torch.device("meta"):
        plain, mixed = StaticEncoder("resnet18"), StaticEncoder("resnet18", mixed=True)
        extra = mixed.state_dict().keys() - plain.state_dict().keys()
        assert extra == {"to_feature.weight", "to_feature.bias"}
        features = mixed.to_feature(mixed.backbone(torch.zeros(96, 3, 112, 112)))
        assert features.shape == (96, 512)
        assert mixed.step_tokens(features[None], [(28, 62)]).shape == (1, 3, 4, 64)


@pytest.mark.parametrize(
    ("backbone", "size"),
    [
        ("resnet18", 512),
        ("resnet50", 2048),
        ("vit_s_16", 384),
        ("pose", POSE_FEATURES),
        ("pose_upright", POSE_FEATURES),
    ],
)
def test_a_backbone_says_how_many_features_it_has(backbone: str, size: int) -> None:
    with torch.device("meta"):
        encoder = StaticEncoder(backbone)
        assert encoder.backbone_size == size
        assert encoder.backbone(torch.zeros(2, 3, 112, 112)).shape == (2, size)


def test_both_windows_and_poses_say_where_a_step_begins() -> None:
    torch.manual_seed(0)
    network = build(replace(OWN, static_backbone="pose")).eval()
    assert isinstance(network, FineParser)
    assert network.pose_steps is not None
    gated, seen = torch.randn(2, 9, 1024), torch.randn(2, 96, POSE_FEATURES)
    with torch.inference_mode():
        windows = network.psnet.logits(gated)
        torch.testing.assert_close(network.step_probabilities(gated, seen), (windows / 2).sigmoid())  # untrained
        torch.nn.init.normal_(network.pose_steps.out.weight)
        both = (windows + network.pose_steps(seen)) / 2
        torch.testing.assert_close(network.step_probabilities(gated, seen), both.sigmoid())
        network.pose_steps = None
        assert torch.equal(network.step_probabilities(gated, seen), network.psnet(gated))
    with torch.device("meta"):
        paper = build(ModelConfig())
        assert isinstance(paper, FineParser)
        assert paper.pose_steps is None


def test_no_preset_has_them_and_the_staged_recipe_does() -> None:
    assert not any(config.refined_masks or config.mixed_features for config in PRESETS.values())
    assert not any(config.static_backbone in POSE_BACKBONES for config in PRESETS.values())
    assert StagedConfig().network.model == replace(OWN, static_backbone="pose_upright")


def test_networks_whose_weights_do_not_fit_have_other_names() -> None:
    assert OWN.architecture == "fineparser-i3d-resnet18-mixed-refined"
    assert replace(OWN, sap=False).architecture == "fineparser-i3d-resnet18-mixed-no-sap"
    assert replace(OWN, sve=False).architecture == "fineparser-i3d-refined-no-sve"
    assert replace(OWN, mixed_features=False, refined_masks=False).architecture == "fineparser-i3d-resnet18"
    with torch.device("meta"):
        own = build(OWN).state_dict().keys()
        paper = build(ModelConfig(static_backbone="resnet18")).state_dict().keys()
    assert paper < own
    assert all("refiner" in name or "to_feature" in name for name in own - paper)


def test_flight_decoding_takes_the_middle_of_a_plateau_whatever_its_jitter() -> None:
    probabilities = np.full((96, 2), 1e-4)
    probabilities[20:25, 0] = (0.3, 0.5, 0.28, 0.48, 0.31)
    probabilities[60:65, 1] = (0.2, 0.6, 0.9, 0.6, 0.2)
    assert DECODERS["joint"](probabilities) == (21, 62)
    assert DECODERS["flight"](probabilities) == (22, 62)
    probabilities[23, 0] = 0.52
    assert DECODERS["joint"](probabilities) == (23, 62)
    assert DECODERS["flight"](probabilities) == (22, 62)


def shown(first: int, second: int) -> np.ndarray:
    probabilities = np.full((96, 2), 1e-4)
    probabilities[first - 1 : first + 2, 0] = probabilities[second - 1 : second + 2, 1] = 0.4, 0.8, 0.4
    return probabilities


def test_flight_decoding_finds_what_is_hidden_by_how_long_flights_last() -> None:
    seconds = 95 / 25  # a sample is 0.04 s, and 36 of them are a flight
    hidden = shown(30, 66)
    hidden[:, 0] = 1e-4
    hidden[80, 0] = hidden[4, 0] = 2e-3  # after the entry, and too long before it
    assert DECODERS["joint"](hidden) == (4, 66)
    first, second = DECODERS["flight"](hidden, seconds)
    assert (abs(first - 30) <= 1, second) == (True, 66)
    first, second = DECODERS["flight"](hidden[::-1, ::-1], seconds)
    assert (first, abs(second - 65) <= 1) == (29, True)


@pytest.mark.parametrize("seconds", [None, 95 / 25, 95 / 100, 6.0, 10.0, 95 / 6])
@pytest.mark.parametrize("peak", [(0.4, 0.8, 0.4), (0.0, 1.0, 0.0), (0.0, 0.5, 0.0), (0.2, 0.3, 0.2)])
def test_flight_decoding_moves_no_peak(seconds: float | None, peak: tuple[float, float, float]) -> None:
    for pair in ((30, 66), (28, 70), (20, 45), (5, 90)):
        probabilities = shown(*pair)
        for column, at in enumerate(pair):
            probabilities[at - 1 : at + 2, column] = peak
        assert DECODERS["flight"](probabilities, seconds) == pair


def test_flight_decoding_stays_on_the_peak_that_it_chose() -> None:
    probabilities = shown(59, 70)
    probabilities[51:54, 0] = 0.1, 0.27, 0.1  # lower, but as long before the entry as take-offs are
    assert DECODERS["flight"](probabilities, 7.6) == (52, 70)


def test_flight_decoding_tells_two_steps_apart_whatever_it_sees() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        first, second = DECODERS["flight"](rng.random((96, 2)) ** 8, rng.choice([0.0, 0.5, 4.0, 60.0]))
        assert 0 <= first < second < 96

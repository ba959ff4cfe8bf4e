"""Where a transition hardly shows, poses are looked at again: nearer, farther and beside."""

import pytest
import torch
from torch import Tensor

from fineparser_core.config import ModelConfig
from fineparser_core.inference.encoder import ClipEncoder, normalise
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.presets import build
from fineparser_core.models.second_looks import HARDLY_SHOWN, STRAYED, hardly_shown, mean_logits, strayed
from fineparser_core.models.temporal_parser import decode_flight

GATED = torch.zeros(1, 9, 1024)


@pytest.fixture(scope="module")
def network() -> FineParser:
    torch.manual_seed(0)
    model = build(ModelConfig(static_backbone="pose")).eval()
    assert isinstance(model, FineParser)
    assert model.pose_steps is not None
    torch.nn.init.normal_(model.pose_steps.out.weight, std=0.5)
    torch.nn.init.zeros_(model.psnet.layer3.weight)
    return model


def say(model: FineParser, take_off: float, entry: float) -> None:
    with torch.no_grad():
        model.psnet.layer3.bias.copy_(torch.tensor([take_off, entry]))


def looked(model: FineParser, video: Tensor) -> tuple[Tensor, Tensor, int]:
    """What is said at first, what is said at last, and how often the poses were looked at again."""
    looks = []
    hook = model.static_encoder.backbone.register_forward_hook(lambda *_: looks.append(1))
    try:
        with torch.inference_mode():
            seen = model.static_encoder.backbone(video)[None]
            first = model.step_probabilities(GATED, seen)
            return first, model.step_probabilities(GATED, seen, again=video.transpose(0, 1)[None]), len(looks) - 1
    finally:
        hook.remove()


@pytest.fixture(scope="module")
def video() -> Tensor:
    return normalise(torch.randint(0, 256, (96, 32, 32, 3), dtype=torch.uint8, generator=torch.manual_seed(1)))


def test_what_shows_is_looked_at_once(network, video):
    say(network, 8.0, 8.0)
    first, last, again = looked(network, video)
    assert again == 0
    assert torch.equal(first, last)


@pytest.mark.parametrize("hidden", [(-30.0, 8.0), (8.0, -30.0)])
def test_what_hardly_shows_is_what_the_looks_say_in_the_mean(network, video, hidden):
    say(network, *hidden)
    first, last, again = looked(network, video)
    assert hardly_shown(first[0])
    assert again == len(STRAYED)
    with torch.inference_mode():
        views = [video, *(strayed(video, view) for view in STRAYED)]
        poses = torch.stack([network.pose_steps(network.static_encoder.backbone(v)[None]).sigmoid() for v in views])
        mean = poses.mean(dim=0).clamp(1e-6, 1 - 1e-6)
        both = ((network.psnet.logits(GATED) + mean.logit()) / 2).sigmoid()
    torch.testing.assert_close(last, both)
    assert torch.equal(looked(network, video)[1], last)


def test_clips_of_a_batch_do_not_depend_on_each_other(network, video):
    say(network, -30.0, 8.0)
    other = video.flip(0)
    each = torch.cat([looked(network, one)[1] for one in (video, other)])
    with torch.inference_mode():
        seen = torch.stack([network.static_encoder.backbone(one) for one in (video, other)])
        both = torch.stack([video, other]).transpose(1, 2)
        torch.testing.assert_close(network.step_probabilities(GATED.repeat(2, 1, 1), seen, again=both), each)


def test_scoring_and_evaluation_look_again_alike(network):
    frames = torch.randint(0, 256, (96, 32, 32, 3), dtype=torch.uint8, generator=torch.manual_seed(2))
    say(network, -30.0, 8.0)
    encoding, _ = ClipEncoder(network, torch.device("cpu"), decoding="flight").encode(frames.numpy(), seconds=4.0)
    with torch.inference_mode():
        seen = network.observe(normalise(frames).transpose(0, 1)[None], lambda p: decode_flight(p, 4.0))
    assert seen.probabilities is not None
    torch.testing.assert_close(torch.from_numpy(encoding.probabilities), seen.probabilities[0], atol=1e-4, rtol=1e-3)
    assert seen.transitions == [encoding.transition_samples]


def test_a_network_that_sees_no_poses_looks_once():
    torch.manual_seed(0)
    model = build(ModelConfig(static_backbone="resnet18")).eval()
    assert isinstance(model, FineParser)
    say(model, -30.0, -30.0)
    with torch.inference_mode():
        found = model.step_probabilities(GATED, torch.zeros(1, 96, 512), again=torch.zeros(1, 3, 96, 8, 8))
        assert torch.equal(found, model.step_probabilities(GATED, None))


def test_hardly_shown_is_said_of_each_transition():
    probabilities = torch.full((96, 2), 0.001)
    assert hardly_shown(probabilities)
    probabilities[30, 0] = HARDLY_SHOWN
    assert hardly_shown(probabilities)
    probabilities[60, 1] = HARDLY_SHOWN
    assert not hardly_shown(probabilities)


def test_views_are_nearer_and_beside():
    frames = torch.zeros(1, 3, 100, 100)
    frames[..., 60:64, 60:64] = 1.0

    def spot(view: tuple[float, float, float]) -> tuple[float, float, float]:
        """Its share of the frame, and where it is."""
        seen = strayed(frames, view)[0, 0]
        at = torch.arange(100) + 0.5
        return float(seen.sum()), float(seen.sum(0) @ at / seen.sum()), float(seen.sum(1) @ at / seen.sum())

    assert spot((1.0, 0.0, 0.0)) == pytest.approx((16, 62, 62), abs=1e-3)
    assert spot((1.0, 0.1, 0.0)) == pytest.approx((16, 57, 62), abs=1e-3)
    assert spot((1.0, 0.0, -0.1)) == pytest.approx((16, 62, 67), abs=1e-3)
    area, x, y = spot((0.5, 0.0, 0.0))
    assert area == pytest.approx(64, abs=1)
    assert (x, y) == pytest.approx((74, 74), abs=0.1)


def test_one_look_that_sees_it_counts_against_those_that_do_not():
    logits = torch.tensor([[-40.0], [-40.0], [40.0], [-40.0]])
    assert mean_logits(logits).sigmoid() == pytest.approx(0.25)
    torch.testing.assert_close(mean_logits(torch.full((3, 2), 1.5)), torch.full((2,), 1.5))
    assert torch.isfinite(mean_logits(torch.full((3, 2), -200.0))).all()

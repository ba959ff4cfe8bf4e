"""The parts of the recipe: what they see of rendered and simulated dives, and that they learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from narrow_networks import narrow

from fineparser_core.config import TrainConfig
from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE, N_SAMPLES
from fineparser_core.data.dataset import load_dataset
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.progress import CancelToken, ignore_progress
from fineparser_core.training.parts import Encoded, StepsPart, TrackPart
from fineparser_core.training.rendered_dives import store_crops
from fineparser_core.training.simulated_joints import Joints, simulate
from fineparser_core.training.streams import DynamicPart, StaticPart, weigh_streams

SHOWN = {"progress": ignore_progress, "cancel": CancelToken()}
ALL = np.arange(N_SAMPLES)
CONFIG = TrainConfig(method="fineparser-pose", batch_size=6)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    with narrow():
        return FineParserPose()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return simulate(12, 3, tmp_path_factory.mktemp("simulated"), **SHOWN)


def encoded(simulated, rng):
    """Dives as if a backbone had seen them to a pixel, with features that tell their qualities."""
    joints = np.nan_to_num(simulated.joints, nan=0.0)
    shown = ~np.isnan(simulated.joints[..., 0])
    seen = np.concatenate([joints + rng.normal(0, 1, joints.shape), 8.0 * shown[..., None] - 4], axis=-1)
    gated = rng.normal(0, 0.1, (len(simulated), 9, 1024)) + simulated.qualities.mean(axis=1)[:, None, None] / 10
    numbers = np.full(len(simulated), "107B")
    fields = vars(simulated) | {"joints": seen.astype(np.float32), "numbers": numbers}
    return Encoded(Joints(**fields), simulated.joints, shown, gated.astype(np.float32))


def test_views_show_joints_where_the_masks_are(rendered_root, tmp_path):
    data = load_dataset(rendered_root)
    dives = store_crops(data, data.split("train"), tmp_path, workers=1, **SHOWN)
    assert len(dives) == 2
    for seed, dive in enumerate(dives):
        plain = dive.view()
        assert dive.frames(plain, ALL).shape == (N_SAMPLES, MASK_SIZE, MASK_SIZE, 3)
        assert plain.sampled[dive.transitions(plain)[0]] >= dive.flight
        for view in (plain, *(dive.view(np.random.default_rng((seed, i))) for i in range(4))):
            masks, (points, shown) = dive.masks(view, ALL), dive.points(view, ALL)
            on_body = [masks[t, int(y), int(x)] > 0.5 for t in ALL for x, y in points[t, :-1][shown[t, :-1]]]
            assert np.mean(on_body) > 0.7
    mirrored, flip = plain._replace(flip=True), list(KEYPOINT_FLIP)
    (points, _), (turned, _) = dive.points(plain, ALL), dive.points(mirrored, ALL)
    assert turned[:, flip, 0] == pytest.approx(MASK_SIZE - points[..., 0], nan_ok=True)
    assert np.array_equal(dive.masks(mirrored, ALL), dive.masks(plain, ALL)[..., ::-1])


def test_simulated_dives_are_read_again_and_are_whole_dives(simulated, tmp_path):
    assert simulated.joints.shape[1:] == (N_SAMPLES, 16, 2)
    st, ed, contact = simulated.cuts.T
    assert (st < ed).all()
    assert (ed <= contact).all()
    hidden = np.isnan(simulated.joints[:, :, :15, 0]).mean(axis=2)
    assert all(hidden[i, :first].max() == 0 for i, first in enumerate(contact))
    first = simulate(3, 3, tmp_path, **SHOWN)
    again = simulate(3, 3, tmp_path, **SHOWN)
    assert np.array_equal(first.joints, again.joints, equal_nan=True)
    assert np.array_equal(first.joints, simulated.joints[: len(first)], equal_nan=True)


def losses_of(part, iterations, rate):
    optimizer = torch.optim.Adam(part.parameters(), rate)
    part.train()
    found = []
    for i in range(iterations):
        torch.manual_seed(i)
        total = torch.stack(list(part.losses(part.draw(np.random.default_rng(i % 2))).values())).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        found.append(total.item())
    return found


def test_each_part_learns_what_it_is_shown(network, simulated):
    """Which takes its last losses to less than those it begins with, on two batches that come again."""
    found = encoded(simulated, np.random.default_rng(0))
    aside = found.rows(np.arange(4))
    parts = {
        "tracks": TrackPart(network, CONFIG, found._replace(seen=four_values(found.seen)), aside),
        "steps": StepsPart(network, CONFIG, found, aside, simulated),
        "static": StaticPart(network, CONFIG, found, aside, simulated),
        "dynamic": DynamicPart(network, CONFIG, found, aside),
    }
    for name, part in parts.items():
        losses = losses_of(part, 12, 3e-3)
        assert np.mean(losses[-2:]) < 0.95 * np.mean(losses[:2]), (name, losses)
    assert parts["steps"].measured().keys() >= {"take-off error", "entry error of the mean"}
    assert parts["dynamic"].measured() == {}, "twelve pairs say nothing"


def four_values(seen):
    """Joints as single frames show them, with their spread."""
    spread = np.ones_like(seen.joints[..., :1])
    return replace(seen, joints=np.concatenate([seen.joints[..., :2], spread, seen.joints[..., 2:]], axis=-1))


def test_streams_are_weighed_by_what_they_say(network, simulated, monkeypatch):
    found = encoded(simulated, np.random.default_rng(0))
    static, dynamic = StaticPart(network, CONFIG, found, found, simulated), DynamicPart(network, CONFIG, found, found)
    true, other = np.random.default_rng(1).normal(0, 10, (2, 40))
    unrelated = other - true * (other @ true) / (true @ true)
    monkeypatch.setattr(static, "pairs_aside", lambda: (true / 2, true))
    monkeypatch.setattr(dynamic, "pairs_aside", lambda: (unrelated, true))
    layers = [stream.regressor.layer3 for stream in (network.static_stream, network.dynamic_stream)]
    before = [layer.weight.detach().clone() for layer in layers]
    weighed = weigh_streams(static, dynamic)
    assert weighed["share of static"] == pytest.approx(2)
    assert weighed["share of dynamic"] == pytest.approx(0.1)
    assert layers[0].weight.detach() == pytest.approx(2 * before[0])
    assert layers[1].weight.detach() == pytest.approx(0.1 * before[1])

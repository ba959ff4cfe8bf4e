from dataclasses import dataclass

import numpy as np
import pytest
import torch
from narrow_networks import narrow

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.errors import ConfigError
from fineparser_core.models.aqa_model import AQAModel, VideoEncoding
from fineparser_core.models.baselines.core import N_GROUPS, CoRe
from fineparser_core.models.baselines.pooled import MUSDL, USDL
from fineparser_core.models.baselines.tsa import TSA
from fineparser_core.models.baselines.tsa_net import boxes_of
from fineparser_core.models.temporal_parser import decode_joint
from fineparser_core.training.methods import METHODS

BASELINES = [method.name for method in METHODS if not method.whole]


@dataclass(frozen=True)
class Seen:
    """A network and what evaluation knows of two dives."""

    method: str
    model: AQAModel
    dives: list[VideoEncoding]


@pytest.fixture(scope="module")
def video():
    return torch.randn(2, 3, 96, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def large_video():
    """Poses are read off frames of 112 pixels alone."""
    return torch.randn(2, 3, 96, 112, 112, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=BASELINES)
def seen(request, video, large_video):
    torch.manual_seed(0)
    video = large_video if request.param.startswith("pose") else video
    with narrow():
        model = build_model(ModelConfig(method=request.param)).eval()
    with pytest.raises(ConfigError, match=r"A video \(2, 3, 64, 112, 112\) .* give \(batch, 3, 96, 112, 112\)"):
        model.encode(large_video[:, :, :64], decode_joint)
    model.frame_px = video.shape[-1]
    with torch.inference_mode():
        observed = model.encode(video, decode_joint)
    assert observed.mask_probability is None
    if isinstance(model, TSA):
        assert observed.probabilities.shape == (2, 96, 2)
        assert observed.transitions == [decode_joint(p) for p in observed.probabilities.numpy()]
    else:
        assert observed.probabilities is None
        assert observed.transitions is None
    whole = {**observed.encoding, "difficulty": torch.tensor([3.0, 2.0]), "score": torch.tensor([60.0, 72.5])}
    return Seen(request.param, model, [{k: v[i : i + 1] for k, v in whole.items()} for i in range(2)])


def votes(model, query, *exemplars):
    query = {name: value for name, value in query.items() if name != "score"}
    with torch.inference_mode():
        if not model.contrastive:
            return model.predict_scores(query, {})
        return model.predict_scores(query, {name: torch.cat([e[name] for e in exemplars]) for name in exemplars[0]})


def test_every_exemplar_has_a_vote_of_its_own(seen):
    first, second = seen.dives
    both = votes(seen.model, first, second, first)
    assert both.shape == ((2,) if seen.model.contrastive else (1,))
    assert both.dtype == torch.float32
    assert both.isfinite().all()
    if seen.model.contrastive:
        torch.testing.assert_close(both[:1], votes(seen.model, first, second))
        torch.testing.assert_close(both[1:], votes(seen.model, first, first))


def test_the_most_probable_bin_is_the_score():
    usdl = USDL()
    torch.nn.init.zeros_(usdl.head[-1].weight)
    torch.nn.init.zeros_(usdl.head[-1].bias)
    usdl.head[-1].bias.data[60] = 5.0
    feature = torch.zeros(1, 1024)
    assert usdl.predict_scores({"feature": feature}, {}).tolist() == pytest.approx([72.0])


@pytest.fixture(scope="module")
def grouped():
    model = CoRe()
    differences = np.random.default_rng(3).normal(4, 15, 4000)
    model.set_groups(differences)
    return model, differences


def test_a_difference_becomes_a_group_and_a_position_and_is_read_back(grouped):
    model, differences = grouped
    difference = torch.from_numpy(differences).float()
    group, position = model.locate(difference)
    assert ((position >= 0) & (position <= 1)).all()
    torch.testing.assert_close(model.difference(group, position), difference, rtol=0, atol=1e-4)
    # The other direction of a pair is the mirrored group.
    mirrored, other = model.locate(-difference)
    assert torch.equal(mirrored, N_GROUPS - 1 - group)
    torch.testing.assert_close(other, 1 - position, rtol=0, atol=1e-4)


def test_awards_of_the_most_probable_bins_times_the_difficulty_are_the_score():
    musdl = MUSDL()
    for head, bin_ in zip(musdl.heads, (12, 13, 15), strict=True):
        torch.nn.init.zeros_(head[-1].weight)
        torch.nn.init.zeros_(head[-1].bias)
        head[-1].bias.data[bin_] = 5.0
    query = {"feature": torch.zeros(1, 1024), "difficulty": torch.tensor([3.0])}
    assert musdl.predict_scores(query, {}).tolist() == pytest.approx([3.0 * (6 + 6.5 + 7.5)])


def test_a_tube_is_the_box_around_each_moments_mask_and_all_where_there_is_none():
    masks = torch.zeros(2, 16, 112, 112, dtype=torch.bool)
    masks[0, :, 8:24, 40:48] = True
    masks[0, :, 40, 64] = True
    tube = boxes_of(masks, torch.Size((8, 14, 14)))
    assert tube[1].all()
    rows, columns = tube[0, 0].any(dim=1).nonzero()[:, 0].tolist(), tube[0, 0].any(dim=0).nonzero()[:, 0].tolist()
    assert (rows, columns) == ([1, 2, 3, 4, 5], [5, 6, 7, 8])


def test_tsa_cuts_each_dive_by_itself():
    torch.manual_seed(0)
    model = TSA().eval()
    features = torch.randn(2, 9, 1024)
    cuts = [(28, 61), (9, 95)]
    tokens = model.step_tokens(features, cuts)
    assert tokens.shape == (2, 3, 12, 64)
    for i in range(2):
        torch.testing.assert_close(model.step_tokens(features[i : i + 1], cuts[i : i + 1])[0], tokens[i])
    # Steps are weighed 3, 5, 2; a step that gives a point everywhere gives a point in all.
    torch.nn.init.zeros_(model.regressor.layer3.weight)
    torch.nn.init.ones_(model.regressor.layer3.bias)
    torch.testing.assert_close(model.compare(tokens, tokens.flip(0)), torch.ones(2))


OF_I3D = 12_287_264  # of Carreira and Zisserman's, without its classifier
OF_C3D, WIDE = 27_655_936 + 4096 * (8192 + 1), 4096 * (4096 + 1)  # eight convolutions of Tran et al. and fc6; fc7
OF_USDL = 256 * (1024 + 1) + 128 * (256 + 1)  # two layers, then a distribution or a number


@pytest.mark.parametrize(
    ("method", "size"),
    [
        ("i3d-mlp", OF_I3D + OF_USDL + 129),
        ("usdl", OF_I3D + OF_USDL + 101 * 129),
        ("musdl", OF_I3D + 3 * (OF_USDL + 21 * 129)),
        ("c3d-svr", OF_C3D + 4097),
        ("c3d-lstm", OF_C3D + 4 * 256 * (4096 + 256 + 2) + 257),
        ("c3d-avg-mtl", OF_C3D + WIDE + 4097 * (1 + 4 + 2 + 5 + 12 + 10)),
    ],
)
def test_baselines_are_as_large_as_the_layers_of_their_sources(method, size):
    with torch.device("meta"):
        network = build_model(ModelConfig(method=method))
    assert sum(p.numel() for p in network.parameters()) == size

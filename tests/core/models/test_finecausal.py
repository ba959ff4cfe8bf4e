import pytest
import torch
import torch.nn.functional as F
from narrow_networks import narrow

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.models.finecausal import FineCausal, GraphAttention
from fineparser_core.models.temporal_parser import decode_joint


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    with narrow():
        network = build_model(ModelConfig(method="finecausal")).eval()
    assert isinstance(network, FineCausal)
    return network


def test_a_node_hears_all_others_as_gatv2_has_it():
    torch.manual_seed(0)
    layer = GraphAttention(6, 5).eval()
    nodes = torch.randn(1, 4, 6)
    heads = []
    for head in range(4):
        rows = slice(5 * head, 5 * head + 5)
        source, target = (nodes[0] @ side.weight[rows].T + side.bias[rows] for side in (layer.source, layer.target))
        found = []
        for i in range(4):
            others = [j for j in range(4) if j != i]
            scores = [F.leaky_relu(target[i] + source[j], 0.2) @ layer.attention[head] for j in others]
            found.append(torch.stack(scores).softmax(0) @ source[others])
        heads.append(torch.stack(found))
    torch.testing.assert_close(layer(nodes)[0], torch.cat(heads, dim=1))


def test_a_dive_is_encoded_the_same_in_any_batch(network):
    video = torch.randn(2, 3, 96, 16, 16, generator=torch.Generator().manual_seed(1))
    network.frame_px = 16
    with torch.inference_mode():
        both = network.encode(video, decode_joint)
        alone = network.encode(video[1:], decode_joint, between_batches=lambda _: None)
        assert both.encoding["gated"].shape == (2, 9, 1024)
        torch.testing.assert_close(both.encoding["gated"][1:], alone.encoding["gated"], rtol=1e-3, atol=1e-4)


def test_a_step_knows_nothing_of_what_comes_after(network):
    gated = torch.randn(1, 9, 1024, generator=torch.Generator().manual_seed(2))
    other = gated.clone()
    other[:, 8] += 1  # the last window is in the last step alone
    with torch.inference_mode():
        first, second = (network.dynamic_tokens(rows, [(3, 6)]) for rows in (gated, other))
    assert torch.equal(first[:, :2], second[:, :2])
    assert not torch.equal(first[:, 2], second[:, 2])

import pytest
import torch
from narrow_networks import narrow

from fineparser_core.models.fineparser import WINDOWS_AT_ONCE, FineParser, mean_over_windows
from fineparser_core.models.temporal_parser import decode_release

SIZE = 16


def videos(n):
    return torch.randn(n, 3, 96, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    with narrow():
        network = FineParser(static_backbone="resnet18").eval()
    network.frame_px = SIZE
    return network


def test_forward_is_encoding_once_and_comparing(network):
    query, exemplar = videos(2)
    with torch.inference_mode():
        pair = network(query[None], exemplar[None])
        encoded = [network.encode(one[None], decode_release) for one in (query, exemplar)]
        relative = network.relative_to(encoded[0].encoding, encoded[1].encoding)
    torch.testing.assert_close(pair.relative.delta, relative.delta, rtol=1e-4, atol=1e-3)
    assert pair.query.mask_logits.shape == (1, 9, 5, 16, SIZE, SIZE)
    for parsed, one, cuts in zip((pair.query, pair.exemplar), encoded, pair.transitions, strict=True):
        torch.testing.assert_close(parsed.probabilities, one.probabilities, rtol=1e-4, atol=1e-5)
        assert cuts == one.transitions
        masks = mean_over_windows(parsed.mask_logits[0, :, -1].sigmoid())
        torch.testing.assert_close(masks, one.mask_probability, rtol=1e-4, atol=1e-5)


def test_windows_in_batches_give_the_same_and_can_be_stopped_between(network):
    video, passed = videos(1), []
    with torch.inference_mode():
        at_once = network.encode(video, decode_release)
        in_batches = network.encode(video, decode_release, between_batches=passed.append)
    assert passed == [WINDOWS_AT_ONCE] * 3
    for name, value in at_once.encoding.items():
        torch.testing.assert_close(in_batches.encoding[name], value, rtol=1e-4, atol=1e-4)

    def stop(n_windows):
        raise InterruptedError

    with pytest.raises(InterruptedError), torch.inference_mode():
        network.encode(video, decode_release, between_batches=stop)

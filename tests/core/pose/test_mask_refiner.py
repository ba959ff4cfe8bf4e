import pytest
import torch

from fineparser_core.models.i3d import TAP_CHANNELS
from fineparser_core.models.spatial_parser import MaskDecoder
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder

WINDOWS = torch.randn(1, 3, 16, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def taps():
    """Of a window of 16 x 32 x 32."""
    generator = torch.Generator().manual_seed(0)
    sizes = ((8, 16, 16), (8, 8, 8), (8, 4, 4), (4, 2, 2))
    return tuple(torch.randn(1, c, *s, generator=generator) for c, s in zip(TAP_CHANNELS, sizes, strict=True))


def test_a_refined_decoder_starts_as_the_papers(taps):
    torch.manual_seed(1)
    plain = MaskDecoder()
    torch.manual_seed(1)
    refined = RefinedMaskDecoder()
    for name, value in plain.state_dict().items():
        assert torch.equal(refined.state_dict()[name], value)
    assert torch.equal(refined(taps, WINDOWS), plain(taps, WINDOWS))
    refined(taps, WINDOWS)[:, 4].square().mean().backward()
    gradient = refined.refiner.out.weight.grad
    assert gradient.abs().max() > 0  # and learns from there


def test_only_the_fused_map_is_refined(taps):
    decoder = RefinedMaskDecoder()
    before = decoder(taps, WINDOWS)
    torch.nn.init.ones_(decoder.refiner.out.bias)
    after = decoder(taps, WINDOWS)
    assert torch.equal(after[:, :4], before[:, :4])
    torch.testing.assert_close(after[:, 4], before[:, 4] + 1)
    torch.testing.assert_close(decoder.finish(*decoder.coarse(taps), WINDOWS), after[:, 4])

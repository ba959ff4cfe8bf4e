"""Convolutions take the library's fast path, and an I3D in 8 bits says what it says in float32."""

import pytest
import torch
from narrow_networks import narrow
from torch.profiler import ProfilerActivity, profile

from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.folding import fold_batch_norms
from fineparser_core.models.i3d import I3D
from fineparser_core.models.int8 import Int8I3D, largest_activations, quantize_i3ds
from fineparser_core.models.temporal_parser import decode_release

SIZE = 32


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    with narrow():
        model = to_channels_last(FineParser()).eval()
    fold_batch_norms(model)
    model.frame_px = SIZE
    return model


def names_of(run):
    with torch.inference_mode(), profile(activities=[ProfilerActivity.CPU]) as found:
        run()
    return {event.key for event in found.key_averages()}


def test_a_parse_in_float32_takes_no_slow_convolution(network):
    video = torch.randn(1, 3, 96, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    windows = torch.randn(3, 3, 16, SIZE, SIZE, generator=torch.Generator().manual_seed(2))
    single = torch.nn.Conv3d(24, 24, 3, padding=1)
    # The fallback is there to be avoided: if this fails, PyTorch may have mended it, and `Conv3d` may go.
    assert any("slow_conv3d" in name for name in names_of(lambda: single(torch.randn(1, 24, 4, 8, 8))))
    for run in (
        lambda: network.encode(video, decode_release, between_batches=lambda _: None),
        lambda: network.spatial_parser.decoder.coarse(network.spatial_parser.taps(windows)),
    ):
        assert not [name for name in names_of(run) if "slow_conv3d" in name]


@pytest.mark.parametrize("vnni", [True, False])
def test_an_i3d_in_8_bits_says_what_it_says_in_float32(vnni):
    if not hasattr(torch.ops.onednn, "qconv_pointwise"):
        pytest.skip("this PyTorch has no convolutions in 8 bits")
    torch.manual_seed(3)
    model = torch.nn.ModuleDict({"i3d": I3D()}).eval()
    fold_batch_norms(model)
    pixels = torch.rand(2, 3, 16, 64, 64, generator=torch.Generator().manual_seed(4)) * 4 - 2
    with torch.inference_mode():
        with largest_activations(model) as largest:
            expected = model["i3d"](pixels)
        quantize_i3ds(model, largest, vnni=vnni)
        found = model["i3d"](pixels)
    assert isinstance(model["i3d"], Int8I3D)
    off = (found - expected).norm() / expected.norm()
    assert off < (0.1 if vnni else 0.15)


def test_an_activation_that_is_missing_is_named():
    model = torch.nn.ModuleDict({"i3d": I3D()}).eval()
    with pytest.raises(ValueError, match=r"i3d\.conv3d_1a_7x7"):
        quantize_i3ds(model, {}, vnni=True)

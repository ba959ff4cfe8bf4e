"""Convolutions take the library's fast path, and an I3D in 8 bits says what it says in float32."""

import pytest
import torch
import torch.nn.functional as F
from narrow_networks import narrow
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torchvision.models.resnet import BasicBlock as OtherBlock

from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.folding import fold_batch_norms
from fineparser_core.models.i3d import I3D, Unit3D
from fineparser_core.models.int8 import Int8I3D, largest_activations, quantize_i3ds
from fineparser_core.models.layers import BasicBlock, upsample_to_map
from fineparser_core.models.spatial_parser import _UPSAMPLING
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


@pytest.mark.parametrize("layout", [torch.channels_last_3d, torch.contiguous_format])
def test_gradient_of_a_kernel_over_two_samples(layout):
    torch.manual_seed(0)
    unit = Unit3D(48, 128, 3).eval()
    x = torch.randn(9, 48, 2, 4, 4).contiguous(memory_format=layout)
    gradients = []
    for enabled in (False, True):
        unit.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            unit(x).float().square().sum().backward()
        gradients.append(unit.conv3d.weight.grad)
    assert float((gradients[1] - gradients[0]).norm() / gradients[0].norm()) < 0.03
    with torch.no_grad():
        without = unit(x)
    torch.testing.assert_close(unit(x).detach(), without, rtol=1e-5, atol=1e-5)


def foldable():
    """Every kind of module whose batch norms are folded, and one without a convolution before it."""
    torch.manual_seed(3)
    frames = nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), BasicBlock(8, 12, 2), OtherBlock(12, 12)
    )
    parts = nn.ModuleDict({"video": Unit3D(3, 8, 3, 2), "frames": frames, "rows": nn.BatchNorm1d(5)})
    for part in parts.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            part.running_mean.uniform_(-1, 1)
            part.running_var.uniform_(0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 2)
            nn.init.uniform_(part.bias, -1, 1)
    return parts.eval()


@torch.no_grad()
def test_a_folded_network_computes_the_same():
    parts = foldable()
    inputs = {"video": torch.randn(1, 3, 4, 8, 8), "frames": torch.randn(2, 3, 9, 9), "rows": torch.randn(4, 5)}
    before = {name: parts[name](x) for name, x in inputs.items()}
    fold_batch_norms(parts)
    assert [name for name, part in parts.named_modules() if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d)] == []
    assert isinstance(parts["rows"], nn.BatchNorm1d)
    for name, x in inputs.items():
        assert torch.allclose(parts[name](x), before[name], atol=1e-5)


@pytest.mark.parametrize(("kernel", "stride", "padding"), _UPSAMPLING)
def test_up_sampling_by_blocks_is_a_transposed_convolution(kernel, stride, padding):
    torch.manual_seed(4)
    x, weight = torch.randn(2, 3, 2, 3, 4), torch.randn(3, 1, *kernel)
    expected = F.conv_transpose3d(x, weight, stride=stride, padding=padding)
    assert torch.allclose(upsample_to_map(x, weight, stride, padding), expected, atol=1e-4)

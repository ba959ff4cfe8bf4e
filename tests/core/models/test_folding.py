import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.resnet import BasicBlock as OtherBlock

from fineparser_core.models.folding import fold_batch_norms
from fineparser_core.models.i3d import Unit3D
from fineparser_core.models.layers import BasicBlock, upsample_to_map
from fineparser_core.models.spatial_parser import _UPSAMPLING


def network():
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
    parts = network()
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

import pytest
import torch

from fineparser_core.models.i3d import Unit3D


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

"""The I3D in 8 bits for a CPU: four times as fast as float32 by VNNI, twice by AVX2, about as exact as bfloat16.

Kernels have a scale for each output channel, as in the files of bundles; what flows between them has one scale for each
layer, from the largest value of that layer in a few dives. Zero is the least value, so that each layer ends in a ReLU.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from fineparser_core.models.i3d import I3D, Mixed, Unit3D, max_pool

#: Smallest and largest value of an ImageNet-normalized pixel.
_PIXELS = (-2.12, 2.64)
_LARGEST_KERNEL = 127
#: Largest value of what flows between layers. Without VNNI products of two pairs are added in 16 bits, which overflow
#: where these have 8 bits.
_LARGEST, _LARGEST_WITHOUT_VNNI = 255, 127
#: Stands for the largest value of a unit that is dead: it never gives anything but 0.
_LEAST_VALUE = 1e-6


@contextmanager
def largest_activations(model: nn.Module) -> Iterator[dict[str, float]]:
    """Collect the largest output of each unit of the I3Ds of a model, by the unit's name, while the context lasts."""
    largest: dict[str, float] = {}

    def watch(name: str, module: nn.Module) -> RemovableHandle:
        def look(module: nn.Module, inputs: object, output: Tensor) -> None:
            largest[name] = max(largest.get(name, 0.0), float(output.amax()))

        return module.register_forward_hook(look)

    hooks = [watch(name, module) for name, module in model.named_modules() if isinstance(module, Unit3D)]
    try:
        yield largest
    finally:
        for hook in hooks:
            hook.remove()


def quantize_i3ds(model: nn.Module, activations: Mapping[str, float], *, vnni: bool) -> None:
    """Replace the I3Ds of a model, whose batch norms are folded, in place.

    Args:
        activations: largest value of the output of each unit, as `largest_activations` gives them.
        vnni: whether the CPU adds products of 8 bits in 32.

    Raises:
        ValueError: the value of a unit is missing or no number.
    """
    most = _LARGEST if vnni else _LARGEST_WITHOUT_VNNI
    for name, module in list(model.named_modules()):
        if isinstance(module, I3D):
            scales = {}
            for unit, part in module.named_modules():
                if isinstance(part, Unit3D):
                    value = activations.get(f"{name}.{unit}", math.nan)
                    if not 0 <= value < math.inf:
                        raise ValueError(f"{name}.{unit}")
                    scales[unit] = max(value, _LEAST_VALUE) / most
            model.set_submodule(name, Int8I3D(module, scales, most))


class Int8I3D(I3D):
    """An I3D that computes in 8 bits; it takes and gives float32 as `I3D` does, the taps included.

    Args:
        scales: of the output of each unit by its name; the branches of a block share the largest of theirs.
        most: largest value of what flows between layers.
    """

    def __init__(self, i3d: I3D, scales: Mapping[str, float], most: int) -> None:
        nn.Module.__init__(self)
        low, high = _PIXELS
        self._scale, self._zero, self._most = (high - low) / most, round(-low / (high - low) * most), most
        self._scales: dict[str, float] = {}
        scale, zero = self._scale, self._zero
        for name, child in i3d.named_children():
            if isinstance(child, Unit3D):
                child = _Int8Unit(child, scale, zero, scales[name])
                scale, zero = scales[name], 0
            elif isinstance(child, Mixed):
                own = {unit.partition(".")[2]: value for unit, value in scales.items() if unit.startswith(f"{name}.")}
                scale = _quantize_block(child, scale, own)
            self.add_module(name, child)
            self._scales[name] = scale

    def stem(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map float32 windows to taps 1 to 3 in 8 bits, see `I3D.stem`."""
        return super().stem(_quantized(x, self._scale, self._zero, self._most))

    def front(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Map windows to the output of mixed_4e in 8 bits and taps 1 to 3 in float32, see `I3D.front`."""
        tap1, tap2, tap3 = self.stem(x)
        floats = (
            tap1 * self._scales["conv3d_1a_7x7"],
            tap2 * self._scales["conv3d_2c_3x3"],
            tap3 * self._scales["mixed_3c"],
        )
        return self.middle(tap3), floats

    def tap4(self, x: Tensor) -> Tensor:
        """Map the output of mixed_4e in 8 bits to tap 4 in float32, see `I3D.tap4`."""
        return super().tap4(x) * self._scales["mixed_4f"]

    def end(self, tap4: Tensor) -> Tensor:
        """Map tap 4 to features, see `I3D.end`."""
        x = max_pool(_quantized(tap4, self._scales["mixed_4f"], 0, self._most), 2, 2)
        features: Tensor = self.mixed_5c(self.mixed_5b(x)).float().mean(dim=(2, 3, 4)) * self._scales["mixed_5c"]
        return features


def _quantize_block(block: Mixed, scale: float, scales: Mapping[str, float]) -> float:
    """Replace the units of a block in place; return the scale of its output, the largest of its branches."""
    inner = {"branch_1.0", "branch_2.0"}
    common = max(value for name, value in scales.items() if name not in inner)
    for name in scales:
        to_scale = scales[name] if name in inner else common
        before = f"{name.removesuffix('.1')}.0"
        from_scale = scales[before] if name.endswith(".1") and before in inner else scale
        block.set_submodule(name, _Int8Unit(block.get_submodule(name), from_scale, 0, to_scale))
    return common


class _Int8Unit(nn.Module):
    """A unit in 8 bits: uint8 (N, C, T, H, W), channels last, to uint8.

    Args:
        scale, zero: of the input: a value is scale * (number - zero).
        to_scale: of the output, whose zero is 0.
    """

    def __init__(self, unit: nn.Module, scale: float, zero: int, to_scale: float) -> None:
        super().__init__()
        assert isinstance(unit, Unit3D)
        conv, self._pad = unit.conv3d, unit.pad
        kernel = conv.weight.detach().float()
        scales = kernel.flatten(1).abs().amax(dim=1).clamp_min(1e-12) / _LARGEST_KERNEL
        numbers = (kernel / scales.view(-1, 1, 1, 1, 1)).round().to(torch.int8)
        bias = None if conv.bias is None else conv.bias.detach().float()
        self._kernel, self._rest = (numbers, scales), (scales, torch.zeros(len(scales), dtype=torch.int32), bias)
        self._input, self._placing = (scale, zero), (conv.stride, conv.padding, conv.dilation, conv.groups)
        self._output: tuple[Any, ...] = (to_scale, 0, torch.uint8, "none", [], "")
        self._packed: tuple[torch.Size, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self._pad is not None:
            x = F.pad(x, self._pad, value=self._input[1])
        if self._packed is None or self._packed[0] != x.shape:  # laid out for another shape it is laid out at each call
            packed = torch.ops.onednn.qconv_prepack(*self._kernel, *self._input, *self._placing, x.shape)
            self._packed = x.shape, packed
        out: Tensor = torch.ops.onednn.qconv_pointwise(
            x, *self._input, self._packed[1], *self._rest, *self._placing, *self._output
        )
        return out


def _quantized(x: Tensor, scale: float, zero: int, most: int) -> Tensor:
    numbers = (x * (1 / scale)).add_(zero).round_().clamp_(0, most).to(torch.uint8)
    return numbers.contiguous(memory_format=torch.channels_last_3d)

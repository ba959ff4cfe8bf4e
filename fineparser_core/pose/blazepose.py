"""BlazePose, a network of MediaPipe that sees the joints and the mask of one person in a picture (Apache 2.0).

Source: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020. The weights are those of
`pose_landmark_lite`, unchanged; `packaging/convert_blazepose.py` makes the file that holds them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Values of a landmark: x, y, z, and the logits that it is visible and that it lies within the picture.
_VALUES = 5


class BlazePose(nn.Module):
    """Pictures (N, 3, 256, 256) float32, RGB in [0, 1], to landmarks (N, 39, 5), and to what `mask` goes on from.

    Of a landmark: x, y and z in pixels of the picture, and the logits that it is visible and within the picture. The
    first 33 are those of MediaPipe, the others help. A person should stand upright and fill about half of the picture.

    Args:
        graph: steps, each made of the values of earlier ones, of which 0 is the picture: ["conv", value, stride, pixels
            added before and after, depthwise, relu6], ["add", value, value, relu6], ["halve", value], ["double",
            value].
        tensors: "3.kernel" and "3.bias" of the third step, and so on.
        landmarks: how many steps lead to these; the others lead to the mask.
    """

    def __init__(self, graph: Sequence[Sequence[Any]], tensors: Mapping[str, Tensor], landmarks: int) -> None:
        super().__init__()
        self.graph, self.landmarks = graph, landmarks
        used = {value for step in graph[landmarks:] for value in step[1 : 3 if step[0] == "add" else 2]}
        self._shared = [value for value in used if value <= landmarks]
        # From here on, the last doubling but one, a mask is looked for in a box alone.
        self._boxed = [n for n, step in enumerate(graph, start=1) if step[0] == "double"][-2]
        self.convs = nn.ModuleDict()
        for n, step in enumerate(graph, start=1):
            if step[0] == "conv":
                kernel = tensors[f"{n}.kernel"].float()
                inputs = kernel.shape[1] * (len(kernel) if step[5] else 1)
                conv = nn.Conv2d(inputs, len(kernel), kernel.shape[-1], step[2], groups=inputs if step[5] else 1)
                conv.weight.data = kernel.contiguous(memory_format=torch.channels_last)
                conv.bias = nn.Parameter(tensors[f"{n}.bias"].float())
                if step[3] == step[4]:
                    conv.padding = (step[3], step[3])
                self.convs[str(n)] = conv

    def forward(self, pictures: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        values = {0: pictures.contiguous(memory_format=torch.channels_last)}
        for n in range(1, self.landmarks + 1):
            values[n] = self._value(n, values)
        found = values[self.landmarks].flatten(1).unflatten(1, (-1, _VALUES))
        return found, {n: values[n] for n in self._shared}

    def mask(self, shared: Mapping[int, Tensor], rows: slice, columns: slice) -> Tensor:
        """Logits (N, h, w) that pixels show the person; the last steps, most of the work, are done in a box alone.

        Args:
            shared: of `forward`.
            rows, columns: the box, in fours of pixels.
        """
        values = dict(shared)
        for n in range(self.landmarks + 1, len(self.graph) + 1):
            if n == self._boxed:
                before, beside = self.graph[n - 1][1], self.graph[n][2]  # the latter is added to what is doubled
                values[before] = values[before][..., rows, columns]
                tall, wide = (slice(2 * one.start, 2 * one.stop) for one in (rows, columns))
                values[beside] = values[beside][..., tall, wide]
            values[n] = self._value(n, values)
        return values[len(self.graph)][:, 0]

    def _value(self, n: int, values: Mapping[int, Tensor]) -> Tensor:
        """What the nth step makes of earlier values."""
        step = self.graph[n - 1]
        x = values[step[1]]
        if step[0] == "conv":
            before, after = step[3:5]
            if before != after:
                x = F.pad(x, (before, after, before, after))
            x = self.convs[str(n)](x)
        elif step[0] == "add":
            x = x + values[step[2]]
        elif step[0] == "halve":
            x = F.max_pool2d(x, 2)
        else:
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return F.relu6(x, inplace=True) if step[-1] is True else x

"""BlazePose, a network of MediaPipe that sees the joints of one person in a picture (Apache 2.0).

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
    """Pictures (N, 3, 256, 256) float32, RGB in [0, 1], to landmarks (N, 39, 5).

    Of a landmark: x, y and z in pixels of the picture, and the logits that it is visible and within the picture. The
    first 33 are those of MediaPipe, the others help. A person should stand upright and fill about half of the picture.

    Args:
        graph: steps, each made of the values of earlier ones, of which 0 is the picture: ["conv", value, stride, pixels
            added before and after, depthwise, relu6], ["add", value, value, relu6], ["halve", value], ["double",
            value].
        tensors: "3.kernel" and "3.bias" of the third step, and so on.
    """

    def __init__(self, graph: Sequence[Sequence[Any]], tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.graph = graph
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

    def forward(self, pictures: Tensor) -> Tensor:
        values = [pictures.contiguous(memory_format=torch.channels_last)]
        for n, step in enumerate(self.graph, start=1):
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
            values.append(F.relu6(x, inplace=True) if step[-1] is True else x)
        return values[-1].flatten(1).unflatten(1, (-1, _VALUES))

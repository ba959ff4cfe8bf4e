"""C3D, the backbone of the earlier methods (Tran et al., "Learning Spatiotemporal Features with 3D ConvNets", 2015)."""

import torch.nn.functional as F
from torch import Tensor, nn

#: Outputs of `C3D.fc6` and of `C3D.fc7`.
C3D_SIZE = 4096
_GRID = (1, 4, 4)
_CONVOLUTIONS = {
    "conv1": (3, 64),
    "conv2": (64, 128),
    "conv3a": (128, 256),
    "conv3b": (256, 256),
    "conv4a": (256, 512),
    "conv4b": (512, 512),
    "conv5a": (512, 512),
    "conv5b": (512, 512),
}
_POOLED_AFTER = {"conv1": (1, 2, 2), "conv2": (2, 2, 2), "conv3b": (2, 2, 2), "conv4b": (2, 2, 2)}


class C3D(nn.Module):
    """Clips (N, 3, 16, 112, 112) float32, ImageNet-normalized, to what the fifth pooling gives, (N, 8192).

    Eight convolutions of 3 x 3 x 3 and two wide layers; the classifier is left out. Tensors are named as in the
    state dicts that are handed around for torch.
    Deviation: the source subtracts a mean cube and does not scale; weights of it are to be fine-tuned here.

    Args:
        fc7: whether the second of the wide layers is there.
    """

    def __init__(self, *, fc7: bool = True) -> None:
        super().__init__()
        for name, (before, after) in _CONVOLUTIONS.items():
            self.add_module(name, nn.Conv3d(before, after, 3, padding=1))
        self.fc6 = nn.Linear(8192, C3D_SIZE)
        if fc7:
            self.fc7 = nn.Linear(C3D_SIZE, C3D_SIZE)

    def forward(self, clips: Tensor) -> Tensor:
        x = clips
        for name in _CONVOLUTIONS:
            x = F.relu(self.get_submodule(name)(x), inplace=True)
            if name in _POOLED_AFTER:
                x = F.max_pool3d(x, _POOLED_AFTER[name])
        x = F.max_pool3d(x, 2, padding=(0, 1, 1))
        if x.shape[2:] != _GRID:  # frames of another size than 112 x 112
            x = F.adaptive_avg_pool3d(x, _GRID)
        return x.flatten(1)

    def wide(self, pooled: Tensor) -> Tensor:
        """Map the features (N, 8192) of `forward` to fc6 (N, 4096), after its ReLU."""
        return F.relu(self.fc6(pooled))

"""The baselines on C3D and its successor: clips averaged, in their course, or with tasks beside the score; MSCADC."""

from itertools import pairwise
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import WINDOW_LENGTH
from fineparser_core.models.aqa_model import to_windows
from fineparser_core.models.baselines.pooled import ScoreModel

#: Outputs of C3D's fifth pooling of a clip, and of its wide layers.
POOLED_SIZE, WIDE_SIZE = 8192, 4096
_LSTM_SIZE = 256
#: Classes of what a dive number says: position, armstand or not, direction, half somersaults, half twists.
ELEMENT_CLASSES = (4, 2, 5, 12, 10)
#: Convolutions of C3D by their names in the state dicts that are handed around for torch, and the poolings after them.
_C3D: dict[str, tuple[int, int, tuple[int, int, int] | None]] = {
    "conv1": (3, 64, (1, 2, 2)),
    "conv2": (64, 128, (2, 2, 2)),
    "conv3a": (128, 256, None),
    "conv3b": (256, 256, (2, 2, 2)),
    "conv4a": (256, 512, None),
    "conv4b": (512, 512, (2, 2, 2)),
    "conv5a": (512, 512, None),
    "conv5b": (512, 512, None),
}


class C3D(nn.Module):
    """Clips (N, 3, 16, 112, 112) float32, ImageNet-normalized, to the output of the fifth pooling, (N, 8192).

    Source: Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks", ICCV 2015; no library keeps
    it. Its wide layers are `C3DModel`'s.
    Deviation: the source subtracts a mean cube and does not scale; weights of it are to be fine-tuned here.
    """

    def __init__(self) -> None:
        super().__init__()
        for name, (before, after, _) in _C3D.items():
            self.add_module(name, nn.Conv3d(before, after, 3, padding=1))

    def forward(self, clips: Tensor) -> Tensor:
        x = clips
        for name, (_, _, pooled) in _C3D.items():
            x = F.relu(self.get_submodule(name)(x), inplace=True)
            x = x if pooled is None else F.max_pool3d(x, pooled)
        return F.adaptive_avg_pool3d(F.max_pool3d(x, 2, padding=(0, 1, 1)), (1, 4, 4)).flatten(1)


class C3DModel(ScoreModel):
    """Six clips of 16 samples that do not overlap, through C3D; a linear layer scores what becomes of them.

    Sources: Parmar and Morris, "Learning to Score Olympic Events", CVPR workshops 2017 (C3D-SVR, C3D-LSTM), and "What
    and How Well You Performed? A Multitask Learning Approach to Action Quality Assessment", CVPR 2019 (C3D-AVG).
    Deviation: captions are not learned, as no data set that is read here has them; C3D-LSTM is trained on the final
    score alone, without the source's increments from clip to clip.

    Args:
        course: "fc6" averages the first wide layer of the clips (C3D-SVR); "lstm" takes the last state over it
            (C3D-LSTM); "pool5" averages the fifth pooling, and both wide layers follow (C3D-AVG).
        tasks: learn the elements of the dive number, too (MTL).
    """

    def __init__(self, course: Literal["fc6", "lstm", "pool5"], *, tasks: bool = False) -> None:
        super().__init__()
        self.course, self.c3d, self.fc6 = course, C3D(), nn.Linear(POOLED_SIZE, WIDE_SIZE)
        if course == "lstm":
            self.lstm = nn.LSTM(WIDE_SIZE, _LSTM_SIZE, batch_first=True)
        if course == "pool5":
            self.fc7 = nn.Linear(WIDE_SIZE, WIDE_SIZE)
        self.head = nn.Linear(_LSTM_SIZE if course == "lstm" else WIDE_SIZE, 1)
        self.elements = nn.ModuleList(nn.Linear(WIDE_SIZE, n) for n in ELEMENT_CLASSES * tasks)

    def features(self, video: Tensor) -> Tensor:
        """Map videos to features, see `ScoreModel.features`."""
        with self.encoders(video.device):
            clips = self.c3d(to_windows(video, WINDOW_LENGTH)).float().unflatten(0, (len(video), -1))
        if self.course == "pool5":
            return F.relu(self.fc7(F.relu(self.fc6(clips.mean(dim=1)))))
        wide = F.relu(self.fc6(clips))
        feature: Tensor = self.lstm(wide)[1][0][-1] if self.course == "lstm" else wide.mean(dim=1)
        return feature


class MSCADC(ScoreModel):
    """Sixteen samples of the whole dive through convolutions, the last of them dilated, and a multi-scale context net.

    Source: Parmar and Morris 2019, as `C3DModel`; the context net after Yu and Koltun 2016.
    Choices of ours: frames of 112 pixels where the source has 180; its captions and classes are not learned.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise((3, 32, 64, 128, 128, 256, 256))):
            layers.append(_dilated(before, after, 1))
            if place in (0, 1, 3):
                layers.append(nn.MaxPool3d((1, 2, 2) if place == 0 else 2))
        self.body = nn.Sequential(*layers, *(_dilated(256, 256, dilation) for dilation in (2, 2, 1, 1, 2, 4, 8)))
        self.head = nn.Linear(256, 1)

    def features(self, video: Tensor) -> Tensor:
        """Map videos to features, see `ScoreModel.features`."""
        with self.encoders(video.device):
            feature: Tensor = self.body(video[:, :, :: video.shape[2] // WINDOW_LENGTH]).float().mean(dim=(2, 3, 4))
        return feature


def _dilated(before: int, after: int, dilation: int) -> nn.Sequential:
    """Make a 3 x 3 x 3 convolution, dilated in the picture, with batch norm and ReLU."""
    reach = (1, dilation, dilation)
    conv = nn.Conv3d(before, after, 3, padding=reach, dilation=reach, bias=False)
    return nn.Sequential(conv, nn.BatchNorm3d(after), nn.ReLU(inplace=True))

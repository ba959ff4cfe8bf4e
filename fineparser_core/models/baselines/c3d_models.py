"""The baselines on C3D: regression of averaged clips, of their course, and with tasks beside it."""

from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import WINDOW_LENGTH
from fineparser_core.models.aqa_model import AQAModel, Decoder, EncodedVideo, VideoEncoding, to_windows
from fineparser_core.models.baselines.pooled import POINTS

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


#: Classes of what a dive number says: position, armstand or not, direction, half somersaults, half twists.
ELEMENT_CLASSES = (4, 2, 5, 12, 10)


class ScoreModel(AQAModel):
    """A network that scores a dive alone, out of a feature of all of it."""

    contrastive = False

    @abstractmethod
    def features(self, video: Tensor) -> Tensor:
        """Map videos (B, 3, 96, H, W), as in `encode`, to features (B, n) float32."""

    @abstractmethod
    def scores(self, feature: Tensor) -> Tensor:
        """Map features (B, n) to scores (B,) in points."""

    def encode(self, video: Tensor, decode: Decoder) -> EncodedVideo:
        """Encode videos, see `AQAModel.encode`: "feature" (B, n)."""
        self.check_video(video)
        return EncodedVideo(encoding={"feature": self.features(video)})

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict scores without exemplars, see `AQAModel.predict_scores`."""
        return self.scores(query["feature"])


class C3DModel(ScoreModel):
    """Six clips of 16 samples that do not overlap, through C3D; `fc7` as there."""

    def __init__(self, *, fc7: bool = False) -> None:
        super().__init__()
        self.c3d = C3D(fc7=fc7)

    def clips(self, video: Tensor) -> Tensor:
        """Map videos (B, 3, 96, H, W) to the fifth pooling's output for their clips, (B, 6, 8192) float32."""
        with self.encoders(video.device):
            pooled = self.c3d(to_windows(video, WINDOW_LENGTH)).float()
        return pooled.unflatten(0, (len(video), -1))


class C3DSVR(C3DModel):
    """Support vector regression of the averaged fc6 features of a C3D that is not trained.

    Source: Parmar and Morris, "Learning to Score Olympic Events", CVPR workshops 2017.
    Choices of ours: a linear machine in its primal form, learned by gradients like every other row, in place of libsvm;
    the preset freezes C3D, which has to be given weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.regressor = nn.Linear(C3D_SIZE, 1)

    def features(self, video: Tensor) -> Tensor:
        return self.c3d.wide(self.clips(video)).mean(dim=1)

    def scores(self, feature: Tensor) -> Tensor:
        score: Tensor = self.regressor(feature)[:, 0] * POINTS
        return score


class C3DLSTM(C3DModel):
    """An LSTM of 256 units over the fc6 features of the clips; its last state is regressed.

    Source: as `C3DSVR`.
    Choice of ours: trained on the final score alone, without the source's increments from clip to clip.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(C3D_SIZE, 256, batch_first=True)
        self.regressor = nn.Linear(256, 1)

    def features(self, video: Tensor) -> Tensor:
        state: Tensor = self.lstm(self.c3d.wide(self.clips(video)))[1][0][-1]
        return state

    def scores(self, feature: Tensor) -> Tensor:
        score: Tensor = self.regressor(feature)[:, 0] * POINTS
        return score


class C3DAVG(C3DModel):
    """Clip features averaged after the fifth pooling, then fc6, fc7 and a number.

    Source: Parmar and Morris, "What and How Well You Performed? A Multitask Learning Approach to Action Quality
    Assessment", CVPR 2019.
    Deviation: its captions are not learned, as no data set that is read here has them.

    Args:
        tasks: learn the elements of the dive number beside the score (MTL); if not, the score alone (STL).
    """

    def __init__(self, *, tasks: bool) -> None:
        super().__init__(fc7=True)
        self.regressor = nn.Linear(C3D_SIZE, 1)
        self.has_tasks = tasks
        if tasks:
            self.elements = nn.ModuleList(nn.Linear(C3D_SIZE, n) for n in ELEMENT_CLASSES)

    def features(self, video: Tensor) -> Tensor:
        return F.relu(self.c3d.fc7(self.c3d.wide(self.clips(video).mean(dim=1))))

    def scores(self, feature: Tensor) -> Tensor:
        score: Tensor = self.regressor(feature)[:, 0] * POINTS
        return score

    def element_logits(self, feature: Tensor) -> list[Tensor]:
        """Map features (B, 4096) to the logits (B, n) of each of `ELEMENT_CLASSES`."""
        return [head(feature) for head in self.elements]


class _Dilated(nn.Module):
    """3 x 3 x 3 convolution, dilated in the picture, with batch norm and ReLU."""

    def __init__(self, before: int, after: int, dilation: int) -> None:
        super().__init__()
        reach = (1, dilation, dilation)
        self.conv = nn.Conv3d(before, after, 3, padding=reach, dilation=reach, bias=False)
        self.norm = nn.BatchNorm3d(after)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)), inplace=True)


class MSCADC(ScoreModel):
    """Sixteen samples of the whole dive through convolutions, the last of them dilated, and a multi-scale context net.

    Source: as `C3DAVG`; the context net after Yu and Koltun 2016.
    Choices of ours: frames of 112 pixels where the source has 180; its captions and classes are not learned.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = ((3, 32), (32, 64), (64, 128), (128, 128), (128, 256), (256, 256))
        self.body = nn.ModuleList(_Dilated(before, after, 1) for before, after in widths)
        self.dilated = nn.Sequential(_Dilated(256, 256, 2), _Dilated(256, 256, 2))
        self.context = nn.Sequential(*(_Dilated(256, 256, dilation) for dilation in (1, 1, 2, 4, 8)))
        self.regressor = nn.Linear(256, 1)

    def features(self, video: Tensor) -> Tensor:
        x = video[:, :, :: video.shape[2] // WINDOW_LENGTH].contiguous(memory_format=torch.channels_last_3d)
        with self.encoders(video.device):
            for place, layer in enumerate(self.body):
                x = layer(x)
                if place in (0, 1, 3):
                    x = F.max_pool3d(x, (1, 2, 2) if place == 0 else 2)
            return self.context(self.dilated(x)).float().mean(dim=(2, 3, 4))

    def scores(self, feature: Tensor) -> Tensor:
        score: Tensor = self.regressor(feature)[:, 0] * POINTS
        return score

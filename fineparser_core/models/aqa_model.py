"""The interface of every network that scores dives: FineParser and its baselines."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import IMAGENET_MEAN, IMAGENET_STD, MASK_SIZE, N_SAMPLES, WINDOW_LENGTH, WINDOW_STRIDE
from fineparser_core.errors import ConfigError
from fineparser_core.models.temporal_parser import decode_joint

#: Per-video tensors, batch first. Evaluation adds "difficulty" (B,) and, for exemplars, "score" (B,).
VideoEncoding = dict[str, Tensor]
AnyModule = TypeVar("AnyModule", bound=nn.Module)
#: Transition probabilities (96, 2) of a video to its two transition samples (st, ed).
Decoder = Callable[[np.ndarray], tuple[int, int]]


def normalize(frames: Tensor) -> Tensor:
    """Map frames (N, H, W, 3) uint8 RGB to (N, 3, H, W) float32, ImageNet-normalized, channels last in memory."""
    width = frames.shape[2]
    # Normalize by rows: three channels at a time would be several times slower.
    mean, std = (torch.tensor(values, device=frames.device).repeat(width) for values in (IMAGENET_MEAN, IMAGENET_STD))
    rows = frames.flatten(2).float().div_(255).sub_(mean).div_(std)
    images: Tensor = rows.unflatten(2, (width, 3)).permute(0, 3, 1, 2)
    return images


def to_windows(video: Tensor, stride: int = WINDOW_STRIDE) -> Tensor:
    """Map videos (B, C, 96, H, W) to their windows, (9 B, C, 16, H, W), channels last; a video's rows adjoin.

    Args:
        stride: samples from the start of a window to that of the next; the released 10 gives nine windows.
    """
    windows = video.unfold(2, WINDOW_LENGTH, stride).permute(0, 2, 1, 5, 3, 4).flatten(0, 1)
    return windows.contiguous(memory_format=torch.channels_last_3d)


def to_channels_last(model: AnyModule) -> AnyModule:
    """Lay the kernels out channels last, which nearly halves the time of the 3-D convolutions on CPU."""
    for parameter in model.parameters():
        if parameter.ndim == 4:  # with the strides of their gradients, those of 1 x 1 too
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
        elif parameter.ndim == 5:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)
    return model


@dataclass(frozen=True, kw_only=True)
class EncodedVideo:
    """Videos after every encoder, in evaluation.

    Attributes:
        encoding: input of comparing and scoring.
        probabilities: (B, 96, 2) of the transitions; None for a model without steps.
        transitions: decoded (st, ed) of each video; None likewise.
        mask_probability: (B, 96, H, W), mean over the windows that cover a sample; None for a model without masks.
        frame_features: (B, 96, n) of the static stream, which can be cut at other transitions; None without a static
            stream.
        estimates: further outputs of the static backbone for every sample, by name, each (B, 96, ...).
    """

    encoding: VideoEncoding
    probabilities: Tensor | None = None
    transitions: list[tuple[int, int]] | None = None
    mask_probability: Tensor | None = None
    frame_features: Tensor | None = None
    estimates: dict[str, Tensor] = field(default_factory=dict)


class AQAModel(nn.Module):
    """A network for action quality assessment: it scores a dive, alone or against exemplars.

    Attributes:
        contrastive: whether it needs exemplars.
        precision: of the encoders' passes; whatever follows them is float32.
        frame_px: side of the square frames that `encode` takes, pixels.
    """

    contrastive: bool = True
    precision: torch.dtype = torch.float32
    frame_px: int = MASK_SIZE

    def encoders(self, device: torch.device) -> AbstractContextManager[object]:
        """Return the autocast context in which encoders run."""
        return torch.autocast(device.type, dtype=self.precision, enabled=self.precision != torch.float32)

    def check_video(self, video: Tensor) -> None:
        """Check what is to be encoded.

        Raises:
            ConfigError: its shape is not that of videos of 96 square frames of `frame_px`, or it has whole numbers.
        """
        wanted = (3, N_SAMPLES, self.frame_px, self.frame_px)
        if video.ndim != 5 or video.shape[1:] != wanted or not video.is_floating_point():
            raise ConfigError(
                f"A video {tuple(video.shape)} of {video.dtype} cannot be encoded: give (batch, "
                f"{', '.join(map(str, wanted))}) of torch.float32, which are {N_SAMPLES} frames of {self.frame_px} x "
                f"{self.frame_px} pixels, normalized as ImageNet is."
            )

    def forward(
        self,
        query: Tensor,
        exemplars: Tensor | None = None,
        *,
        score: Tensor | None = None,
        difficulty: Tensor | None = None,
        decode: Decoder = decode_joint,
    ) -> Any:
        """Predict the points of dives from their videos, as `clip_transform` gives them.

        Args:
            query: (B, 3, 96, 112, 112) float32, ImageNet-normalized.
            exemplars: (E, 3, 96, 112, 112) likewise, with their `score` (E,) in points; for a `contrastive` network.
            difficulty: (B,) DD of the queries, for networks that take it.
            decode: reads transitions from their probabilities.

        Returns:
            (B, E) points by each exemplar; (B, 1) of a network that compares nothing.

        Raises:
            ConfigError: exemplars are given to a network that compares nothing, or something lacks.
        """
        if self.contrastive != (exemplars is not None and score is not None):
            way_out = "give exemplars and their score" if self.contrastive else "leave exemplars away"
            raise ConfigError(f"A {type(self).__name__} {'' if self.contrastive else 'does not '}compare: {way_out}.")
        known = {"difficulty": difficulty}
        encoded = self.encode(query, decode).encoding | {k: v for k, v in known.items() if v is not None}
        others: VideoEncoding = {}
        if exemplars is not None and score is not None:
            others = self.encode(exemplars, decode).encoding | {"score": score}
        try:
            rows = ({name: value[row : row + 1] for name, value in encoded.items()} for row in range(len(query)))
            votes = [self.predict_scores(row, others) for row in rows]
        except KeyError as error:
            raise ConfigError(f"A {type(self).__name__} takes {error.args[0]}, too: give it by its name.") from None
        return torch.stack([each if self.contrastive else each.mean()[None] for each in votes])

    @abstractmethod
    def encode(self, video: Tensor, decode: Decoder) -> EncodedVideo:
        """Encode videos (B, 3, 96, 112, 112) float32, ImageNet-normalized; the same whatever they are compared with.

        Raises:
            ConfigError: by `check_video`, which every network calls first.
        """

    @abstractmethod
    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict the scores in points of a query (batch of 1): (E,), by exemplar; (1,) where not `contrastive`."""

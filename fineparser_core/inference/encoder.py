"""One pass over a clip: everything that masks, transitions and any number of comparisons need."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import IMAGENET_MEAN, IMAGENET_STD, N_SAMPLES
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.pose_backbone import PoseBackbone
from fineparser_core.models.temporal_parser import DECODERS
from fineparser_core.models.upright_look import BODY
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Encoding
from fineparser_core.video.sampling import WINDOWS

AnyModule = TypeVar("AnyModule", bound=nn.Module)

#: Windows that cover each sample; the mask of a sample is the mean over its windows.
_COVERAGE = np.bincount(WINDOWS.ravel(), minlength=N_SAMPLES).astype(np.float32)


def normalise(frames: Tensor) -> Tensor:
    """Frames (N, H, W, 3) uint8 RGB to (N, 3, H, W) float32, ImageNet-normalised, channels last in memory."""
    width = frames.shape[2]
    # By rows: three channels at a time would be several times slower.
    mean, std = (torch.tensor(values, device=frames.device).repeat(width) for values in (IMAGENET_MEAN, IMAGENET_STD))
    rows = (frames.flatten(2).float() / 255 - mean) / std
    return rows.unflatten(2, (width, 3)).permute(0, 3, 1, 2)


def to_channels_last(model: AnyModule) -> AnyModule:
    """Lays the kernels out channels last, which nearly halves the time of the 3-D convolutions on CPU."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    for parameter in model.parameters():
        if parameter.ndim in formats:
            parameter.data = parameter.data.contiguous(memory_format=formats[parameter.ndim])
    return model


def _window(video: Tensor, samples: np.ndarray) -> Tensor:
    """Samples of a video (T, 3, H, W) as one window (1, 3, n, H, W), channels last.

    One at a time is as fast as several, and whoever waits for a cancel or for its turn waits less.
    """
    window = video[torch.tensor(samples)].transpose(0, 1)[None]
    return window.contiguous(memory_format=torch.channels_last_3d)


class _MeanMasks:
    """The mask of a sample: the mean probability over the windows that cover it."""

    def __init__(self, size: tuple[int, ...]) -> None:
        self._sums = np.zeros((len(_COVERAGE), *size), np.float32)

    def add(self, window: np.ndarray, logits: Tensor) -> None:
        """Take the logits (1, 16, H, W) of a window."""
        self._sums[window] += logits[0].float().sigmoid().cpu().numpy()

    @property
    def mean(self) -> np.ndarray:
        return self._sums / _COVERAGE[:, None, None]


class _Steps:
    """Tells progress after every step, and looks at the token before the first and after each."""

    def __init__(
        self, stage: str, total: int, progress: ProgressCallback, cancel: CancelToken | None, *, done: int = 0
    ) -> None:
        self._stage, self._total, self._done = stage, total, done
        self._progress, self._cancel = progress, cancel
        if cancel is not None:
            cancel.raise_if_cancelled()

    def __call__(self) -> None:
        self._done += 1
        self.between()

    def between(self) -> None:
        """Within a step: what has been done so far once more, so that its caller can let something else pass."""
        self._progress(Progress(self._stage, self._done, self._total))
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()


class ClipEncoder:
    """Encodes clips with a model in eval mode; the model is moved to the device, channels last."""

    def __init__(self, model: FineParser, device: torch.device, *, precision: str = "fp32", decoding: str = "joint"):
        self.model = to_channels_last(model.to(device).eval())
        self.device = device
        self.precision = precision
        self._decode = DECODERS[decoding]

    @contextmanager
    def _looking_up(self, step: _Steps) -> Iterator[None]:
        """Within it, `step.between` after every layer that windows pass: a window is long to wait for on a slow CPU."""
        thread = threading.get_ident()

        def look_up(*_: object) -> None:
            # Whatever is let pass may use the same network, on a thread of its own.
            if threading.get_ident() == thread:
                step.between()

        layers = [module for module in self.model.modules() if not any(module.children())]
        hooks = [layer.register_forward_hook(look_up) for layer in layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @torch.inference_mode()
    def encode(
        self,
        frames: np.ndarray,
        *,
        seconds: float | None = None,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> tuple[Encoding, np.ndarray]:
        """Encodes a clip.

        Args:
            frames: (96, 112, 112, 3) uint8 RGB, the preprocessed samples.
            seconds: from the first sample to the last, where that is known.
            progress: called with stage "parse" after every chunk, and after every layer within it.
            cancel: looked at as often.

        Returns:
            The encoding, and the mask probability of every sample, (96, 112, 112) float16: the mean over the
            windows that cover it.

        Raises:
            Cancelled: once the token is set.
        """
        video = normalise(torch.from_numpy(frames).to(self.device))
        gated, masks = [], _MeanMasks(frames.shape[1:3])
        step = _Steps("parse", 2 * len(WINDOWS) + 2, progress, cancel)
        with self._looking_up(step):
            with autocast(self.device, self.precision):
                for window in WINDOWS:
                    part = _window(video, window)
                    i3d_feature = self.model.i3d(part)
                    step()
                    logits, mask_feature = self.model.spatial_parser.infer(part)
                    gated.append(self.model.gate(i3d_feature.float(), mask_feature.float()))
                    masks.add(window, logits)
                    step()
                seen = self.model.static_encoder.backbone(video)
                features = self.model.static_encoder.to_feature(seen).float()
                step()
            gated_features = torch.cat(gated)
            found = self.model.step_probabilities(gated_features[None], seen.float()[None])
            step()
        probabilities = found[0].cpu().numpy()
        encoding = Encoding(
            gated=gated_features.cpu().numpy(),
            frame_features=features.cpu().numpy(),
            transition_samples=self._decode(probabilities, seconds),
            probabilities=probabilities,
        )
        return encoding, masks.mean.astype(np.float16)

    @torch.inference_mode()
    def first_look(
        self, frames: np.ndarray, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
    ) -> np.ndarray:
        """Masks alone, as a preprocessing that follows the athlete needs them of whole frames.

        In float32 whatever the precision: in half of it the square around them moves by some pixels now and then, and
        the score with it by more than a point.

        Args:
            frames: (96, 112, 112, 3) uint8 RGB.
            progress: called with stage "look" after every window, and after every layer within it.

        Returns:
            (96, 112, 112) float32 probability.

        Raises:
            Cancelled: once the token is set.
        """
        masks = _MeanMasks(frames.shape[1:3])
        step = _Steps("look", len(WINDOWS), progress, cancel)
        with self._looking_up(step):
            for window in WINDOWS:
                masks.add(window, self._mask_logits(frames[window], "fp32"))
                step()
        return masks.mean

    @torch.inference_mode()
    def joints(
        self, frames: np.ndarray, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
    ) -> np.ndarray | None:
        """The body's joints in the samples of a clip; None where the network sees no poses.

        Args:
            frames: (96, 112, 112, 3) uint8 RGB.
            progress: called with stage "look", the last of whose steps this is a part of, after every layer.

        Returns:
            (96, 15, 3) float32: x and y in pixels of the samples, and the probability that the joint is seen.

        Raises:
            Cancelled: once the token is set.
        """
        backbone = self.model.static_encoder.backbone if self.model.has_static else None
        if not isinstance(backbone, PoseBackbone):
            return None
        video = normalise(torch.from_numpy(frames).to(self.device))
        step = _Steps("look", len(WINDOWS), progress, cancel, done=len(WINDOWS))
        with self._looking_up(step):
            look = backbone.look(video)
        tracked = backbone.first_tracked(look[None])[0, :, :BODY]
        joints: np.ndarray = torch.cat([tracked[..., :2], tracked[..., 2:].sigmoid()], dim=-1).cpu().numpy()
        return joints

    @torch.inference_mode()
    def window_masks(self, frames: np.ndarray) -> np.ndarray:
        """Mask probabilities (16, 112, 112) float32 of one window of frames (16, 112, 112, 3) uint8 RGB."""
        masks: np.ndarray = self._mask_logits(frames, self.precision)[0].float().sigmoid().cpu().numpy()
        return masks

    def _mask_logits(self, frames: np.ndarray, precision: str) -> Tensor:
        """One window of frames to (1, 16, 112, 112)."""
        parser = self.model.spatial_parser
        video = normalise(torch.from_numpy(frames).to(self.device))
        with autocast(self.device, precision):
            window = _window(video, np.arange(len(frames)))
            # Unsharpened, as they were when the temporal parser learned from the squares around them; and sooner.
            return parser.decoder.fused(parser.taps(window), None)

    @torch.inference_mode()
    def static_tokens(self, encoding: Encoding) -> np.ndarray:
        """(3, 4, 64) float32 static step tokens of a clip, cut at its own transitions."""
        features = torch.from_numpy(encoding.frame_features)[None].to(self.device)
        tokens: Tensor = self.model.static_encoder.step_tokens(features, [encoding.transition_samples])
        return tokens[0].cpu().numpy()

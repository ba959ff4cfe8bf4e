"""Forward path: a clip is encoded once and compared with any number of exemplars. Loads torch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fineparser_core.errors import CheckpointError
from fineparser_core.exemplars.records import ExemplarEncoding
from fineparser_core.models.aqa_model import VideoEncoding, normalize, to_channels_last, to_windows
from fineparser_core.models.fineparser import WINDOWS_AT_ONCE, FineParser, RelativeScore, mean_over_windows
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.pose.keypoints import BODY, KEYPOINTS
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import ClipEncoding
from fineparser_core.support.device import INT8, PRECISIONS
from fineparser_core.video.clips import WINDOWS


def _numbers(found: Tensor) -> np.ndarray:
    """Return the output of a network as an array.

    Raises: CheckpointError where it is not finite, which finite weights can give, too.
    """
    if not found.isfinite().all():
        raise CheckpointError("The weights give no finite numbers for this clip: choose others.")
    array: np.ndarray = found.cpu().numpy()
    return array


def _joints(keypoints: Tensor) -> np.ndarray:
    """Convert keypoints (n, j, 3) with logits to joints with probabilities, float32."""
    found = keypoints.float()
    return _numbers(torch.cat([found[..., :2], found[..., 2:].sigmoid()], dim=-1))


class _Steps:
    """Reports progress, and raises where the token is set: at the start and after every step."""

    def __init__(
        self, stage: str, total: int, progress: ProgressCallback, cancel: CancelToken | None, *, done: int = 0
    ) -> None:
        self._stage, self._total, self._done = stage, total, done
        self._progress, self._cancel = progress, cancel
        if cancel is not None:
            cancel.raise_if_cancelled()

    def __call__(self, steps: int = 1) -> None:
        self._done += steps
        self._progress(Progress(self._stage, self._done, self._total))
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()


class EncodedClip(NamedTuple):
    """A clip after the encoders.

    Attributes:
        encoding: what comparing needs.
        masks: (96, 112, 112) float16, the mask probability of every sample: the mean over the windows that cover it.
        joints: (96, 16, 3) float32, x and y in pixels of the samples and the probability that a joint is visible, as
            each sample shows them; None where the network estimates no poses.
    """

    encoding: ClipEncoding
    masks: np.ndarray
    joints: np.ndarray | None


class ClipEncoder:
    """Encodes clips with a model in eval mode; the model is moved to the device, channels last.

    Args:
        precision: of the encoders' passes, see `AQAModel.precision`, which it sets.
        decoding: by which transitions are read from their probabilities, see `DECODERS`.

    Attributes:
        decode: does so.
    """

    def __init__(self, model: FineParser, device: torch.device, *, precision: str = "fp32", decoding: str = "joint"):
        self.model = to_channels_last(model.to(device).eval())
        self.model.precision = torch.float32 if precision == INT8 else PRECISIONS[precision]
        self.device = device
        self.decode = DECODERS[decoding]

    @torch.inference_mode()
    def encode(
        self,
        frames: np.ndarray,
        *,
        seconds: float | None = None,
        valid: np.ndarray | None = None,
        prior: np.ndarray | None = None,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> EncodedClip:
        """Encode a clip.

        Args:
            frames: (96, 112, 112, 3) uint8 RGB, the preprocessed samples.
            seconds: that 96 samples take, where that is known.
            valid: (96,) bool, samples at which a step may begin; by default all.
            prior: (96, 96), likelihood of each pair of transitions by the seen fall, see `decode_flight`.
            progress: called with stage "parse" and the number of windows after every `WINDOWS_AT_ONCE`.
            cancel: looked at as often.

        Raises:
            CheckpointError: the weights give no finite number.
            Cancelled: once the token is set.
        """
        step = _Steps("parse", len(WINDOWS) + 1, progress, cancel)
        video, may_begin = self._video(frames), 1.0 if valid is None else valid[:, None].astype(np.float32)
        encoded = self.model.encode(
            video, lambda found: self.decode(found * may_begin, seconds=seconds, prior=prior), between_batches=step
        )
        step()
        assert encoded.probabilities is not None
        assert encoded.transitions is not None
        assert encoded.mask_probability is not None
        assert encoded.frame_features is not None
        encoding = ClipEncoding(
            gated=_numbers(encoded.encoding["gated"][0]),
            frame_features=_numbers(encoded.frame_features[0]),
            transition_samples=encoded.transitions[0],
            probabilities=_numbers(encoded.probabilities[0]) * may_begin,
        )
        joints = None
        if KEYPOINTS in encoded.estimates:
            joints = _joints(encoded.estimates[KEYPOINTS][0])
        return EncodedClip(encoding, _numbers(encoded.mask_probability[0]).astype(np.float16), joints)

    @torch.inference_mode()
    def compare(self, query: ExemplarEncoding, exemplars: Sequence[ExemplarEncoding]) -> RelativeScore:
        """Return the points (E, 3) of a clip relative to each of E exemplars, in a single pass (Eq. 6 without y_Z).

        Raises:
            CheckpointError: the weights give no finite number.
        """
        relative = self.model.relative_to(self._batch([query]), self._batch(exemplars))
        _numbers(relative.dynamic + relative.static)
        return relative

    def _batch(self, encodings: Sequence[ExemplarEncoding]) -> VideoEncoding:
        return {
            "gated": torch.from_numpy(np.stack([one.gated for one in encodings])).to(self.device),
            "static_tokens": torch.from_numpy(np.stack([one.static_tokens for one in encodings])).to(self.device),
            "transitions": torch.tensor([one.transition_samples for one in encodings]),
        }

    @torch.inference_mode()
    def coarse_masks(
        self, frames: np.ndarray, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
    ) -> np.ndarray:
        """Return only the masks, of whole frames, from which an athlete crop is made.

        In float32 where the I3D is not in int8: in bfloat16 the crop moves by some pixels now and then, and the score
        with it by more than a point.

        Args:
            frames: (96, 112, 112, 3) uint8 RGB.
            progress: called with stage "coarse" and the number of windows after every `WINDOWS_AT_ONCE`.

        Returns:
            (96, 112, 112) float32 probability.

        Raises:
            Cancelled: once the token is set.
        """
        step = _Steps("coarse", len(WINDOWS), progress, cancel)
        masks = []
        for batch in to_windows(self._video(frames)).split(WINDOWS_AT_ONCE):
            masks.append(self._mask_logits(batch).float().sigmoid())
            step(len(batch))
        return _numbers(mean_over_windows(torch.cat(masks))[0])

    @torch.inference_mode()
    def keypoints(
        self,
        frames: np.ndarray,
        every: int,
        *,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> np.ndarray | None:
        """Find the body's keypoints in some samples of a clip; None where the network sees no poses.

        Args:
            frames: (96, 112, 112, 3) uint8 RGB.
            every: step between the examined samples, starting with the first.
            progress: called with stage "coarse" once they are found.

        Returns:
            (96 / every, 15, 3) float32: x and y in pixels of the samples, and the probability that the joint is
            visible.

        Raises:
            Cancelled: once the token is set.
        """
        step = _Steps("coarse", len(WINDOWS), progress, cancel, done=len(WINDOWS) - 1)
        with self.model.encoders(self.device):
            video = normalize(torch.from_numpy(frames).to(self.device))
            found = self.model.static_encoder.some_estimates(video, every)
        if KEYPOINTS not in found:
            return None
        joints = _joints(found[KEYPOINTS][:, :BODY])
        step()
        return joints

    def _mask_logits(self, windows: Tensor) -> Tensor:
        """Map windows (N, 3, 16, 112, 112) to (N, 16, 112, 112), in the caller's precision."""
        parser = self.model.spatial_parser
        # Unsharpened, as they were when the temporal parser learned from the squares around them; and sooner.
        return parser.decoder.coarse(parser.taps(windows))[0]

    def _video(self, frames: np.ndarray) -> Tensor:
        """Convert frames (n, H, W, 3) uint8 RGB to a video (1, 3, n, H, W)."""
        return normalize(torch.from_numpy(frames).to(self.device)).transpose(0, 1)[None]

    @torch.inference_mode()
    def static_tokens(self, encoding: ClipEncoding) -> np.ndarray:
        """Return (3, 4, 64) float32 static step tokens of a clip, cut at its own transitions."""
        features = torch.from_numpy(encoding.frame_features)[None].to(self.device)
        tokens: Tensor = self.model.static_encoder.step_tokens(features, [encoding.transition_samples])
        return tokens[0].cpu().numpy()

    def compact(self, encoding: ClipEncoding) -> ExemplarEncoding:
        """Return the part of an encoding that a library stores."""
        return ExemplarEncoding(
            gated=encoding.gated,
            static_tokens=self.static_tokens(encoding),
            transition_samples=encoding.transition_samples,
        )

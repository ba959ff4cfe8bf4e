"""From a clip to the 96 samples that the network sees: whole frames, or the athlete crop. Loads torch."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Clip
from fineparser_core.video.athlete_crop import crop_image, crops_around_joints, square_to_xyxy, track_athlete
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sampling import sample_frames

# Of frames kept for the refined pass: enough for an athlete of a tenth of the frame, and 96 of them in 270 MB.
_KEPT_HEIGHT_PX = 720
# Coarse masks are timid: at half, the squares around them have 0.84 of the right side, and a fifth cut limbs off.
_LIKELY = 0.35
# Probability from which on a joint tells where the athlete is.
_SHOWN = 0.4

Kept = TypeVar("Kept")


class Samples(NamedTuple):
    """The 96 samples of a clip as the network sees them.

    Attributes:
        frames: (96, 112, 112, 3) uint8 RGB.
        sampled: (96,) int64 source frames.
        times_s: (96,) float64, from the start of the file.
        crops: (96, 4) float32, the rectangle of source pixels that each shows; it may reach over the frame's edges.
        coarse: of the coarse pass, where there was one: whole frames (96, 112, 112, 3) uint8, masks (96, 112, 112).
    """

    frames: np.ndarray
    sampled: np.ndarray
    times_s: np.ndarray
    crops: np.ndarray
    coarse: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def seconds(self) -> float:
        """From the first sample to the last."""
        return float(self.times_s[-1] - self.times_s[0])


def read_samples(
    clip: Clip,
    preprocessing: str,
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Samples:
    """Reads the samples of a clip.

    Args:
        encoder: finds the athlete where the preprocessing follows one.
        progress: called with stage "read", and "coarse" for the coarse pass.

    Raises:
        VideoError: where the file cannot be read.
        Cancelled: once the token is set.
    """
    shape = get_preprocessing(preprocessing)
    keep = _reduced if isinstance(shape, AthleteCrop) else shape.apply
    kept, sampled, times_s, (width, height) = _read(clip, keep, progress, cancel)
    if not isinstance(shape, AthleteCrop):
        crop = np.asarray(shape.crop_xyxy(width, height), np.float32)
        return Samples(np.stack(kept), sampled, times_s, np.tile(crop, (len(sampled), 1)))
    wholes, masks = coarse_pass(kept, encoder, progress=progress, cancel=cancel)
    frames, crops = crop_athlete(kept, masks, encoder, progress=progress, cancel=cancel)
    scale = np.array([width / kept[0].shape[1], height / kept[0].shape[0]] * 2, np.float32)
    return Samples(frames, sampled, times_s, crops * scale, (wholes, masks))


def coarse_pass(
    frames: Sequence[np.ndarray],
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Squeezes 96 frames of (H, W, 3) uint8 RGB, (96, 112, 112, 3), and finds the athlete in them, (96, 112, 112).

    Raises:
        Cancelled: once the token is set.
    """
    wholes = np.stack([WHOLE.apply(frame) for frame in frames])
    return wholes, encoder.coarse_masks(wholes, progress=progress, cancel=cancel)


def crop_athlete(
    frames: Sequence[np.ndarray],
    masks: np.ndarray,
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cuts out the athlete crop: a square around the masks, or around the keypoints that the encoder finds in that.

    Args:
        frames: 96 of (H, W, 3) uint8 RGB.
        masks: (96, 112, 112) probability of athlete in them, from the coarse pass.

    Returns:
        (96, 112, 112, 3) uint8, and the squares (96, 4) float32 as x0, y0, x1, y1 in pixels of the frames.

    Raises:
        Cancelled: once the token is set.
    """
    height, width = frames[0].shape[:2]
    cut, places = _cut(frames, track_athlete(masks, width, height, threshold=_LIKELY))
    joints = encoder.keypoints(cut, progress=progress, cancel=cancel)
    if joints is None:
        return cut, places
    in_frame = places[:, None, :2] + joints[..., :2] * ((places[:, 2] - places[:, 0]) / MASK_SIZE)[:, None, None]
    squares = crops_around_joints(in_frame, joints[..., 2] >= _SHOWN, width, height)
    return (cut, places) if squares is None else _cut(frames, squares)


def _cut(frames: Sequence[np.ndarray], squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    places = [square_to_xyxy(square) for square in squares]
    cut = [crop_image(frame, place, MASK_SIZE) for frame, place in zip(frames, places, strict=True)]
    return np.stack(cut), np.array(places, np.float32)


def _read(
    clip: Clip, keep: Callable[[np.ndarray], Kept], progress: ProgressCallback, cancel: CancelToken | None
) -> tuple[list[Kept], np.ndarray, np.ndarray, tuple[int, int]]:
    """What is kept of every sample, their frames and times, and (width, height) of the source."""
    with VideoReader(clip.path) as reader:
        info = reader.info
        sampled = sample_frames(info, clip.in_frame, clip.out_frame)
        needed = np.unique(sampled)
        kept = {}
        for done, (index, frame) in enumerate(reader.frames(needed.tolist()), start=1):
            kept[index] = keep(frame)
            progress(Progress("read", done, len(needed)))
            if cancel is not None:
                cancel.raise_if_cancelled()
        return [kept[i] for i in sampled.tolist()], sampled, info.pts_s[sampled], (info.width_px, info.height_px)


def _reduced(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    if height <= _KEPT_HEIGHT_PX:
        return frame
    size = (round(width * _KEPT_HEIGHT_PX / height), _KEPT_HEIGHT_PX)
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)

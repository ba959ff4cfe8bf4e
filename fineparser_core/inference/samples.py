"""Reads the 96 samples of a clip: whole frames or athlete crops. Imports torch."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

import cv2
import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import ConfigError, VideoError
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.language import phrase
from fineparser_core.motion.boxes import Motion, MotionFinder
from fineparser_core.motion.following import LEAST_FRAMES, Diver, follow_athlete
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Clip, VideoInfo
from fineparser_core.video.athlete_crop import crop_image, crops_around_joints, square_to_xyxy, track_athlete
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sampling import sample_frames, valid_samples

# Frames kept for the refined pass are reduced to this height: 96 of them take 270 MB, and an athlete of a tenth of the
# height still fills a crop.
_KEPT_HEIGHT_PX = 720
# And to this area: only frames of more than 3 : 1 are wider.
_KEPT_PX = 3 * 720 * 720
# Coarse masks underestimate the athlete: with a threshold of 0.5 the crops have 0.84 of the correct side, and a fifth
# of them cut off limbs.
_MASK_THRESHOLD = 0.35
# Least confidence of a keypoint that is used to place the crop.
_KEYPOINT_THRESHOLD = 0.4
# Share of frames that a damaged file may lack; the frame before stands in for each.
_MOST_DAMAGED = 0.25


class Samples(NamedTuple):
    """The 96 preprocessed samples of a clip.

    Attributes:
        frames: (96, 112, 112, 3) uint8 RGB.
        sampled: (96,) int64 source frames.
        times_s: (96,) float64, seconds from the start of the file.
        crops: (96, 4) float32, source pixels x0, y0, x1, y1 of each sample; a crop may extend beyond the frame.
        diver: who was found by falling freely, and followed.
        coarse: result of the coarse pass, if there was one: whole frames (96, 112, 112, 3) uint8 and masks
            (96, 112, 112).
        notes: sentences about what is missing or damaged in the file.
    """

    frames: np.ndarray
    sampled: np.ndarray
    times_s: np.ndarray
    crops: np.ndarray
    diver: Diver | None = None
    coarse: tuple[np.ndarray, np.ndarray] | None = None
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Time that 96 samples take; longer than the clip where those at its end are not valid."""
        n = int(self.valid.sum())
        return float(self.times_s[-1] - self.times_s[0]) * (len(self.times_s) - 1) / max(n - 1, 1)

    @property
    def valid(self) -> np.ndarray:
        """See `valid_samples`."""
        return valid_samples(self.sampled)


def read_samples(
    clip: Clip,
    preprocessing: str,
    encoder: ClipEncoder,
    *,
    by_fall: bool = True,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Samples:
    """Read and preprocess the samples of a clip.

    Args:
        encoder: runs the coarse pass for preprocessings that crop the athlete.
        by_fall: look for who falls freely first; who is at the clip's point is followed in any case.
        progress: receives the stage "read", and "coarse" for the coarse pass.

    Raises:
        VideoError: the file cannot be read.
        ConfigError: nothing moves at the clip's point, or the clip is too short to follow anybody from there.
        Cancelled: `cancel` was set.
    """
    shape = get_preprocessing(preprocessing)
    keep = _reduced if isinstance(shape, AthleteCrop) else shape.apply
    follow = isinstance(shape, AthleteCrop) and (by_fall or clip.athlete is not None)
    kept, motion, sampled, info, notes = _read(clip, keep, isinstance(shape, AthleteCrop), follow, progress, cancel)
    times_s = info.pts_s[sampled]
    if not isinstance(shape, AthleteCrop):
        crop = np.asarray(shape.crop_xyxy(info.width_px, info.height_px), np.float32)
        if clip.athlete is not None:
            notes = (*notes, "These weights see the whole picture: the point on the diver changes nothing.")
        return Samples(np.stack(kept), sampled, times_s, np.tile(crop, (len(sampled), 1)), notes=notes)
    scale = info.width_px / kept[0].shape[1]
    found = None if motion is None else follow_athlete(motion, sampled, scale, clip.athlete)
    diver, coarse = None, None
    if found is not None:
        squares, diver = found.squares / scale, found.diver
    else:
        coarse = coarse_pass(kept, encoder, progress=progress, cancel=cancel)
        squares = follow_masks(coarse[1], kept[0])
    frames, crops = crop_athlete(kept, squares, encoder, progress=progress, cancel=cancel)
    scales = np.array([scale, info.height_px / kept[0].shape[0]] * 2, np.float32)
    return Samples(frames, sampled, times_s, crops * scales, diver, coarse, notes)


def coarse_pass(
    frames: Sequence[np.ndarray],
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Run the network on whole frames to find the athlete.

    Args:
        frames: 96 of (H, W, 3) uint8 RGB.

    Returns:
        The resized frames (96, 112, 112, 3) uint8, and their masks (96, 112, 112).

    Raises:
        Cancelled: `cancel` was set.
    """
    wholes = np.stack([WHOLE.apply(frame) for frame in frames])
    return wholes, encoder.coarse_masks(wholes, progress=progress, cancel=cancel)


def follow_masks(masks: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Squares (96, 3) that follow the athlete of the coarse masks (96, 112, 112), in pixels of frames like this."""
    height, width = frame.shape[:2]
    return track_athlete(masks, width, height, threshold=_MASK_THRESHOLD)


def crop_athlete(
    frames: Sequence[np.ndarray],
    squares: np.ndarray,
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Crop the athlete: as found and, if the encoder detects keypoints in that crop, again around these.

    Args:
        frames: 96 of (H, W, 3) uint8 RGB.
        squares: (96, 3) centre x, centre y and side that follow the athlete.

    Returns:
        The crops (96, 112, 112, 3) uint8, and their positions (96, 4) float32, x0, y0, x1, y1 in pixels of the frames.

    Raises:
        Cancelled: `cancel` was set.
    """
    height, width = frames[0].shape[:2]
    crops, boxes = _crop(frames, squares)
    keypoints = encoder.keypoints(crops, progress=progress, cancel=cancel)
    if keypoints is None:
        return crops, boxes
    in_frame = boxes[:, None, :2] + keypoints[..., :2] * ((boxes[:, 2] - boxes[:, 0]) / MASK_SIZE)[:, None, None]
    around = crops_around_joints(in_frame, keypoints[..., 2] >= _KEYPOINT_THRESHOLD, width, height)
    return (crops, boxes) if around is None else _crop(frames, around)


def _crop(frames: Sequence[np.ndarray], squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    boxes = [square_to_xyxy(square) for square in squares]
    crops = [crop_image(frame, box, MASK_SIZE) for frame, box in zip(frames, boxes, strict=True)]
    return np.stack(crops), np.array(boxes, np.float32)


def _read(
    clip: Clip,
    keep: Callable[[np.ndarray], np.ndarray],
    real_time: bool,
    follow: bool,
    progress: ProgressCallback,
    cancel: CancelToken | None,
) -> tuple[list[np.ndarray], Motion | None, np.ndarray, VideoInfo, tuple[str, ...]]:
    """Apply `keep` to every sample, see `sample_frames`, and find what moves in these while further ones are decoded.

    Returns:
        The results, what moves in them if `follow` is set, the source frames, the source, and notes about what it
        lacks.
    """
    with VideoReader(clip.path) as reader:
        info = reader.info
        sampled = sample_frames(info, clip.in_frame, clip.out_frame, real_time=real_time)
        needed = np.unique(sampled)
        if follow and clip.athlete is not None and len(needed) < LEAST_FRAMES:
            raise ConfigError(
                f"{clip.path}: the clip is too short to follow the diver from a point ({len(needed)} samples, need at "
                f"least {LEAST_FRAMES}): move the in or the out point, or take the point away."
            )
        finder = MotionFinder(float(np.median(np.diff(info.pts_s[needed])))) if follow and len(needed) > 1 else None
        kept = {}
        with closing(reader.frames_ahead(needed.tolist(), keep)) as frames:
            for done, (index, frame) in enumerate(frames, start=1):
                kept[index] = frame
                if finder is not None:
                    finder.add(frame, float(info.pts_s[index]))
                progress(Progress("read", done, len(needed)))
                if cancel is not None:
                    cancel.raise_if_cancelled()
        motion = None if finder is None else finder.motion()
        return (
            [kept[i] for i in sampled.tolist()],
            motion,
            sampled,
            info,
            _notes(info, sorted(reader.damaged), len(needed)),
        )


def _notes(info: VideoInfo, damaged: list[int], n_read: int) -> tuple[str, ...]:
    """What is missing or damaged in a file, of which `n_read` frames were read.

    Raises:
        VideoError: too many of them are damaged.
    """
    notes = []
    if info.n_frames_missing:
        notes.append(f"The file is cut off: {info.n_frames_missing} of its {info.n_frames_whole} frames are missing.")
    if info.n_parts_damaged:
        n_parts = info.n_parts_damaged
        parts = phrase("1 part") if n_parts == 1 else phrase(f"{n_parts} parts")
        notes.append(f"The file is damaged: {parts} of its video cannot be read.")
    if damaged:
        share = phrase(f"{len(damaged)} of the {n_read} frames read")
        if len(damaged) > _MOST_DAMAGED * n_read:
            raise VideoError(
                f"{info.path} is damaged: {share} cannot be decoded (the first is frame {damaged[0]}): copy it again, "
                "or move the in or the out point."
            )
        if len(damaged) == 1:
            notes.append(f"The file is damaged: {share} is not whole, the first is frame {damaged[0]}.")
        else:
            notes.append(f"The file is damaged: {share} are not whole, the first is frame {damaged[0]}.")
    return tuple(notes)


def _reduced(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    kept = min(height, _KEPT_HEIGHT_PX)
    if (pixels := kept * width * kept / height) > _KEPT_PX:
        kept = int(kept * (_KEPT_PX / pixels) ** 0.5)
    if kept == height:
        return frame
    size = (max(round(width * kept / height), 1), max(kept, 1))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)

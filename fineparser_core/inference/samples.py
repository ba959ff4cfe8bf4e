"""Reads the 96 samples of a clip: whole frames or athlete crops. Imports torch."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.motion.clips import find_candidate
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.following import Diver
from fineparser_core.motion.recording import Recording, damage_notes
from fineparser_core.motion.splash import WaterViews, water_views
from fineparser_core.pose.finding import WIDE, WIDE_PX
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import Clip, DiverCandidate, Note, NoteCode
from fineparser_core.video.athlete_crop import crop_image, square_to_xyxy, squares_around_joints, track_athlete
from fineparser_core.video.clips import sample_frames, valid_samples
from fineparser_core.video.preprocess import WHOLE, FullFrame, get_preprocessing
from fineparser_core.video.reader import VideoReader

# Coarse masks underestimate the athlete: with a threshold of 0.5 the crops have 0.84 of the correct side, and a fifth
# of them cut off limbs.
_MASK_THRESHOLD = 0.35
# Minimum confidence of a keypoint that is used to place the crop.
_KEYPOINT_THRESHOLD = 0.4
# Step between the samples that the network examines to place the crop.
_LOOKED_AT = 3
#: Maximum number of cancelled parses of which the samples are kept, some 30 MB each.
_MOST_UNFINISHED = 3


class Samples(NamedTuple):
    """The 96 preprocessed samples of a clip.

    Attributes:
        frames: (96, 112, 112, 3) uint8 RGB.
        sampled: (96,) int64 source frames.
        times_s: (96,) float64, seconds from the start of the file.
        crops: (96, 4) float32, source pixels x0, y0, x1, y1 of each sample; a crop may extend beyond the frame.
        diver: the diver found by the free fall, and followed.
        wide: (96, 288, 288, 3) uint8, wide crops of the same, see `joints.turned`; None of whole frames.
        coarse: result of the coarse pass, if there was any: whole frames (96, 112, 112, 3) uint8 and masks (96, 112,
            112).
        notes: of what is missing or damaged in the file.
        divers: candidates for the diver, the likeliest first.
        water: views of the water where the diver's fall ends.
    """

    frames: np.ndarray
    sampled: np.ndarray
    times_s: np.ndarray
    crops: np.ndarray
    diver: Diver | None = None
    wide: np.ndarray | None = None
    coarse: tuple[np.ndarray, np.ndarray] | None = None
    notes: tuple[Note, ...] = ()
    divers: tuple[DiverCandidate, ...] = ()
    water: WaterViews | None = None

    @property
    def seconds(self) -> float:
        """Time that 96 samples take; longer than the clip where those at its end are not valid."""
        n = int(self.valid.sum())
        return float(self.times_s[-1] - self.times_s[0]) * (len(self.times_s) - 1) / max(n - 1, 1)

    @property
    def valid(self) -> np.ndarray:
        """See `valid_samples`."""
        return valid_samples(self.sampled)


class UnfinishedSamples:
    """Samples of clips whose parse was cancelled, by clip and modification time of the file; the latest few."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Clip, float], Samples] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, clip: Clip) -> Samples | None:
        """Return the samples of a clip, and keep them no longer; None where there are none."""
        return self._kept.pop(_known_as(clip), None)

    def keep(self, clip: Clip, samples: Samples) -> None:
        """Keep the samples of a clip."""
        self._kept[_known_as(clip)] = samples
        while len(self._kept) > _MOST_UNFINISHED:
            del self._kept[next(iter(self._kept))]


def _known_as(clip: Clip) -> tuple[Clip, float]:
    return clip, clip.path.stat().st_mtime if clip.path.is_file() else 0.0


def read_samples(
    clip: Clip,
    preprocessing: str,
    encoder: ClipEncoder,
    recording: Recording | None = None,
    find_body: FindBody | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Samples:
    """Read and preprocess the samples of a clip.

    The likeliest of those that fall freely is taken for the diver; see `find_candidate`.

    Args:
        encoder: runs the coarse pass for preprocessings that crop the athlete.
        recording: what was read of the file; without it the clip is read.
        find_body: looks for bodies where it is not clear who the diver is.
        progress: receives the stage "read", and "coarse" for the coarse pass.

    Raises:
        VideoError: the file cannot be read.
        ConfigError: nothing moves at the clip's point, or the clip is too short to follow anybody from there.
        Cancelled: `cancel` was set.
    """
    shape = get_preprocessing(preprocessing)
    if isinstance(shape, FullFrame):
        return _whole_frames(clip, shape, progress, cancel)
    one = find_candidate(clip, recording, find_body, progress=progress, cancel=cancel)
    found, coarse = one.squares, None
    if found is None:
        coarse = coarse_pass(one, encoder, progress=progress, cancel=cancel)
        found = follow_masks(coarse[1], one[0])
    squares = squares_around_body(one, found, encoder, progress=progress, cancel=cancel)
    (frames, crops), (wide, _) = crop_frames(one, squares, (MASK_SIZE, 1.0), (WIDE_PX, WIDE))
    water = None
    if one.diver is not None:
        water = water_views(one, one.scales[:2], one.diver.motion, one.times_s, valid_samples(one.sampled))
    crops = crops * one.scales
    return Samples(frames, one.sampled, one.times_s, crops, one.diver, wide, coarse, one.notes, one.divers, water)


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
    """Return squares (96, 3) that follow the athlete of the coarse masks (96, 112, 112), in pixels of the frame."""
    height, width = frame.shape[:2]
    return track_athlete(masks, width, height, threshold=_MASK_THRESHOLD)


def squares_around_body(
    frames: Sequence[np.ndarray],
    squares: np.ndarray,
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> np.ndarray:
    """Return squares (96, 3) around the keypoints that the encoder sees in some squares.

    The given squares where it sees none.

    Args:
        frames: 96 of (H, W, 3) uint8 RGB.
        squares: (96, 3) center x, center y and side that follow the athlete.

    Raises:
        Cancelled: `cancel` was set.
    """
    height, width = frames[0].shape[:2]
    ((crops, boxes),) = crop_frames(frames, squares, (MASK_SIZE, 1.0))
    keypoints = encoder.keypoints(crops, _LOOKED_AT, progress=progress, cancel=cancel)
    if keypoints is None:
        return squares
    visible, boxes = keypoints[..., 2] >= _KEYPOINT_THRESHOLD, boxes[::_LOOKED_AT]
    in_frame = boxes[:, None, :2] + keypoints[..., :2] * ((boxes[:, 2] - boxes[:, 0]) / MASK_SIZE)[:, None, None]
    around = squares_around_joints(in_frame, visible, _LOOKED_AT, width, height)
    return squares if around is None else around


def crop_frames(
    frames: Sequence[np.ndarray], squares: np.ndarray, *shapes: tuple[int, float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut square crops (n, size, size, 3) uint8 out of frames, for each size in pixels and scale.

    Returned with each are the pixels that it covers, (n, 4) float32, x0, y0, x1, y1. The squares (n, 3) are enlarged by
    the scale. A frame is made once for all.
    """
    boxes = [[square_to_xyxy(square, scale) for square in squares] for _, scale in shapes]

    def cut(sample: int) -> list[np.ndarray]:
        frame = frames[sample]
        return [crop_image(frame, of_shape[sample], size) for of_shape, (size, _) in zip(boxes, shapes, strict=True)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        crops = list(pool.map(cut, range(len(squares))))
    return [
        (np.stack(of_shape), np.array(of_boxes, np.float32))
        for of_shape, of_boxes in zip(zip(*crops, strict=True), boxes, strict=True)
    ]


def _whole_frames(clip: Clip, shape: FullFrame, progress: ProgressCallback, cancel: CancelToken | None) -> Samples:
    """Return the samples of a network that sees whole frames, as in the authors' release."""
    with VideoReader(clip.path) as reader:
        info, kept = reader.info, {}
        sampled = sample_frames(info, clip.in_frame, clip.out_frame)
        needed = np.unique(sampled)
        with closing(reader.frames_ahead(needed.tolist(), shape.apply)) as frames:
            for done, (index, frame) in enumerate(frames, start=1):
                kept[index] = frame
                progress(Progress("read", done, len(needed)))
                if cancel is not None:
                    cancel.raise_if_cancelled()
        notes = damage_notes(info, sorted(reader.damaged), len(needed))
    if clip.athlete is not None:
        notes = (*notes, Note(NoteCode.POINT_IGNORED))
    crop = np.asarray(shape.crop_xyxy(info.width_px, info.height_px), np.float32)
    read = np.stack([kept[i] for i in sampled.tolist()])
    return Samples(read, sampled, info.pts_s[sampled], np.tile(crop, (len(sampled), 1)), notes=notes)

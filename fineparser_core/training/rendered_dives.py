"""Rendered dives as the parts of the bundle learn from them: crops that follow the diver, with joints and labels."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE, N_SAMPLES
from fineparser_core.data.records import DiveRecord, DiveSet
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.support.atomic import atomic_file
from fineparser_core.synth.dataset import TRUTH_FOLDER
from fineparser_core.video.athlete_crop import crop_image, crop_mask, square_to_xyxy, squares_around_joints
from fineparser_core.video.clips import SAMPLED_S, sample_run, transition_samples

logger = logging.getLogger(__name__)

#: Side of a stored crop in pixels; a view of 112 can move and zoom within it.
_STORED_PX, _JPEG_QUALITY = 160, 92
#: Distance from the mask within which a joint counts as visible, in pixels of frames of 240 to 290 rows.
_NEAR_MASK_PX = 4
#: Scatter of the first and the last sampled frame.
_ENDS = 6
#: Scatter of the crops around those of the true joints: mean and standard deviation of the logarithm of the side, and
#: in sides that of the place in a clip and, for x and y, within it, correlated over some samples. Those of
#: `follow_diver` on 21 rendered dives are -0.23, 0.24, 0.03, 0.04, 0.08; crops around joints scatter less.
_SIDE, _SIDE_SCATTER, _PLACE_SCATTER = -0.1, 0.2, 0.04
_WALK_SCATTER, _WALK_SAMPLES = np.array([0.04, 0.08]), 2.5
#: Standard deviations of brightness and contrast.
_LIGHT, _CONTRAST = 12.0, 0.12


class CropView(NamedTuple):
    """A view of a dive.

    Attributes:
        sampled: (96,) int64 frames.
        corners, side: (96, 2) and scalar, the square of each sample in pixels of the stored crop.
        flip: mirrored left to right.
        light, contrast: added to the pixels, and a factor of them.
    """

    sampled: np.ndarray
    corners: np.ndarray
    side: int
    flip: bool = False
    light: float = 0.0
    contrast: float = 1.0


@dataclass(frozen=True, kw_only=True)
class CroppedDive:
    """A rendered dive in stored crops.

    Attributes:
        path: of the crops: JPEGs and PNGs of masks one after another, and where each ends.
        flight, entry, contact: first frames of flight and entry, and of the contact with the water.
        qualities: (3,) of take-off, flight and entry, 0..10.
        splash: size of the splash, 0..1.
        joints: (T, 16, 2) float32 pixels of the stored crops.
        shown: (T, 16) bool, joints that are visible.
    """

    path: Path = field(repr=False)
    number: str
    difficulty: float
    fps: float
    flight: int
    entry: int
    contact: int
    splash: float
    qualities: np.ndarray
    joints: np.ndarray = field(repr=False)
    shown: np.ndarray = field(repr=False)

    def view(self, rng: np.random.Generator | None = None) -> CropView:
        """Return the view that inference has of the dive, with its scatter where a generator draws it."""
        length, middle = len(self.joints), _STORED_PX / 2
        ends = (0, 0) if rng is None else rng.integers(-_ENDS, _ENDS + 1, 2).tolist()
        first = max(self.flight - round(SAMPLED_S[0] * self.fps) + ends[0], 0)
        last = min(max(self.contact + round(SAMPLED_S[1] * self.fps) + ends[1], first + 1), length - 1)
        sampled = sample_run(first, last)
        if rng is None:
            return CropView(sampled, np.full((N_SAMPLES, 2), middle - MASK_SIZE / 2), MASK_SIZE)
        from scipy.ndimage import gaussian_filter1d  # takes a third of a second to import

        side = round(float(np.clip(MASK_SIZE * np.exp(rng.normal(_SIDE, _SIDE_SCATTER)), MASK_SIZE / 1.25, 150)))
        walk = gaussian_filter1d(rng.standard_normal((N_SAMPLES, 2)), _WALK_SAMPLES, axis=0, mode="nearest")
        walk *= _WALK_SCATTER / walk.std(axis=0)
        places = middle + side * (rng.normal(0, _PLACE_SCATTER, 2) + walk) - side / 2
        light, contrast = float(rng.normal(0, _LIGHT)), float(np.exp(rng.normal(0, _CONTRAST)))
        return CropView(sampled, places.clip(0, _STORED_PX - side), side, bool(rng.random() < 0.5), light, contrast)

    def transitions(self, view: CropView) -> tuple[int, int]:
        """Return the samples of the two transitions."""
        return transition_samples(view.sampled, self.flight, self.entry)

    def contact_sample(self, view: CropView) -> int:
        """Return the first sample in which the diver touches the water."""
        return int(np.searchsorted(view.sampled, self.contact))

    def frames(self, view: CropView, samples: np.ndarray) -> np.ndarray:
        """Return samples (n, 112, 112, 3) uint8 RGB."""
        seen = self._cut(view, samples, "frames", cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)
        return np.ascontiguousarray(((seen - 128) * view.contrast + 128 + view.light).clip(0, 255).astype(np.uint8))

    def masks(self, view: CropView, samples: np.ndarray) -> np.ndarray:
        """Return the masks of samples, (n, 112, 112) float32 share of athlete."""
        return self._cut(view, samples, "masks", cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255

    def points(self, view: CropView, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return joints (n, 16, 2) float32 in pixels of samples, and which are visible there, (n, 16) bool."""
        frames, scale = view.sampled[samples], MASK_SIZE / view.side
        points = (self.joints[frames] - view.corners[samples].round()[:, None]) * scale
        shown = self.shown[frames]
        if view.flip:
            points[..., 0] = MASK_SIZE - points[..., 0]
            points, shown = points[:, list(KEYPOINT_FLIP)], shown[:, list(KEYPOINT_FLIP)]
        return points.astype(np.float32), shown & ((points >= 0) & (points < MASK_SIZE)).all(axis=-1)

    def _cut(self, view: CropView, samples: np.ndarray, name: str, how: int) -> np.ndarray:
        frames, corners = view.sampled[samples], view.corners[samples].round().astype(int)
        with np.load(self.path, allow_pickle=False) as stored:
            data, ends = stored[name], stored[f"{name}_end"]
        found = []
        for frame, (x, y) in zip(frames.tolist(), corners.tolist(), strict=True):
            image = cv2.imdecode(data[ends[frame - 1] if frame else 0 : ends[frame]], how)
            cut = crop_image(np.asarray(image), (x, y, x + view.side, y + view.side), MASK_SIZE)
            found.append(cut[:, ::-1] if view.flip else cut)
        return np.stack(found)


def store_crops(
    data: DiveSet,
    records: Sequence[DiveRecord],
    folder: Path,
    *,
    workers: int,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> list[CroppedDive]:
    """Store crops of dives around their joints, those that are missing, and return them in order.

    Dives that show too little of a body are left out.

    Raises:
        ExportError: the folder cannot be written.
        Cancelled: `cancel` was set; what is stored stays.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def stored(record: DiveRecord) -> CroppedDive | None:
        cancel.raise_if_cancelled()
        path = folder / f"{record.key[0]}-{record.key[1]}.npz"
        if not path.is_file():
            _store(data, record, path)
        with np.load(path, allow_pickle=False) as found:
            if not len(found["joints"]):
                return None
            facts = json.loads(str(found["facts"]))
            arrays = {name: found[name] for name in ("joints", "shown", "qualities")}
        return CroppedDive(path=path, number=record.dive_number, difficulty=record.difficulty, **facts, **arrays)

    kept = []
    with ThreadPoolExecutor(workers) as pool:
        for done, dive in enumerate(pool.map(stored, records), start=1):
            kept += [] if dive is None else [dive]
            progress(Progress("crop", done, len(records)))
    if len(kept) < len(records):
        logger.warning(
            "%d of %d dives show too little of a body and are left out", len(records) - len(kept), len(records)
        )
    return kept


def _store(data: DiveSet, record: DiveRecord, path: Path) -> None:
    with np.load(data.root / TRUTH_FOLDER / record.key[0] / f"{record.key[1]}.npz", allow_pickle=False) as truth:
        joints, qualities = truth["joints"], truth["qualities"]
        contact, splash = int(truth["contact_frame"]), float(truth["splash"])
    images, masks = list(data.frames(record)), [mask.astype(np.uint8) for mask in data.masks(record)]
    height, width = images[0].shape[:2]
    joints = (joints * np.array([width, height])).astype(np.float32)
    shown = np.stack([_shown(points, mask) for points, mask in zip(joints, masks, strict=True)])
    squares = squares_around_joints(joints[:, :-1], shown[:, :-1], 1, width, height)
    content = {"joints": joints[:0], "shown": shown[:0], "qualities": qualities}
    if squares is not None:
        boxes = [square_to_xyxy(square, _STORED_PX / MASK_SIZE) for square in squares]
        corners = np.array([box[:2] for box in boxes], np.float32)[:, None]
        scales = np.array([_STORED_PX / (box[2] - box[0]) for box in boxes], np.float32)[:, None, None]
        crops = [crop_image(image, box, _STORED_PX)[..., ::-1] for image, box in zip(images, boxes, strict=True)]
        cuts = [255 * crop_mask(mask, box, _STORED_PX) for mask, box in zip(masks, boxes, strict=True)]
        content |= {"joints": (joints - corners) * scales, "shown": shown}
        content |= _encoded("frames", crops, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        content |= _encoded("masks", [np.rint(cut).astype(np.uint8) for cut in cuts], ".png", [])
    facts = {
        "fps": data.fps(record),
        "flight": record.first_flight_frame,
        "entry": record.first_entry_frame,
        "contact": contact,
        "splash": splash,
    }
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, facts=json.dumps(facts), **content)


def _shown(points: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return which joints (16, 2) are on the body that a mask shows; the board, which comes last, in the picture."""
    height, width = mask.shape
    reach = 2 * _NEAR_MASK_PX + 1
    near = cv2.dilate((mask > 0).astype(np.uint8), np.ones((reach, reach), np.uint8))
    at = np.nan_to_num(points, nan=-1.0)
    inside = ((at >= 0) & (at < [width, height])).all(axis=-1)
    column, row = np.where(inside[:, None], at, 0).astype(int).T
    on_body = near[row, column] > 0
    on_body[-1] = True
    return np.asarray(inside & on_body)


def _encoded(name: str, images: Sequence[np.ndarray], suffix: str, options: list[int]) -> dict[str, np.ndarray]:
    found = [cv2.imencode(suffix, image, options)[1].ravel() for image in images]
    return {name: np.concatenate(found), f"{name}_end": np.cumsum([len(one) for one in found])}

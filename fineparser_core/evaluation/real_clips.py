"""Labelled clips of real dives: how far off transitions are, and how good masks are on the whole source frame."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np

from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.metrics import mask_iou
from fineparser_core.files import MOST_JSON_BYTES, parse_json, read_bounded
from fineparser_core.npz import DAMAGE, read_array
from fineparser_core.types import DiveParse

LABELS_FILE = "labels.json"
#: Frames after the first contact with the water in which the athlete may still be seen.
_SUBMERSION_FRAMES = 8
_MOST_FRAMES = 2**31
#: A hundred frames of 1080p have 207 MB.
_MOST_MASK_BYTES = 250_000_000


@dataclass(frozen=True, kw_only=True)
class ClipLabels:
    """What is known of a real clip, in frames of its file; None where nobody has labelled it.

    Attributes:
        path: of the clip.
        in_frame, out_frame: of the dive in it, both included.
        truths: (H, W) bool masks at source resolution, by frame; empty without any.
    """

    path: Path
    in_frame: int | None
    out_frame: int | None
    first_flight_frame: int | None
    first_entry_frame: int | None
    contact_frame: int | None
    truths: dict[int, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class RealClipResult:
    """A real clip against its labels; None where there are none.

    Attributes:
        clip: name of the file.
        flight_error_frames, entry_error_frames: found minus labelled first frame; negative is early.
        mask_ious: by labelled frame, at source resolution over the whole frame.
        empty_flight_samples: samples between take-off and contact without a pixel at 0.5 or more; of
            `flight_samples`.
        wet_area_px: most pixels of the 112 x 112 mask in a sample when the athlete is under water.
    """

    clip: str
    flight_error_frames: int | None
    entry_error_frames: int | None
    mask_ious: dict[int, float]
    empty_flight_samples: int | None
    flight_samples: int | None
    wet_area_px: int | None

    @property
    def median_iou(self) -> float | None:
        """Median of `mask_ious`."""
        return float(np.median(list(self.mask_ious.values()))) if self.mask_ious else None


def read_labels(folder: Path) -> list[ClipLabels]:
    """The clips of a folder that its `labels.json` names.

    The file maps names of clips to objects with, each of them optional, `in`, `out`, `first_flight_frame`,
    `first_entry_frame` and `first_water_contact_frame`. Beside a clip NAME.mp4, NAME_masks.npz may hold `frames` (n,)
    and `masks` (n, H, W), 1 = athlete.

    Raises:
        AnnotationError: no labels, or a file that is none.
    """
    path = folder / LABELS_FILE
    try:
        labels = parse_json(read_bounded(path, MOST_JSON_BYTES))
        return [_labels(folder, name, values) for name, values in labels.items()]
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror}): choose a folder of labelled clips.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(f"{path} does not hold labels of clips ({error!r:.200}): correct it.") from error


def measure_clip(parse: DiveParse, labels: ClipLabels) -> RealClipResult:
    """A parsed clip against its labels."""
    transitions = parse.transitions
    area = (parse.mask_probability >= 0.5).sum(axis=(1, 2))
    empty = shown = wet = None
    if labels.contact_frame is not None:
        after = parse.sampled_frames > labels.contact_frame + _SUBMERSION_FRAMES
        wet = int(area[after].max(initial=0))
        if labels.first_flight_frame is not None:
            in_air = parse.sampled_frames >= labels.first_flight_frame
            in_air &= parse.sampled_frames < labels.contact_frame
            empty, shown = int((area[in_air] == 0).sum()), int(in_air.sum())
    ious = {
        frame: mask_iou(full_frame_mask(parse, frame, truth.shape), truth) for frame, truth in labels.truths.items()
    }
    return RealClipResult(
        clip=labels.path.name,
        flight_error_frames=_minus(transitions.first_flight_frame, labels.first_flight_frame),
        entry_error_frames=_minus(transitions.first_entry_frame, labels.first_entry_frame),
        mask_ious=ious,
        empty_flight_samples=empty,
        flight_samples=shown,
        wet_area_px=wet,
    )


def full_frame_mask(parse: DiveParse, frame: int, size: tuple[int, ...]) -> np.ndarray:
    """(H, W) float32 mask probability of the sample nearest to a frame; 0 where its crop did not see.

    Args:
        size: (H, W) of the source frame.
    """
    sample = int(np.abs(parse.sampled_frames - frame).argmin())
    mask = parse.mask_probability[sample].astype(np.float32)
    x0, y0, x1, y1 = parse.crop_xyxy[sample].astype(float)
    left, top, right, bottom = (round(value) for value in (x0, y0, x1, y1))
    seen = cv2.resize(mask, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    full = np.zeros(size, np.float32)
    inside = full[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    inside[:] = seen[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]]
    return full


def _labels(folder: Path, name: str, values: dict[str, Any]) -> ClipLabels:
    if not name or Path(name).name != name or "\0" in name:
        raise ValueError(f"{name!r:.80} is not the name of a clip in the folder")
    return ClipLabels(
        path=folder / name,
        in_frame=_frame(values, "in"),
        out_frame=_frame(values, "out"),
        first_flight_frame=_frame(values, "first_flight_frame"),
        first_entry_frame=_frame(values, "first_entry_frame"),
        contact_frame=_frame(values, "first_water_contact_frame"),
        truths=_truths(folder / f"{Path(name).stem}_masks.npz"),
    )


def _frame(values: dict[str, Any], key: str) -> int | None:
    frame = values.get(key)
    if frame is None or (type(frame) is int and 0 <= frame < _MOST_FRAMES):
        return frame
    raise ValueError(f"{key} is {frame!r:.80}, not the number of a frame")


def _truths(path: Path) -> dict[int, np.ndarray]:
    """(H, W) bool masks by frame; none where there is no file."""
    if not path.is_file():
        return {}
    try:
        with ZipFile(path) as archive:
            frames = read_array(archive, "frames", _MOST_FRAMES)
            masks = read_array(archive, "masks", _MOST_MASK_BYTES)
        if frames.dtype.kind not in "iu" or masks.ndim != 3 or len(frames) != len(masks) or not masks.size:
            raise ValueError(f"frames {frames.shape} of {frames.dtype}, masks {masks.shape}")
    except DAMAGE as error:
        raise AnnotationError(f"{path} does not hold masks of frames ({error!r:.200}): correct it.") from error
    return dict(zip(frames.tolist(), masks > 0, strict=True))


def _minus(found: int, labelled: int | None) -> int | None:
    return None if labelled is None else found - labelled

"""Labelled clips of real dives: is the dive found, how far off are its moments, how good are the masks?

Masks are compared on the whole source frame, so that what the crop never saw counts as missed. Errors are counted in
frames of a thirtieth of a second of real time, whatever the camera's rate or a replay's slowness.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zipfile import ZipFile

import cv2
import numpy as np
from msgspec import Meta

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.metrics import mask_iou
from fineparser_core.support.codec import from_json
from fineparser_core.support.files import MOST_JSON_BYTES, parse_json, read_bounded
from fineparser_core.support.npz import DAMAGE, read_array
from fineparser_core.types import DiveParse, Frame

Labels = TypeVar("Labels")

LABELS_FILE = "labels.json"
#: Frames after the first contact with the water in which the athlete may still be seen.
_SUBMERSION_FRAMES = 8
_MOST_FRAMES = 2**31
#: A hundred frames of 1080p have 207 MB.
_MOST_MASK_BYTES = 250_000_000
_DIVE_NUMBER = re.compile(r"\b\d{3,4}[A-D]\b")
#: Of a text that is looked through.
_MOST_LETTERS = 200
_Amount = Annotated[float, Meta(ge=0, lt=1e6)]
_COUNTED_FPS = 30.0
#: A trimmed clip contains the dive from LEAD before its flight to TAIL after its contact with the water; what lies
#: farther out than the surplus bounds is too much. Seconds of real time.
_LEAD_S, _TAIL_S = 1.0, 0.5
_MOST_LEAD_S, _MOST_TAIL_S = 3.0, 2.5


@dataclass(frozen=True, kw_only=True)
class ClipLabels:
    """What is known of a real clip, in frames of its file; None where nobody has labelled it.

    Attributes:
        path: of the clip.
        in_frame, out_frame: of the dive in it, both included.
        first_entry_range: first and last frame at which the entry may be said to begin.
        real_fps: frames a second of real time, which a slowed replay has more of than its file says.
        award: mean mark of the dive, 0 to 10: official score / (3 * DD), or one person's opinion.
        truths: (H, W) bool masks at source resolution, by frame; empty without any.
    """

    path: Path
    in_frame: Frame | None = None
    out_frame: Frame | None = None
    first_flight_frame: Frame | None = None
    first_entry_frame: Frame | None = None
    contact_frame: Frame | None = None
    first_entry_range: tuple[Frame, Frame] | None = None
    real_fps: _Amount | None = None
    dive_number: str | None = None
    board_m: _Amount | None = None
    award: float | None = None
    truths: dict[int, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class TrimResult:
    """What trimming found in the whole file.

    Attributes:
        segments: (first, last) frame of every dive found, both included.
        contained: whether one of them holds the labelled dive whole; None without labels.
        surplus: whether the best of them holds much more; None where none contains the dive.
    """

    segments: tuple[tuple[int, int], ...]
    contained: bool | None
    surplus: bool | None


@dataclass(frozen=True, kw_only=True)
class RealClipResult:
    """A real clip against its labels; None where there are none.

    Attributes:
        clip: name of the file.
        flight_error, entry_error, contact_error: found minus labelled moment in frames of 1/30 s of real time;
            negative is early; the entry against the nearer end of its range.
        refusal: why the clip is not scored.
        mask_ious: by labelled frame, at source resolution over the whole frame.
        empty_flight_samples: samples between take-off and contact without a pixel at 0.5 or more; of
            `flight_samples`.
        wet_area_px: most pixels of the 112 x 112 mask in a sample when the athlete is under water.
        trim: None where trimming was not measured.
        award: predicted mean mark, 0 to 10; None where the dive is not scored.
        labelled_award: of the labels.
        seconds: of decoding, parsing and scoring.
    """

    clip: str
    flight_error: float | None
    entry_error: float | None
    contact_error: float | None
    refusal: str | None
    mask_ious: dict[int, float]
    empty_flight_samples: int | None
    flight_samples: int | None
    wet_area_px: int | None
    trim: TrimResult | None = None
    award: float | None = None
    labelled_award: float | None = None
    seconds: float | None = None

    @property
    def median_iou(self) -> float | None:
        """Median of `mask_ious`."""
        return float(np.median(list(self.mask_ious.values()))) if self.mask_ious else None


def read_labels(folder: Path) -> list[ClipLabels]:
    """The clips of a folder that its `labels.json` names.

    The file maps names of clips to objects with, each of them optional, `in`, `out`, `first_flight_frame`,
    `first_entry_frame`, `first_entry_range`, `first_water_contact_frame`, `real_fps`, `dive_number`, `board_m`,
    `difficulty`, `official_score`, and `marks` with an `award`. Beside a clip NAME.mp4, NAME_masks.npz may hold
    `frames` (n,) and `masks` (n, H, W), 1 = athlete.

    Raises:
        AnnotationError: no labels, or a file that is none.
    """
    return by_clip(folder / LABELS_FILE, _labels, "labels of clips")


def by_clip(path: Path, labels_of: Callable[[Path, Any], Labels], what: str) -> list[Labels]:
    """What a file says of each of the clips beside it that it names.

    Args:
        labels_of: of a clip's path and what the file holds under its name.
        what: the file should hold, for the message.

    Raises:
        AnnotationError: no such file, or one that holds something else.
    """

    def clip(name: str) -> Path:
        if not name or Path(name).name != name or "\0" in name:
            raise ValueError(f"{name!r:.80} is not the name of a clip in the folder")
        return path.parent / name

    try:
        found = parse_json(read_bounded(path, MOST_JSON_BYTES))
        return [labels_of(clip(name), values) for name, values in found.items()]
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror}): choose a folder of labelled clips.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(f"{path} does not hold {what} ({error!r:.200}): correct it.") from error


def measure_clip(
    parse: DiveParse,
    labels: ClipLabels,
    *,
    trim: TrimResult | None = None,
    award: float | None = None,
    seconds: float | None = None,
) -> RealClipResult:
    """A parsed clip against its labels.

    Args:
        trim, award, seconds: as in `RealClipResult`.
    """
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
    unit = _COUNTED_FPS / (labels.real_fps or parse.clip.fps)
    return RealClipResult(
        clip=labels.path.name,
        flight_error=_beyond(transitions.first_flight_frame, _point(labels.first_flight_frame), unit),
        entry_error=_beyond(
            transitions.first_entry_frame, labels.first_entry_range or _point(labels.first_entry_frame), unit
        ),
        contact_error=_beyond(parse.first_water_contact_frame, _point(labels.contact_frame), unit),
        refusal=parse.refusal,
        mask_ious=ious,
        empty_flight_samples=empty,
        flight_samples=shown,
        wet_area_px=wet,
        trim=trim,
        award=award,
        labelled_award=labels.award,
        seconds=seconds,
    )


def judge_trim(found: Sequence[tuple[int, int]], labels: ClipLabels, fps: float) -> TrimResult:
    """Dives found in a whole file against the labelled one.

    Args:
        found: first and last frame of each, both included.
        fps: of the file, for labels that do not give the real one.
    """
    found = tuple(found)
    flight, contact = labels.first_flight_frame, labels.contact_frame
    if flight is None or contact is None:
        return TrimResult(segments=found, contained=None, surplus=None)
    rate = labels.real_fps or fps
    latest_in, earliest_out = max(flight - _LEAD_S * rate, labels.in_frame or 0), contact + _TAIL_S * rate
    if labels.out_frame is not None:  # the dive's clip may begin later and end before
        earliest_out = min(earliest_out, labels.out_frame)
    containing = [(first, last) for first, last in found if first <= latest_in and last >= earliest_out]
    surplus = [
        first < flight - _MOST_LEAD_S * rate or last > contact + _MOST_TAIL_S * rate for first, last in containing
    ]
    return TrimResult(segments=found, contained=bool(containing), surplus=all(surplus) if surplus else None)


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


@dataclass(frozen=True, kw_only=True)
class _Marks:
    award: _Amount | None = None


@dataclass(frozen=True, kw_only=True)
class _Scored:
    """What tells the award."""

    official_score: _Amount | None = None
    difficulty: _Amount | None = None
    marks: _Marks | None = None


def _labels(path: Path, values: dict[str, Any]) -> ClipLabels:
    named = _DIVE_NUMBER.search(str(values.get("dive_number", values.get("dive", "")))[:_MOST_LETTERS])
    other_names = {
        "in_frame": values.get("in"),
        "out_frame": values.get("out"),
        "contact_frame": values.get("first_water_contact_frame"),
        "path": path,
        "dive_number": named.group() if named else None,
        "truths": _truths(path.with_name(f"{path.stem}_masks.npz")),
    }
    labels = from_json(values | other_names | {"award": None}, ClipLabels)
    if labels.first_entry_range is not None and labels.first_entry_range[0] > labels.first_entry_range[1]:
        raise ValueError(f"first_entry_range is {labels.first_entry_range}, not a first and a last frame")
    return replace(labels, award=_award(from_json(values, _Scored), labels))


def _award(scored: _Scored, labels: ClipLabels) -> float | None:
    if scored.official_score is None:
        return scored.marks.award if scored.marks else None
    if labels.dive_number is None:
        return None
    try:
        difficulty = find_difficulty(parse_dive_number(labels.dive_number), labels.board_m, scored.difficulty)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return scored.official_score / (3 * difficulty.value)


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


def _point(frame: int | None) -> tuple[int, int] | None:
    return None if frame is None else (frame, frame)


def _beyond(found: int | None, labelled: tuple[int, int] | None, unit: float) -> float | None:
    """How far a frame lies outside a range, times `unit`; negative before it."""
    if found is None or labelled is None:
        return None
    first, last = labelled
    return (min(found - first, 0) + max(found - last, 0)) * unit

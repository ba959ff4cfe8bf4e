"""Labeled clips of real dives: is the dive found, how far off are its moments, how good are the masks?

Masks are compared on the whole source frame, so that what the crop never saw counts as missed. Errors are counted in
frames of a thirtieth of a second of real time, whatever the camera's rate or a replay's slowness.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.evaluation.metrics import mask_iou
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.measures.explanation import bands_of, findings, praised
from fineparser_core.records import Analysis, DiveParse
from fineparser_core.video.athlete_crop import uncrop_mask

#: Frames after the first contact with the water in which the athlete may still be seen.
_SUBMERSION_FRAMES = 8
_COUNTED_FPS = 30.0
#: A trimmed clip contains the dive from LEAD before its flight to TAIL after its contact with the water; what lies
#: farther out than the surplus bounds is too much. Seconds of real time.
_LEAD_S, _TAIL_S = 1.0, 0.5
_MOST_LEAD_S, _MOST_TAIL_S = 3.0, 2.5


#: Measure that tells over and short, and people's words for an entry.
_ENTRY = "legs_line"
_WORDS = {"over": "over", "short": "short", "vertical": "vertical", "good": "vertical"}


@dataclass(frozen=True, kw_only=True)
class RealClipResult:
    """A real clip against its labels; None where there are none.

    Attributes:
        clip: name of the file.
        flight_error, entry_error, contact_error: found minus labeled moment in frames of 1/30 s of real time;
            negative is early; the entry against the nearer end of its range.
        refusal: why the clip is not scored.
        mask_ious: by labeled frame, at source resolution over the whole frame.
        empty_flight_samples: samples between take-off and contact without a pixel at 0.5 or more; of
            `flight_samples`.
        wet_area_px: most pixels of the 112 x 112 mask in a sample when the athlete is under water.
        trim: see `judge_trim`; None where trimming was not measured.
        award: predicted mean mark, 0 to 10; None where the dive is not scored.
        own_award, network_award: by the measures alone, and by the network's streams alone.
        labelled_award: of the labels.
        said, marked: word for the entry by this program, and by who marked the dive: "over", "short", "vertical", "".
        difficulty: DD, by which awards become points; None where the dive is not scored.
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
    trim: dict[str, Any] | None = None
    award: float | None = None
    own_award: float | None = None
    network_award: float | None = None
    labelled_award: float | None = None
    said: str = ""
    marked: str = ""
    difficulty: float | None = None
    seconds: float | None = None

    @property
    def median_iou(self) -> float | None:
        """Median of `mask_ious`."""
        return float(np.median(list(self.mask_ious.values()))) if self.mask_ious else None


def measure_clip(
    parse: DiveParse, labels: JudgedDive, *, truths: Mapping[int, np.ndarray] | None = None, **scored: Any
) -> RealClipResult:
    """Return a parsed clip against its labels.

    Args:
        truths: (H, W) bool masks at source resolution, by frame.
        scored: fields of `RealClipResult` that a parse does not tell.
    """
    transitions = parse.transitions
    area = (parse.mask_probability >= 0.5).sum(axis=(1, 2))
    empty = shown = wet = None
    if labels.first_water_contact_frame is not None:
        after = parse.sampled_frames > labels.first_water_contact_frame + _SUBMERSION_FRAMES
        wet = int(area[after].max(initial=0))
        if labels.first_flight_frame is not None:
            in_air = parse.sampled_frames >= labels.first_flight_frame
            in_air &= parse.sampled_frames < labels.first_water_contact_frame
            empty, shown = int((area[in_air] == 0).sum()), int(in_air.sum())
    truths = truths or {}
    ious = {frame: mask_iou(full_frame_mask(parse, frame, truth.shape), truth) for frame, truth in truths.items()}
    unit = _COUNTED_FPS / (labels.real_fps or parse.clip.fps)
    return RealClipResult(
        clip=labels.name,
        flight_error=_beyond(transitions.first_flight_frame, _point(labels.first_flight_frame), unit),
        entry_error=_beyond(
            transitions.first_entry_frame, labels.first_entry_range or _point(labels.first_entry_frame), unit
        ),
        contact_error=_beyond(parse.first_water_contact_frame, _point(labels.first_water_contact_frame), unit),
        refusal=parse.refusal,
        mask_ious=ious,
        empty_flight_samples=empty,
        flight_samples=shown,
        wet_area_px=wet,
        labelled_award=labels.award,
        marked=marked_of_entry(labels.words),
        **scored,
    )


def said_of_entry(analysis: Analysis) -> str:
    """Return this program's word for an entry, see `RealClipResult`; "" where it says nothing."""
    found, bands = measures_of(analysis), bands_of(analysis)
    against = [one.measure for one in findings(found, bands)["entry"]]
    words = ["over" if one.value > 0 else "short" for one in against if one.name == _ENTRY]
    words += ["vertical" for one in praised(found, bands) if one.name == _ENTRY]
    return next(iter(words), "")


def marked_of_entry(words: str) -> str:
    """Return a person's word for an entry out of those for take-off, flight and entry."""
    said = re.findall(r"\w+", " ".join(words.lower().split(";")[2:3]))
    return "" if "not" in said else next((word for name, word in _WORDS.items() if name in said), "")


def judge_trim(found: Sequence[tuple[int, int]], labels: JudgedDive, fps: float) -> dict[str, Any]:
    """Compare the dives found in a whole file with the labeled dive.

    Args:
        found: first and last frame of each, both included.
        fps: of the file, for labels without the real rate.

    Returns:
        `segments`, the dives found; whether any of them holds the labeled dive whole, `contained`, None without labels;
        and whether the best of those holds much more, `surplus`, None where none contains the dive.
    """
    found = tuple(found)
    flight, contact = labels.first_flight_frame, labels.first_water_contact_frame
    if flight is None or contact is None:
        return {"segments": found, "contained": None, "surplus": None}
    rate = labels.real_fps or fps
    latest_in, earliest_out = max(flight - _LEAD_S * rate, labels.start_frame or 0), contact + _TAIL_S * rate
    if labels.end_frame is not None:  # the dive's clip may begin later and end before
        earliest_out = min(earliest_out, labels.end_frame)
    containing = [(first, last) for first, last in found if first <= latest_in and last >= earliest_out]
    surplus = [
        first < flight - _MOST_LEAD_S * rate or last > contact + _MOST_TAIL_S * rate for first, last in containing
    ]
    return {"segments": found, "contained": bool(containing), "surplus": all(surplus) if surplus else None}


def full_frame_mask(parse: DiveParse, frame: int, size: tuple[int, ...]) -> np.ndarray:
    """Return the mask probability (H, W) float32 of the sample nearest to a frame; 0 outside of its crop.

    Args:
        size: (H, W) of the source frame.
    """
    sample = int(np.abs(parse.sampled_frames - frame).argmin())
    mask = parse.mask_probability[sample].astype(np.float32)
    return uncrop_mask(mask, parse.crop_xyxy[sample], size)


def _point(frame: int | None) -> tuple[int, int] | None:
    return None if frame is None else (frame, frame)


def _beyond(found: int | None, labeled: tuple[int, int] | None, unit: float) -> float | None:
    """Return how far a frame lies outside a range, times `unit`; negative before it."""
    if found is None or labeled is None:
        return None
    first, last = labeled
    return (min(found - first, 0) + max(found - last, 0)) * unit

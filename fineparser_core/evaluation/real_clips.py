"""Labeled clips of real dives: is the dive found, how far off are its moments, how good are the masks? And their table.

Masks are compared on the whole source frame, so that what the crop never saw counts as missed. Errors are counted in
frames of a thirtieth of a second of real time, whatever the camera's rate or a replay's slowness.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.evaluation.awards import APP, AwardResult, award_report, award_summary, award_text
from fineparser_core.evaluation.metrics import mask_iou
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.measures.explanation import bands_of, findings, praised
from fineparser_core.records import Analysis, DiveParse
from fineparser_core.support.tables import text_table
from fineparser_core.video.athlete_crop import uncrop_mask

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
        trim: see `judge_trim`; None where trimming was not measured.
        awards: of the judges and by this program; None without marks, a dive number or its DD.
        said, marked: word for the entry by this program, and by who marked the dive: "over", "short", "vertical", "".
        seconds: of decoding, parsing and scoring.
    """

    clip: str
    flight_error: float | None
    entry_error: float | None
    contact_error: float | None
    refusal: str | None
    mask_ious: dict[int, float]
    trim: dict[str, Any] | None = None
    awards: AwardResult | None = None
    said: str = ""
    marked: str = ""
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
    transitions, truths = parse.transitions, truths or {}
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


def judge_trim(found: Sequence[tuple[int, int]], labels: JudgedDive, fps: float, last_frame: int) -> dict[str, Any]:
    """Compare the dives found in a whole file with the labeled dive.

    Args:
        found: first and last frame of each, both included.
        fps: of the file, for labels without the real rate.
        last_frame: of the file.

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
    # The dive's clip may begin later and end before.
    earliest_out = min(earliest_out, last_frame if labels.end_frame is None else labels.end_frame)
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


def real_table(results: Sequence[RealClipResult]) -> str:
    """Format a table with a row for each clip, a summary of the set, and what its awards are worth."""
    header = (
        "clip",
        "trim",
        "refused",
        "flight",
        "entry",
        "contact",
        "mask IoU",
        "award",
        "labelled",
        "said",
        "marked",
        "s",
    )
    rows = [
        (
            one.clip,
            _trim_text(one.trim),
            "yes" if one.refusal else "",
            _number(one.flight_error, "+.0f"),
            _number(one.entry_error, "+.0f"),
            _number(one.contact_error, "+.0f"),
            _number(one.median_iou, ".3f"),
            _number(None if one.awards is None else one.awards.predicted.get(APP), ".1f"),
            _number(None if one.awards is None else one.awards.award, ".1f"),
            one.said,
            one.marked,
            _number(one.seconds, ".1f"),
        )
        for one in results
    ]
    whole = text_table(("measure", "value"), list(_summary(results).items()), left=(0, 1))
    blocks = [text_table(header, rows, left=(0, 1)), whole]
    if awards := awards_of(results):
        blocks.append(award_text(award_report(awards)))
    return "\n\n".join(blocks)


def awards_of(results: Sequence[RealClipResult]) -> list[AwardResult]:
    """Return the awards of the clips that judges have marked."""
    return [one.awards for one in results if one.awards is not None]


def real_summary(results: Sequence[RealClipResult]) -> dict[str, str]:
    """Return what a set of clips comes to, as measures and their values for a person."""
    return _summary(results) | award_summary(award_report(awards_of(results)))


def _summary(results: Sequence[RealClipResult]) -> dict[str, str]:
    """Return `real_summary` without the awards."""

    def share(name: str, values: Sequence[bool]) -> tuple[str, str]:
        return name, f"{sum(values)} of {len(values)}"

    dives = [one for one in results if one.flight_error is not None]
    flight = [one.flight_error for one in dives if one.flight_error is not None]
    entry = [one.entry_error for one in dives if one.entry_error is not None]
    trims = [one.trim for one in dives if one.trim is not None]
    ious = [iou for one in results for iou in one.mask_ious.values()]
    rows = [
        share("trim: contained, no surplus", [bool(one["contained"]) and not one["surplus"] for one in trims]),
        share("whole dives refused", [one.refusal is not None for one in dives]),
        share("first flight frame within 3", [round(abs(error)) <= 3 for error in flight]),
        ("first flight frame, median error", _number(float(np.median(flight)) if flight else None, "+.1f")),
        share("first entry frame within 3 of its range", [round(abs(error)) <= 3 for error in entry]),
        share("first entry frame off by more than 10", [abs(error) > 10 for error in entry]),
        share(
            "first water contact within 2",
            [one.contact_error is not None and round(abs(one.contact_error)) <= 2 for one in dives],
        ),
        ("mask IoU, median of the labelled frames", _number(float(np.median(ious)) if ious else None, ".3f")),
    ]
    pairs = [(one.said, one.marked) for one in results if one.marked]
    if pairs:
        agree, silent = sum(said == marked for said, marked in pairs), sum(not said for said, _ in pairs)
        told = f"{agree}, {len(pairs) - agree - silent}, {silent} of {len(pairs)}"
        rows.append(("words for the entry: agree, contradict, nothing said", told))
    return dict(rows)


def _trim_text(trim: Mapping[str, Any] | None) -> str:
    if trim is None:
        return ""
    if trim["contained"] is None:
        return f"{len(trim['segments'])} found"
    if not trim["contained"]:
        return "cut" if trim["segments"] else "not found"
    return "surplus" if trim["surplus"] else "contained"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)

"""What jobs hold, as fields of JSON and masks beside them in the job's folder."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fineparser_core.export.analysis_json import (
    analysis_from_dict,
    analysis_to_dict,
    read_masks_npz,
    write_masks_npz,
)
from fineparser_core.export.coach_marks import Mark, to_dict
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.page import TrendPoint
from fineparser_core.measures.explanation import Band
from fineparser_core.types import ComparedDive, MaskTrack, StepSpan

_TEXTS = ("diver", "date", "note")


def mark_fields(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """Marks as fields."""
    return [to_dict(mark) for mark in marks]


def read_marks(fields: Sequence[dict[str, Any]]) -> tuple[Mark, ...]:
    """Marks from `mark_fields`."""
    return tuple(Mark(**one | {"points": tuple((x, y) for x, y in one["points"])}) for one in fields)


def comparison_fields(other: ComparedDive | None, masks_path: Path) -> dict[str, Any] | None:
    """A dive beside another one as fields, with its masks in a file."""
    if other is None:
        return None
    if other.masks is not None:
        write_masks_npz(other.masks, masks_path)
    steps = [asdict(step) for step in other.steps]
    return {"path": str(other.path), "title": other.title, "steps": steps, "masks": other.masks is not None}


def read_comparison(fields: dict[str, Any] | None, masks_path: Path) -> ComparedDive | None:
    """A dive from `comparison_fields`."""
    if fields is None:
        return None
    first, second, third = (StepSpan(**step) for step in fields["steps"])
    masks = None
    if fields["masks"]:
        arrays = read_masks_npz(masks_path)
        masks = MaskTrack(
            sampled_frames=arrays.frame,
            mask_probability=arrays.probability,
            crop_xyxy=arrays.crop_xyxy,
            joints=arrays.joints,
        )
    return ComparedDive(path=Path(fields["path"]), title=fields["title"], steps=(first, second, third), masks=masks)


def reported_fields(dive: ReportedDive, folder: Path, number: int) -> dict[str, Any]:
    """A dive of a report as fields, its masks in files of the folder that bear its number."""
    write_masks_npz(dive.analysis.parse, folder / f"masks-{number}.npz")
    return {
        "path": str(dive.path),
        "analysis": analysis_to_dict(dive.analysis),
        **{name: getattr(dive, name) for name in _TEXTS},
        "marks": mark_fields(dive.marks),
        "bands": {name: asdict(band) for name, band in dive.bands.items()},
        "trend": [asdict(point) for point in dive.trend],
        "comparison": comparison_fields(dive.comparison, folder / f"other-{number}.npz"),
    }


def read_reported(fields: dict[str, Any], folder: Path, number: int) -> ReportedDive:
    """A dive from `reported_fields`."""
    return ReportedDive(
        path=Path(fields["path"]),
        analysis=analysis_from_dict(fields["analysis"], read_masks_npz(folder / f"masks-{number}.npz")),
        **{name: fields[name] for name in _TEXTS},
        marks=read_marks(fields["marks"]),
        bands={name: Band(**band) for name, band in fields["bands"].items()},
        trend=tuple(TrendPoint(**point) for point in fields["trend"]),
        comparison=read_comparison(fields["comparison"], folder / f"other-{number}.npz"),
    )

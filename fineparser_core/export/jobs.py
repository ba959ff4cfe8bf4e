"""Exports as jobs that another process can run: `python -m fineparser_core.export.jobs FOLDER`.

A folder holds a job: `job.json` and the masks it needs. The process tells on its standard output, a JSON object a line:
{"done", "total"} on the way, and at the end {"notes"} once the file is there, {"failed"} with a sentence, or
{"cancelled"}. It stops, and leaves no file, once its standard input ends.
"""

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.background import lower_priority
from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import Cancelled, ExportError, FineParserError
from fineparser_core.export.analysis_json import (
    MaskArrays,
    analysis_from_dict,
    analysis_to_dict,
    read_masks_npz,
    write_masks_npz,
)
from fineparser_core.export.coach_marks import Mark, to_dict
from fineparser_core.export.corrections import CorrectedDive, write_corrections
from fineparser_core.export.options import ClipOptions, Look, MaskStyle
from fineparser_core.export.tables import DiveRecord, write_csv, write_json
from fineparser_core.progress import CancelToken, ProgressCallback, throttle
from fineparser_core.types import Analysis, ComparedDive, MaskTrack, StepSpan

_JOB, _MASKS, _OTHER_MASKS = "job.json", "masks.npz", "other-masks.npz"
_TELL_EVERY_S = 0.1


@dataclass(frozen=True, kw_only=True)
class ClipJob:
    """An annotated clip."""

    path: Path
    analysis: Analysis
    options: ClipOptions = field(default_factory=ClipOptions)


@dataclass(frozen=True, kw_only=True)
class SheetJob:
    """A contact sheet."""

    path: Path
    analysis: Analysis
    look: Look = field(default_factory=Look)


@dataclass(frozen=True, kw_only=True)
class StillJob:
    """A frame."""

    path: Path
    analysis: Analysis
    frame: int
    look: Look = field(default_factory=Look)


@dataclass(frozen=True, kw_only=True)
class BareStillJob:
    """A frame of a video that is not analysed, with what was drawn on it."""

    path: Path
    video: Path
    frame: int
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableJob:
    """Dives as CSV, or as JSON where the path ends so."""

    path: Path
    dives: tuple[DiveRecord, ...]


@dataclass(frozen=True, kw_only=True)
class CorrectionsJob:
    """Corrected transitions as labels, and their provenance beside them."""

    path: Path
    dives: tuple[CorrectedDive, ...]


Job = ClipJob | SheetJob | StillJob | BareStillJob | TableJob | CorrectionsJob
_KINDS: dict[str, type] = {
    "clip": ClipJob,
    "sheet": SheetJob,
    "still": StillJob,
    "bare still": BareStillJob,
    "table": TableJob,
    "corrections": CorrectionsJob,
}


def run_job(job: Job, progress: ProgressCallback, cancel: CancelToken) -> tuple[str, ...]:
    """Write the job's file.

    Returns:
        Sentences that whoever asked for it must be told.

    Raises:
        FineParserError: as the functions that write.
    """
    # Not above: whoever only hands jobs out, as a window that is to open at once, needs no video library for it.
    from fineparser_core.export.annotated_clip import write_annotated_clip
    from fineparser_core.export.contact_sheet import write_contact_sheet
    from fineparser_core.export.stills import write_bare_still, write_still

    cancel.raise_if_cancelled()
    if isinstance(job, ClipJob):
        return write_annotated_clip(job.analysis, job.path, job.options, progress=progress, cancel=cancel)
    if isinstance(job, SheetJob):
        write_contact_sheet(job.analysis, job.path, job.look, progress=progress, cancel=cancel)
    elif isinstance(job, StillJob):
        write_still(job.analysis, job.frame, job.path, job.look)
    elif isinstance(job, BareStillJob):
        write_bare_still(job.video, job.frame, job.path, job.marks)
    elif isinstance(job, CorrectionsJob):
        return write_corrections(job.dives, job.path)
    elif job.path.suffix.lower() == ".json":
        write_json(job.dives, job.path)
    else:
        write_csv(job.dives, job.path)
    return ()


def save_job(job: Job, folder: Path) -> None:
    """Put a job into a folder.

    Raises:
        ExportError: the folder cannot be written to.
    """
    fields: dict[str, Any] = {"kind": next(name for name, kind in _KINDS.items() if isinstance(job, kind))}
    fields["path"] = str(job.path)
    if isinstance(job, TableJob):
        fields["dives"] = [_record_fields(dive) for dive in job.dives]
    elif isinstance(job, CorrectionsJob):
        fields["dives"] = [_corrected_fields(dive) for dive in job.dives]
    elif isinstance(job, BareStillJob):
        fields |= {"video": str(job.video), "frame": job.frame, "marks": _mark_fields(job.marks)}
    else:
        look = job.options.look if isinstance(job, ClipJob) else job.look
        fields |= {"analysis": analysis_to_dict(job.analysis), "look": _look_fields(look)}
        if isinstance(job, ClipJob):
            fields["whole_file"] = job.options.whole_file
        elif isinstance(job, StillJob):
            fields["frame"] = job.frame
        write_masks_npz(job.analysis.parse, folder / _MASKS)
        if look.beside is not None and look.beside.masks is not None:
            write_masks_npz(look.beside.masks, folder / _OTHER_MASKS)
    try:
        (folder / _JOB).write_text(json.dumps(fields), encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror}): make room there.") from error


def load_job(folder: Path) -> Job:
    """The job that `save_job` put there.

    Raises:
        ExportError: it is not complete.
    """
    try:
        fields = json.loads((folder / _JOB).read_text(encoding="utf-8"))
        path = Path(fields["path"])
        if fields["kind"] == "table":
            return TableJob(path=path, dives=tuple(_record(one) for one in fields["dives"]))
        if fields["kind"] == "corrections":
            return CorrectionsJob(path=path, dives=tuple(_corrected(one) for one in fields["dives"]))
        if fields["kind"] == "bare still":
            video, marks = Path(fields["video"]), _marks(fields["marks"])
            return BareStillJob(path=path, video=video, frame=fields["frame"], marks=marks)
        analysis = analysis_from_dict(fields["analysis"], read_masks_npz(folder / _MASKS))
        look = _look(fields["look"], folder)
        if fields["kind"] == "clip":
            options = ClipOptions(look=look, whole_file=fields["whole_file"])
            return ClipJob(path=path, analysis=analysis, options=options)
        if fields["kind"] == "still":
            return StillJob(path=path, analysis=analysis, frame=fields["frame"], look=look)
        return SheetJob(path=path, analysis=analysis, look=look)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ExportError(f"{folder} holds no complete export ({error}): export again.") from error


def _look_fields(look: Look) -> dict[str, Any]:
    beside = look.beside
    other = beside and {
        "path": str(beside.path),
        "title": beside.title,
        "steps": [asdict(step) for step in beside.steps],
        "masks": beside.masks is not None,
    }
    plain = {"mask": look.mask, "panels": look.panels, "title": look.title, "speed": look.speed}
    drawn = {"marks": _mark_fields(look.marks), "beside_marks": _mark_fields(look.beside_marks)}
    colours = {"mask_style": asdict(look.mask_style), "step_colours": dict(look.step_colours)}
    return plain | drawn | colours | {"beside": other}


def _look(fields: dict[str, Any], folder: Path) -> Look:
    other = fields.pop("beside")
    fields["mask_style"] = MaskStyle(**fields["mask_style"])
    fields |= {name: _marks(fields[name]) for name in ("marks", "beside_marks")}
    if other is None:
        return Look(**fields)
    first, second, third = (StepSpan(**step) for step in other["steps"])
    masks = None
    if other["masks"]:
        arrays = read_masks_npz(folder / _OTHER_MASKS)
        masks = MaskTrack(sampled_frames=arrays.frame, mask_probability=arrays.probability, crop_xyxy=arrays.crop_xyxy)
    beside = ComparedDive(path=Path(other["path"]), title=other["title"], steps=(first, second, third), masks=masks)
    return Look(**fields, beside=beside)


def _mark_fields(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    return [to_dict(mark) for mark in marks]


def _marks(fields: Sequence[dict[str, Any]]) -> tuple[Mark, ...]:
    return tuple(Mark(**one | {"points": tuple((x, y) for x, y in one["points"])}) for one in fields)


def _record_fields(dive: DiveRecord) -> dict[str, Any]:
    names = ("diver", "dive_number", "board_m", "state", "corrected")
    analysis = analysis_to_dict(dive.analysis) if dive.analysis is not None else None
    plain = {name: getattr(dive, name) for name in names}
    return plain | {"path": str(dive.path), "analysis": analysis, "marks": _mark_fields(dive.marks)}


def _record(fields: dict[str, Any]) -> DiveRecord:
    data = fields.pop("analysis")
    analysis = _analysis_without_masks(data) if data is not None else None
    known = fields | {"path": Path(fields["path"]), "marks": _marks(fields["marks"])}
    return DiveRecord(**known, analysis=analysis)


def _corrected_fields(dive: CorrectedDive) -> dict[str, Any]:
    names = ("dive_number", "board_m", "difficulty")
    by_model = analysis_to_dict(Analysis(parse=dive.by_model, scoring=None))
    return {name: getattr(dive, name) for name in names} | {"by_model": by_model, "transitions": dive.transitions}


def _corrected(fields: dict[str, Any]) -> CorrectedDive:
    flight, entry = fields["transitions"]
    by_model = _analysis_without_masks(fields["by_model"]).parse
    return CorrectedDive(**fields | {"by_model": by_model, "transitions": (flight, entry)})


def _analysis_without_masks(data: dict[str, Any]) -> Analysis:
    """What numbers are taken from: the masks stay where they are."""
    frames = np.array(data["sampled_frames"], dtype=np.int64)
    nothing = np.broadcast_to(np.float16(0), (len(frames), MASK_SIZE, MASK_SIZE))
    return analysis_from_dict(data, MaskArrays(frames, nothing, np.zeros((len(frames), 4), np.float32)))


def main(argv: Sequence[str]) -> int:
    """Runs the job in a folder."""
    cancel = CancelToken()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        cancel.cancel()

    def tell(**fields: object) -> None:
        print(json.dumps(fields), flush=True)

    progress = throttle(lambda step: tell(done=step.done, total=step.total), _TELL_EVERY_S)
    lower_priority()
    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        tell(notes=run_job(load_job(Path(argv[0])), progress, cancel))
    except Cancelled:
        tell(cancelled=True)
    except FineParserError as error:
        tell(failed=str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

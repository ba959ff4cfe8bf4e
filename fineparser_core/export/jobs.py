"""Runs exports in a process of their own: `python -m fineparser_core.export.jobs FOLDER`.

The folder contains the job: `job.json` and its masks. The process writes JSON objects to its standard output, one a
line: {"done", "total"} for progress and finally {"notes"} after success, {"failed"} with a message, or {"cancelled"}.
Closing its standard input cancels the export, which leaves no file.
"""

import json
import os
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
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.corrections import CorrectedDive, write_corrections
from fineparser_core.export.job_fields import (
    comparison_fields,
    mark_fields,
    read_comparison,
    read_marks,
    read_reported,
    reported_fields,
)
from fineparser_core.export.options import MaskStyle, RenderOptions
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.tables import DiveRecord, write_csv, write_json
from fineparser_core.language import language, use_language
from fineparser_core.progress import CancelToken, ProgressCallback, throttle
from fineparser_core.types import Analysis

_JOB, _MASKS, _OTHER_MASKS = "job.json", "masks.npz", "other-masks.npz"
_PROGRESS_INTERVAL_S = 0.1
_STDIN, _STDOUT = 0, 1


@dataclass(frozen=True, kw_only=True)
class ClipJob:
    """Writes an annotated clip, see `annotated_clip`."""

    path: Path
    analysis: Analysis
    options: RenderOptions = field(default_factory=RenderOptions)
    whole_file: bool = False


@dataclass(frozen=True, kw_only=True)
class SheetJob:
    """Writes a contact sheet, see `contact_sheet`."""

    path: Path
    analysis: Analysis
    options: RenderOptions = field(default_factory=RenderOptions)


@dataclass(frozen=True, kw_only=True)
class StillJob:
    """Writes a frame of a dive with its annotations, see `stills`."""

    path: Path
    analysis: Analysis
    frame: int
    options: RenderOptions = field(default_factory=RenderOptions)


@dataclass(frozen=True, kw_only=True)
class PlainStillJob:
    """Writes a frame of a video without an analysis, with the coach's marks."""

    path: Path
    video: Path
    frame: int
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableJob:
    """Writes a table of dives: JSON if the path ends in .json, otherwise CSV."""

    path: Path
    dives: tuple[DiveRecord, ...]


@dataclass(frozen=True, kw_only=True)
class CorrectionsJob:
    """Writes corrected transitions as labels, see `corrections`."""

    path: Path
    dives: tuple[CorrectedDive, ...]


@dataclass(frozen=True, kw_only=True)
class ReportJob:
    """Writes a report, a page for each dive, see `report.write`."""

    path: Path
    dives: tuple[ReportedDive, ...]
    title: str = ""
    overview_note: str | None = None


Job = ClipJob | SheetJob | StillJob | PlainStillJob | TableJob | CorrectionsJob | ReportJob
#: Names of the kinds of jobs in `job.json`.
_KINDS: dict[str, type] = {
    "clip": ClipJob,
    "sheet": SheetJob,
    "still": StillJob,
    "plain still": PlainStillJob,
    "table": TableJob,
    "corrections": CorrectionsJob,
    "report": ReportJob,
}


def run_job(job: Job, progress: ProgressCallback, cancel: CancelToken) -> tuple[str, ...]:
    """Run an export.

    Returns:
        Sentences to show to the user.

    Raises:
        FineParserError: see the functions that write the files.
    """
    # Imported here, because the window only creates jobs and must not load the video libraries.
    from fineparser_core.export.annotated_clip import write_annotated_clip
    from fineparser_core.export.contact_sheet import write_contact_sheet
    from fineparser_core.export.report.write import write_report
    from fineparser_core.export.stills import write_plain_still, write_still

    cancel.raise_if_cancelled()
    if isinstance(job, ClipJob):
        return write_annotated_clip(
            job.analysis, job.path, job.options, whole_file=job.whole_file, progress=progress, cancel=cancel
        )
    if isinstance(job, SheetJob):
        write_contact_sheet(job.analysis, job.path, job.options, progress=progress, cancel=cancel)
    elif isinstance(job, StillJob):
        write_still(job.analysis, job.frame, job.path, job.options)
    elif isinstance(job, PlainStillJob):
        write_plain_still(job.video, job.frame, job.path, job.marks)
    elif isinstance(job, CorrectionsJob):
        return write_corrections(job.dives, job.path)
    elif isinstance(job, ReportJob):
        write_report(
            job.dives, job.path, title=job.title, overview_note=job.overview_note, progress=progress, cancel=cancel
        )
    elif job.path.suffix.lower() == ".json":
        write_json(job.dives, job.path)
    else:
        write_csv(job.dives, job.path)
    return ()


def save_job(job: Job, folder: Path) -> None:
    """Write a job into a folder; what it writes will be in the language of this process.

    Raises:
        ExportError: the folder cannot be written.
    """
    fields: dict[str, Any] = {"kind": next(name for name, kind in _KINDS.items() if isinstance(job, kind))}
    fields["path"] = str(job.path)
    fields["language"] = language()
    if isinstance(job, TableJob):
        fields["dives"] = [_record_fields(dive) for dive in job.dives]
    elif isinstance(job, CorrectionsJob):
        fields["dives"] = [_corrected_fields(dive) for dive in job.dives]
    elif isinstance(job, ReportJob):
        fields |= {"title": job.title, "overview_note": job.overview_note}
        fields["dives"] = [reported_fields(dive, folder, number) for number, dive in enumerate(job.dives)]
    elif isinstance(job, PlainStillJob):
        fields |= {"video": str(job.video), "frame": job.frame, "marks": mark_fields(job.marks)}
    else:
        options = job.options
        fields |= {"analysis": analysis_to_dict(job.analysis), "options": _options_fields(options, folder)}
        if isinstance(job, ClipJob):
            fields["whole_file"] = job.whole_file
        elif isinstance(job, StillJob):
            fields["frame"] = job.frame
        write_masks_npz(job.analysis.parse, folder / _MASKS)
    try:
        (folder / _JOB).write_text(json.dumps(fields), encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror}): make room there.") from error


def load_job(folder: Path) -> Job:
    """Read the job that `save_job` wrote.

    Raises:
        ExportError: the job is incomplete.
    """
    try:
        fields = json.loads((folder / _JOB).read_text(encoding="utf-8"))
        path = Path(fields["path"])
        if fields["kind"] == "table":
            return TableJob(path=path, dives=tuple(_record(one) for one in fields["dives"]))
        if fields["kind"] == "corrections":
            return CorrectionsJob(path=path, dives=tuple(_corrected(one) for one in fields["dives"]))
        if fields["kind"] == "report":
            dives = tuple(read_reported(one, folder, number) for number, one in enumerate(fields["dives"]))
            return ReportJob(path=path, dives=dives, title=fields["title"], overview_note=fields["overview_note"])
        if fields["kind"] == "plain still":
            video, marks = Path(fields["video"]), read_marks(fields["marks"])
            return PlainStillJob(path=path, video=video, frame=fields["frame"], marks=marks)
        analysis = analysis_from_dict(fields["analysis"], read_masks_npz(folder / _MASKS))
        options = _options(fields["options"], folder)
        if fields["kind"] == "clip":
            return ClipJob(path=path, analysis=analysis, options=options, whole_file=fields["whole_file"])
        if fields["kind"] == "still":
            return StillJob(path=path, analysis=analysis, frame=fields["frame"], options=options)
        return SheetJob(path=path, analysis=analysis, options=options)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ExportError(f"{folder} holds no complete export ({error}): export again.") from error


def job_language(folder: Path) -> str:
    """Language of the job that `save_job` wrote; "" where there is no such job."""
    try:
        return str(json.loads((folder / _JOB).read_text(encoding="utf-8"))["language"])
    except (OSError, KeyError, TypeError, ValueError):
        return ""


def _options_fields(options: RenderOptions, folder: Path) -> dict[str, Any]:
    shown = {"mask": options.mask, "skeleton": options.skeleton}
    plain = {"panels": options.panels, "title": options.title, "speed": options.speed}
    marks = {"marks": mark_fields(options.marks), "comparison_marks": mark_fields(options.comparison_marks)}
    colours = {"mask_style": asdict(options.mask_style), "step_colours": dict(options.step_colours)}
    comparison = comparison_fields(options.comparison, folder / _OTHER_MASKS)
    return shown | plain | marks | colours | {"comparison": comparison}


def _options(fields: dict[str, Any], folder: Path) -> RenderOptions:
    fields["comparison"] = read_comparison(fields["comparison"], folder / _OTHER_MASKS)
    fields["mask_style"] = MaskStyle(**fields["mask_style"])
    fields |= {name: read_marks(fields[name]) for name in ("marks", "comparison_marks")}
    return RenderOptions(**fields)


def _record_fields(dive: DiveRecord) -> dict[str, Any]:
    names = ("diver", "dived_on", "note", "dive_number", "board_m", "state", "corrected", "contact_corrected")
    analysis = analysis_to_dict(dive.analysis) if dive.analysis is not None else None
    plain = {name: getattr(dive, name) for name in names}
    return plain | {"path": str(dive.path), "analysis": analysis, "marks": mark_fields(dive.marks)}


def _record(fields: dict[str, Any]) -> DiveRecord:
    data = fields.pop("analysis")
    analysis = _analysis_without_masks(data) if data is not None else None
    known = fields | {"path": Path(fields["path"]), "marks": read_marks(fields["marks"])}
    return DiveRecord(**known, analysis=analysis)


def _corrected_fields(dive: CorrectedDive) -> dict[str, Any]:
    names = ("dive_number", "board_m", "difficulty", "contact_frame")
    plain = {name: getattr(dive, name) for name in names}
    model_parse = analysis_to_dict(Analysis(parse=dive.model_parse, scoring=None))
    return plain | {"model_parse": model_parse, "transitions": dive.transitions}


def _corrected(fields: dict[str, Any]) -> CorrectedDive:
    flight, entry = fields["transitions"]
    model_parse = _analysis_without_masks(fields["model_parse"]).parse
    return CorrectedDive(**fields | {"model_parse": model_parse, "transitions": (flight, entry)})


def _analysis_without_masks(data: dict[str, Any]) -> Analysis:
    """The analysis with empty masks, which tables and labels do not need."""
    frames = np.array(data["sampled_frames"], dtype=np.int64)
    nothing = np.broadcast_to(np.float16(0), (len(frames), MASK_SIZE, MASK_SIZE))
    return analysis_from_dict(data, MaskArrays(frames, nothing, np.zeros((len(frames), 4), np.float32)))


def main(argv: Sequence[str]) -> int:
    """Run the job in the folder `argv[0]`."""
    cancel = CancelToken()

    def wait_for_end() -> None:
        # Not `sys.stdin`: this thread would hold its lock, which the interpreter needs to end.
        while os.read(_STDIN, 1024):
            pass
        cancel.cancel()

    def send(**fields: object) -> None:
        try:
            os.write(_STDOUT, json.dumps(fields).encode() + b"\n")
        except OSError:  # the window is gone
            cancel.cancel()

    progress = throttle(lambda event: send(done=event.done, total=event.total), _PROGRESS_INTERVAL_S)
    lower_priority()
    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        use_language(job_language(Path(argv[0])))
        send(notes=run_job(load_job(Path(argv[0])), progress, cancel))
    except Cancelled:
        send(cancelled=True)
    except FineParserError as error:
        send(failed=str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

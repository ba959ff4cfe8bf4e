"""Exports as the window asks for them, and the process that runs them: `python -m fineparser_core.export.jobs`.

A job is written as JSON and arrays into a private folder of the window's run. The process takes that folder and the
language of its texts as arguments, and sends `JobMessage`s. Closing its standard input cancels the export, which leaves
no file.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, get_args
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import numpy as np

from fineparser_core.diving.meet import Meet
from fineparser_core.errors import Cancelled, ExportError, FineParserError
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.tables import ExportedDive, write_csv, write_json
from fineparser_core.language import ENGLISH, Phrase, translated, use_language
from fineparser_core.progress import CancelToken, ProgressCallback, throttle
from fineparser_core.records import Analysis
from fineparser_core.support.array_file import DAMAGE
from fineparser_core.support.codec import from_json
from fineparser_core.support.processes import Failed, ParentPipe, ProcessMessage, input_lines, lower_priority

#: Masks are mostly zeros, which the fastest compression makes small.
_JOB, _COMPRESSION = "job.zip", 1
_PROGRESS_INTERVAL_S = 0.1
_FIELDS = "job.json"
#: Keys, which no name can be, of objects that stand for an array of the archive, by its name, and for a phrase.
_ARRAY, _PHRASE = "\0array", "\0phrase"


@dataclass(frozen=True, kw_only=True)
class ClipJob:
    """Writes an annotated clip, see `annotated_clip`."""

    path: Path
    analysis: Analysis
    options: RenderOptions = field(default_factory=RenderOptions)
    whole_file: bool = False


@dataclass(frozen=True, kw_only=True)
class StrobeJob:
    """Writes a stroboscopic picture, see `strobe`."""

    path: Path
    analysis: Analysis
    title: str | None = None


@dataclass(frozen=True, kw_only=True)
class StillJob:
    """Writes a frame of a video, see `annotated_clip`.

    Attributes:
        analysis: of the dive, whose annotations are drawn; None: the coach's marks alone are.
    """

    path: Path
    video: Path
    frame: int
    analysis: Analysis | None = None
    options: RenderOptions = field(default_factory=RenderOptions)


@dataclass(frozen=True, kw_only=True)
class TableJob:
    """Writes a table of dives: JSON if the path ends in .json, else CSV.

    Attributes:
        judged: it is a set of judged dives instead, see `judged`.
    """

    path: Path
    dives: tuple[ExportedDive, ...]
    judged: bool = False


@dataclass(frozen=True, kw_only=True)
class ReportJob:
    """Writes a report, a page for each dive, see `report.write`."""

    path: Path
    dives: tuple[ReportedDive, ...]
    title: str = ""
    overview_note: str | None = None


@dataclass(frozen=True, kw_only=True)
class MeetJob:
    """Writes the sheet of a meet, see `report.write`.

    Attributes:
        predicted: the model's scores by the names of the dives; None: none are shown.
    """

    path: Path
    meet: Meet
    predicted: Mapping[str, float] | None = None


Job = ClipJob | StrobeJob | StillJob | TableJob | ReportJob | MeetJob


class Advanced(ProcessMessage, frozen=True, kw_only=True):
    """Progress of an export; see `fineparser_core.progress.Progress`."""

    done: int
    total: int


class Written(ProcessMessage, frozen=True, kw_only=True):
    """Report that the file is there; notes are sentences for the user."""

    notes: list[str]


class Stopped(ProcessMessage, frozen=True):
    """Report that the export was canceled, which leaves no file."""


#: Messages of the process of a job, the last of which ends it.
JobMessage = Advanced | Written | Stopped | Failed


def run_job(job: Job, progress: ProgressCallback, cancel: CancelToken) -> tuple[str, ...]:
    """Run an export.

    Returns:
        Sentences to show to the user.

    Raises:
        FineParserError: see the functions that write the files.
    """
    # Imported here, because the window only creates jobs and must not load the video libraries.
    from fineparser_core.export.annotated_clip import write_annotated_clip, write_plain_still, write_still
    from fineparser_core.export.judged import write_judged
    from fineparser_core.export.report.write import write_meet_sheet, write_report
    from fineparser_core.export.strobe import write_strobe_picture

    cancel.raise_if_cancelled()
    if isinstance(job, ClipJob):
        return write_annotated_clip(
            job.analysis, job.path, job.options, whole_file=job.whole_file, progress=progress, cancel=cancel
        )
    if isinstance(job, StrobeJob):
        write_strobe_picture(job.analysis, job.path, title=job.title, progress=progress, cancel=cancel)
    elif isinstance(job, StillJob) and job.analysis is not None:
        write_still(job.analysis, job.frame, job.path, job.options)
    elif isinstance(job, StillJob):
        write_plain_still(job.video, job.frame, job.path, job.options.marks)
    elif isinstance(job, ReportJob):
        write_report(
            job.dives, job.path, title=job.title, overview_note=job.overview_note, progress=progress, cancel=cancel
        )
    elif isinstance(job, MeetJob):
        write_meet_sheet(job.meet, job.predicted, job.path)
    elif job.judged:
        return write_judged(job.dives, job.path)
    elif job.path.suffix.lower() == ".json":
        write_json(job.dives, job.path)
    else:
        write_csv(job.dives, job.path)
    return ()


def save_job(job: Job, folder: Path) -> None:
    """Write a job into a folder.

    Raises:
        ExportError: the folder cannot be written.
    """
    if isinstance(job, TableJob):
        job = replace(job, dives=tuple(map(_unmasked, job.dives)))
    arrays: dict[str, Any] = {}  # by their identity: a dive that is in a job twice is written once

    def encoded(value: Any) -> Any:
        if isinstance(value, Phrase):
            return {_PHRASE: value.to_json()}
        if isinstance(value, str | Path):
            return str(value)
        if isinstance(value, np.generic):
            return value.item()
        arrays[str(id(value))] = value
        return {_ARRAY: str(id(value))}

    saved = [type(job).__name__, msgspec.to_builtins(job, enc_hook=encoded)]
    try:
        with ZipFile(folder / _JOB, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
            for name, array in arrays.items():
                packed = BytesIO()
                np.lib.format.write_array(packed, np.asarray(array), allow_pickle=False)
                archive.writestr(f"{name}.npy", packed.getvalue())
            archive.writestr(_FIELDS, json.dumps(saved))  # last: without it the job is not complete
    except OSError as error:
        raise ExportError("{0} cannot be written ({1}): make room there.", folder, error.strerror) from error


def load_job(folder: Path) -> Job:
    """Read the job that `save_job` wrote.

    Raises:
        ExportError: the job is incomplete.
    """
    try:
        with np.load(folder / _JOB, allow_pickle=False) as archive:
            name, fields = json.loads(archive[_FIELDS])
            arrays = {name: archive[name] for name in archive.files if name != _FIELDS}
    except (*DAMAGE, TypeError) as error:
        raise ExportError("{0} holds no complete export ({1}): export again.", folder / _JOB, error) from error

    def decoded(value: Any) -> Any:
        if isinstance(value, list):
            return list(map(decoded, value))
        if not isinstance(value, dict):
            return value
        if _ARRAY in value:
            return arrays[value[_ARRAY]]
        return Phrase.from_json(value[_PHRASE]) if _PHRASE in value else {key: decoded(value[key]) for key in value}

    (kind,) = (one for one in get_args(Job) if one.__name__ == name)
    job: Job = from_json(decoded(fields), kind)
    return job


def _unmasked(dive: ExportedDive) -> ExportedDive:
    """Return a dive of a table without masks; measures that need them are taken first."""
    if dive.analysis is None:
        return dive
    parse, found = dive.analysis.parse, measures_of(dive.analysis)
    unmasked = replace(parse, mask_probability=parse.crop_xyxy[:0])
    return replace(dive, analysis=replace(dive.analysis, parse=unmasked, measures=found))


def main(folder: Path, language: str = ENGLISH) -> None:
    """Run the job in a folder."""
    use_language(language)
    cancel = CancelToken()
    parent = ParentPipe(cancel.cancel)

    def wait_for_end() -> None:
        for _ in input_lines():
            pass
        cancel.cancel()

    progress = throttle(lambda event: parent.send(Advanced(done=event.done, total=event.total)), _PROGRESS_INTERVAL_S)
    lower_priority()
    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        notes = run_job(load_job(folder), progress, cancel)
        parent.send(Written(notes=list(map(translated, notes))))
    except Cancelled:
        parent.send(Stopped())
    except FineParserError as error:
        parent.send(Failed.of(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
    sys.stderr.flush()
    # An interpreter that ends in the usual way waits for the thread that reads standard input, on Windows for ever.
    os._exit(0)

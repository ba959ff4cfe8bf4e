"""Exports as jobs that another process can run: `python -m fineparser_core.export.jobs FOLDER`.

A folder holds a job, pickled. The process tells on its standard output, a JSON object a line:
{"done", "total"} on the way, and at the end {"notes"} once the file is there, {"failed"} with a sentence, or
{"cancelled"}. It stops, and leaves no file, once its standard input ends.
"""

import json
import pickle
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fineparser_core.background import lower_priority
from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import Cancelled, ExportError, FineParserError
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.corrections import CorrectedDive, write_corrections
from fineparser_core.export.options import ClipOptions, Look
from fineparser_core.export.tables import DiveRecord, write_csv, write_json
from fineparser_core.progress import CancelToken, ProgressCallback, throttle
from fineparser_core.types import Analysis, DiveParse

_JOB = "job.pickle"
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
    if isinstance(job, TableJob):
        job = replace(job, dives=tuple(replace(dive, analysis=_without_masks(dive.analysis)) for dive in job.dives))
    elif isinstance(job, CorrectionsJob):
        job = replace(
            job, dives=tuple(replace(dive, by_model=_parse_without_masks(dive.by_model)) for dive in job.dives)
        )
    try:
        (folder / _JOB).write_bytes(pickle.dumps(job))
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror}): make room there.") from error


def load_job(folder: Path) -> Job:
    """The job that `save_job` put there; of a folder of this program alone, as a pickle can run anything.

    Raises:
        ExportError: it is not complete.
    """
    try:
        job: Job = pickle.loads((folder / _JOB).read_bytes())
    except (OSError, EOFError, AttributeError, ImportError, pickle.UnpicklingError) as error:
        raise ExportError(f"{folder} holds no complete export ({error}): export again.") from error
    return job


def _without_masks(analysis: Analysis | None) -> Analysis | None:
    return None if analysis is None else replace(analysis, parse=_parse_without_masks(analysis.parse))


def _parse_without_masks(parse: DiveParse) -> DiveParse:
    """What numbers are taken from: megabytes of masks for each dive stay where they are."""
    return replace(parse, mask_probability=np.zeros((0, MASK_SIZE, MASK_SIZE), np.float16))


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
    # By the name that the classes of a pickled job have.
    from fineparser_core.export import jobs

    sys.exit(jobs.main(sys.argv[1:]))

"""Dives with marks or corrected moments: exported as a set to learn from and to measure with, see `data.judged_dives`.

And what was found of those of a set, see `results`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.data.judged_dives import LABELS_FILE, PERSON, JudgedDive, write_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import PhaseMarks
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.export.results import AskedClip, ClipResult, read_results
from fineparser_core.export.tables import ExportedDive
from fineparser_core.language import Phrase, together

#: Suffix of the results beside a set of dives.
_RESULTS = ".results.jsonl"


def write_judged(dives: Sequence[ExportedDive], path: Path) -> tuple[str, ...]:
    """Write dives that have marks or corrected moments, whole or not at all.

    Returns:
        Sentences for the user: the number of dives, and the reasons of those that are left out.

    Raises:
        ExportError: there is none, or the file cannot be written.
    """
    judged, skipped = [], []
    for dive in dives:
        try:
            judged.append(judged_dive(dive))
        except (ConfigError, ValueError) as error:
            skipped.append(Phrase("Skipped: {0}. {1}", dive.path.name, error))
    if not judged:
        nothing = Phrase("No dive with judges' marks or corrected moments can be exported.")
        raise ExportError(together([nothing, *skipped]))
    write_dives(path, judged)
    return (Phrase("Dives: {0}.", len(judged)), *skipped)


def judged_dive(dive: ExportedDive) -> JudgedDive:
    """Convert a dive with marks or corrected moments to a dive of a set.

    Raises:
        ConfigError, ValueError: for values that no dive can have.
    """
    details, judging, (start, end) = dive.details, dive.details.judging, dive.frames
    if details.dive_number is not None and details.difficulty is not None:
        find_difficulty(parse_dive_number(details.dive_number), details.board_m, details.difficulty)
    flight = entry = contact = None
    by = PERSON
    if dive.analysis is not None:
        parse = dive.analysis.parse
        start, end = parse.clip.in_frame, parse.clip.out_frame
        by_person = dive.corrected or dive.contact_corrected
        if dive.corrected or not by_person:
            flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
        if dive.contact_corrected or not by_person:
            contact = parse.first_water_contact_frame
        by = PERSON if by_person else parse.model.id
    return JudgedDive(
        video=dive.path,
        start_frame=start,
        end_frame=end,
        dive_number=details.dive_number,
        board_m=details.board_m,
        difficulty=details.difficulty,
        awards=judging.awards if judging is not None and len(judging.awards) > 1 else (),
        award=None if judging is None else judging.award,
        marks=PhaseMarks() if judging is None else judging.phases,
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_water_contact_frame=contact,
        labelled_by=by,
        athlete=details.athlete[:LONGEST_NAME],
        date=details.day or "",
    )


def asked_of(dive: JudgedDive, usual: AskedClip | None = None) -> AskedClip:
    """Return what is asked of a judged dive, falling back to `usual`."""
    usual = usual or AskedClip(path=dive.video)
    start, end = dive.asked_range
    return AskedClip(
        path=dive.video,
        athlete=dive.athlete,
        event=dive.event,
        dive_number=dive.dive_number or usual.dive_number,
        board_m=dive.board_m or usual.board_m,
        difficulty=dive.difficulty or usual.difficulty,
        start_frame=start,
        end_frame=end,
    )


def results_file(path: Path) -> Path:
    """Return the default path of the results of a set of dives, or of a folder of them."""
    return (path / LABELS_FILE if path.is_dir() else path).with_suffix(_RESULTS)


def results_of(dives: Sequence[JudgedDive], results: Path) -> list[ClipResult | None]:
    """Read the result of each dive for its current request; None where there is none yet, or the file is missing.

    Raises:
        ExportError: the file cannot be read.
    """
    known = {_resolved(one.asked): one for one in (read_results(results) if results.is_file() else ())}
    return [known.get(_resolved(asked_of(dive))) for dive in dives]


def _resolved(asked: AskedClip) -> AskedClip:
    return replace(asked, path=asked.path.resolve())

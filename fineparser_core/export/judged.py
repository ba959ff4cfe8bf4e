"""Exports the dives that judges have marked as a set to learn from and to measure with, see `data.judged_dives`."""

from collections.abc import Sequence
from pathlib import Path

from fineparser_core.data.judged_dives import PERSON, JudgedDive, write_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.export.tables import ExportedDive
from fineparser_core.language import Phrase, together

_LONGEST_NAME = 200


def write_judged(dives: Sequence[ExportedDive], path: Path) -> tuple[str, ...]:
    """Write the dives that have marks, whole or not at all.

    Returns:
        Sentences for the user: the number of dives, and the reasons of those that are left out.

    Raises:
        ExportError: there is none, or the file cannot be written.
    """
    judged, skipped = [], []
    for dive in dives:
        try:
            judged.append(_judged(dive))
        except (ConfigError, ValueError) as error:
            skipped.append(Phrase("Skipped: {0}. {1}", dive.path.name, error))
    if not judged:
        nothing = Phrase("No dive has judges' marks: there is nothing to export.")
        raise ExportError(together([nothing, *skipped]))
    write_dives(path, judged)
    return (Phrase("Judged dives: {0}.", len(judged)), *skipped)


def _judged(dive: ExportedDive) -> JudgedDive:
    """Raises: ConfigError or ValueError, for what no dive can have."""
    judging, (start, end) = dive.judging, dive.frames
    assert judging is not None
    if dive.dive_number is not None and dive.difficulty is not None:
        find_difficulty(parse_dive_number(dive.dive_number), dive.board_m, dive.difficulty)
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
        dive_number=dive.dive_number,
        board_m=dive.board_m,
        difficulty=dive.difficulty,
        awards=judging.awards if len(judging.awards) > 1 else (),
        award=judging.award,
        marks=judging.phases,
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_water_contact_frame=contact,
        labelled_by=by,
        athlete=dive.diver[:_LONGEST_NAME],
        date=dive.dived_on,
    )

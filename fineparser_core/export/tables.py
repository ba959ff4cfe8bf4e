"""Dives as a table for a spreadsheet (CSV), or as data (JSON).

CSV: UTF-8 with a byte order mark, as spreadsheets want it; commas, a decimal point, a row a dive; a cell is empty where
nothing is known. The columns are `COLUMNS`; a measure has two, its value and its standard deviation, in the unit that
the documents name. `good_ranges` has the source of each range: rules, real or rendered dives. Points of different dive
numbers or boards are not comparable.

JSON "fineparser.dives/3": {format, versions, dives}, each of {path, diver, dived_on, outcome, note, judging,
dive_number, board_m, state, transitions_by, water_contact_by, drawings, analysis}; `analysis` is in the format of
`analysis_json`, or null. A single dive can be had in that format alone: `write_analysis_json`. `outcome` is "balk",
"repeat" (of the dive before) or null. `drawings` are what the coach drew, of {kind, frame, points, text,
degrees} and, for marks on several frames, last_frame, for unusual lines thickness and color: kind "line", "angle",
"note", "arrow" or "freehand"; frames 0-based in the source file; points in pixels of its upright frames;
degrees of an angle, of a line from the vertical, null of others. `note` is the coach's on the dive as a whole. The
table has this and the notes on frames, each with its frame. `judging` is what the judges gave, or null: {awards,
counted, award, score, phases}; award is the mean of those that are counted, score 3 * DD * award, or null without a DD.
"""

import codecs
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from fineparser_core import __version__
from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.diving.judging import PhaseMarks, counting
from fineparser_core.export.analysis_json import analysis_to_dict, good_ranges_of, measures_of, readable_json
from fineparser_core.export.coach_marks import MEASURED, NOTE, Mark, to_dict
from fineparser_core.export.notes import notes_of
from fineparser_core.measures import NAMES
from fineparser_core.records import Analysis, DiveParse, Moment
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.tables import Columns, columns_of, csv_table

FORMAT = "fineparser.dives/3"

_DECIMALS = 3
_PARTS = ("points", "dynamic", "static", "measured")
COLUMNS = (
    "diver",
    "dived_on",
    "file",
    "state",
    "dive_number",
    "board_m",
    "difficulty",
    "score",
    "spread",
    "interval_low",
    "interval_high",
    "interval_level",
    "award",
    "own_award",
    "own_award_low",
    "own_award_high",
    "profile",
    *(f"{step.replace('-', '_')}_{part}" for step in STEP_NAMES for part in _PARTS),
    "exemplars",
    "mean_exemplar_score",
    "start_frame",
    "first_flight_frame",
    "first_entry_frame",
    "first_water_contact_frame",
    "end_frame",
    "take_off_s",
    "flight_s",
    "entry_s",
    "transitions_by",
    "water_contact_by",
    *(column for name in NAMES for column in (name, f"{name}_uncertainty")),
    "good_ranges",
    "notes",
    "model",
    "trained_on",
    "coach_notes",
    "judges_awards",
    "judged_award",
    "judged_score",
    *(f"judged_{phase.name}" for phase in fields(PhaseMarks)),
    "outcome",
)


@dataclass(frozen=True, kw_only=True)
class ExportedDive:
    """A dive with its details and its analysis.

    Attributes:
        path: of the video.
        frames: first and last frame of the dive, where a person has set them.
        state: how far the analysis is, in a word or two.
        analysis: None where there is none.
        corrected: the transitions are a person's.
        contact_corrected: the first contact with the water is.
        marks: what the coach drew.
    """

    path: Path
    details: DiveDetails = field(default_factory=DiveDetails)
    frames: tuple[int | None, int | None] = (None, None)
    state: str = "analysed"
    analysis: Analysis | None = None
    corrected: bool = False
    contact_corrected: bool = False
    marks: tuple[Mark, ...] = ()


def write_csv(dives: Sequence[ExportedDive], path: Path) -> None:
    """Write the table, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    table = csv_table(COLUMNS, [_row(dive) for dive in dives], decimals=_DECIMALS)
    write_whole(path, codecs.BOM_UTF8 + table)


def write_json(dives: Sequence[ExportedDive], path: Path) -> None:
    """Write the dives as data, whole or not at all.

    Raises:
        ExportError: the file cannot be written, or holds a number that is not finite.
    """
    content = {
        "format": FORMAT,
        "versions": {"fineparser": __version__},
        "dives": [
            {
                "path": str(dive.path),
                "diver": dive.details.athlete or None,
                "dived_on": dive.details.day or None,
                "outcome": dive.details.outcome or None,
                "note": dive.details.note or None,
                "judging": _judging(dive),
                "dive_number": dive.details.dive_number,
                "board_m": dive.details.board_m,
                "state": dive.state,
                "transitions_by": _set_by(dive),
                "water_contact_by": _contact_by(dive),
                "drawings": [_drawing(mark) for mark in _by_frame(dive)],
                "analysis": analysis_to_dict(dive.analysis) if dive.analysis is not None else None,
            }
            for dive in dives
        ],
    }
    write_whole(path, readable_json(content))


def _row(dive: ExportedDive) -> dict[str, Any]:
    row: dict[str, Any] = {
        "diver": dive.details.athlete,
        "dived_on": dive.details.day or "",
        "file": dive.path.name,
        "state": dive.state,
        "dive_number": dive.details.dive_number,
        "board_m": dive.details.board_m,
        "difficulty": dive.details.difficulty,
        "coach_notes": "; ".join(_notes(dive)),
        "outcome": dive.details.outcome,
    }
    if judging := _judging(dive):
        row |= {
            "judges_awards": " ".join(f"{award:g}" for award in judging["awards"]),
            "judged_award": judging["award"],
            "judged_score": judging["score"],
            **{f"judged_{name}": mark for name, mark in judging["phases"].items()},
        }
    if dive.analysis is None:
        return row
    parse, scoring = dive.analysis.parse, dive.analysis.scoring
    row |= {
        "start_frame": parse.clip.in_frame,
        "first_flight_frame": parse.transitions.first_flight_frame,
        "first_entry_frame": parse.transitions.first_entry_frame,
        "first_water_contact_frame": parse.first_water_contact_frame,
        "end_frame": parse.clip.out_frame,
        "transitions_by": _set_by(dive),
        "water_contact_by": _contact_by(dive),
        "model": parse.model.id,
        "trained_on": "rendered dives" if parse.model.synthetic else parse.model.trained_on,
        "notes": " ".join(filter(None, (dive.analysis.verdict.reason, *notes_of(dive.analysis)))),
    }
    row |= dict(zip(("take_off_s", "flight_s", "entry_s"), parse.step_durations_s, strict=True))
    found = measures_of(dive.analysis)
    for measure in found:
        row |= {measure.name: measure.value, f"{measure.name}_uncertainty": measure.uncertainty}
    ranges = good_ranges_of(dive.analysis, found).items()
    row["good_ranges"] = "; ".join(
        f"{name} {band.low:g} to {band.high:g} ({band.source.kind})" for name, band in ranges
    )
    own = dive.analysis.own_award
    if own is not None:
        low, high = own.award_range
        row |= {"dive_number": own.dive_number, "difficulty": own.difficulty}
        row |= {"own_award": own.award, "own_award_low": low, "own_award_high": high}
        row["profile"] = own.profile and own.profile.name
    if scoring is None:
        return row
    row |= {
        "dive_number": scoring.dive_number,
        "difficulty": scoring.difficulty,
        "score": scoring.score,
        "spread": scoring.spread,
        "award": scoring.award,
        "profile": scoring.profile and scoring.profile.name,
        "exemplars": len(scoring.exemplars),
        "mean_exemplar_score": sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars),
    }
    if scoring.interval is not None:
        interval = scoring.interval
        row |= {"interval_low": interval.low, "interval_high": interval.high, "interval_level": interval.level}
    for part in scoring.contributions:
        row |= {f"{part.step.replace('-', '_')}_{name}": getattr(part, name) for name in _PARTS}
    return row


def _judging(dive: ExportedDive) -> dict[str, Any] | None:
    details, judging = dive.details, dive.details.judging
    difficulty = known_difficulty(details.dive_number, details.board_m, details.difficulty)
    if judging is None:
        return None
    return {
        "awards": judging.awards,
        "counted": counting(judging.awards),
        "award": judging.award,
        "score": judging.score(difficulty) if difficulty is not None else None,
        "phases": asdict(judging.phases),
    }


def _notes(dive: ExportedDive) -> list[str]:
    on_frames = [f"frame {mark.frame}: {mark.text}" for mark in _by_frame(dive) if mark.kind == NOTE]
    return [" ".join(dive.details.note.split()), *on_frames] if dive.details.note.strip() else on_frames


def _by_frame(dive: ExportedDive) -> list[Mark]:
    return sorted(dive.marks, key=lambda mark: mark.frame)


def _drawing(mark: Mark) -> dict[str, Any]:
    return to_dict(mark) | {"degrees": round(mark.degrees, 1) if mark.kind in MEASURED else None}


def _set_by(dive: ExportedDive) -> str | None:
    if dive.analysis is None:
        return None
    return "person" if dive.corrected else "model"


def _contact_by(dive: ExportedDive) -> str | None:
    if dive.analysis is None or dive.analysis.parse.first_water_contact_frame is None:
        return None
    return "person" if dive.contact_corrected else "model"


def analysis_tables(analysis: Analysis) -> dict[str, Columns]:
    """Return the tables of an analysis by name, see `Analysis.tables`."""
    parse, scoring = analysis.parse, analysis.scoring
    parts = [{} for _ in STEP_NAMES] if scoring is None else [asdict(part) for part in scoring.contributions]
    votes = () if scoring is None else scoring.exemplars
    numbers = {} if parse.recognition is None else parse.recognition.numbers
    phases = [
        {**asdict(step), "start_s": start_s, "end_s": end_s}
        | {name: value for name, value in part.items() if name != "step"}
        for step, (start_s, end_s), part in zip(parse.steps, pairwise(parse.step_ends_s), parts, strict=True)
    ]
    samples = {
        "frame": parse.sampled_frames.tolist(),
        "time_s": parse.sampled_times_s.tolist(),
        "flight_begins": parse.probabilities[:, 0].tolist(),
        "entry_begins": parse.probabilities[:, 1].tolist(),
        "athlete_share": (parse.mask_probability >= 0.5).mean(axis=(1, 2)).tolist(),
    }
    return {
        "phases": columns_of(phases),
        "moments": columns_of([{"moment": name, **asdict(moment)} for name, moment in _moments(parse).items()]),
        "measures": columns_of([asdict(measure) for measure in measures_of(analysis)]),
        "exemplars": columns_of(
            [{name: value for name, value in asdict(vote).items() if name != "contributions"} for vote in votes]
        ),
        "numbers": columns_of([{"dive_number": name, "probability": share} for name, share in numbers.items()]),
        "samples": samples,
    }


def _moments(parse: DiveParse) -> dict[str, Moment]:
    found = ((name, getattr(parse.moments, name)) for name in ("take_off", "top", "come_out", "contact"))
    return {name: moment for name, moment in found if moment is not None}

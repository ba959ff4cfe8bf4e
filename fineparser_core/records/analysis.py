"""The analysis of a dive: its parse, what was measured of it, and its score."""

from dataclasses import dataclass
from typing import Any

from fineparser_core.methods import load_reference
from fineparser_core.records.notes import Note
from fineparser_core.records.parse import DiveParse
from fineparser_core.records.scores import OwnAward, Scoring


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Measure of a dive; unseen measures do not exist.

    Attributes:
        name: a name in `fineparser_core.measures.NAMES`, e.g. "flight_time".
        value: in the unit; angles are signed where there are two ways: short −, over +.
        unit: "s" of real time, "m", "deg" or "turns/s", or "" for a ratio.
        uncertainty: standard deviation, in the unit.
        frame: source frame at which it was read.
        step: its phase of the dive, a name in `STEP_NAMES`.
    """

    name: str
    value: float
    unit: str
    uncertainty: float
    frame: int
    step: str


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A part of a typed dive that contradicts the video.

    Attributes:
        part: "direction", "armstand", "half_somersaults", "position", "twists" or "board".
        typed, seen: values of the part, as in `Recognition`.
        probability: that the typed value is wrong, 0 to 1.
        certain: beyond reasonable doubt: the score waits until a person confirms the typed value.
    """

    part: str
    typed: str
    seen: str
    probability: float
    certain: bool


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The parse of a dive and, if the dive number is known, its score.

    Attributes:
        measures: measures of the dive; None if not measured yet.
        own_award: by the measures alone; None without a dive number, or where too little was measured.
        unscored: a sentence that says why there is no score though the clip could have a score; else "".
        withheld: a sentence about the evidence that a score lacks, or that the video shows another dive, so that there
            is no score until a person requests it all the same; else "".
        measured_notes: about the measures.
        contradictions: parts of the given dive number and board that the video speaks against, the surest first.
    """

    parse: DiveParse
    scoring: Scoring | None
    measures: tuple[Measure, ...] | None = None
    own_award: OwnAward | None = None
    unscored: str = ""
    withheld: str = ""
    measured_notes: tuple[Note, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes about the file, then about the score, then about what was measured."""
        return (*self.parse.notes, *(self.scoring.notes if self.scoring else ()), *self.measured_notes)

    # Imported by name, as records lie below what writes them.
    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as packaging/docs/json.md describes it, of plain JSON types.

        Raises:
            ExportError: a number in it is not finite.
        """
        return load_reference("fineparser_core.export.analysis_json:analysis_to_dict")(self)

    def tables(self) -> dict[str, dict[str, list[Any]]]:
        """Return "phases", "moments", "measures", "exemplars", "numbers" and "samples", each as its columns.

        `pandas.DataFrame(analysis.tables()["measures"])` makes a data frame of one. A table without rows has no
        columns.
        """
        return load_reference("fineparser_core.export.notebook:analysis_tables")(self)

    def _repr_html_(self) -> str:
        """Return a table and a picture of the phases for a notebook."""
        return load_reference("fineparser_core.export.notebook:analysis_html")(self)

"""One record for a measure: all that window, reports, tables, score and documents need of it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from measured_dive import measured_parse

from fineparser_core import language
from fineparser_core.constants import KEYPOINT_NAMES, STEP_NAMES
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.good_dives import good_bands
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.export.tables import COLUMNS
from fineparser_core.measures import NAMES, RECORDS, measure_dive, measures
from fineparser_core.measures.explanation import Band, allowed_band
from fineparser_core.measures.record import Limits, MeasureRecord
from fineparser_core.measures.words import implausible_note, unit_text
from fineparser_core.scoring.measured_stream import exemplar_measures, measured, measured_stream, quantities
from fineparser_core.types import Measure

DOCUMENT = Path(__file__).resolve().parents[3] / "packaging" / "docs" / "measures.md"
UNITS = {"s", "m", "deg", "turns/s", ""}
BOARDS_M = (None, 1.0, 3.0, 5.0, 7.5, 10.0)
every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


def _terms_read(names: set[str]) -> set[str]:
    """The terms of the score that these measures suffice for."""
    found = [Measure(name=n, value=1.0, unit="", uncertainty=0.1, frame=0, step="") for n in names]
    return {term.measure for term in measured_stream().terms} & set(quantities(found))


def ranges(limits: Limits) -> list[tuple[float, float]]:
    return [limits.of(board_m) for board_m in BOARDS_M]


@every_record
def test_a_record_has_all_that_is_asked_of_it(record: MeasureRecord) -> None:
    assert RECORDS[record.name] is record
    assert record.unit in UNITS
    assert record.step in STEP_NAMES
    assert record.title
    assert "{0}" in record.sentence
    assert len(record.signs) in (0, 2)
    assert len(record.joints) in (0, 2, 3)
    assert all(one in KEYPOINT_NAMES or f"{one}_l" in KEYPOINT_NAMES for one in record.joints)
    for (low, high), (good_low, good_high) in zip(
        ranges(record.plausible), ranges(record.good or record.plausible), strict=True
    ):
        assert low < high
        assert low <= good_low < good_high <= high
    assert {f"{record.name}", f"{record.name}_uncertainty"} <= set(COLUMNS)


@pytest.mark.parametrize("code", [code for code in language.LANGUAGES if code != language.ENGLISH])
def test_every_measure_is_said_in_every_language(code: str) -> None:
    language.use_language(code)
    try:
        for record in RECORDS.values():
            for english in (record.title, record.sentence, *record.signs):
                assert language.translation(english), english
            assert unit_text(record.unit) != record.unit or record.unit in ("s", "m", "")
            note = implausible_note(record, 1e3, None)
            assert language.translated(note) != note
            assert str(language.translation(record.title)) in language.translated(note)
    finally:
        language.use_language(language.ENGLISH)


@every_record
def test_the_document_lists_each_as_its_record_says(record: MeasureRecord) -> None:
    def span(bounds: tuple[float, float]) -> str:
        return "{:g} to {:g}".format(*bounds).replace("-", "−")

    by_board = (f"from {board:g} m {span(bounds)}" for board, bounds in record.plausible.by_board.items())
    bounds = "; ".join((span((record.plausible.low, record.plausible.high)), *by_board))
    cells = (
        f"`{record.name}`",
        record.unit,
        record.step,
        bounds,
        "yes" if _terms_read(set(NAMES) - {record.name}) != _terms_read(set(NAMES)) else "",
    )
    row = next(line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith(f"| `{record.name}` | "))
    found = [cell.strip() for cell in row.strip("|").split("|")]
    assert tuple(found[: len(cells)]) == cells, f"wanted: | {' | '.join(cells)} |"


def test_a_measure_is_as_its_record_says() -> None:
    found = measures(measured_parse(turned_deg=np.linspace(0, 540, 96)), dive_number="103B", board_m=1.0)
    assert found
    assert {(one.name, one.unit, one.step) for one in found} <= {(r.name, r.unit, r.step) for r in RECORDS.values()}


def test_the_measures_suffice_for_every_term_of_the_score() -> None:
    assert _terms_read(set(NAMES)) == {term.measure for term in measured_stream().terms}


def test_true_values_of_rendered_dives_are_plausible() -> None:
    for exemplar, row in exemplar_measures().items():
        assert all(RECORDS[name].is_plausible(value, None) for name, value in row.items()), exemplar


def test_what_no_body_can_show_is_absent_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = measured_parse(turned_deg=np.linspace(0, 540, 96))
    shown = measure_dive(parse, dive_number="103B", board_m=1.0)
    assert shown.measures == measures(parse, dive_number="103B", board_m=1.0)
    assert "flight_time" in {one.name for one in shown.measures}
    assert not shown.notes
    low = replace(RECORDS["flight_time"], plausible=Limits(0.1, 0.5))
    monkeypatch.setitem(RECORDS, "flight_time", low)
    found = measure_dive(parse, dive_number="103B", board_m=1.0)
    assert [one.name for one in shown.measures if one not in found.measures] == ["flight_time"]
    (note,) = found.notes
    assert re.fullmatch(r"Not measured: time in the air\. Read as 1\.1\d s, and dives show 0\.10 to 0\.50\.", note)


def test_the_reasons_are_notes_of_the_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    low = replace(RECORDS["flight_time"], plausible=Limits(0.1, 0.5))
    monkeypatch.setitem(RECORDS, "flight_time", low)
    dive = parse_dive_number("103B")
    found = measured(measured_parse(turned_deg=np.linspace(0, 540, 96)), dive, find_difficulty(dive, 1.0))
    assert [note for note in found.notes if note.startswith("Not measured: time in the air.")]
    assert analysis_to_dict(found)["measured_notes"] == list(found.measured_notes)


@pytest.mark.parametrize(
    ("name", "board_m", "absurd", "possible"),
    [
        ("entry_angle", 1.0, (-129.0, 129.0, 54.0), (-59.0, -40.0, 10.0)),
        ("jump_height", 1.0, (2.1, -0.1), (0.3, 1.7)),
        ("jump_height", 10.0, (1.3,), (0.5,)),
        ("flight_time", 1.0, (0.2, 1.6), (0.8, 1.33)),
        ("flight_time", 3.0, (2.0,), (1.5,)),
        ("rotation_speed", None, (4.0,), (0.3, 3.2)),
        ("entry_distance", 3.0, (-0.5, 5.0), (0.5, 2.5)),
    ],
)
def test_bodies_and_boards_bound_what_is_measured(name, board_m, absurd, possible) -> None:
    assert not any(RECORDS[name].is_plausible(value, board_m) for value in absurd)
    assert all(RECORDS[name].is_plausible(value, board_m) for value in possible)


def test_the_reason_is_a_sentence() -> None:
    over = implausible_note(RECORDS["entry_angle"], 129.3, 1.0)
    assert over == "Not measured: body line at the entry. Read as 129 degrees, and dives show −75 to 45."
    language.use_language("de")
    try:
        told = language.translated(implausible_note(RECORDS["jump_height"], 2.12, 1.0))
    finally:
        language.use_language(language.ENGLISH)
    assert told == "Nicht gemessen: Sprunghöhe. Gelesen wurden 2,12 m, Sprünge zeigen 0,00 bis 1,90."


def test_bands_of_rendered_dives_are_held_to_what_judging_allows() -> None:
    def allowed(name: str, low: float, high: float, board_m: float = 1.0) -> Band | None:
        return allowed_band(name, Band(low=low, high=high, unit="", n_dives=20), board_m)

    assert allowed("entry_angle", -29.0, 10.0) == Band(low=-20.0, high=5.0, unit="", n_dives=0)
    assert allowed("entry_angle", -18.0, 2.0) == Band(low=-18.0, high=2.0, unit="", n_dives=20)
    assert allowed("board_distance", 2.1, 2.5) == Band(low=0.5, high=1.5, unit="", n_dives=0)
    assert allowed("flight_time", 1.0, 1.2) == Band(low=1.0, high=1.2, unit="", n_dives=20)
    assert allowed("hip_angle", 46.0, 171.0) is None
    assert allowed("unknown", 46.0, 171.0) is not None


@pytest.mark.parametrize("board_m", [1.0, 3.0])
def test_no_band_of_club_dives_makes_a_coach_laugh(board_m: float) -> None:
    bands = good_bands("103B", board_m)
    for name in ("board_distance", "entry_distance"):
        assert 0.5 <= bands[name].low < bands[name].high <= 1.8
    assert -20 <= bands["entry_angle"].low < bands["entry_angle"].high <= 5
    assert -10 <= bands["legs_line"].low < bands["legs_line"].high <= 10

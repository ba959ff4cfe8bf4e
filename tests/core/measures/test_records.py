import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from measured_dive import measured_parse

from fineparser_core.measures import NAMES, RECORDS, measure_dive, measures
from fineparser_core.measures.explanation import TABLE
from fineparser_core.measures.record import Limits
from fineparser_core.measures.records import RULES
from fineparser_core.records import Measure, NoteCode, ReadAwards
from fineparser_core.resources import resource
from fineparser_core.scoring.measured_stream import exemplar_measures, measured_stream, quantities

DOCUMENT = Path(__file__).resolve().parents[3] / "packaging" / "docs" / "measures.md"
every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


def _terms_read(names):
    """The terms of the score that these measures suffice for."""
    found = [Measure(name=n, value=1.0, unit="", uncertainty=0.1, frame=0, step="") for n in names]
    read = ReadAwards(phases=(0.0, 0.0, 0.0), splash=0.0)
    return {term.measure for term in measured_stream().terms} & set(quantities(found, read))


@every_record
def test_the_document_lists_each_as_its_record_says(record):
    def span(bounds):
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


def test_a_measure_is_as_its_record_says():
    found = measures(measured_parse(turned_deg=np.linspace(0, 540, 96)), dive_number="103B", board_m=1.0)
    assert found
    assert {(one.name, one.unit, one.step) for one in found} <= {(r.name, r.unit, r.step) for r in RECORDS.values()}


def test_the_measures_suffice_for_every_term_of_the_score():
    assert _terms_read(set(NAMES)) == {term.measure for term in measured_stream().terms}


def test_true_values_of_rendered_dives_are_plausible():
    for exemplar, row in exemplar_measures().items():
        # A rendered body turns on under water, where a diver stops.
        as_real = {name: value for name, value in row.items() if name != "legs_line"}
        assert all(RECORDS[name].is_plausible(value, None) for name, value in as_real.items()), exemplar


@every_record
def test_a_reading_is_clear_that_is_surer_than_what_it_is_judged_by_is_wide(record):
    assert record.is_clear(0.9 * record.judged_over)
    assert not record.is_clear(record.judged_over)
    if record.good is not None and record.good.source is RULES and record.good.limits.high < np.inf:
        assert record.judged_over == record.good.limits.high - record.good.limits.low
        return
    table = json.loads(resource(*TABLE).read_bytes())
    if record.name not in table["units"]:
        assert not record.as_rendered
        return
    place = list(table["units"]).index(record.name)
    bands = [row[place] for row in table["bands"].values() if row[place] is not None]
    assert record.judged_over == pytest.approx(np.median([band[1] - band[0] for band in bands]), rel=0.1)


def test_what_is_not_clear_is_not_told_and_scores_by_its_certainty(monkeypatch):
    parse = measured_parse(turned_deg=np.linspace(0, 540, 96))
    shown = measure_dive(parse, dive_number="103B", board_m=1.0)
    clear = shown.measures
    wide = next(one.uncertainty for one in clear if one.name == "jump_height")
    monkeypatch.setitem(RECORDS, "jump_height", replace(RECORDS["jump_height"], judged_over=wide))
    found = measure_dive(parse, dive_number="103B", board_m=1.0)
    assert found.readings == shown.readings
    assert [one.name for one in clear if one not in found.measures] == ["jump_height"]
    assert "jump_height" in found.notes[0].values


def test_what_no_body_can_show_is_absent_and_said_to_be(monkeypatch):
    parse = measured_parse(turned_deg=np.linspace(0, 540, 96))
    shown = measure_dive(parse, dive_number="103B", board_m=1.0)
    assert shown.measures == measures(parse, dive_number="103B", board_m=1.0)
    assert "flight_time" in {one.name for one in shown.measures}
    low = replace(RECORDS["flight_time"], plausible=Limits(0.1, 0.5))
    monkeypatch.setitem(RECORDS, "flight_time", low)
    found = measure_dive(parse, dive_number="103B", board_m=1.0)
    assert [one.name for one in shown.measures if one not in found.measures] == ["flight_time"]
    assert "flight_time" not in {one.name for one in found.readings}
    (note,) = found.notes
    assert (note.code, note.values[0]) == (NoteCode.MEASURES_UNCLEAR, "flight_time")


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
def test_bodies_and_boards_bound_what_is_measured(name, board_m, absurd, possible):
    assert not any(RECORDS[name].is_plausible(value, board_m) for value in absurd)
    assert all(RECORDS[name].is_plausible(value, board_m) for value in possible)

"""The tables of an analysis, which pandas takes."""

from collections.abc import Callable
from pathlib import Path

from fineparser_core.constants import STEP_NAMES
from fineparser_core.records import Analysis


def test_tables_are_columns_of_one_length(small_video: Path, make_analysis: Callable[..., Analysis]) -> None:
    analysis = make_analysis(small_video, 1)
    assert analysis.scoring is not None
    tables = analysis.tables()
    assert all(len({len(column) for column in columns.values()}) <= 1 for columns in tables.values())
    assert tables["phases"]["name"] == list(STEP_NAMES)
    assert tables["phases"]["points"] == [part.points for part in analysis.scoring.contributions]
    assert tables["phases"]["start_frame"][1] == analysis.parse.transitions.first_flight_frame
    assert tables["moments"]["moment"][0] == "take_off"
    assert [len(tables["exemplars"]["vote"]), len(tables["samples"]["frame"])] == [len(analysis.scoring.exemplars), 96]

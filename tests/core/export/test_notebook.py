"""What a notebook shows of an analysis: tables that pandas takes, and well-formed HTML."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from fineparser_core.constants import STEP_NAMES
from fineparser_core.records import Analysis

SVG = "{http://www.w3.org/2000/svg}"


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


def test_the_html_is_well_formed_whatever_the_file_is_called(
    small_video: Path, make_analysis: Callable[..., Analysis]
) -> None:
    analysis = make_analysis(small_video, 1)
    clip = replace(analysis.parse.clip, path=Path("<script>&.mp4"))
    for scoring in (analysis.scoring, None):
        one = replace(analysis, parse=replace(analysis.parse, clip=clip), scoring=scoring)
        page = ElementTree.fromstring(f"<div>{one._repr_html_()}</div>")
        assert page.findtext("p/b") == "<script>&.mp4"
        assert [len(page.findall(f"table/tr/{cell}")) for cell in ("th", "td")] == [5, 15]
        assert [text.text for text in page.iter(f"{SVG}text")][: len(STEP_NAMES)] == list(STEP_NAMES)

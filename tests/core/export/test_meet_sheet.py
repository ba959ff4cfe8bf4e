from dataclasses import replace

import pytest

from fineparser_core.diving.dive_list import parse_dive_list
from fineparser_core.diving.meet import Meet
from fineparser_core.export.report.meet_sheet import make_sheet
from fineparser_core.export.report.write import write_meet_sheet

LIST = """event;athlete;dive;board;J1;J2;J3;J4;J5
Girls;Anna;103B;3;5;5;5;5;5
Girls;Zoë <b>王</b>;103B;3;6;6.5;7;6;6
Girls;Anna;403B;3;;;;;
Synchro;A / B;405B;3;;;;;
"""


@pytest.fixture
def meet():
    rows = parse_dive_list(LIST)[0]
    rows = (replace(rows[0], outcome="balk"), replace(rows[1], dive="d1"), *rows[2:])
    return Meet(title="Spring <cup>", rows=rows)


def test_athletes_stand_by_place_with_their_dives(meet):
    sheet = make_sheet(meet)
    (event, athletes), (other, pairs) = sheet["events"]
    assert (event, other) == ("Girls", "Synchro")
    assert [(one["place"], one["name"], one["total"]) for one in athletes] == [
        ("1.", "Zoë <b>王</b>", "29.60"),
        ("2.", "Anna", "14.40"),
    ]
    assert [(one["place"], one["total"]) for one in pairs] == [("", "")]
    (dive,) = athletes[0]["dives"]
    assert dive["cells"] == ("1", "103B", "3 m", "1.6")
    assert dive["awards"] == (("6", False), ("6.5", True), ("7", False), ("6", True), ("6", True))
    assert dive["results"] == ("29.60", "29.60")
    assert athletes[1]["dives"][0]["remark"] == "balk"
    assert len(sheet["about"]) == 2


def test_the_model_stands_beside_only_where_it_is_asked_for(meet, tmp_path):
    plain, asked = tmp_path / "plain.html", tmp_path / "asked.html"
    write_meet_sheet(meet, None, plain)
    write_meet_sheet(meet, {"d1": 33.333}, asked)
    assert "model" not in plain.read_text(encoding="utf-8")
    page = asked.read_text(encoding="utf-8")
    assert '<td class="right">33.3</td>' in page
    assert "predictions" in page
    assert "<s>7</s>" in page
    assert "Zoë &lt;b&gt;王&lt;/b&gt;" in page
    assert "<cup>" not in page

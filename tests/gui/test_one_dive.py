"""A dive says one thing in the window, the clip to send, the report, the sheet of the meet, the table and the JSON."""

import csv
import json

import pytest
from answers_kit import open_scored
from finding import named, reads
from PySide6.QtWidgets import QLabel

from fineparser_core.diving.judging import Judging, half_text
from fineparser_core.diving.meet import ListedDive, Meet
from fineparser_core.export.dive_words import phase_times
from fineparser_core.export.report.content import make_page
from fineparser_core.export.report.meet_sheet import make_sheet
from fineparser_core.language import number
from fineparser_gui.services.exporting import reported_dive, words_of

JUDGING = Judging(awards=(6.5, 7.0, 7.0, 6.0, 6.5))


@pytest.mark.parametrize("judging", [None, JUDGING], ids=["estimated", "judged"])
def test_no_number_differs(idle_studio, qtbot, small_video, tmp_path, judging):
    session, window = idle_studio.session, idle_studio.window
    key = open_scored(idle_studio, qtbot, small_video, tmp_path)
    session.editing.set_judging(key, judging)
    for suffix in ("csv", "json"):
        session.exports.table([key], tmp_path / f"dive.{suffix}")
    qtbot.waitUntil(lambda: not session.exports.busy)
    (row,) = csv.DictReader((tmp_path / "dive.csv").read_text("utf-8-sig").splitlines())
    (data,) = json.loads((tmp_path / "dive.json").read_text("utf-8"))["dives"]
    dive, clip = session.dive(key), words_of(session.dive(key))
    page = make_page(reported_dive(dive, session.dives, drawings=True))
    listed = ListedDive(dive_number="207C", board_m=10.0, awards=judging.awards if judging else (), dive=key)
    sheet = make_sheet(Meet(rows=(listed,)), {key: dive.analysis.scoring.score})
    ((_, (athlete,)),) = sheet["events"]
    results = athlete["dives"][0]["results"]
    scored, judged = data["analysis"], data["judging"]

    predicted = [clip.award.predicted, window.score.findChild(QLabel, "score").text()]
    predicted += [half_text(float(row["award"])), half_text(scored["award"])]
    assert len(set(predicted)) == 1, predicted
    award = [clip.award.award, page.headline[0]]
    award += [number(judged["award"], 2)] if judged else predicted
    assert len(set(award)) == 1, award
    assert award[0] in reads(window.score)

    points = [clip.award.points]
    if judged:
        points += [f"{judged['score']:.2f} points", f"{results[0]} points"]
    else:
        points += [f"{scored['score']:.1f} points", f"{float(row['score']):.1f} points", f"{results[2]} points"]
    assert len(set(points)) == 1, points
    assert points[0] in page.headline[1]
    assert points[0] in reads(window.score)

    window.score.how.setChecked(True)
    shown = named(window.contributions, "Contributions of the phases").accessibleDescription()
    assert [part.rpartition(" ")[2] for part in shown.split(", ")] == [phase.points for phase in page.phases]
    times = phase_times(dive.analysis.parse)
    assert [phase.times.partition(" from")[0] for phase in page.phases] == list(times)
    print(0, "numbers differ of", len(predicted) + len(award) + len(points) + len(page.phases) + len(times))

"""The paper's numbers: complete, consistent with its text, and never mixed up with ours."""

import pytest

from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.paper import METRICS, paper_table, side_by_side
from fineparser_core.training.presets import MEASURED, PRESETS


def by_label(number):
    return {row.label: row.values for row in paper_table(number)}


def test_every_table_has_its_rows_and_presets():
    rows = [len(paper_table(number)) for number in range(1, 6)]
    assert rows == [9 + 4 + 1, 10 + 2 + 1, 5, 3, 4]  # later ones, and one of ours
    assert all(row.preset for number in range(1, 6) for row in paper_table(number))
    used = {row.preset for number in range(1, 6) for row in paper_table(number)} - {None}
    assert used <= {*PRESETS, MEASURED}
    assert [row.table for n in range(1, 6) for row in paper_table(n) if row.preset == MEASURED] == [1, 2]
    assert {name for name in PRESETS if name.startswith("table")} <= used
    for number in range(1, 6):
        rows = paper_table(number)
        assert all(row.values.keys() <= METRICS.keys() for row in rows)
        assert all(("rho" in row.values) != (row.preset == MEASURED) for row in rows)
    with pytest.raises(ConfigError, match="no table of results 6"):
        paper_table(6)


def test_numbers_agree_with_what_the_text_says_of_them():
    table = by_label(1)
    ours = table["FineParser"]
    gains = {"C3D-LSTM": 24.66, "C3D-AVG": 10.64, "MSCADC": 17.47, "I3D+MLP": 6.59, "USDL": 6.05, "MUSDL": 1.94}
    for label, gain in (gains | {"CoRe": 1.27}).items():
        assert 100 * (ours["rho"] - table[label]["rho"]) == pytest.approx(gain, abs=1e-9)
    drops = {"C3D-LSTM": 0.8165, "C3D-AVG": 0.3649, "MSCADC": 0.6725, "I3D+MLP": 0.2365, "USDL": 0.2198}
    for label, drop in (drops | {"MUSDL": 0.0872, "CoRe": 0.0546}).items():
        assert table[label]["r_l2_x100"] - ours["r_l2_x100"] == pytest.approx(drop, abs=1e-9)
    # The whole network appears in four tables.
    assert by_label(3)["E: SAP, SVE, TAP"] == by_label(4)["step duration 4"] == ours
    assert by_label(5)["ResNet34"] == {name: ours[name] for name in ("rho", "r_l2_x100")}


def test_side_by_side_marks_whose_numbers_they_are():
    ours = {"tsa": {"rho": 0.5, "aiou_75": 0.25, "something": 1.0}, "rendered": {"rho": -0.125, "r_l2_x100": 12.5}}
    grades = {"tsa": "from the paper", "rendered": "own"}
    lines = side_by_side(1, ours, data="96 rendered dives", grades=grades).splitlines()
    assert "measured on FineDiving-HM; ours: measured on 96 rendered dives" in lines[1]
    assert lines[3].split() == ["rho", "R-l2", "x100", "AIoU@0.5", "AIoU@0.75", "MAE", "F_beta", "S-measure"]
    assert lines[-1].startswith("**** ours, no reproduction")
    cells = {line.split()[0]: line.split()[1:] for line in lines[5:-4]}
    assert cells["TSA"][:8] == ["0.9324", "0.5000", "0.3022", "-", "0.9239", "-", "0.5007", "0.2500"]
    assert cells["TSA"][-3:] == ["from", "the", "paper"]
    assert cells["FineParser"][:4] == ["0.9435", "-", "0.2602", "-"]
    assert (cells["rendered"][:5], cells["rendered"][-1]) == (["-", "-0.1250", "-", "12.5000", "-"], "own")
    assert "AIoU" not in side_by_side(5, {}, data="nothing")

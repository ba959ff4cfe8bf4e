"""The paper's numbers: complete, consistent with its text, and never mixed up with ours."""

import numpy as np
import pytest
from scipy.stats import sem, t

from fineparser_core.commands.ablate import grades_of
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.paper import METRICS, paper_table, side_by_side
from fineparser_core.evaluation.summary import METRICS as METRICS_OF_OURS
from fineparser_core.training.presets import PRESETS


def by_label(number):
    return {row.label: row.values for row in paper_table(number)}


def test_every_table_has_its_rows_and_presets():
    rows = [len(paper_table(number)) for number in range(1, 6)]
    assert rows == [9 + 4, 10 + 2, 5, 3, 4]  # and later ones
    assert all((row.preset is None) == bool(row.source) for number in range(1, 6) for row in paper_table(number))
    used = {row.preset for number in range(1, 6) for row in paper_table(number)} - {None}
    assert used <= {*PRESETS}
    assert {name for name in PRESETS if name.startswith("table")} <= used
    for number in range(1, 6):
        rows = paper_table(number)
        assert all(row.values.keys() <= METRICS.keys() for row in rows)
        assert all("rho" in row.values for row in rows)
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
    grades = grades_of([row.preset for row in paper_table(1) if row.preset]) | {"rendered": "own"}
    told, table, masks, notes = side_by_side(
        1, {name: [one] for name, one in ours.items()}, data="96 rendered dives", grades=grades
    ).split("\n\n")
    assert "measured on FineDiving-HM; ours: measured on 96 rendered dives" in told
    names = ("rho", "R-l2 x100", "AIoU@0.5", "AIoU@0.75")
    heads = " ".join(f"{name} paper {name} ours" for name in names)
    assert table.splitlines()[0].split() == [*heads.split(), "ours", "is"]
    assert notes.splitlines()[-1].startswith("*** as printed by Han et al.")
    cells = {line.split()[0]: line.split()[1:] for line in table.splitlines()[1:]}
    assert cells["TSA"][:8] == ["0.9324", "0.5000", "0.3022", "-", "0.9239", "-", "0.5007", "0.2500"]
    assert cells["TSA"][-3:] == ["from", "the", "paper"]
    assert cells["FineParser"][:4] == ["0.9435", "-", "0.2602", "-"]
    assert (cells["rendered"][:4], cells["rendered"][-1]) == (["-", "-0.1250", "-", "12.5000"], "own")
    assert cells["RICA2"][:4] == ["**", "0.9421", "-", "0.2600"]
    assert "not known" in masks
    assert "FineParser: MAE 0.0408, F_beta 0.1273, S-measure 0.8357" in masks
    assert "AIoU" not in side_by_side(5, {}, data="nothing")


def test_masks_are_shown_by_both_definitions_and_never_beside_the_papers():
    values = {"mae": 0.1, "f_beta": 0.2, "f_beta_mean": 0.3, "s_measure": 0.4, "mae_stretched": 0.5}
    masks = side_by_side(3, {"table3-E": [{"rho": 0.9} | values]}, data="nothing").split("\n\n")[2].splitlines()
    assert masks[0].count("0.8357") == 1
    assert masks[1].split("  ")[-1].strip() == METRICS_OF_OURS["mae_stretched"][0]
    assert masks[2].split() == ["table3-E", "0.1000", "0.2000", "0.3000", "0.4000", "0.5000"]


def test_seeds_give_means_and_paired_differences():
    ours = {
        "fineparser": [{"rho": 0.90}, {"rho": 0.92}, {"rho": 0.94}],
        "tsa": [{"rho": 0.88}, {"rho": 0.91}, {"rho": 0.93}],
    }
    text = side_by_side(1, ours, data="nothing")
    (means,) = (line.split() for line in text.splitlines() if line.startswith("TSA"))
    assert means[1:3] == ["0.9324", "0.9067"]  # the paper's, and the mean of ours
    rows = {line.split()[0]: line for line in text.splitlines() if " rho  " in line and "paper" not in line}
    off = np.array([-0.02, -0.01, -0.01])
    low, high = t.interval(0.95, 2, off.mean(), sem(off))
    assert rows["tsa"].split()[-4:] == ["-0.0133", f"{low:+.4f}", "to", f"{high:+.4f}"]
    assert rows["fineparser"].split()[2:] == ["0.9200", "0.0200", "0.8703", "to", "0.9697"]

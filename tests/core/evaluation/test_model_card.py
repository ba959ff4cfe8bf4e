import json
import re
import runpy
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from fineparser_core.checkpoints.bundle import WeightsCard, read_card, save_bundle
from fineparser_core.constants import CARD_PAGE
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.model_card import _number, model_card, write_model_card
from fineparser_core.evaluation.summary import METRICS
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.measured_stream import measured_stream

METRIC = {"value": 0.71, "low": 0.6, "high": 0.8, "n": 80, "baselines": {"drawn exemplars": 0.5}}
CALIBRATION = {
    "interval": {"level": 0.8, "coverage": 0.79, "dives": 80, "mean_width": 20.4},
    "domain": {"refused": 0.0125, "caught": {"no entry": "9 of 10"}},
}


@pytest.fixture
def bundle(tmp_path):
    card = WeightsCard(
        name="test",
        trained_on="12 rendered dives",
        synthetic=True,
        limitations="Few.",
        intended_use="None.",
        calibration=CALIBRATION,
        streams={"dives": 80, "both": 0.919, "static": 0.921, "dynamic": 0.123},
        choices="The interval was fitted on the test dives.",
        training="It went on from others.",
    )
    save_bundle({"a": torch.ones(2, 2)}, card, tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def measured(tmp_path, bundle):
    folder = tmp_path / "measured"
    folder.mkdir()
    fidelity = {"steps": [{"step": "entry", "value": 0.77, "low": 0.7, "high": 0.8}], "n_numbers": 3, "n_pairs": 99}
    content = {
        "weights": f"{read_card(bundle).id}, trained on 12 rendered dives",
        "arithmetic": "bf16 on cpu",
        "data": {
            "split": "test",
            "what": "twins, 80 dives",
            "n_dives": 80,
            "metrics": {"rho": METRIC, "score_error": METRIC | {"value": 4.72}, "mask_iou": None},
            "contribution_fidelity": fidelity,
        },
        "real_summary": {"first flight frame within 3": "1 of 2", "awards, Spearman rho of 3": "+0.70"},
    }
    (folder / "evaluation.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_numbers_go_into_the_card_and_onto_a_page(measured, bundle):
    before = read_card(bundle)
    write_model_card(measured, bundle)
    card = read_card(bundle)
    expected = {"test dives": 80, "test rho": 0.71, "test score_error": 4.72, "test fidelity of entry": 0.77}
    assert card.metrics == expected
    assert card.real["first flight frame within 3"] == "1 of 2"
    assert (card.id, card.calibration) == (before.id, CALIBRATION)
    page = (bundle / "README.md").read_text(encoding="utf-8")
    coach, researcher = page.split("## Which model this is")
    assert len(coach.splitlines()) < 30
    assert page.startswith("---\nlibrary_name: fineparser\n")
    for text in (
        "Off by 4.7 points on average on rendered test dives (by the mean of the dive number alone: 0.5). Of real "
        "clips with labels: awards, Spearman rho of 3: +0.70.",
        "rank correlation of entry 0.770",
        "**Where it is weak.** Few.",
    ):
        assert text in coach
    assert researcher.index("It went on from others.") > researcher.index("## Appendix: lineage")
    for text in (
        "| the dynamic stream alone | 0.123 |",
        "| Spearman rho, higher is better | 0.710 | 0.600 to 0.800 | drawn exemplars 0.500 |",
        "| entry | 0.770 |",
        "| first flight frame within 3 | 1 of 2 |",
        "holds 79% of 80",
        "Refused: no entry 9 of 10; whole dives 1.2%",
    ):
        assert text in page
    assert "No number here says" not in page


def test_numbers_of_other_weights_are_refused(measured, bundle):
    text = (measured / "evaluation.json").read_text(encoding="utf-8")
    (measured / "evaluation.json").write_text(text.replace(read_card(bundle).id, "other-1234"), encoding="utf-8")
    with pytest.raises(ConfigError, match="is of other-1234, not of test-"):
        write_model_card(measured, bundle)
    assert "Off by" not in (bundle / "README.md").read_text(encoding="utf-8")


def test_the_bundled_pages_say_what_the_bundled_card_says():
    folder = bundled_weights()
    card, page = read_card(folder), (folder / CARD_PAGE).read_text(encoding="utf-8")
    (arithmetic,) = re.findall(r"^Arithmetic: (.*)\.$", page, re.MULTILINE)
    of_the_card = model_card(card, {"arithmetic": arithmetic})
    assert [block for block in of_the_card.split("\n\n") if block.strip() not in page] == []
    measured = {name: value for name in METRICS if (value := card.metrics.get(f"test {name}")) is not None}
    assert measured
    for name, value in measured.items():
        label, more = METRICS[name]
        assert f"| {label}, {'higher' if more else 'lower'} is better | {_number(value)} |" in page
    assert card.real


def test_every_page_tells_the_numbers_of_the_bundled_card():
    numbers = runpy.run_path(str(Path(__file__).parents[3] / "packaging" / "shipped_numbers.py"))
    card, told = read_card(bundled_weights()), set()
    for path in numbers["PAGES"]:
        page = path.read_text(encoding="utf-8")
        assert numbers["filled"](page, card) == page, f"{path}: run `python packaging/shipped_numbers.py`"
        told |= {found[2] for found in numbers["_MARKED"].finditer(page)}
    assert told == set(numbers["PARTS"])
    assert all(len(numbers["_ROWS"].findall(path.read_text(encoding="utf-8"))) == 1 for path in numbers["GUIDES"])
    checked = measured_stream().checked
    assert numbers["checked"](card) == asdict(checked)


def test_other_numbers_of_a_card_go_into_every_language():
    numbers = runpy.run_path(str(Path(__file__).parents[3] / "packaging" / "shipped_numbers.py"))
    real = {"first flight frame within 3": "5 of 9", "first entry frame within 3": "6 of 9", "first water": "7 of 9"}
    card = replace(read_card(bundled_weights()), real=real)
    for path in numbers["GUIDES"]:
        page = numbers["filled"](path.read_text(encoding="utf-8"), card)
        ((first, second, third),) = (rows.splitlines() for rows in numbers["_ROWS"].findall(page))
        for row, right in ((first, "5"), (second, "6"), (third, "7")):
            cell = re.findall(r"\d+", row.rstrip(" |").rpartition("|")[2])
            assert sorted(cell) == sorted([right, "9"]), row

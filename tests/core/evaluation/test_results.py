import csv
import json

import numpy as np
import pytest
from made_results import dive

from fineparser_core.evaluation.results import f_beta_mean, mae, mask_results, s_measure, write_predictions


@pytest.fixture
def clip():
    """96 maps and masks; the last ten masks are empty and a quarter of the map is given there."""
    rng = np.random.default_rng(0)
    truth = np.zeros((96, 112, 112), bool)
    for sample in range(86):
        truth[sample, sample : sample + 20, 40:56] = True
    probability = np.clip(truth * 0.7 + rng.uniform(0, 0.25, truth.shape), 0, 1).astype(np.float32)
    probability[86:] = 0
    probability[86:, :, :28] = 0.6
    return probability, truth


def test_masks_are_measured_where_there_is_an_athlete(clip):
    probability, truth = clip
    found = mask_results(probability, truth)
    shown = list(zip(probability[:86], truth[:86], strict=True))
    for name, measure in (("mae", mae), ("f_mean", f_beta_mean), ("s_measure", s_measure)):
        assert found[name] == pytest.approx(np.mean([measure(p, t) for p, t in shown]))
    assert found["iou"] == 1.0
    assert found["false_positive_area"] == pytest.approx(0.25)
    assert found["empty mae"] == pytest.approx(truth[:86].mean())
    assert found["empty iou"] == 0.0
    # An empty map is all athlete at threshold 0 only, and its adaptive threshold is 0.
    assert found["empty f_mean"] == pytest.approx(found["empty f_adaptive"] / 256)
    assert 0.4 < found["empty s_measure"] < found["s_measure"]
    assert 0 < found["disc iou"] < 0.2
    assert all(type(value) is float for value in found.values())


def test_missed_athletes_count_as_missed(clip):
    probability, truth = clip
    missed = np.zeros(96, bool)
    missed[86:] = True
    found, lost = mask_results(probability, truth), mask_results(probability, truth, missed)
    assert "false_positive_area" not in lost  # there is an athlete in every sample now
    for name in ("iou", "f_mean", "f_adaptive", "f_adaptive_paper", "s_measure"):
        for baseline in ("", "empty ", "disc "):
            assert lost[baseline + name] == pytest.approx(found[baseline + name] * 86 / 96), baseline + name
    # Whatever is given there is wrong: a quarter of the map at 0.6.
    assert lost["mae"] == pytest.approx((found["mae"] * 86 + 0.25 * 0.6 * 10) / 96)
    assert lost["empty mae"] == pytest.approx(found["empty mae"] * 86 / 96)
    nobody = mask_results(probability[86:], truth[86:], missed[86:])
    assert (nobody["iou"], nobody["s_measure"]) == (0, 0)
    assert mask_results(probability, truth, np.zeros(96, bool)) == found


def test_predictions_come_back(tmp_path):
    bare = dict.fromkeys(("predicted", "spread", "transitions", "interval_iou", "step_ious", "masks"))
    results = [dive(0), dive(1, **bare), dive(2, predicted=float("nan"))]
    write_predictions(tmp_path / "p.csv", tmp_path / "p.json", results)
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["id"] for row in rows] == ["Event/0", "Event/1", "Event/2"]
    assert float(rows[0]["predicted"]) == results[0].predicted
    assert (rows[0]["transitions_first"], rows[0]["true_transitions_second"]) == ("28", "62")
    assert float(rows[0]["mask s_measure"]) == 0.9
    assert rows[1]["predicted"] == rows[1]["transitions_first"] == rows[1]["iou_flight"] == rows[1]["mask mae"] == ""
    plain = json.loads((tmp_path / "p.json").read_bytes())["dives"]
    assert plain[0]["masks"]["disc iou"] == 0.5
    assert plain[1]["masks"] is None
    assert plain[2]["predicted"] is None

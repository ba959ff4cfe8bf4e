"""The metrics of masks against PySODMetrics, and where that has no answer on cases worked out by hand."""

import numpy as np
import py_sod_metrics
import pytest

from fineparser_core.evaluation.results import (
    PAPER_BETA_SQUARED,
    f_beta_adaptive,
    f_beta_mean,
    mae,
    mask_results,
    s_measure,
)


def pairs():
    """Maps (uint8, from 0 to 255, so that stretching them changes nothing) and bool masks of all sorts."""
    y, x = np.mgrid[:112, :112]
    found = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        cy, cx, ry, rx = *rng.uniform(8, 104, 2), *rng.uniform(3, 40, 2)
        truth = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1
        shift = rng.uniform(-12, 12, 2)
        distance = ((y - cy - shift[0]) / ry) ** 2 + ((x - cx - shift[1]) / rx) ** 2
        level = 127.5 * (1 - np.tanh(2 * (distance - 1))) + rng.normal(0, 15 * (seed % 3), truth.shape)
        map_ = np.clip(level, 0, 255).astype(np.uint8)
        map_[0, 0], map_[111, 111] = 0, 255
        found.append((map_, truth))
    corner = np.zeros((112, 112), bool)
    corner[-9:, -9:] = True
    inverse = np.where(corner, 0, 255).astype(np.uint8)
    found += [(inverse, corner), (255 - inverse, corner)]
    speckle = np.random.default_rng(99).integers(0, 256, (112, 112)).astype(np.uint8)
    speckle[0, :2] = 0, 255
    return [*found, (speckle, corner), (speckle, speckle > 128)]


PAIRS = pairs()


@pytest.mark.parametrize("index", [*range(0, 24, 4), *range(24, len(PAIRS))])
def test_agrees_with_the_tool_of_the_field(index):
    map_, truth = PAIRS[index]
    tool = {
        "mae": py_sod_metrics.MAE(),
        "f": py_sod_metrics.Fmeasure(beta=0.3),
        "f_paper": py_sod_metrics.Fmeasure(beta=0.09),
        "s": py_sod_metrics.Smeasure(alpha=0.5),
    }
    for metric in tool.values():
        metric.step(pred=map_, gt=truth.astype(np.uint8) * 255)
    f, f_paper = tool["f"].get_results()["fm"], tool["f_paper"].get_results()["fm"]
    p = map_ / 255
    assert mae(p, truth) == pytest.approx(tool["mae"].get_results()["mae"], abs=1e-12)
    assert f_beta_adaptive(p, truth) == pytest.approx(f["adp"], abs=1e-12)
    assert f_beta_mean(p, truth) == pytest.approx(f["curve"].mean(), abs=1e-12)
    assert f_beta_adaptive(p, truth, PAPER_BETA_SQUARED) == pytest.approx(f_paper["adp"], abs=1e-12)
    # The tool adds a small number to divisors, which shows in quadrants with a pixel or two of athlete.
    assert s_measure(p, truth) == pytest.approx(tool["s"].get_results()["sm"], abs=1e-7)


@pytest.mark.parametrize(("low", "high"), [(0, 60), (90, 200), (7, 7)])
def test_stretched_maps_are_those_of_the_tool_of_the_field(low, high):
    maps, truths = (np.stack(each) for each in zip(*(PAIRS[i] for i in range(0, 28, 5)), strict=True))
    maps = (low + maps.astype(float) / 255 * (high - low)).astype(np.uint8)
    tool = py_sod_metrics.MAE(), py_sod_metrics.Fmeasure(beta=0.3), py_sod_metrics.Smeasure(alpha=0.5)
    for metric in tool:
        for map_, truth in zip(maps, truths, strict=True):
            metric.step(pred=map_, gt=truth.astype(np.uint8) * 255)
    error, f, s = (metric.get_results() for metric in tool)
    found = mask_results(maps / 255, truths)
    assert found["mae_stretched"] == pytest.approx(error["mae"], abs=1e-12)
    assert found["f_adaptive_stretched"] == pytest.approx(f["fm"]["adp"], abs=1e-12)
    assert found["f_mean_stretched"] == pytest.approx(f["fm"]["curve"].mean(), abs=1e-12)
    assert found["s_measure_stretched"] == pytest.approx(s["sm"], abs=1e-7)
    assert (found["mae_stretched"] == pytest.approx(found["mae"], abs=1e-12)) == (low == high)  # constant maps stay


def test_probabilities_are_not_stretched():
    truth = np.zeros((8, 8), bool)
    truth[2:5, 2:5] = True
    faint = np.where(truth, 0.02, 0.01)
    assert mae(faint, truth) == pytest.approx((9 * 0.98 + 55 * 0.01) / 64)
    assert s_measure(faint, truth) < 0.6


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_masks_without_or_with_little_athlete(dtype):
    none, every, one = np.zeros((16, 16), bool), np.ones((16, 16), bool), np.zeros((16, 16), bool)
    one[15, 15] = True
    p = np.full((16, 16), 0.25, dtype)
    assert s_measure(p, none) == pytest.approx(0.75)
    assert s_measure(p, every) == pytest.approx(0.25)
    assert f_beta_adaptive(np.zeros((16, 16), dtype), none) == 0.0
    # A single pixel in the corner has no deviation, and leaves three quadrants empty or without a mask.
    assert 0 <= s_measure(p, one) <= 1
    assert s_measure(one.astype(dtype), one) == pytest.approx(1.0)

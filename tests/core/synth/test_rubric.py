import numpy as np
import pytest

from fineparser_core.synth.camera import animate_camera, sample_viewpoint
from fineparser_core.synth.rubric import STEP_WEIGHTS, judge, sample_faults, sample_qualities, true_award
from fineparser_core.synth.splash import Splash


def faults(qualities, seed=0):
    return sample_faults(qualities, np.random.default_rng(seed))


def test_the_weights_sum_to_ten():
    assert sum(STEP_WEIGHTS) == 10
    assert true_award((10.0, 10.0, 10.0)) == 10
    # A step's points do not depend on the other steps.
    assert true_award((5.0, 6.0, 9.0)) - true_award((5.0, 6.0, 7.0)) == pytest.approx(0.4)


def test_every_step_has_its_own_faults():
    good, bad = faults((9.5, 9.5, 9.5)), faults((3.0, 3.0, 3.0))
    assert bad.height_factor < good.height_factor
    for name in ("loose", "legs_apart_rad", "toes_flexed", "knees_bent_rad", "splash", "entry_legs_rad"):
        assert getattr(bad, name) > getattr(good, name)
    assert abs(bad.off_vertical_rad) > abs(good.off_vertical_rad) + 0.1


def test_worse_entry_throws_water_higher():
    rng = np.random.default_rng(0)
    target = np.zeros((30, 3))
    camera = animate_camera(sample_viewpoint(3.0, False, rng), target, 0.04, np.ones(30), (160, 120), rng)

    def height(quality):
        size = faults((8.0, 8.0, quality)).splash
        splash = Splash(camera, np.arange(30), np.zeros(3), size, np.arange(30) * 0.04, 0.02, np.random.default_rng(1))
        return max(splash._droplets(since)[1][:, 2].max(initial=0.0) for since in splash._since)

    assert height(9.5) < height(7.0) < height(3.0)


def test_awards_are_halves_near_the_rubric():
    rng = np.random.default_rng(2)
    awards = np.array([judge((8.0, 7.0, 6.0), rng) for _ in range(200)])
    assert awards.shape == (200, 7)
    assert np.array_equal(awards * 2, np.round(awards * 2))
    assert awards.mean() == pytest.approx(true_award((8.0, 7.0, 6.0)), abs=0.1)


def test_awards_are_distributed_as_in_competitions():
    rng = np.random.default_rng(3)
    awards = [true_award(sample_qualities(rng)) for _ in range(3000)]
    low, median, high = np.percentile(awards, [5, 50, 95])
    assert 3.5 < low < 5.5
    assert 6.8 < median < 7.7
    assert 8.6 < high < 9.6

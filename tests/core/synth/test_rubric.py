import numpy as np
import pytest

from fineparser_core.synth.rubric import judge, sample_faults, true_award


def faults(qualities, seed=0):
    return sample_faults(qualities, np.random.default_rng(seed))


def test_every_step_has_its_own_faults():
    good, bad = faults((9.5, 9.5, 9.5)), faults((3.0, 3.0, 3.0))
    assert bad.height_factor < good.height_factor
    for name in ("loose", "legs_apart_rad", "toes_flexed", "knees_bent_rad", "splash", "entry_legs_rad"):
        assert getattr(bad, name) > getattr(good, name)
    assert abs(bad.off_vertical_rad) > abs(good.off_vertical_rad) + 0.1


def test_awards_are_halves_near_the_rubric():
    rng = np.random.default_rng(2)
    awards = np.array([judge((8.0, 7.0, 6.0), rng) for _ in range(200)])
    assert awards.shape == (200, 7)
    assert np.array_equal(awards * 2, np.round(awards * 2))
    assert awards.mean() == pytest.approx(true_award((8.0, 7.0, 6.0)), abs=0.1)

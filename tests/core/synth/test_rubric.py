import numpy as np

from fineparser_core.synth.rubric import sample_faults


def faults(qualities, seed=0):
    return sample_faults(qualities, np.random.default_rng(seed))


def test_every_step_has_its_own_faults():
    good, bad = faults((9.5, 9.5, 9.5)), faults((3.0, 3.0, 3.0))
    assert bad.height_factor < good.height_factor
    for name in ("loose", "legs_apart_rad", "toes_flexed", "knees_bent_rad", "splash", "entry_legs_rad"):
        assert getattr(bad, name) > getattr(good, name)
    assert abs(bad.off_vertical_rad) > abs(good.off_vertical_rad) + 0.1

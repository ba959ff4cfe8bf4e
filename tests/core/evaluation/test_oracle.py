"""What the true pose and the true qualities reach on a few twins."""

from dataclasses import replace

import pytest

from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.oracle import pose_oracle
from fineparser_core.synth.dataset import SynthConfig
from fineparser_core.synth.twin_table import sample_records
from fineparser_core.synth.twins import plan_twins


def test_pose_lies_between_chance_and_the_qualities() -> None:
    records = [record for record in sample_records(0) if record.dive_number == "407C"]
    plan = plan_twins([replace(r, split="train" if i % 3 else "test") for i, r in enumerate(records[:90])])
    oracle = pose_oracle(plan)
    assert (oracle.n_train, oracle.n_test) == (60, 30)
    assert oracle.noise_rho > 0.95
    assert 0.5 < oracle.pose_rho < oracle.noise_rho
    assert oracle.pose_r_l2_x100 > oracle.noise_r_l2_x100
    assert min(oracle.step_rhos) > 0.1
    assert pose_oracle(plan) == oracle


def test_only_twins_of_two_splits_have_one() -> None:
    with pytest.raises(ConfigError, match="two training and two test"):
        pose_oracle(SynthConfig(train=2, test=1))
    with pytest.raises(ConfigError, match="only twins"):
        pose_oracle(SynthConfig(train=2, test=2))

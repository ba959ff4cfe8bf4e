"""Simulated keypoints without rendering."""

from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.errors import ConfigError
from fineparser_core.synth.render import DiveSpec
from fineparser_core.training.pose_sequences import simulate_poses

SPEC = DiveSpec(dive_number="207C", board_m=10.0, n_frames=100, first_flight_frame=20, first_entry_frame=60)


def test_the_same_seed_gives_the_same_sequence() -> None:
    first, again, other = simulate_poses(SPEC, 3), simulate_poses(SPEC, 3), simulate_poses(SPEC, 4)
    np.testing.assert_array_equal(first.joints, again.joints)
    assert first.qualities == again.qualities
    assert not np.array_equal(first.joints, other.joints)


def test_the_timing_is_that_of_the_spec_and_the_hands_enter_first() -> None:
    sequence = simulate_poses(SPEC, 5)
    assert sequence.joints.shape == (100, 16, 2)
    assert (sequence.first_flight_frame, sequence.first_entry_frame) == (20, 60)
    under = np.isnan(sequence.joints[..., :-1, 0])
    assert not under[:60].any()
    assert under[-1].all()
    wrists, toes = under[:, 5:7].any(axis=1), under[:, 13:].any(axis=1)
    assert np.argmax(wrists) < np.argmax(toes)


def test_faults_follow_the_qualities() -> None:
    """The ankles are farther apart in flights of low quality."""

    def apart(quality: float) -> float:
        sequences = [simulate_poses(replace(SPEC, qualities=(7.0, quality, 7.0)), seed) for seed in range(8)]
        ankles = np.concatenate([t.joints[25:55, 11] - t.joints[25:55, 12] for t in sequences])
        sizes = np.concatenate([t.joints[25:55, 7] - t.joints[25:55, 9] for t in sequences])
        return float(np.linalg.norm(ankles, axis=1).mean() / np.linalg.norm(sizes, axis=1).mean())

    assert apart(2.0) > 1.3 * apart(9.5)


def test_an_invalid_timing_is_refused() -> None:
    with pytest.raises(ConfigError):
        simulate_poses(replace(SPEC, first_entry_frame=20), 0)

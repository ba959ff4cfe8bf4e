"""Joints without pixels."""

from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.errors import ConfigError
from fineparser_core.synth.render import DiveSpec
from fineparser_core.synth.traces import trace_dive

SPEC = DiveSpec(dive_number="207C", board_m=10.0, n_frames=100, first_flight_frame=20, first_entry_frame=60)


def test_a_trace_is_the_same_for_the_same_seed() -> None:
    first, again, other = trace_dive(SPEC, 3), trace_dive(SPEC, 3), trace_dive(SPEC, 4)
    np.testing.assert_array_equal(first.joints, again.joints)
    assert first.qualities == again.qualities
    assert not np.array_equal(first.joints, other.joints)


def test_the_timing_is_as_asked_and_the_athlete_goes_under_hands_first() -> None:
    trace = trace_dive(SPEC, 5)
    assert trace.joints.shape == (100, 16, 2)
    assert (trace.first_flight_frame, trace.first_entry_frame) == (20, 60)
    under = np.isnan(trace.joints[..., :-1, 0])
    assert not under[:60].any()
    assert under[-1].all()
    wrists, toes = under[:, 5:7].any(axis=1), under[:, 13:].any(axis=1)
    assert np.argmax(wrists) < np.argmax(toes)


def test_qualities_are_shown() -> None:
    """Shins lie farther apart in the flights of bad dives."""

    def apart(quality: float) -> float:
        traces = [trace_dive(replace(SPEC, qualities=(7.0, quality, 7.0)), seed) for seed in range(8)]
        ankles = np.concatenate([t.joints[25:55, 11] - t.joints[25:55, 12] for t in traces])
        sizes = np.concatenate([t.joints[25:55, 7] - t.joints[25:55, 9] for t in traces])
        return float(np.linalg.norm(ankles, axis=1).mean() / np.linalg.norm(sizes, axis=1).mean())

    assert apart(2.0) > 1.3 * apart(9.5)


def test_a_timing_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError):
        trace_dive(replace(SPEC, first_entry_frame=20), 0)

import numpy as np
import pytest

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.synth import render
from fineparser_core.synth.body import random_body
from fineparser_core.synth.flight import plan_motion
from fineparser_core.synth.optics import draw_optics, recode
from fineparser_core.synth.render import DiveSpec, Timing, draw_timing
from fineparser_core.synth.rubric import draw_faults, draw_qualities


def test_coder_keeps_still_blocks_and_renews_changed_ones():
    rng = np.random.default_rng(0)
    optics = next(o for o in (draw_optics((80, 64), rng) for _ in range(50)) if o.hold)
    before = np.full((64, 80, 3), 100, np.uint8)
    image = before + 1
    image[20:30, 20:30] = 240
    out = recode(image, before, optics)
    assert np.array_equal(out[16:32, 16:32], image[16:32, 16:32])
    assert (out[48:, 60:] == 100).all()


def test_close_up_and_dive_join_without_a_missing_frame():
    timing = Timing(n_frames=100, first_flight_frame=30, first_entry_frame=64, step_s=0.04, start_s=-1.2)
    seen = set()
    for seed in range(60):
        shots = render._cut(DiveSpec(dive_number="107B"), timing, np.random.default_rng(seed))
        time = np.concatenate([shot.time_s() for shot, _ in shots])
        assert time == pytest.approx(timing.time_s())
        seen.add(len(shots))
    assert seen == {1, 2}
    assert len(render._cut(DiveSpec(dive_number="107B", clear=True), timing, np.random.default_rng(0))) == 1


def test_a_clip_that_starts_in_the_air_has_no_close_up():
    timing = Timing(n_frames=100, first_flight_frame=4, first_entry_frame=40, step_s=0.04, start_s=-0.15)
    assert all(len(render._cut(DiveSpec(dive_number="107B"), timing, np.random.default_rng(s))) == 1 for s in range(30))


def test_timing_spreads_like_that_of_competitions():
    shares = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        number, board_m = [("407C", 10.0), ("107B", 3.0), ("5253B", 10.0), ("205B", 3.0)][seed % 4]
        faults = draw_faults(draw_qualities(rng), rng)
        motion = plan_motion(random_body(rng), parse_dive_number(number), board_m, board_m < 5, faults, rng)
        timing = draw_timing(DiveSpec(dive_number=number), motion.come_out_s, motion.contact_s, rng)
        shares.append(
            (
                timing.first_flight_frame / timing.n_frames,
                timing.first_entry_frame / timing.n_frames,
                timing.first_entry_frame - timing.first_flight_frame,
            )
        )
    flight, entry, frames = np.median(shares, axis=0)
    # FineDiving's medians: 0.29, 0.64 and 35 frames.
    assert flight == pytest.approx(0.29, abs=0.06)
    assert entry == pytest.approx(0.64, abs=0.06)
    assert frames == pytest.approx(35, abs=3)

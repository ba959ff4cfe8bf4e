import numpy as np
import pytest

from fineparser_core.synth.render import DiveSpec, render_dive

SMALL = {"height_px": 96, "aspect": 4 / 3}


@pytest.fixture(scope="module")
def dive():
    return render_dive(DiveSpec(dive_number="207C", board_m=10.0, qualities=(8.0, 8.0, 8.0), clear=True, **SMALL), 4)


def test_same_seed_gives_the_same_pixels(dive):
    again = render_dive(DiveSpec(dive_number="207C", board_m=10.0, qualities=(8.0, 8.0, 8.0), clear=True, **SMALL), 4)
    assert np.array_equal(dive.frames, again.frames)
    assert np.array_equal(dive.masks, again.masks)
    assert dive.awards == again.awards


def test_masks_hold_the_athlete_in_flight_and_nothing_under_water(dive):
    area = dive.masks.sum((1, 2))
    assert dive.masks.dtype == np.uint8
    assert dive.masks.max() == 1
    assert area[dive.first_flight_frame : dive.contact_frame].min() > 20
    # At 10 m the whole body is under about a quarter of a second after the hands touch the water.
    assert area[dive.contact_frame + 10 :].max() == 0


def test_transitions_are_in_order_and_the_entry_begins_before_the_water(dive):
    assert 0 < dive.first_flight_frame < dive.first_entry_frame < dive.contact_frame < len(dive.frames)
    assert 0.15 < (dive.contact_frame - dive.first_entry_frame) / dive.fps < 0.5
    # A fall from 10 m after a jump takes about 1.7 s.
    assert 1.5 < (dive.contact_frame - dive.first_flight_frame) / dive.fps < 1.95

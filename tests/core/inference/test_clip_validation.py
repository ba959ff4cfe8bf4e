from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fineparser_core.errors import CheckpointError
from fineparser_core.export.notes import note_text
from fineparser_core.inference.clip_validation import (
    Calibration,
    DomainThresholds,
    clip_evidence,
    clip_notes,
    doubts,
    refusal,
)
from fineparser_core.records import Clip, ClipEvidence, IntervalRule, Moment, Moments, Note, NoteCode

LEAST = DomainThresholds(take_off=0.1, entry=0.1, shown=0.3, after=0.2)


def measured(**changes):
    return ClipEvidence(**{"take_off": 0.8, "entry": 0.7, "shown": 0.95, "descent": 0.6, **changes})


def test_a_whole_dive_is_not_refused():
    assert refusal(measured(), LEAST) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shown": 0.1}, "No diver"),
        ({"descent": 0.0, "take_off": 0.01}, "does not look like a dive"),
        ({"descent": 0.0, "entry": 0.01}, "does not look like a dive"),
    ],
)
def test_what_is_missing_is_named_with_a_way_out(changes, words):
    sentence = refusal(measured(**changes), LEAST)
    assert words in sentence
    assert ": " in sentence  # what to do


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"descent": 0.0}, NoteCode.NO_FALL),
        ({"take_off": 0.01}, NoteCode.TAKE_OFF_NEAR_START),
        ({"entry": 0.01}, NoteCode.ENTRY_UNSURE),
        ({"after": 0.1}, NoteCode.ENTRY_NEAR_END),
    ],
)
def test_what_hardly_shows_beside_a_plausible_dive_is_noted(changes, code):
    evidence = measured(**changes)
    assert refusal(evidence, LEAST) is None
    assert doubts(evidence, LEAST) == (Note(code),)
    assert ": " in note_text(Note(code))  # what to do
    assert doubts(measured(), LEAST) == ()


def test_a_clip_that_begins_early_enough_is_not_told_to_begin_earlier():
    evidence = measured(take_off=0.01)
    unsure, near_start = (Note(NoteCode.TAKE_OFF_UNSURE),), (Note(NoteCode.TAKE_OFF_NEAR_START),)
    assert doubts(evidence, LEAST, approach_s=0.3) == near_start
    assert doubts(evidence, LEAST, approach_s=6.0) == unsure
    assert doubts(evidence, LEAST, slowed=4.0, approach_s=3.0) == near_start  # of the dive, not the file


def test_the_evidence_of_a_fall_in_front_of_a_still_camera():
    n = 96
    probabilities = np.full((n, 2), 0.01)
    probabilities[30, 0], probabilities[60, 1] = 0.6, 0.5
    masks = np.zeros((n, 112, 112), np.float32)
    height = np.interp(np.arange(n), [30, 70], [0.2, 0.8])
    for k in range(20, 70):
        row = int(height[k] * 112)
        masks[k, row - 5 : row + 5, 50:56] = 0.9
    found = clip_evidence(probabilities, (30, 60), masks, 0.45)
    assert (found.take_off, found.entry, found.shown) == (0.6, 0.5, 1.0)
    assert found.descent == 0.45
    assert found.after == 36 / 30


def test_a_calibration_is_read_and_what_is_told_beside_it_left_out():
    stored = {
        "domain": {"take_off": 0.2, "entry": 0.1, "shown": 0.4, "descent": 0.15, "after": 0.3, "dives": 80},
        "interval": {"level": 0.8, "base": 1.0, "per_spread": 0.5, "per_difficulty": 2.0, "coverage": 0.81},
    }
    read = Calibration.from_card(stored, "weights")
    assert read.domain == DomainThresholds(take_off=0.2, entry=0.1, shown=0.4, after=0.3)
    assert read.interval == IntervalRule(level=0.8, base=1.0, per_spread=0.5, per_difficulty=2.0)


@pytest.mark.parametrize("stored", [{"domain": {"take_off": "much"}}, {"interval": {"level": 0.8}}, {"domain": [1]}])
def test_a_damaged_calibration_is_refused(stored):
    with pytest.raises(CheckpointError, match="fineparser calibrate"):
        Calibration.from_card(stored, "weights")


def test_an_interval_stays_within_what_judges_can_give():
    rule = IntervalRule(level=0.8, base=1.0, per_spread=1.0, per_difficulty=2.0)
    middle = rule.around(50.0, 3.0, 3.0)
    assert (middle.low, middle.high, middle.level) == (40.0, 60.0, 0.8)
    assert rule.around(4.0, 3.0, 3.0).low == 0.0
    assert rule.around(88.0, 3.0, 3.0).high == 90.0


def test_a_clip_that_was_cut_unasked_says_so():
    clip = Clip(path=Path("dive.mp4"), in_frame=85, out_frame=185, fps=30.0)
    assert clip_notes(clip, 1.0) == ()
    (note,) = clip_notes(replace(clip, n_cut=(85, 245)), 1.0)
    assert (note.code, note.values) == (NoteCode.CUT_OUT, (85, 185, 85, 245))
    assert "frames 85 to 185, which alone were analysed: 85 frames before and 245 after" in note_text(note)


def test_what_masks_and_gravity_tell_well_needs_no_evidence_of_the_network():
    evidence = measured(take_off=0.0, entry=0.0)
    sure, unsure = (
        Moments(
            take_off=Moment(time_s=1.0, deviation_s=deviation_s, sources=("feet",)),
            come_out=Moment(time_s=2.0, deviation_s=deviation_s, sources=("opening",)),
        )
        for deviation_s in (0.04, 0.2)
    )
    assert doubts(evidence, LEAST, sure) == ()
    assert doubts(evidence, LEAST, unsure) == doubts(evidence, LEAST)
    assert len(doubts(evidence, LEAST)) == 2

import numpy as np
import pytest
from bodies_kit import METRE_PX, diving, write_bodies

from fineparser_core.motion.clips import find_candidate, find_clip
from fineparser_core.motion.recording import DiveSearch, find_dives
from fineparser_core.motion.repeated import find_repeats
from fineparser_core.records import Note, NoteCode

N = 120
#: Pictures a second of the diver's time that a file of 30 shows again, and how many times slower it plays.
PATTERNS = {"25 in 30": (25, 1), "24 in 30": (24, 1), "twice": (30, 2)}
DIVE = diving(200.0, 1.5)


def recorded(path, pattern):
    """A search in a dive that is shown in a pattern, and which of its frames show something new."""
    rate, slowed = PATTERNS[pattern]
    shown = np.floor(np.arange(N * slowed) * rate / 30 / slowed + 1e-9)
    write_bodies(path, [lambda frame: DIVE(shown[frame] / rate * 30)], len(shown))
    return DiveSearch(path), np.diff(shown, prepend=-1) > 0


@pytest.mark.parametrize("pattern", PATTERNS)
def test_repeated_pictures_are_left_out_and_the_fall_is_as_it_was(pattern, tmp_path):
    search, new = recorded(tmp_path / "dive.mp4", pattern)
    recording = search.run()
    rate, slowed = PATTERNS[pattern]
    moves = slice(*np.searchsorted(recording.frames, [60 * slowed, 80 * slowed]))
    assert set(recording.frames[moves]) <= set(np.flatnonzero(new))  # frames keep their numbers
    assert recording.share_new == pytest.approx(rate / 30 / slowed, rel=0.02)
    apart_s = np.diff(recording.motion.times_s)
    assert apart_s == pytest.approx(np.full(len(apart_s), slowed / rate), rel=0.02)
    fall = recording.falls[0]
    gravity = METRE_PX * 9.81 / slowed**2 / recording.motion.scale
    assert fall.acceleration == pytest.approx(gravity, abs=max(3 * fall.deviation, 0.05 * gravity))
    found = find_clip(tmp_path / "dive.mp4", search=search)
    first = find_candidate(found.clip, found.recording)
    assert Note(NoteCode.PICTURES_REPEATED, (30.0, recording.share_new * 30)) in first.notes
    step_s = np.diff(first.times_s[first.times_s < first.times_s[-1]])
    assert step_s.max() == pytest.approx(step_s.min(), rel=1e-6)


def test_a_recording_of_new_pictures_is_read_as_it_is(tmp_path):
    recording = find_dives(write_bodies(tmp_path / "dive.mp4", [DIVE], N))
    assert recording.share_new == 1.0
    assert recording.frames.tolist() == list(range(N))
    assert not recording.notes(slice(0, N))


def test_a_pattern_needs_motion_and_regularity():
    changes = np.random.default_rng(0).uniform(20, 40, 200)
    assert find_repeats(changes) is None
    irregular = np.where(np.random.default_rng(1).random(200) < 0.2, 1.0, changes)
    assert find_repeats(irregular) is None
    assert find_repeats(np.where(np.arange(200) % 5 == 0, 0.0, 2.0)) is None  # nothing moves: noise of the encoding
    found = find_repeats(np.where(np.arange(200) % 5 == 0, 1.0, changes))
    assert found.share == pytest.approx(0.8, rel=1e-3)
    assert found.new[8:-8].tolist() == (np.arange(8, 192) % 5 != 0).tolist()

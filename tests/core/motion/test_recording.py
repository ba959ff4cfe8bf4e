import numpy as np
import pytest
from bodies_kit import FPS, diving, walking, write_bodies

from fineparser_core.errors import Cancelled, ConfigError, NoDiveError
from fineparser_core.motion import recording
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.free_fall import FreeFall
from fineparser_core.motion.recording import AFTER_S, BEFORE_S, DiveSearch, apart, around_fall, find_dives
from fineparser_core.progress import CancelToken
from fineparser_core.records import AthletePoint
from fineparser_core.video.reader import VideoReader

N_FRAMES = 9 * FPS
FIRST_S, SECOND_S = 1.7, 7.0


@pytest.fixture(scope="module")
def two_dives(tmp_path_factory):
    bodies = [diving(300, FIRST_S, top=50.0), diving(120, SECOND_S, top=90.0)]
    return write_bodies(tmp_path_factory.mktemp("dives") / "dives.mp4", bodies, N_FRAMES)


@pytest.fixture(scope="module")
def search(two_dives):
    return DiveSearch(two_dives)


def test_the_clearest_dive_is_cut_out_and_the_other_one_named(two_dives, search):
    found = find_clip(two_dives, search=search)
    ((first, last),) = found.others
    ranges = sorted([(found.clip.in_frame, found.clip.out_frame), (first, last)])
    for (start, end), leaves_s in zip(ranges, (FIRST_S, SECOND_S), strict=True):
        assert start / FPS == pytest.approx(leaves_s - BEFORE_S, abs=0.3)
        assert end / FPS == pytest.approx(min(leaves_s + 1.2 + AFTER_S, 9.0), abs=0.3)
    assert found.clip.n_cut == (found.clip.in_frame, N_FRAMES - 1 - found.clip.out_frame)
    assert found.recording.covers(found.clip)
    assert [(one.in_frame, one.out_frame) for one in found.recording.segments] == ranges
    frame = round(SECOND_S * FPS) + 5
    x, y = diving(120, SECOND_S, top=90.0)(frame)
    named = find_clip(two_dives, AthletePoint(frame=frame, x=x, y=y), search=search)
    assert (named.clip.in_frame, named.clip.out_frame) == ranges[1]
    with pytest.raises(ConfigError, match="outside the clip"):
        find_clip(two_dives, AthletePoint(frame=N_FRAMES, x=x, y=y), search=search)


def test_a_range_that_somebody_chose_and_the_whole_file_are_taken_as_they_are(two_dives):
    chosen = find_clip(two_dives, start_frame=20, end_frame=90)
    assert (chosen.clip.in_frame, chosen.clip.out_frame, chosen.clip.n_cut) == (20, 90, (0, 0))
    whole = find_clip(two_dives, trim=False)
    assert (whole.clip.in_frame, whole.clip.out_frame) == (0, N_FRAMES - 1)


def test_a_walk_is_taken_whole_unless_it_is_long(tmp_path, monkeypatch):
    path = write_bodies(tmp_path / "walk.mp4", [walking], 3 * FPS)
    search = DiveSearch(path)
    for short_s in (3.0, 2.0):
        monkeypatch.setattr(recording, "SHORT_S", short_s)
        found = find_clip(path, search=search)
        assert (found.clip.in_frame, found.clip.out_frame) == (0, 3 * FPS - 1)
        assert found.clip.n_cut == (0, 0)
    monkeypatch.setattr(recording, "LONGEST_DIVE_S", 2.0)
    with pytest.raises(NoDiveError, match="no dive was found"):
        find_clip(path, search=search)


def test_of_a_short_clip_the_shot_is_taken_that_holds_the_dive(tmp_path):
    n_before, dive = FPS // 2, diving(300, 1.0)
    found = find_clip(write_bodies(tmp_path / "shots.mp4", [dive], 3 * FPS, close_up=n_before))
    assert (found.clip.in_frame, found.clip.out_frame) == (n_before, 3 * FPS - 1)
    whole = find_clip(write_bodies(tmp_path / "shot.mp4", [dive], 3 * FPS))
    assert whole.clip.n_cut == (0, 0)


def test_a_search_reports_how_far_it_is_and_goes_on_where_it_was_cancelled(small_video):
    seen = []
    token, search = CancelToken(), DiveSearch(small_video)

    def cancel_later(progress):
        seen.append(progress)
        if progress.done == 30:
            token.cancel()

    with pytest.raises(Cancelled):
        search.run(progress=cancel_later, cancel=token)
    assert not search._pictures._kept  # one that waits to go on holds no memory
    halted = search.run(progress=seen.append)
    assert [progress.done for progress in seen] == list(range(1, 121))
    assert {(progress.stage, progress.total) for progress in seen} == {("read", 120)}
    whole = find_dives(small_video)
    np.testing.assert_array_equal(halted.frames, whole.frames)
    np.testing.assert_array_equal(halted.motion.times_s, whole.motion.times_s)
    np.testing.assert_allclose(halted.motion.center, whole.motion.center)


def test_what_a_search_has_read_is_not_read_again_for_a_clip(two_dives, search, monkeypatch):
    found = find_clip(two_dives, search=search)
    search.forget_pictures()
    monkeypatch.setattr(VideoReader, "decoded", lambda *_: pytest.fail("read again"))
    again = find_clip(two_dives, search=search)
    assert (again.clip, again.others) == (found.clip, found.others)
    monkeypatch.undo()
    again.recording.pictures.keep_only([70])
    np.testing.assert_array_equal(again.recording.frames, found.recording.frames)
    assert again.recording.pictures.rgb(70).any()


def test_pictures_for_which_there_is_no_room_are_read_again(small_video, monkeypatch):
    decoded = []
    plain = VideoReader.decoded
    monkeypatch.setattr(VideoReader, "decoded", lambda self, index: decoded.append(index) or plain(self, index))
    kept = find_dives(small_video, 60, 110).pictures
    kept.keep_only([70, 80])
    assert decoded == list(range(60, 111))
    monkeypatch.setattr("fineparser_core.motion.pictures._MOST_BYTES", 1)
    read_again = find_dives(small_video, 60, 110).pictures
    del decoded[:]
    read_again.keep_only([70, 80])
    assert decoded == [70, 80]
    np.testing.assert_array_equal(kept.rgb(80), read_again.rgb(80))


def fall(start_s, evidence, slowed=1.0):
    values = {"start_s": start_s, "top_s": start_s + 0.3, "end_s": start_s + 1.0 * slowed, "evidence": evidence}
    values |= {"first": 0, "last": 1, "size_px": 40.0, "acceleration": 340.0 / slowed**2}
    values |= {"deviation": 10.0, "at_s": start_s + 0.5, "height_share": 0.4}
    return FreeFall(**values, position=(100.0, 60.0), velocity=(40.0, 60.0), seen_from=0, boxes=np.arange(2))


def test_the_hurdle_before_a_dive_is_none_of_its_own():
    falls = [fall(10, 2.0), fall(8.6, 0.9), fall(20, 1.5), fall(3, 0.5)]
    assert [one.start_s for one in apart(falls)] == [10, 20, 3]


@pytest.mark.parametrize("slowed", [1.0, 2.5])
def test_a_clip_reaches_from_the_hurdle_to_the_splash_and_stays_in_the_shot(slowed):
    times_s = np.arange(900) / 30
    one = fall(12.0, 2.0, slowed)
    first, last = around_fall(one, times_s, (0, 899))
    assert first == pytest.approx((12 - BEFORE_S * one.slowed) * 30, abs=1)
    assert last == pytest.approx((one.end_s + AFTER_S * one.slowed) * 30, abs=1)
    assert around_fall(one, times_s, (355, 370)) == (355, 370)  # a cut on either side


def test_a_clip_of_which_one_picture_is_looked_at_is_taken_whole(tmp_path):
    found = find_clip(write_bodies(tmp_path / "short.mp4", [walking], 16, fps=600))
    assert (found.clip.in_frame, found.clip.out_frame) == (0, 15)
    assert len(found.recording.frames) == 1


def test_of_a_long_file_no_picture_is_kept_until_a_part_is_read(small_video, monkeypatch):
    monkeypatch.setattr(recording, "LONGEST_DIVE_S", 3.0)
    assert not find_dives(small_video).pictures._kept
    assert len(find_dives(small_video, 60, 110).pictures._kept) == 51

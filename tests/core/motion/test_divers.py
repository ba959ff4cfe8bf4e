from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bodies_kit import FPS, diving, write_bodies
from test_free_fall import SIZE, dive, motion

from fineparser_core.errors import ConfigError, NoDiveError
from fineparser_core.motion import recording
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.divers import judge_falls
from fineparser_core.motion.free_fall import find_free_falls
from fineparser_core.motion.recording import AFTER_S, BEFORE_S, DiveSearch
from fineparser_core.records import AthletePoint, Clip, DiverCandidate

FIRST_S, SECOND_S = 1.7, 4.6
FIRST_CLIP_S = pytest.approx((FIRST_S - BEFORE_S, FIRST_S + 1.2 + AFTER_S), abs=0.3)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two dives so close in time that one alone is a dive of its own, in a file of seven seconds."""
    bodies = [diving(120, FIRST_S), diving(420, SECOND_S, top=90.0)]
    return write_bodies(tmp_path_factory.mktemp("two") / "two.mp4", bodies, 7 * FPS)


@pytest.fixture(scope="module")
def search(two):
    return DiveSearch(two)


def smaller(path, share):
    """The same fall farther away, at the other side of the picture."""
    return {image: (SIZE[0] - share * x, 40 + share * y) for image, (x, y) in path.items()}


def test_a_bystander_who_falls_farther_away_and_earlier_is_less_likely_the_diver():
    paths = [dive(90), smaller(dive(30), 0.5)]
    moving = motion(paths, 160)
    far = np.isin(moving.image, list(paths[1])) & (moving.center[:, 0] > 250) & (moving.center[:, 1] < 110)
    moving = replace(moving, extent=np.where(far[:, None], 0.5, 1.0) * moving.extent)
    falls = find_free_falls(moving, least_evidence=0.3, at_once=True)
    first, second, *_ = judge_falls(moving, falls)
    assert abs(first.fall.first - 90) <= 2
    assert abs(second.fall.first - 30) <= 2
    assert second.reasons["size"] < -0.5
    assert second.reasons["last"] < 0
    assert first.probability > 4 * second.probability
    assert sum(one.probability for one in judge_falls(moving, falls)) < 1


def test_the_parts_of_one_body_are_one_candidate():
    moving = motion([dive(40)], 120)
    (fall, *_) = find_free_falls(moving)
    arm = replace(fall, evidence=0.5 * fall.evidence, boxes=fall.boxes[3:-3], size_px=0.4 * fall.size_px)
    assert [one.fall for one in judge_falls(moving, [fall, arm])] == [fall]


@pytest.mark.parametrize(
    ("probabilities", "unsure"),
    [((0.9,), False), ((0.4,), False), ((0.3,), True), ((0.7, 0.1), False), ((0.6, 0.3), True), ((), False)],
)
def test_a_person_is_asked_between_two_and_about_a_doubtful_one(probabilities, unsure):
    divers = tuple(
        DiverCandidate(frame=5, box_xyxy=(1, 2, 3, 4), probability=one, in_frame=0, out_frame=9)
        for one in probabilities
    )
    clip = Clip(path=Path("a.mp4"), in_frame=0, out_frame=9, fps=30.0, divers=divers)
    assert clip.diver_is_unsure == unsure
    assert not replace(clip, athlete=AthletePoint(frame=5, x=1.0, y=2.0)).diver_is_unsure


def test_two_who_are_as_likely_are_listed_and_a_number_chooses_one(two, search):
    found = find_clip(two, search=search)
    assert found.clip.diver_is_unsure
    first, second = found.clip.divers
    assert (first.chosen, second.chosen) == (True, False)
    assert first.probability > second.probability
    assert abs(first.frame / FPS - SECOND_S - 0.6) < 0.4  # a recording ends with the dive that it was made for
    chosen = find_clip(two, 2, search=search)
    assert [one.chosen for one in chosen.clip.divers] == [False, True]
    assert not chosen.clip.diver_is_unsure
    assert (chosen.clip.in_frame / FPS, chosen.clip.out_frame / FPS) == FIRST_CLIP_S
    with pytest.raises(ConfigError, match="there is no diver 3: choose one from 1 to 2"):
        find_clip(two, 3, search=search)


def test_a_point_cuts_anew_and_a_hand_made_cut_stays(two, search):
    frame = round((FIRST_S + 0.5) * FPS)
    x, y = diving(120, FIRST_S)(frame)
    point = AthletePoint(frame=frame, x=x, y=y)
    clip = find_clip(two, point, search=search).clip
    assert (clip.in_frame / FPS, clip.out_frame / FPS) == FIRST_CLIP_S
    by_hand = find_clip(two, point, start_frame=10, end_frame=100).clip
    assert (by_hand.in_frame, by_hand.out_frame) == (10, 100)
    by_number = find_clip(two, 2, start_frame=10, end_frame=205)
    assert (by_number.clip.in_frame, by_number.clip.out_frame) == (10, 205)
    assert by_number.clip.athlete is not None


def test_a_point_in_a_long_file_is_searched_around(two, monkeypatch):
    monkeypatch.setattr(recording, "LONGEST_DIVE_S", 2.5)
    frame = round((FIRST_S + 0.5) * FPS)
    x, y = diving(120, FIRST_S)(frame)
    found = find_clip(two, AthletePoint(frame=frame, x=x, y=y), search=DiveSearch(two, find_body=lambda _: 2.0))
    assert found.recording.ends == (max(frame - round(2.5 * FPS), 0), frame + round(2.5 * FPS) - 1)
    assert (found.clip.in_frame / FPS, found.clip.out_frame / FPS) == FIRST_CLIP_S
    assert [one.chosen for one in found.clip.divers] == [True]


def test_who_waits_on_the_board_is_in_the_clip_that_a_point_makes(two, search):
    x, y = diving(420, SECOND_S, top=90.0)(20)
    clip = find_clip(two, AthletePoint(frame=20, x=x, y=y), search=search).clip
    assert clip.in_frame == 20
    assert clip.out_frame >= (SECOND_S + 1.2) * FPS


def test_what_falls_badly_in_a_long_file_is_a_dive_where_a_body_is_seen(tmp_path, monkeypatch):
    body = diving(300, 1.0)
    x, y = body(3 * FPS)

    def splash(frame):
        return (x + 80 * (frame / FPS - 2.2), y + 10) if frame > 2.2 * FPS else (900.0, y)

    path = write_bodies(tmp_path / "weak.mp4", [body, splash], 4 * FPS)

    def weak(moving, *, loose=False, **_):
        return [replace(one, evidence=0.55) for one in find_free_falls(moving)[:1]] if loose else []

    monkeypatch.setattr(recording, "find_free_falls", weak)
    monkeypatch.setattr(recording, "LONGEST_DIVE_S", 3.0)
    monkeypatch.setattr(recording, "SHORT_S", 2.0)
    search = DiveSearch(path)
    for find_body in (None, lambda _: -2.0):
        search.find_body = find_body
        with pytest.raises(NoDiveError):
            find_clip(path, search=search)
    search.find_body = lambda _: 2.0
    assert find_clip(path, search=search).clip.divers[0].chosen

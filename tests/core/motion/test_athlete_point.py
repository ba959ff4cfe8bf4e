import numpy as np
import pytest
import torch
from bodies_kit import TALL_PX, diving, walking, write_bodies
from stand_in import StandIn

from fineparser_core.errors import ConfigError
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.samples import read_samples
from fineparser_core.records import AthletePoint, Note, NoteCode
from fineparser_core.video.clips import make_clip

N_FRAMES = 75
WATER_S = 0.5 + 1.2
FIRST, SECOND = diving(120, 0.5), diving(420, 0.6, top=90.0)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two who leave the board a tenth of a second apart, and one who walks."""
    return write_bodies(tmp_path_factory.mktemp("pair") / "pair.mp4", [FIRST, SECOND, walking], N_FRAMES)


def read(path, frame, body, shift=(0.0, 0.0)):
    x, y = body(frame)
    point = AthletePoint(frame=frame, x=x + shift[0], y=y + shift[1])
    clip = make_clip(path, athlete=point)
    return read_samples(clip, "follow", ClipEncoder(StandIn(), torch.device("cpu")))


def off_px(samples, body):
    """Distance of the middle of each crop from a body."""
    middle = (samples.crops[:, :2] + samples.crops[:, 2:]) / 2
    return np.hypot(*(middle - [body(int(frame)) for frame in samples.sampled]).T)


@pytest.mark.parametrize("body", [FIRST, SECOND])
@pytest.mark.parametrize(("frame", "shift"), [(30, (6.0, -15.0)), (5, (0.0, 10.0))])
def test_of_two_who_dive_the_one_at_the_point_is_followed(pair, body, frame, shift):
    samples = read(pair, frame, body, shift)
    assert samples.diver is not None
    until_water = samples.times_s < WATER_S
    assert off_px(samples, body)[until_water].max() < TALL_PX / 2
    assert off_px(samples, body).max() < 1.15 * TALL_PX  # the box stops dead there, a diver goes on under water


def test_who_walks_is_followed_where_the_point_is(pair):
    samples = read(pair, 37, walking)
    assert samples.diver is None
    assert np.median(off_px(samples, walking)) < TALL_PX / 2


def test_a_point_where_nothing_moves_is_refused(pair):
    with pytest.raises(ConfigError, match=r"Nothing moves near the point 600, 30 of frame 20: choose one on the diver"):
        read(pair, 20, lambda _: (600.0, 30.0))


def test_a_clip_too_short_to_follow_anybody_says_so(tmp_path):
    path = write_bodies(tmp_path / "short.mp4", [FIRST], 40, fps=120)  # ten samples of real time
    with pytest.raises(ConfigError, match=r"too short to follow the diver from a point \(\d+ samples, need"):
        read(path, 5, FIRST)


def test_weights_that_see_the_whole_picture_note_that_a_point_changes_nothing(pair):
    clip = make_clip(pair, athlete=AthletePoint(frame=5, x=100.0, y=100.0))
    samples = read_samples(clip, "whole", ClipEncoder(StandIn(), torch.device("cpu")))
    assert samples.notes == (Note(NoteCode.POINT_IGNORED),)


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (AthletePoint(frame=N_FRAMES, x=1, y=1), "frame 75, outside the clip: choose one of its frames 0 to 74"),
        (AthletePoint(frame=0, x=640.0, y=1), "640, 1 lies outside the picture: choose x from 0 to 639"),
        (AthletePoint(frame=0, x=1, y=float("nan")), "outside the picture"),
    ],
)
def test_a_point_outside_the_clip_is_refused(pair, point, words):
    with pytest.raises(ConfigError, match=words):
        make_clip(pair, athlete=point)

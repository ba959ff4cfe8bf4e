import numpy as np
import pytest

from fineparser_core.video.reader import VideoReader


def _number(reader, number_of):
    return number_of(reader.picture((64, 48)).bgra()[..., 2::-1])


@pytest.fixture
def reader(small_video):
    with VideoReader(small_video) as opened:
        yield opened


def test_skipping_changes_no_frame(reader, number_of):
    generator = np.random.default_rng(0)
    for index in generator.integers(0, 120, 60):
        assert reader.seek(int(index), needed_from=int(index) - int(generator.integers(0, 5)))
        assert _number(reader, number_of) == index


def test_reading_after_an_abandoned_seek(reader, number_of):
    generator = np.random.default_rng(1)
    for _ in range(30):
        patience = iter(range(int(generator.integers(1, 40))))
        far = int(generator.integers(60, 120))
        reader.seek(far, needed_from=far, stop=lambda left=patience: next(left, None) is None)
        near = int(generator.integers(0, 120))
        reader.seek(near)
        assert _number(reader, number_of) == near


def test_a_picture_is_upright_small_and_no_larger_than_the_frame(tmp_path, make_video):
    path = make_video(tmp_path / "turned.mp4", 16, size_px=(640, 360), rotation_deg=-90)
    with VideoReader(path) as reader:
        reader.seek(5)
        picture = reader.picture((90, 160))
        assert picture.size_px == (90, 160)
        assert picture.bgra().shape == (160, 90, 4)
        blue, green, red, _ = picture.bgra()[3, -4]
        assert red > 180
        assert max(blue, green) < 60
        assert picture.n_bytes <= 2 * 160 * 90
        assert reader.picture((9000, 16000)).size_px == (360, 640)


def test_pictures_keep_the_colours_of_the_full_frame(tmp_path, make_video):
    path = make_video(tmp_path / "colours.mp4", 16, size_px=(320, 240), pix_fmt="yuv444p")
    with VideoReader(path) as reader:
        full = reader.frame(3)
        picture = reader.picture((320, 240)).bgra()[..., 2::-1]
    assert np.abs(full.astype(int) - picture.astype(int))[20:50, 10:70].max() <= 3

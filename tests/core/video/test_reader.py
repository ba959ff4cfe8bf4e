from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
import pytest

from fineparser_core.errors import VideoError
from fineparser_core.video import reader as reader_module
from fineparser_core.video.probe import open_video
from fineparser_core.video.reader import VideoReader

QUIET_265 = {"x265-params": "bframes=3:log-level=none"}
FILES = {
    "long group of pictures.mp4": {"encoder": {"g": "250", "bf": "3"}},
    "matroska.mkv": {"encoder": {"g": "20", "bf": "3"}},
    "transport stream.ts": {"encoder": {"g": "20", "bf": "3"}, "format": "mpegts"},
    "fragmented.mp4": {"encoder": {"g": "12"}, "container": {"movflags": "frag_keyframe+empty_moov"}},
    "hevc.mp4": {"codec": "libx265", "encoder": QUIET_265},
    "odd sides.mkv": {"size_px": (67, 51), "pix_fmt": "yuv444p"},
    "vp9.webm": {"codec": "libvpx-vp9", "encoder": {"cpu-used": "8", "deadline": "realtime"}},
    "stamps guessed by the container.avi": {"encoder": {"bf": "3"}, "time_base": Fraction(1, 30)},
    "without stamps.h264": {"encoder": {"bf": "3"}, "format": "h264"},
    "stamps made up.m1v": {"codec": "mpeg1video", "format": "mpeg1video", "time_base": Fraction(1, 30)},
    "animation.gif": {"codec": "gif", "pix_fmt": "rgb8", "fps": 25, "time_base": Fraction(1, 100)},
}


@pytest.mark.parametrize("name", FILES)
def test_random_access_gives_the_numbered_frame(name, tmp_path, make_video, number_of):
    options = FILES[name]
    if options.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"no encoder {options.get('codec', 'libx264')} in this FFmpeg")
    path = make_video(tmp_path / name, 60, **options)
    with VideoReader(path) as reader:
        assert reader.info.n_frames == 60
        in_order = [frame for _, frame in reader.frames(range(60))]
        assert [number_of(frame) for frame in in_order] == list(range(60))
        assert in_order[0].shape == (reader.info.height_px, reader.info.width_px, 3)
        for index in np.random.default_rng(0).integers(0, 60, 40):
            np.testing.assert_array_equal(reader.frame(int(index)), in_order[index])


def test_variable_rate_in_one_group_of_pictures(variable_rate_video, number_of):
    with VideoReader(variable_rate_video) as reader:
        for index in np.random.default_rng(1).permutation(120)[:60]:
            assert number_of(reader.frame(int(index))) == index


def test_frames_repeats_and_skips(small_video, number_of):
    wanted = [3, 3, 4, 40, 40, 41, 119]
    with VideoReader(small_video) as reader:
        found = list(reader.frames(wanted))
    assert [index for index, _ in found] == wanted
    assert [number_of(frame) for _, frame in found] == wanted


def test_frames_ahead_are_the_frames(small_video):
    with VideoReader(small_video) as reader:
        wanted = [0, 3, 3, 4, 20, 21]
        plain = list(reader.frames(wanted))
        ahead = list(reader.frames_ahead(wanted))
        assert [index for index, _ in ahead] == wanted
        assert all(np.array_equal(a[1], b[1]) for a, b in zip(ahead, plain, strict=True))
        frames = reader.frames_ahead(wanted)
        next(frames)
        frames.close()  # waits for the thread: the reader can be used again
        assert np.array_equal(reader.frame(20), plain[4][1])
        with pytest.raises(VideoError, match="no frame 5000"):
            list(reader.frames_ahead([1, 5000]))


@pytest.mark.parametrize(
    ("stored_deg", "applied_deg", "red_corner"), [(-90, 90, (0, -1)), (90, 270, (-1, 0)), (180, 180, (-1, -1))]
)
def test_rotation_is_applied(stored_deg, applied_deg, red_corner, tmp_path, make_video):
    path = make_video(tmp_path / "turned.mp4", 16, rotation_deg=stored_deg)
    with VideoReader(path) as reader:
        info, frame = reader.info, reader.frame(5)
    assert info.rotation_deg == applied_deg
    assert (info.width_px, info.height_px) == ((64, 48) if applied_deg == 180 else (48, 64))
    assert frame.shape == (info.height_px, info.width_px, 3)
    red, green, blue = frame[red_corner].astype(int)
    assert red > 180 > 80 > max(green, blue)


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(4, 3), (85, 48)), (Fraction(1, 2), (64, 96))])
def test_pixels_become_square(aspect, size, tmp_path, make_video):
    path = make_video(tmp_path / "anamorphic.mp4", 16, sample_aspect=aspect)
    with VideoReader(path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == size
        assert reader.frame(0).shape == (size[1], size[0], 3)


def test_frames_before_an_edit_list_do_not_count(tmp_path, make_video, number_of):
    times_s = [Fraction(number - 10, 30) for number in range(60)]
    path = make_video(tmp_path / "edited.mp4", 60, times_s=times_s, encoder={"bf": "3"})
    with VideoReader(path) as reader:
        assert reader.info.n_frames == 50
        assert [number_of(reader.frame(index)) for index in (30, 0, 49)] == [40, 10, 59]


def test_no_such_frame(small_video):
    with VideoReader(small_video) as reader, pytest.raises(VideoError, match="no frame 120: choose one from 0 to 119"):
        reader.frame(120)


def test_where_the_data_ends_early_the_last_frame_stays(tmp_path, make_video, number_of):
    path = make_video(tmp_path / "zeroed.mp4", 60, encoder={"g": "12"}, container={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 2
    data[middle:] = bytes(len(data) - middle)
    path.write_bytes(data)
    with VideoReader(path) as reader:
        last = number_of(reader.frame(59))
        assert 12 <= last < 59
        assert [number_of(reader.frame(index)) for index in (0, last)] == [0, last]
        assert reader.damaged == {59}


def test_a_failed_seek_reads_from_the_start(tmp_path, make_video, number_of, monkeypatch):
    path = make_video(tmp_path / "groups.mp4", 60, encoder={"g": "12"})
    seeks = []

    class Unseekable:
        def __init__(self, container):
            self._container = container

        def __getattr__(self, name):
            return getattr(self._container, name)

        def seek(self, *args, **kwargs):
            seeks.append(args)
            raise av.error.PermissionError(1, "Operation not permitted")

    @contextmanager
    def open_unseekable(path, **options):
        with open_video(path, **options) as (container, stream):
            yield Unseekable(container), stream

    monkeypatch.setattr(reader_module, "open_video", open_unseekable)
    with VideoReader(path) as reader:
        assert number_of(reader.frame(50)) == 50
    assert seeks


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

import os

import numpy as np
import pytest

from fineparser_core.errors import Cancelled
from fineparser_core.video import writer as writer_module
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

TIMES_S = np.concatenate([[0.0], np.cumsum(np.random.default_rng(0).uniform(0.01, 0.08, 29))])


def picture(number, width=131, height=99):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, np.full_like(x, number * 8)], axis=-1).astype(np.uint8)


def write(path, n_frames=30):
    with VideoWriter(path, width_px=131, height_px=99, fps=30) as writer:
        for number in range(n_frames):
            writer.write(picture(number), TIMES_S[number])


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_frames_times_and_colours_come_back(codec, tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "_CODECS", {codec: writer_module._CODECS[codec]})
    path = tmp_path / "out.mp4"
    write(path)
    with VideoReader(path) as reader:
        assert (reader.info.n_frames, reader.info.width_px, reader.info.height_px) == (30, 132, 100)
        np.testing.assert_allclose(reader.info.pts_s, TIMES_S, atol=2e-5)
        for number in (0, 14, 29):
            difference = np.abs(reader.frame(number)[:99, :131].astype(int) - picture(number))
            assert difference.mean() < 4
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_a_compact_file_is_small_and_steps_both_ways(tmp_path):
    sizes = {}
    for compact in (False, True):
        path = tmp_path / f"{compact}.mp4"
        with VideoWriter(path, width_px=320, height_px=240, fps=25, compact=compact) as writer:
            for number in range(60):
                writer.write(picture(number // 4, 320, 240), number / 25)
        sizes[compact] = path.stat().st_size
    assert sizes[True] < sizes[False]
    with VideoReader(tmp_path / "True.mp4") as reader:
        assert reader.info.n_frames == 60
        forward = [reader.frame(number) for number in range(60)]
        for number in reversed(range(60)):
            np.testing.assert_array_equal(reader.frame(number), forward[number])
        assert np.abs(forward[40].astype(int) - picture(10, 320, 240)).mean() < 4


@pytest.mark.parametrize("error", [Cancelled(), ValueError("bug")])
def test_an_exception_leaves_no_file(error, tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"before")

    def write_and_stop():
        with VideoWriter(path, width_px=131, height_px=99, fps=30) as writer:
            writer.write(picture(0), 0.0)
            raise error

    with pytest.raises(type(error)):
        write_and_stop()
    assert os.listdir(tmp_path) == ["out.mp4"]
    assert path.read_bytes() == b"before"

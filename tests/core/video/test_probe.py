import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from platforms import ON_WINDOWS

from fineparser_core.errors import VideoError
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe


def test_constant_rate(small_video):
    info = probe(small_video)
    assert (info.n_frames, info.fps, info.codec, info.rotation_deg) == (120, 30.0, "h264", 0)
    assert not info.variable_frame_rate
    assert info.duration_s == pytest.approx(4.0)
    np.testing.assert_allclose(info.pts_s, np.arange(120) / 30, atol=1e-9)


def test_variable_rate(variable_rate_video):
    info = probe(variable_rate_video)
    assert info.variable_frame_rate
    assert info.pts_s[90] == pytest.approx(5.0)
    assert info.fps == pytest.approx(119 / 7.9)


def test_a_dropped_frame_is_a_variable_rate(tmp_path, make_video):
    times_s = [Fraction(n + (n > 30), 30) for n in range(60)]
    assert probe(make_video(tmp_path / "dropped.mp4", 60, times_s=times_s)).variable_frame_rate


def test_a_changed_file_is_probed_again(tmp_path, make_video):
    path = make_video(tmp_path / "again.mp4", 20)
    assert probe(path).n_frames == 20
    make_video(path, 40)
    assert probe(path).n_frames == 40


def test_a_truncated_avi_is_detected_by_its_length(tmp_path, make_video, real_clip):
    whole = make_video(tmp_path / "whole.avi", 120, codec="mjpeg", pix_fmt="yuvj420p", time_base=Fraction(1, 30))
    data = whole.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) * 6 // 10])
    info = probe(cut)
    assert info.n_frames < 120
    assert info.n_frames + info.n_frames_missing == 120
    # A gap is filled with frames that the header counts and that are not there.
    times_s = [Fraction(n + (20 if n > 30 else 0), 30) for n in range(60)]
    gap = make_video(tmp_path / "gap.avi", 60, codec="mpeg4", time_base=Fraction(1, 30), times_s=times_s)
    for path in (whole, gap, real_clip):
        assert probe(path).n_frames_missing == 0


def sound_only(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        for block in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, block * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def cut_before_its_index(path, make_video):
    whole = make_video(path.with_name("whole.mp4"), 60).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def cut_to_a_few_frames(path, make_video):
    whole = make_video(path.with_name("whole.mp4"), 120, encoder={"g": "12"}, container={"movflags": "faststart"})
    data = whole.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 1000])


BAD = {
    "missing.mp4": (lambda path, make: None, "there is no such file"),
    "folder.mp4": (lambda path, make: path.mkdir(), "is a folder, not a video"),
    "empty.mp4": (lambda path, make: path.touch(), "is empty"),
    "text.mp4": (lambda path, make: path.write_text("not a video\n" * 50, encoding="utf-8"), "is not a video"),
    "noise.mp4": (lambda path, make: path.write_bytes(np.random.default_rng(0).bytes(5000)), "is not a video"),
    "playlist.m3u8": (
        lambda path, make: path.write_text(
            "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", encoding="utf-8"
        ),
        "is not a video",
    ),
    "drawing.svg": (
        lambda path, make: path.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>"),
        "is in a format that cannot be decoded",
    ),
    "sound.m4a": (lambda path, make: sound_only(path), "has sound but no picture"),
    "cut.mp4": (cut_before_its_index, "is cut off or damaged"),
    "cut early.mp4": (cut_to_a_few_frames, r"found \d+ frames? \(the file is cut off, \d+ more are missing\)"),
    "three.mp4": (lambda path, make: make(path, 3), "found 3 frames, need at least 16: pick a longer clip"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_of_invalid_files(name, tmp_path, make_video):
    make, words = BAD[name]
    path = tmp_path / name
    make(path, make_video)
    with pytest.raises(VideoError, match=words) as caught:
        probe(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_clip_defaults_to_the_whole_file(small_video):
    clip = make_clip(small_video)
    assert (clip.path, clip.in_frame, clip.out_frame, clip.fps) == (small_video, 0, 119, 30.0)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (-1, None, "no frame -1: choose one from 0 to 119"),
        (0, 120, "no frame 120"),
        (10, 24, "found 15 frames from 10 to 24, need at least 16"),
        (30, 30, "found 1 frame from 30 to 30"),
        (40, 20, "found no frame from 40 to 20"),
    ],
)
def test_clip_bounds(small_video, first, last, words):
    with pytest.raises(VideoError, match=words):
        make_clip(small_video, first, last)


def test_a_truncated_clip_is_refused_until_an_out_point_is_chosen(tmp_path, make_video):
    whole = make_video(tmp_path / "whole.mp4", 120, encoder={"g": "12"}, container={"movflags": "faststart"})
    data, path = whole.read_bytes(), tmp_path / "cut.mp4"
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    with pytest.raises(VideoError, match=r"is cut off, \d+ of its 120 frames are there: copy it again, or choose \d+ "):
        make_clip(path)
    assert make_clip(path, None, 20).out_frame == 20


def test_a_cut_off_matroska_file_is_told_by_its_length(tmp_path, make_video):
    whole = make_video(tmp_path / "whole.mkv", 120, encoder={"g": "12"})
    assert probe(whole).n_frames_missing == 0
    data, cut = whole.read_bytes(), tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    info = probe(cut)
    assert info.n_frames < 100
    assert abs(info.n_frames_whole - 120) <= 1
    with pytest.raises(VideoError, match="is cut off"):
        make_clip(cut)


def test_pipes_devices_and_names_that_cannot_be_are_named(tmp_path):
    if ON_WINDOWS:
        paths = [Path("NUL"), tmp_path / "nul.mp4"]
    else:
        paths = [Path("/dev/zero"), tmp_path / "pipe.mp4"]
        os.mkfifo(paths[1])
    for path in paths:
        with pytest.raises(VideoError, match="is a pipe or a device"):
            probe(path)
    with pytest.raises(VideoError, match="there is no such file"):
        probe(tmp_path / "a\0b.mp4")


def test_a_cut_off_fragment_is_told_by_its_length(tmp_path, make_video):
    fragments = {"encoder": {"g": "12"}, "container": {"movflags": "frag_keyframe+empty_moov"}}
    whole = make_video(tmp_path / "whole.mp4", 120, **fragments)
    assert probe(whole).n_frames_missing == 0
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size * 8 // 10])
    assert probe(tmp_path / "cut.mp4").n_frames_missing > 0


def test_corrupt_packets_are_counted(tmp_path, make_video):
    path = make_video(tmp_path / "scratched.ts", 60, format="mpegts", encoder={"g": "12"})
    assert probe(path).n_parts_damaged == 0
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(2000) + data[len(data) // 2 + 2000 :])
    info = probe(path)
    assert info.n_parts_damaged > 0
    assert info.n_frames_missing == 0

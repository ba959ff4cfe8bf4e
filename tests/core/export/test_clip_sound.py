from dataclasses import replace

import av
import numpy as np
import pytest
from numbered_video import add_sound

from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.export.options import RenderOptions
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

FPS, N_FRAMES, CLICK = 30, 90, 50
TONE_S = (CLICK / FPS, CLICK / FPS + 0.1)
BARE = RenderOptions(mask=False, title="Ana · 207C · 10 m · 2026-05-31")


def onset_s(path):
    """When the tone begins, from the first frame of the file."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].codec_context.sample_rate
        starts, parts = [], []
        for frame in container.decode(audio=0):
            starts.append(frame.time)
            parts.append(frame.to_ndarray().astype(float).reshape(-1)[: frame.samples])
        with av.open(str(path)) as again:
            first_s = next(again.decode(video=0)).time
    loud = np.abs(np.concatenate(parts))
    at = int(np.argmax(loud > loud.max() / 3))
    ends = np.cumsum([len(part) for part in parts])
    block = int(np.searchsorted(ends, at, side="right"))
    return starts[block] + (at - (ends[block] - len(parts[block]))) / rate - first_s


@pytest.fixture(scope="module")
def silent(tmp_path_factory, make_video):
    return make_video(tmp_path_factory.mktemp("silent") / "silent.mp4", N_FRAMES, encoder={"bf": "2"})


@pytest.mark.parametrize(
    ("name", "codec"),
    [("dive.mp4", "aac"), ("a.mkv", "libopus"), ("dive.mov", "pcm_s16le"), ("b.mkv", "libmp3lame"), ("dive.ts", "aac")],
)
def test_the_sound_is_in_time_with_the_picture(name, codec, silent, tmp_path, make_analysis):
    path, out = tmp_path / name, tmp_path / "out.mp4"
    add_sound(silent, path, codec, TONE_S)
    before_s = onset_s(path)
    for first, last in ((0, N_FRAMES - 1), (20, 69)):
        write_annotated_clip(make_analysis(path, first, last), out, BARE)
        with av.open(str(out)) as container:
            (stream,) = container.streams.audio
            assert stream.codec_context.name == "aac"
            assert container.metadata["title"] == BARE.title
            assert stream.start_time * stream.time_base <= 0.03
        assert onset_s(out) == pytest.approx(before_s - first / FPS, abs=0.008)
        assert onset_s(out) == pytest.approx((CLICK - first) / FPS, abs=1 / FPS)
        with VideoReader(out) as reader:
            assert reader.info.n_frames == last - first + 1
            assert reader.info.pts_s[0] == 0
            assert reader.info.duration_s == pytest.approx((last - first + 1) / FPS, abs=1e-3)


def test_sound_that_begins_later_than_the_picture(silent, tmp_path, make_analysis):
    add_sound(silent, tmp_path / "late.mp4", "aac", TONE_S, begins_s=1.0)
    write_annotated_clip(make_analysis(tmp_path / "late.mp4"), tmp_path / "out.mp4", BARE)
    assert onset_s(tmp_path / "out.mp4") == pytest.approx(CLICK / FPS, abs=1 / FPS)


def test_slow_motion_and_whoever_wants_none_is_silent(silent, tmp_path, make_analysis):
    path = tmp_path / "dive.mp4"
    add_sound(silent, path, "aac", TONE_S)
    for options in (replace(BARE, speed=0.5), replace(BARE, sound=False)):
        write_annotated_clip(make_analysis(path), tmp_path / "out.mp4", options)
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert not container.streams.audio


def test_damaged_sound_costs_the_sound_alone(silent, tmp_path, make_analysis):
    path = tmp_path / "dive.mkv"
    add_sound(silent, path, "libopus", TONE_S)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.pos]
    for pos, size in packets:
        data[pos + 8 : pos + size] = bytes(value ^ 0x5A for value in data[pos + 8 : pos + size])
    path.write_bytes(data)
    write_annotated_clip(make_analysis(path), tmp_path / "out.mp4", BARE)
    assert probe(tmp_path / "out.mp4").n_frames == N_FRAMES

"""The sound of a video in what is written of it."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.export.options import RenderOptions
from fineparser_core.types import Analysis
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

RATE_HZ, FPS, N_FRAMES, CLICK = 44_100, 30, 90, 50
BARE = RenderOptions(mask=False, panels=False, title="Ana · 207C · 10 m · 2026-05-31")


def add_sound(silent: Path, path: Path, codec: str, *, begins_s: float = 0.0) -> None:
    """A copy of a video with a tone that begins with frame `CLICK` and lasts a tenth of a second."""
    tone = np.zeros(RATE_HZ * N_FRAMES // FPS, np.float32)
    at = RATE_HZ * CLICK // FPS
    tone[at : at + RATE_HZ // 10] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ // 10) / RATE_HZ)
    first = round(begins_s * RATE_HZ)
    with av.open(str(silent)) as source, av.open(str(path), "w") as container:
        video = container.add_stream_from_template(source.streams.video[0])
        sound = container.add_stream(codec, rate=48_000 if codec == "libopus" else RATE_HZ, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                container.mux(packet)
        for start in range(first, len(tone), 1024):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))


def onset_s(path: Path) -> float:
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
def silent(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    return make_video(tmp_path_factory.mktemp("silent") / "silent.mp4", N_FRAMES, encoder={"bf": "2"})


@pytest.mark.parametrize(
    ("name", "codec"),
    [("dive.mp4", "aac"), ("a.mkv", "libopus"), ("dive.mov", "pcm_s16le"), ("b.mkv", "libmp3lame"), ("dive.ts", "aac")],
)
def test_the_sound_is_in_time_with_the_picture(
    name: str, codec: str, silent: Path, tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    path, out = tmp_path / name, tmp_path / "out.mp4"
    add_sound(silent, path, codec)
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


def test_sound_that_begins_later_than_the_picture(
    silent: Path, tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    add_sound(silent, tmp_path / "late.mp4", "aac", begins_s=1.0)
    write_annotated_clip(make_analysis(tmp_path / "late.mp4"), tmp_path / "out.mp4", BARE)
    assert onset_s(tmp_path / "out.mp4") == pytest.approx(CLICK / FPS, abs=1 / FPS)


def test_slow_motion_and_whoever_wants_none_is_silent(
    silent: Path, tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    path = tmp_path / "dive.mp4"
    add_sound(silent, path, "aac")
    for options in (RenderOptions(speed=0.5), RenderOptions(sound=False)):
        write_annotated_clip(make_analysis(path), tmp_path / "out.mp4", options)
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert not container.streams.audio


def test_damaged_sound_costs_the_sound_alone(
    silent: Path, tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    path = tmp_path / "dive.mkv"
    add_sound(silent, path, "libopus")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.pos]
    for pos, size in packets:
        data[pos + 8 : pos + size] = bytes(value ^ 0x5A for value in data[pos + 8 : pos + size])
    path.write_bytes(data)
    write_annotated_clip(make_analysis(path), tmp_path / "out.mp4", BARE)
    assert probe(tmp_path / "out.mp4").n_frames == N_FRAMES

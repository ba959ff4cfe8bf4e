"""Damaged transport streams of a camera: each ends in one sentence, and the next connection is recorded."""

from contextlib import suppress
from fractions import Fraction
from random import Random

import av
import numpy as np
import pytest
from stream_server import sends, server, states, transport_stream, wait_until

from fineparser_core.errors import VideoError
from fineparser_core.live import reader as reader_module
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import parse_source
from fineparser_core.live.watch import StreamWatch
from fineparser_core.video.probe import probe

_PACKET_BYTES = 188
# PyAV 18 raises an IndexError at seeds 25 and 33.
FEW, MANY = range(20, 40), range(40, 400)
SEEDS = pytest.mark.parametrize(
    "seeds", [FEW, pytest.param(MANY, marks=[pytest.mark.hostile, pytest.mark.timeout(1800)])]
)


def damaged_stream(data, seed):
    """Changed bytes, changed heads of packets, which name their streams, and parts left out or sent again."""
    draw, changed = Random(seed), bytearray(data)
    for _ in range(draw.choice((1, 5, 50))):
        at, length = draw.randrange(len(changed)), draw.randrange(1, 2000)
        match seed % 4:
            case 0:
                changed[at] = draw.randrange(256)
            case 1:
                changed[at - at % _PACKET_BYTES + draw.randrange(1, 30)] = draw.randrange(256)
            case 2:
                del changed[at : min(at + length, len(changed) - _PACKET_BYTES)]
            case 3:
                changed[at:at] = changed[(start := draw.randrange(len(changed))) : start + length]
    return bytes(changed)


@pytest.fixture
def sound(tmp_path):
    """A stream without damage, of pictures and sound, as cameras send both."""
    silent, rate_hz = transport_stream(tmp_path / "silent.ts", 40), 44_100
    with av.open(str(silent)) as source, av.open(str(tmp_path / "sent.ts"), "w") as container:
        video = container.add_stream_from_template(source.streams.video[0])
        audio = container.add_stream("aac", rate=rate_hz, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                container.mux(packet)
        at_s = np.arange(round(source.duration / 1e6 * rate_hz)) / rate_hz
        wave = np.where((at_s >= 0.2) & (at_s < 0.5), np.sin(2000 * np.pi * at_s) / 2, 0).astype(np.float32)
        for start in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return (tmp_path / "sent.ts").read_bytes()


@SEEDS
def test_a_damaged_stream_is_left_and_tried_again(seeds, sound, tmp_path, monkeypatch):
    monkeypatch.setattr(reader_module, "_FIRST_WAIT_S", 0.01)
    for seed in seeds:
        events = []
        with server(sends(damaged_stream(sound, seed)), sends(sound)) as port, Ring(tmp_path / f"ring {seed}") as ring:
            source = parse_source(f"tcp://127.0.0.1:{port}")
            watch = StreamWatch(source, tmp_path / "clips", ring, on_dive=lambda clip: None, on_event=events.append)
            watch.start()
            wait_until(lambda e=events, w=watch: states(e).count("lost") == 2 or w.ended or not w.reader.running)
            assert not watch.ended, seed
            assert watch.reader.running, seed
            watch.stop()
        again = events[states(events).index("lost") + 1 :]
        assert "connected" in states(again), (seed, events)


@SEEDS
def test_a_damaged_file_is_read_or_refused(seeds, sound, tmp_path):
    for seed in seeds:
        (tmp_path / "damaged.ts").write_bytes(damaged_stream(sound, seed))
        with suppress(VideoError):
            probe(tmp_path / "damaged.ts")

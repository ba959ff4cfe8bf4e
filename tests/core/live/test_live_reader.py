import gc
import itertools
import os
import shutil
import socket
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest
from numbered_video import read_number, write_video
from stream_server import (
    frames_of,
    numbers,
    packets_of,
    reading,
    sends,
    sends_jpegs,
    sends_rtsp,
    server,
    states,
    transport_stream,
    wait_until,
)

from fineparser_core.live import reader as reader_module
from fineparser_core.live.packets import LivePacket, PacketQueue, now_s
from fineparser_core.live.reader import EvenArrivals, LiveReader, SourceState, StampClock
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import parse_source


@pytest.fixture
def ring(tmp_path):
    with Ring(tmp_path / "ring", segment_s=0.5) as made:
        yield made


def record(ring, *parts, also=lambda packet: None):
    """Record what a camera sends until it ends the connection; return the events."""
    with server(sends(*parts)) as port, reading(f"tcp://127.0.0.1:{port}", ring.write, also) as events:
        wait_until(lambda: "lost" in states(events))
    ring.close()
    return events


def decoded(path):
    with av.open(str(path)) as container:
        return [hash(frame.to_ndarray().tobytes()) for frame in container.decode(video=0)]


def recorded(ring):
    return [hash(frame.picture.to_ndarray().tobytes()) for frame in frames_of(ring)]


@pytest.mark.parametrize("fps", [pytest.param(25, marks=pytest.mark.hostile), 60])
def test_every_picture_that_was_sent_is_recorded(tmp_path, ring, fps):
    path, got = transport_stream(tmp_path / "sent.ts", 100, fps=fps, size_px=(320, 180)), list[LivePacket]()
    record(ring, path.read_bytes(), also=got.append)
    assert recorded(ring) == decoded(path)
    assert len(ring.files.segments()) > 2
    times = np.diff([frame.time_s for frame in frames_of(ring)])
    np.testing.assert_allclose(times, 1 / fps, atol=2e-5)
    assert {(one.format.width_px, one.format.height_px, one.format.fps) for one in got} == {(320, 180, fps)}


def test_the_pictures_of_an_http_camera_are_kept_as_they_come(tmp_path, ring):
    path = write_video(tmp_path / "a.avi", 30, codec="mjpeg", pix_fmt="yuvj420p", time_base=Fraction(1, 30))
    with av.open(str(path)) as container:
        jpegs = [bytes(packet) for packet in container.demux() if packet.size]
    with server(sends_jpegs(jpegs)) as port, reading(f"http://127.0.0.1:{port}/video", ring.write) as events:
        wait_until(lambda: "lost" in states(events))
    ring.close()
    assert [packet.data for packet in ring.packets(0)] == jpegs
    assert numbers(frames_of(ring)) == list(range(30))


@pytest.mark.parametrize("together", [1, 3, 6])
def test_pictures_that_come_in_groups_are_a_picture_apart(together):
    """30 a second; each group arrives with its last picture, some milliseconds late."""
    rng = np.random.default_rng(together)
    sent_s = (np.arange(120) // together + 1) * together / 30
    late_s = np.repeat(rng.uniform(0, 0.004, len(sent_s) // together), together)
    arrived_s = (sent_s + late_s + np.arange(120) % together * 1e-5).tolist()
    even = EvenArrivals()
    n_first = next(n for n, at_s in enumerate(arrived_s, start=1) if at_s - arrived_s[0] >= 1)
    times_s = even.begin(arrived_s[:n_first]) + [even.add(at_s) for at_s in arrived_s[n_first:]]
    np.testing.assert_allclose(np.diff(times_s), 1 / 30, atol=0.012)
    if together == 1:
        assert times_s == arrived_s


def test_one_picture_that_is_missing_leaves_the_times_of_the_others():
    arrived_s = [n / 30 for n in range(90) if n != 45]
    even = EvenArrivals()
    assert even.begin(arrived_s[:31]) + [even.add(at_s) for at_s in arrived_s[31:]] == arrived_s


def test_an_absurd_rate_is_said_and_not_used(tmp_path, ring):
    got = []
    events = record(
        ring,
        transport_stream(tmp_path / "a.ts", 60, fps=5000, time_base=Fraction(1, 90_000)).read_bytes(),
        also=got.append,
    )
    said = "The camera's clock says 5000 frames a second: dives may be missed."
    assert [event.said for event in events if event.state is SourceState.CLOCK] == [said]
    assert {packet.format.fps for packet in got} <= {0, 25}


def test_an_rtsp_camera_with_a_password(tmp_path, ring):
    path = transport_stream(tmp_path / "sent.ts", 60, size_px=(320, 180), encoder={"g": "12", "bf": "0"})
    with (
        server(sends_rtsp(path, "secret")) as port,
        reading(f"rtsp://coach:secret@127.0.0.1:{port}/live", ring.write) as events,
    ):
        wait_until(lambda: "lost" in states(events))
    ring.close()
    assert recorded(ring) == decoded(path)
    assert "secret" not in repr(events)


def test_datagrams(tmp_path, ring, monkeypatch):
    monkeypatch.setattr(reader_module, "TIMEOUT_S", 1.0)
    data = transport_stream(tmp_path / "sent.ts", 50).read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        port = sender.getsockname()[1]
    with (
        reading(f"udp://127.0.0.1:{port}", ring.write) as events,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        if (open_ports := Path("/proc/net/udp")).exists():
            wait_until(lambda: f":{port:04X} " in open_ports.read_text(encoding="utf-8"))
        else:
            time.sleep(0.3)
        for start in range(0, len(data), 1316):  # at once: all of it has room in the socket
            sender.sendto(data[start : start + 1316], ("127.0.0.1", port))
        wait_until(lambda: "lost" in states(events))
    ring.close()
    assert numbers(frames_of(ring)) == list(range(50))


@pytest.mark.parametrize(
    ("name", "options"), [("lengths.mp4", {}), ("lossless.mkv", {"codec": "ffv1", "size_px": (65, 49)})]
)
def test_a_file_stands_in_for_a_camera(tmp_path, ring, name, options):
    path = write_video(tmp_path / name, 16, fps=60, **options)
    early = []
    with reading(str(path), ring.write, lambda packet: early.append(now_s() < packet.decode_s)) as events:
        wait_until(lambda: "ended" in states(events))
    assert not any(early)
    ring.close()
    assert numbers(frames_of(ring)) == list(range(16))
    assert {packet.format.codec for packet in ring.packets(0)} == {"h264"}


def test_a_file_that_lies_on_its_side_stands(tmp_path, ring):
    path = write_video(tmp_path / "phone.mov", 16, fps=60, rotation_deg=90, encoder={"bf": "2"})
    with reading(str(path), ring.write) as events:
        wait_until(lambda: "ended" in states(events))
    ring.close()
    frames = list(frames_of(ring))
    np.testing.assert_allclose(np.diff([frame.time_s for frame in frames]), 1 / 60, atol=2e-5)
    upright = [np.rot90(frame.picture.to_ndarray(format="rgb24"), -1) for frame in frames]
    assert {picture.shape for picture in upright} == {(48, 64, 3)}
    assert [read_number(picture) for picture in upright] == list(range(16))


def test_it_comes_back_by_itself(tmp_path, ring):
    data = transport_stream(tmp_path / "sent.ts", 40).read_bytes()
    half = data[: len(data) // 2 + 50]  # breaks off within a packet
    with server(sends(half), sends(data)) as port, reading(f"tcp://127.0.0.1:{port}", ring.write) as events:
        wait_until(lambda: states(events).count("lost") == 2)
    ring.close()
    assert states(events) == ["connected", "lost", "connected", "lost"]
    found = numbers(frames_of(ring))
    assert found[-40:] == list(range(40))
    assert found[:-40][:15] == list(range(15))
    times = [frame.time_s for frame in frames_of(ring)]
    assert times == sorted(times)


def test_one_that_stalls_is_left(tmp_path, ring, monkeypatch):
    monkeypatch.setattr(reader_module, "TIMEOUT_S", 0.4)
    data = transport_stream(tmp_path / "sent.ts", 40).read_bytes()
    with server(sends(data, then=Event.wait)) as port, reading(f"tcp://127.0.0.1:{port}", ring.write) as events:
        wait_until(lambda: "lost" in states(events))
        assert events[-1].said == "It sends nothing."


def test_nobody_there_is_told_without_the_password():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with reading(f"http://coach:secret@127.0.0.1:{port}/x") as events:
        wait_until(lambda: events)
    assert events[0].state is SourceState.LOST
    assert "secret" not in repr(events)


def test_another_size_in_mid_stream(tmp_path, ring):
    parts = [transport_stream(tmp_path / f"{width}.ts", 30, size_px=(width, 48)).read_bytes() for width in (64, 128)]
    events = record(ring, *parts)
    assert states(events) == ["connected", "format", "lost"]
    assert "128 x 48" in str(events[1].said)
    sizes = [frame.picture.width for frame in frames_of(ring)]
    assert sizes == [64] * 30 + [128] * 30


def test_a_clock_that_jumps(tmp_path, ring):
    later = [Fraction(5000) + Fraction(index, 30) for index in range(30)]
    parts = [
        transport_stream(tmp_path / "1.ts", 30).read_bytes(),
        transport_stream(tmp_path / "2.ts", 30, times_s=later).read_bytes(),
    ]
    events = record(ring, *parts)
    assert "clock" in states(events)
    times = [frame.time_s for frame in frames_of(ring)]
    assert len(times) == 60
    assert np.diff(times).max() < 0.6
    assert np.diff(times).min() > 0


@pytest.mark.parametrize("number", [0, 24])
def test_a_picture_whose_time_alone_is_two_hours_off(tmp_path, ring, number):
    sent, path = transport_stream(tmp_path / "sent.ts", 60, fps=25), tmp_path / "off.ts"
    with av.open(str(sent)) as source, av.open(str(path), "w") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        for place, packet in enumerate(packet for packet in source.demux() if packet.size):
            packet.pts += round(7200 / packet.time_base) * (place == number)
            packet.stream = copy
            out.mux_one(packet)
    record(ring, path.read_bytes())
    times_s = [frame.time_s for frame in frames_of(ring)]
    assert len(times_s) == 60
    assert max(times_s) - min(times_s) == pytest.approx(59 / 25, abs=0.15)
    assert max(one.end_s for one in ring.files.segments()) - min(times_s) == pytest.approx(60 / 25, abs=0.15)


def test_nothing_is_left_behind(tmp_path):
    def open_here():
        gc.collect()
        return threading.active_count(), len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0

    before = open_here()
    data = transport_stream(tmp_path / "sent.ts", 20).read_bytes()
    for _ in range(2):
        with (
            server(sends(data, then=lambda ended: ended.wait(0.1))) as port,
            Ring(tmp_path / "ring") as ring,
            reading(f"tcp://127.0.0.1:{port}", ring.write) as events,
        ):
            wait_until(lambda events=events: events)
    assert open_here() == before


def test_a_listener_that_falls_behind_starts_again_at_a_key_frame(tmp_path):
    packets = packets_of(transport_stream(tmp_path / "sent.ts", 48))
    queue = PacketQueue(most_bytes=sum(len(packet.data) for packet in packets[:5]))
    kept = [queue.put(packet) for packet in packets[:20]]
    assert kept[:5] == [True] * 5
    assert not any(kept[5:12])
    while queue.get(0):
        pass
    assert [queue.put(packet) for packet in packets[20:30]] == [False] * 4 + [True] * 6
    first = queue.get()
    assert first.key
    assert not first.follows
    assert queue.dropped_s == pytest.approx(first.time_s - packets[5].time_s)
    queue.close()
    assert len(list(queue)) == 5
    assert not queue.put(packets[0])


def test_a_file_that_is_played_again_and_is_gone_is_waited_for(tmp_path, monkeypatch):
    waited_s = [0.0]

    class Stop(Event):
        def wait(self, timeout=None):
            waited_s.append(timeout or 0.0)
            return super().wait(timeout)

    monkeypatch.setattr(reader_module, "Event", Stop)
    path = transport_stream(tmp_path / "short.ts", 5, fps=25, size_px=(320, 180))
    with reading(str(path), lambda packet: path.unlink(missing_ok=True), loop=True) as events:
        wait_until(lambda: states(events).count("lost") == 2)
    assert max(waited_s) >= 0.8 * reader_module._FIRST_WAIT_S  # it is tried again after a while


def test_a_file_is_opened_by_the_lists_of_protocols_and_formats(tmp_path, small_video, monkeypatch):
    (tmp_path / "listed.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n", encoding="ascii")
    shutil.copy(small_video, tmp_path / "other.mp4")
    opened, real = [], av.open
    monkeypatch.setattr(av, "open", lambda *given, **more: opened.append(more["options"]) or real(*given, **more))
    got, events = list[LivePacket](), []
    LiveReader(parse_source(str(tmp_path / "listed.mp4")), [got.append], events.append)._run()
    assert (got, states(events)) == ([], ["ended"])
    assert "is not a video" in events[0].said or "cannot be read" in events[0].said
    assert [one["protocol_whitelist"] for one in opened] == ["file"] * len(opened)
    assert all("mov" in one["format_whitelist"] and "concat" not in one["format_whitelist"] for one in opened)


def test_distances_are_the_sources_own_whatever_the_network_does():
    stamps = [index / 25 for index in range(1000)]
    arrivals = [100 + stamp + (index * 7919 % 13) / 100 for index, stamp in enumerate(stamps)]
    clock = StampClock(list(zip(stamps, arrivals, strict=True))[:12], 0.0)
    placed = [clock.place(*one)[0] for one in zip(stamps, arrivals, strict=True)]
    assert placed[0] == pytest.approx(100.0, abs=0.01)
    assert [b - a for a, b in itertools.pairwise(placed)] == pytest.approx([0.04] * 999, abs=1e-4)
    assert clock.jumps == 0


def test_a_clock_that_drifts_is_followed():
    clock = StampClock([(0.0, 50.0)], 0.0)
    for second in range(3600):
        at_s, _ = clock.place(float(second), 50 + second * 1.0001)
    assert at_s == pytest.approx(50 + 3599 * 1.0001, abs=0.01)


def test_a_burst_of_the_past_at_the_start_is_placed_in_the_past():
    clock = StampClock([(0.0, 50.0), (1.0, 50.01), (2.0, 50.02)], 0.0)
    assert clock.place(0.0, 50.0)[0] == pytest.approx(48.02)


@pytest.mark.parametrize("by_s", [-3600.0, -0.5, 26.5 * 3600])
def test_a_jump_is_mended(by_s):
    clock = StampClock([(0.0, 50.0)], 0.0)
    placed = [clock.place(index / 25 + (by_s if index >= 50 else 0), 50 + index / 25)[0] for index in range(100)]
    assert [b - a for a, b in itertools.pairwise(placed)] == pytest.approx([0.04] * 99, abs=0.002)
    assert clock.jumps == (abs(by_s) > 1)


def test_a_pause_is_no_jump():
    clock = StampClock([(0.0, 50.0)], 0.0)
    assert [clock.place(*one)[0] for one in [(0.0, 50.0), (3.0, 53.02), (3.04, 53.04)]] == pytest.approx(
        [50, 53, 53.04], abs=0.002
    )
    late = StampClock([(0.0, 50.0)], 0.0)  # it stalls, and then brings what it has kept
    assert late.place(0.04, 54.0)[0] == pytest.approx(50.04, abs=0.001)
    assert clock.jumps == late.jumps == 0


def test_times_never_go_back_at_a_new_connection():
    clock = StampClock([(0.0, 50.0)], 60.0)
    assert clock.place(0.0, 50.0)[0] > 60.0

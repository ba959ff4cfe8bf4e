import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from subprocess import PIPE, Popen
from threading import Event, Thread

import numpy as np
import pytest
from numbered_video import write_video
from pool_stream import write_drawn, write_stream
from stream_server import Impatient, sends, sends_slowly, server, wait_until

from fineparser_core.commands.cli import main
from fineparser_core.errors import ExitCode
from fineparser_core.live import watch as watch_module
from fineparser_core.live.catcher import SETTLED_S, Catcher, CaughtFall
from fineparser_core.live.follower import RingFollower
from fineparser_core.live.reader import LiveReader
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import parse_source
from fineparser_core.live.watch import CaughtClip, StreamWatch
from fineparser_core.motion.recording import find_dives
from fineparser_core.support.processes import own_process
from fineparser_core.video.probe import probe


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    """The sample dive between seconds of its first and its last picture; and when it leaves and touches."""
    path = tmp_path_factory.mktemp("stream") / "stream.mkv"
    return path, *write_stream(path)


def played(path, *listeners):
    reader = LiveReader(parse_source(str(path)), listeners)
    reader._stop = Impatient()
    reader._run()


def test_a_dive_is_told_of_once_and_soon(stream):
    path, leaves_s, touches_s = stream
    catcher, caught, began = Catcher(), list[tuple[CaughtFall, float]](), list[float]()

    def take(packet):
        began.append(packet.time_s)
        caught.extend((one, packet.time_s) for one in catcher.add(packet))

    played(path, take)
    ((fall, told_s),) = caught
    assert fall.leaves_s - began[0] == pytest.approx(leaves_s, abs=0.15)
    assert fall.touches_s - began[0] == pytest.approx(touches_s, abs=0.15)
    assert fall.instead_of is None
    assert SETTLED_S <= told_s - fall.touches_s < 3.0


@pytest.mark.parametrize("bf", [0, 3])
def test_the_ends_of_a_stream_are_searched_as_those_of_a_file(tmp_path, bf):
    """The body leaves in the second picture of the stream, and the stream ends two pictures after its water."""
    write_drawn(tmp_path / "drawn.mkv", 30, before_s=1 / 30, after_s=2 / 30, bf=bf)
    catcher, began, told = Catcher(), list[float](), list[CaughtFall]()
    played(
        tmp_path / "drawn.mkv", lambda packet: began.append(packet.time_s), lambda one: told.extend(catcher.add(one))
    )
    assert not told
    (caught,) = catcher.finish()
    (dive,) = find_dives(tmp_path / "drawn.mkv").dives
    assert caught.leaves_s - began[0] == pytest.approx(dive.fall.start_s, abs=1e-3)
    assert caught.touches_s - began[0] == pytest.approx(dive.fall.end_s, abs=1e-3)
    assert not catcher.finish()  # told once


def test_what_is_left_is_searched_where_the_pictures_become_others(tmp_path):
    write_drawn(tmp_path / "drawn.mkv", 30, after_s=0.1)
    catcher, told = Catcher(), list[CaughtFall]()
    played(tmp_path / "drawn.mkv", lambda packet: told.extend(catcher.add(packet)))
    assert not told

    def later(packet):
        return replace(packet, time_s=packet.time_s + 60, decode_s=packet.decode_s + 60)

    played(write_video(tmp_path / "other.mkv", 30), lambda packet: told.extend(catcher.add(later(packet))))
    assert len(told) == 1


@pytest.mark.parametrize("stops", [True, False])
def test_what_is_left_is_searched_once_a_camera_is_silent_or_stopped(tmp_path, monkeypatch, stops):
    _, touches_s = write_drawn(tmp_path / "drawn.ts", 30, after_s=0.5)
    kept = []
    if not stops:
        monkeypatch.setattr(watch_module, "TIMEOUT_S", 1.0)
    with server(sends((tmp_path / "drawn.ts").read_bytes(), then=Event.wait)) as port, Ring(tmp_path / "ring") as ring:
        watch = StreamWatch(parse_source(f"tcp://127.0.0.1:{port}"), tmp_path / "clips", ring, on_dive=kept.append)
        watch.start()
        if stops:
            wait_until(lambda: (span := ring.span) and watch._catcher._picture_s - span[0] > touches_s + 0.2)
        else:
            wait_until(lambda: kept)
        watch.stop()
    assert len(kept) == 1
    assert probe(kept[0].clip).duration_s > touches_s


def test_a_search_that_is_behind_ends_with_the_watch(tmp_path, monkeypatch):
    path, kept = write_video(tmp_path / "long.mp4", 200), list[CaughtClip]()
    begins, goes_on = Event(), Event()

    class Slow(Catcher):
        searched = 0

        def add(self, packet):
            Slow.searched += 1
            begins.set()
            goes_on.wait()
            return [CaughtFall(packet.time_s + 1, packet.time_s + 2, 0.9)]

    monkeypatch.setattr(watch_module, "Catcher", Slow)
    with Ring(tmp_path / "ring") as ring:
        watch = StreamWatch(parse_source(str(path)), tmp_path / "clips", ring, on_dive=kept.append)
        watch.reader._stop = Impatient()
        watch.start()
        begins.wait()
        wait_until(lambda: not watch.reader.running and (span := ring.span) and span[1] - span[0] > 6)
        stopping = Thread(target=watch.stop)
        stopping.start()
        wait_until(lambda: watch._queue.closed)
        goes_on.set()
        stopping.join()
        assert watch._queue.get(0) is not None
    assert Slow.searched == 1
    assert [probe(one.clip).duration_s for one in kept] == [pytest.approx(4.0, abs=0.2)]


@pytest.mark.slow
def test_a_dive_among_240_pictures_a_second_is_kept_at_that_rate(tmp_path):
    leaves_s, touches_s = write_drawn(tmp_path / "fast.ts", 240)
    kept = []
    with (
        server(sends_slowly(tmp_path / "fast.ts")) as port,
        Ring(tmp_path / "ring", most_minutes=4 / 60, segment_s=1.0) as ring,
    ):
        watch = StreamWatch(parse_source(f"tcp://127.0.0.1:{port}"), tmp_path / "clips", ring, on_dive=kept.append)
        watch.start()
        wait_until(lambda: kept)
        watch.stop()
        span = ring.span
    assert ring.missing == 0
    assert 4 < span[1] - span[0] < 6.5
    (clip,) = kept
    found = probe(clip.clip)
    assert found.fps == pytest.approx(240, rel=1e-3)
    assert np.diff(found.pts_s) == pytest.approx(1 / 240, abs=2e-5)
    assert clip.touches_s - clip.leaves_s == pytest.approx(touches_s - leaves_s, abs=0.1)
    (dive,) = find_dives(clip.clip).dives
    assert dive.fall.end_s == pytest.approx(clip.touches_s, abs=0.05)


@pytest.mark.slow
def test_a_window_drives_the_command_and_takes_it_with_it(stream, tmp_path):
    out = tmp_path / "out"
    arguments = own_process("fineparser_core.commands.cli", "watch", "-", "--out", str(out), "--quiet")
    with Popen(arguments, stdin=PIPE, stderr=PIPE, text=True) as process:
        process.stdin.write(f"{stream[0]}\n")
        process.stdin.flush()
        assert "640 x 360" in process.stderr.readline()
        recorded = RingFollower(out / "recording").packets(0.0, Event())
        start_s = next(recorded).time_s
        next(packet for packet in recorded if packet.time_s > start_s + 1.2)
        process.stdin.write(f"nonsense\ntake {start_s} {start_s + 1}\n")
        process.stdin.flush()
        assert "take" in process.stderr.readline()
        wait_until(lambda: (out / "dives.jsonl").exists())
        process.stdin.close()  # as where the window is killed
        assert process.wait() == ExitCode.DONE
    (line,) = [json.loads(line) for line in (out / "dives.jsonl").read_text(encoding="utf-8").splitlines()]
    assert line["leaves_s"] is None
    (out / "dives.jsonl").unlink()  # as where it was killed before it wrote the line
    assert main(["watch", str(stream[0]), "--out", str(out)]) == 0
    lines = [json.loads(line) for line in (out / "dives.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (lines[0]["clip"], len(lines)) == (line["clip"], 2)


def test_another_process_follows_what_is_recorded(stream, tmp_path):
    sent = []
    stop, begins = Event(), Event()
    other = ThreadPoolExecutor(1)
    following = RingFollower(tmp_path / "ring").packets(0.0, stop)
    got_later = other.submit(lambda: list(islice(following, len(sent))) if begins.wait() else [])
    with Ring(tmp_path / "ring", segment_s=1.0) as ring:
        played(stream[0], sent.append, ring.write)
        begins.set()
    got = got_later.result()
    other.shutdown()
    # MPEG-TS puts a delimiter before each.
    assert all(one.data.endswith(other_one.data) for one, other_one in zip(got, sent, strict=True))
    assert [packet.follows for packet in got] == [False] + [True] * (len(sent) - 1)
    assert max(abs(one.time_s - other.time_s) for one, other in zip(got, sent, strict=True)) < 1e-3
    stop.set()
    assert list(following) == []

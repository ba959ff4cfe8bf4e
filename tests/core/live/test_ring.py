import errno
import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Event

import av
import pytest
from numbered_video import read_number
from platforms import windows_only
from stream_server import frames_of, numbers, packets_of, transport_stream, wait_until

from fineparser_core.errors import ConfigError, ExportError, VideoError
from fineparser_core.live import ring as ring_module
from fineparser_core.live import ring_files
from fineparser_core.live.ring import Ring

START_S = 1e9


@pytest.fixture(scope="module")
def packets(tmp_path_factory):
    """Ten seconds of 25 frames each, a key frame every 12."""
    return packets_of(transport_stream(tmp_path_factory.mktemp("live") / "a.ts", 250, fps=25), START_S)


def fill(ring, packets):
    for packet in packets:
        ring.write(packet)
    ring.close()


def test_old_segments_go_first(tmp_path, packets):
    with Ring(tmp_path, segment_s=0.4, most_minutes=2 / 60) as ring:
        fill(ring, packets)
    with Ring(tmp_path, segment_s=0.4, most_minutes=2 / 60) as ring:
        assert ring.files.segments()[0].start_s - START_S > 7


def test_bytes_are_bounded(tmp_path, packets):
    most = 40_000
    with Ring(tmp_path, segment_s=0.4, most_bytes=most) as ring:
        fill(ring, packets)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < most * 1.3
    assert ring.files.segments()[-1].end_s == pytest.approx(START_S + 10, abs=0.05)
    assert ring.missing == 0


@pytest.mark.parametrize(("first", "last"), [(30, 60), (12, 13)])
def test_a_clip_is_cut_from_the_key_frame_before(tmp_path, packets, first, last):
    with Ring(tmp_path / "ring", segment_s=2.0) as ring:
        fill(ring, packets)
    path = tmp_path / "clip.mp4"
    before_s = START_S + first / 25 - ring.cut(START_S + first / 25, START_S + (last + 1) / 25, path)
    skipped = round(before_s * 25)
    assert skipped < 12
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    found = [read_number(frame.to_ndarray(format="rgb24")) for frame in frames]
    assert found[skipped : skipped + last - first + 1] == list(range(first, last + 1))
    assert frames[skipped].time - frames[0].time == pytest.approx(before_s, abs=1e-3)


def test_nothing_recorded_then_is_told(tmp_path, packets):
    with Ring(tmp_path / "ring") as ring:
        fill(ring, packets)
    with pytest.raises(VideoError, match="nothing is recorded"):
        ring.cut(START_S - 20, START_S - 10, tmp_path / "clip.mp4")
    with pytest.raises(VideoError, match="nothing is recorded"):
        ring.cut(START_S + 20, START_S + 30, tmp_path / "clip.mp4")
    with pytest.raises(ExportError):
        ring.cut(START_S, START_S + 2, tmp_path / "missing" / "clip.mp4")
    assert not list(tmp_path.glob("*.mp4"))


def test_a_clip_without_its_fall_is_refused(tmp_path, packets):
    """As a full disk leaves it: pictures of a second are missing."""
    with Ring(tmp_path / "ring") as ring:
        fill(ring, [*packets[:100], replace(packets[132], follows=False), *packets[133:]])
    path = tmp_path / "clip.mp4"
    for fall_s in ((4.0, 5.5), (3.5, 4.8), (4.2, 5.0), (9.8, 10.6), (-0.8, 0.4)):
        with pytest.raises(VideoError, match=r"clip\.mp4 is not kept: pictures of the dive are missing"):
            ring.cut(START_S, START_S + 10, path, fall_s=(START_S + fall_s[0], START_S + fall_s[1]))
        assert not path.exists()
    ring.cut(START_S, START_S + 10, path, fall_s=(START_S + 5.5, START_S + 7))
    assert path.exists()


def test_what_comes_is_read_before_its_file_ends(tmp_path, packets):
    with Ring(tmp_path, segment_s=1.0) as ring:
        for packet in packets:
            ring.write(packet)
        wait_until(lambda: ring.span and ring.span[1] > START_S + 9.9)
        assert numbers(frames_of(ring, START_S)) == list(range(250))
    assert numbers(frames_of(ring, START_S + 5))[0] == 125
    assert ring.span == pytest.approx((START_S, START_S + 10))


def test_no_key_frame_for_long(tmp_path, packets, monkeypatch):
    monkeypatch.setattr(ring_module, "_LONGEST_SEGMENT_S", 0.2)
    with Ring(tmp_path, segment_s=100) as ring:
        fill(ring, packets[:48])
    assert any(segment.continues for segment in ring.files.segments())
    assert numbers(frames_of(ring, START_S + 0.4))[:36] == list(range(10, 46))
    ring.clear()
    assert ring.span is None


@windows_only
def test_what_is_being_read_outlasts_clearing(tmp_path, packets):
    with Ring(tmp_path, segment_s=2.0) as ring:
        fill(ring, packets)
        path = ring.files.segments()[1].path
        with path.open("rb"):
            ring.clear()
        assert [one.path for one in ring.files.segments()] == [path]


def test_a_second_program_gets_a_sentence(tmp_path):
    with Ring(tmp_path), pytest.raises(ConfigError, match="Another window or program records to"):
        Ring(tmp_path)
    Ring(tmp_path).close()


def test_a_full_disk_costs_the_oldest_and_then_pictures(tmp_path, packets, monkeypatch):
    room = 30_000
    write = os.write

    def quota(file, data):
        left = room - sum(path.stat().st_size for path in tmp_path.iterdir())
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data[:left])

    monkeypatch.setattr(os, "write", quota)
    said = []
    with Ring(tmp_path, segment_s=0.4, on_event=said.append) as ring:
        fill(ring, packets[:200])
        assert ring.missing == 0  # the ring is shorter
        assert numbers(frames_of(ring))[-20:-2] == list(range(180, 198))
    monkeypatch.setattr(ring_files, "now_s", lambda: START_S + 100)
    with Ring(tmp_path, segment_s=0.4, on_event=said.append) as ring:
        ring.files._pins.append((0, START_S + 100))
        for packet in packets[200:225]:
            ring.write(packet)
        wait_until(lambda: said)
        assert "disk is full" in said[0]
        room = 1_000_000
        fill(ring, packets[225:])
    assert numbers(frames_of(ring))[-9:] == list(range(241, 250))[-9:] or ring.missing


def test_a_slow_disk_makes_nobody_wait(tmp_path, packets, monkeypatch):
    monkeypatch.setattr(ring_module, "_QUEUE_BYTES", 3_000)
    write, done = os.write, Event()
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data) if done.wait() else 0)
    said = []
    with Ring(tmp_path, segment_s=0.4, on_event=said.append) as ring:
        for packet in packets:
            ring.write(packet)
        assert not done.is_set()
        done.set()
        ring.close()
    assert "too slow" in said[0]
    assert ring.missing
    assert len(list(ring.packets(0))) + ring.missing == len(packets)


def test_the_computers_clock_was_set_back(tmp_path, packets, monkeypatch):
    with Ring(tmp_path) as ring:
        fill(ring, packets)
    monkeypatch.setattr(ring_files, "now_s", lambda: START_S - 1000)
    with Ring(tmp_path) as ring:
        assert ring.span == pytest.approx((START_S - 1010, START_S - 1000))
        assert numbers(frames_of(ring)) == list(range(250))


def test_a_clock_that_begins_in_1970_moves_nothing_below_0(tmp_path, packets, monkeypatch):
    with Ring(tmp_path) as ring:
        fill(ring, packets)
    monkeypatch.setattr(ring_files, "now_s", lambda: 3.0)
    for _ in range(2):
        with Ring(tmp_path) as ring:
            assert ring.span == pytest.approx((0, 10))
            assert numbers(frames_of(ring)) == list(range(250))


@pytest.mark.parametrize("ahead_s", [20_000, 2.3e9])
def test_a_recording_ahead_of_now_hides_no_other(tmp_path, packets, monkeypatch, ahead_s):
    """A single file of 2099 was enough to move all others to before 1970."""
    with Ring(tmp_path, segment_s=20) as ring:
        fill(ring, packets)
    [written] = tmp_path.glob("*.ts")
    start_us, end_us, rest = written.name.split("-")
    later = [str(int(each) + int(ahead_s * 1e6) + 20_000_000) for each in (start_us, end_us)]
    shutil.copyfile(written, tmp_path / "-".join((*later, rest)))
    monkeypatch.setattr(ring_files, "now_s", lambda: START_S + 12)
    for _ in range(2):
        with Ring(tmp_path) as ring:
            moved, own = ring.files.segments()
            assert moved.end_s <= own.start_s
            assert own.start_s == pytest.approx(START_S)
            assert numbers(frames_of(ring)) == 2 * list(range(250))


def test_only_plain_files_are_recordings(tmp_path, packets):
    with Ring(tmp_path) as ring:
        fill(ring, packets)
    (tmp_path / "999000000000000.ts").mkdir()
    if hasattr(os, "mkfifo"):
        (tmp_path / "999000000000001.ts").symlink_to(tmp_path / "nothing")
        os.mkfifo(tmp_path / "999000000000002.ts")
    before = sorted(tmp_path.iterdir())
    with Ring(tmp_path) as ring:
        assert numbers(frames_of(ring)) == list(range(250))
    assert sorted(tmp_path.iterdir()) == before


RECORD = """
import sys, time
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from fineparser_core.live.reader import LiveReader
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import parse_source

def told(packet):
    ring.write(packet)
    if ring.span:
        print(ring.span[1], flush=True)

ring = Ring(Path(sys.argv[1]), segment_s=0.5)
LiveReader(parse_source(sys.argv[2]), [told], loop=True).start()
time.sleep(60)
"""


def kill_recording(folder, source, after_s):
    """Record, kill the program after some time, and return the time to which it had written by then."""
    command = [sys.executable, "-c", RECORD, str(folder), str(source), str(Path(ring_module.__file__).parents[2])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        last = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        times = [last, *process.stdout]
    return float(times[-1])


def check_killed(folder, source, after_s):
    last_s = kill_recording(folder, source, after_s)
    with Ring(folder) as ring:
        frames = list(frames_of(ring))
        assert last_s - frames[-1].time_s < 0.1
        shown = numbers(iter(frames))
    # One after the other, and again from 0 where the file is played again or another run was killed.
    assert all(b == a + 1 or b == 0 for a, b in itertools.pairwise(shown))


def test_everything_is_there_after_a_kill(tmp_path):
    source = transport_stream(tmp_path / "a.ts", 100, fps=50, encoder={"g": "12", "bf": "0"})
    check_killed(tmp_path / "ring", source, 0.9)


@pytest.mark.hostile
def test_everything_is_there_after_kills_at_any_moment(tmp_path):
    source = transport_stream(tmp_path / "a.ts", 100, fps=50, encoder={"g": "12", "bf": "0"})
    chance = random.Random(0)
    for _ in range(15):
        check_killed(tmp_path / "ring", source, chance.uniform(0.0, 2.0))

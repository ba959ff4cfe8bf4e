"""Hours at the pool: `python packaging/benchmarks/live_soak.py --minutes 180 [CLIP]`.

A camera on the loopback sends a clip again and again at its own speed, with stamps that go on; a ring records it, a
mirror decodes every picture a few seconds later. Prints a JSON line a minute with memory, size of the ring and missing
pictures; the exit code is 1 where one is missing, the ring grows beyond its bounds, or memory grows.
"""

import argparse
import itertools
import json
import os
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import av
import numpy as np

from fineparser_core.live.follower import RingFollower
from fineparser_core.live.packets import now_s
from fineparser_core.live.reader import LiveReader, SourceEvent, SourceState
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import parse_source
from fineparser_core.resources import resource

_DELAY_S = 5.0
_MOST_GROWTH_MB = 0.2  # a minute
_WARM_UP = 5


class Camera:
    """Sends a clip in a loop to whoever connects, as MPEG-TS over TCP."""

    def __init__(self, clip: Path) -> None:
        self.clip = clip
        self.n_sent = 0
        self.late_s = 0.0
        self.ended = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listening.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, connection.makefile("wb") as file, suppress(OSError, av.error.FFmpegError):
            self._send(file)

    def _send(self, file) -> None:
        with av.open(file, "w", format="mpegts", options={"flush_packets": "1"}) as out:
            stream = None
            began_s, start = time.monotonic(), 0
            while not self.ended.is_set():
                with av.open(str(self.clip)) as container:
                    source = container.streams.video[0]
                    stream = stream or out.add_stream_from_template(source)
                    packets = [packet for packet in container.demux(source) if packet.size]
                    first = packets[0].dts
                    length = packets[-1].dts - first + packets[-1].duration
                    for packet in packets:
                        due_s = float((start + packet.dts - first) * packet.time_base)
                        if self.ended.wait(max(began_s + due_s - time.monotonic(), 0.0)):
                            return
                        self.late_s = max(self.late_s, time.monotonic() - began_s - due_s)
                        packet.pts += start - first
                        packet.dts += start - first
                        packet.stream = stream
                        out.mux_one(packet)
                        file.flush()
                        self.n_sent += 1
                    start += length


def main() -> int:
    """Run the soak; the exit code says whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="?", type=Path, default=resource("samples/sample.mp4"), help="a video in H.264")
    parser.add_argument("--minutes", type=float, default=180.0)
    parser.add_argument("--ring-minutes", type=float, default=10.0)
    parser.add_argument("--ring-mb", type=float, default=2000.0)
    options = parser.parse_args()
    camera = Camera(options.clip)
    events: list[SourceEvent] = []
    memory, wrong = [], []
    with tempfile.TemporaryDirectory(prefix="fineparser-live-soak-") as name:
        bounds = {"most_minutes": options.ring_minutes, "most_bytes": round(options.ring_mb * 1e6)}
        with Ring(Path(name, "ring"), **bounds) as ring:
            reader = LiveReader(parse_source(camera.address), [ring.write], events.append)
            reader.start()
            mirror = Mirror(Path(name, "ring"))
            end_s = now_s() + options.minutes * 60
            while now_s() < end_s:
                time.sleep(max(min(60.0, end_s - now_s()), 0.0))
                row = state(ring, camera, reader, mirror, events)
                memory.append(row["memory_mb"])
                print(json.dumps(row), flush=True)
                most_s = options.ring_minutes * 60 + 30
                if row["missing"] or row["gaps"] or row["ring_s"] > most_s or row["ring_mb"] > options.ring_mb * 1.1:
                    wrong.append(row)
            camera.ended.set()
            reader.stop()
    growth = (
        float(np.polyfit(range(len(memory) - _WARM_UP), memory[_WARM_UP:], 1)[0]) if len(memory) > 2 * _WARM_UP else 0.0
    )
    lost = [event for event in events if event.state is SourceState.LOST][:-1]
    print(json.dumps({"memory_mb_a_minute": round(growth, 3), "wrong_minutes": len(wrong), "broken_off": len(lost)}))
    return int(bool(wrong or lost) or growth > _MOST_GROWTH_MB)


class Mirror:
    """Decodes every picture of a ring when it is a few seconds old."""

    def __init__(self, folder: Path) -> None:
        self.n_frames = 0
        self.late_s = 0.0
        self.thread = threading.Thread(target=self._show, args=(folder,), daemon=True)
        self.thread.start()

    def _show(self, folder: Path) -> None:
        for frame in RingFollower(folder).frames(0, threading.Event()):
            wait_s = frame.time_s + _DELAY_S - now_s()
            self.late_s = max(self.late_s, -wait_s)
            time.sleep(max(wait_s, 0.0))
            self.n_frames += 1


def state(
    ring: Ring, camera: Camera, reader: LiveReader, mirror: Mirror, events: list[SourceEvent]
) -> dict[str, object]:
    """Return what is printed every minute."""
    segments = ring.segments()
    times = [packet.time_s for packet in ring.packets(segments[-2].start_s if len(segments) > 1 else 0)]
    interval_s = float(np.median(np.diff(sorted(times))))
    joints = [after.start_s - before.end_s for before, after in itertools.pairwise(segments)]
    lengths = [(one.end_s - one.start_s) / interval_s - one.n_frames for one in segments[:-1]]
    return {
        "minute": round((now_s() - segments[0].start_s) / 60, 1),
        "memory_mb": resident_mb(),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "ring_s": round(sum(one.end_s - one.start_s for one in segments), 1),
        "ring_mb": round(sum(one.n_bytes for one in segments) / 1e6, 1),
        "sent": camera.n_sent,
        "received": reader.n_packets,
        "missing": ring.missing,
        "gaps": sum(abs(one) > interval_s / 2 for one in joints) + sum(abs(one) > 0.5 for one in lengths),
        "camera_late_s": round(camera.late_s, 2),
        "mirror_frames": mirror.n_frames,
        "mirror_late_s": round(mirror.late_s, 2),
        "events": len(events),
    }


def resident_mb() -> float:
    """Of this process, on Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())

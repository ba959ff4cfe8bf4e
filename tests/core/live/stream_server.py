"""Cameras made of files, on the loopback: what they send, and when they break off, is up to the test."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import av
from numbered_video import read_number, write_video

from fineparser_core.live.packets import LivePacket
from fineparser_core.live.reader import LiveReader, SourceEvent
from fineparser_core.live.segments import read_segment
from fineparser_core.live.sources import parse_source

#: What a server does with a connection; the event is set when it shall end.
Serve = Callable[[socket.socket, Event], None]


def transport_stream(path: Path, n_frames: int = 50, **options: object) -> Path:
    """Numbered frames as MPEG-TS in H.264 with B-frames, a key frame every 12."""
    return write_video(path, n_frames, format="mpegts", **{"encoder": {"g": "12", "bf": "2"}, **options})


def packets_of(path: Path, start_s: float = 1e9) -> list[LivePacket]:
    """The packets of a file as a reader hands them on."""
    packets = list(read_segment(path, start_s))
    return [LivePacket(**{**vars(packet), "follows": packet is not packets[0]}) for packet in packets]


def numbers(frames: Iterator) -> list[int]:
    """What the pictures say."""
    return [read_number(frame.picture.to_ndarray(format="rgb24")) for frame in frames]


def sends(*parts: bytes, then: Callable[[Event], object] = lambda ended: None) -> Serve:
    """Send bytes at once; what follows before the connection is closed is up to `then`."""

    def serve(connection: socket.socket, ended: Event) -> None:
        for part in parts:
            connection.sendall(part)
        then(ended)

    return serve


def sends_jpegs(frames: Sequence[bytes]) -> Serve:
    """An HTTP camera."""

    def serve(connection: socket.socket, ended: Event) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
        for frame in frames:
            connection.sendall(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(frame))
            connection.sendall(frame + b"\r\n")
        connection.sendall(b"--frame--\r\n")

    return serve


def sends_slowly(path: Path, speed: float = 1.0) -> Serve:
    """A transport stream at its own speed."""
    with av.open(str(path)) as container:
        duration_s = container.duration / av.time_base
    data = path.read_bytes()

    def serve(connection: socket.socket, ended: Event) -> None:
        began = time.monotonic()
        sent = 0
        while sent < len(data) and not ended.wait(0.005):
            due = int(min((time.monotonic() - began) * speed / duration_s, 1.0) * len(data))
            connection.sendall(data[sent:due])
            sent = due

    return serve


@contextmanager
def server(*connections: Serve) -> Iterator[int]:
    """Listen on the loopback; each connection is served by the next of these. Yields the port."""
    ended = Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)

    def run() -> None:
        for serve in connections:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(5)
                    with suppress(OSError):
                        serve(connection, ended)
                break

    thread = Thread(target=run)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        listening.close()


@contextmanager
def reading(address: str, *listeners: Callable[[LivePacket], object]) -> Iterator[list[SourceEvent]]:
    """Read an address; yields the events as they come."""
    events: list[SourceEvent] = []
    reader = LiveReader(parse_source(address), listeners, events.append)
    reader.start()
    try:
        yield events
    finally:
        assert reader.stop()


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Look every few milliseconds."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


def states(events: list[SourceEvent]) -> list[str]:
    """Their kinds."""
    return [event.state.value for event in events]

"""Cameras made of files, on the loopback: what they send, and when they break off, is up to the test."""

import socket
import time
from base64 import b64encode
from contextlib import contextmanager, suppress
from threading import TIMEOUT_MAX, Event, Thread

import av
from numbered_video import read_number, write_video

from fineparser_core.live.packets import LivePacket, PacketDecoder
from fineparser_core.live.reader import LiveReader
from fineparser_core.live.segments import read_segment
from fineparser_core.live.sources import parse_source


class Impatient(Event):
    """In place of a reader's `_stop`: plays a file as fast as it can be read."""

    def wait(self, timeout=None):
        return self.is_set()


def transport_stream(path, n_frames=50, **options):
    """Numbered frames as MPEG-TS in H.264 with B-frames, a key frame every 12."""
    return write_video(path, n_frames, format="mpegts", **{"encoder": {"g": "12", "bf": "2"}, **options})


def packets_of(path, start_s=1e9):
    """The packets of a file as a reader hands them on."""
    packets = list(read_segment(path, start_s))
    return [LivePacket(**{**vars(packet), "follows": packet is not packets[0]}) for packet in packets]


def frames_of(ring, from_s=0.0):
    """The pictures of a recording from a time on."""
    decoder, least_s = PacketDecoder(), from_s - 1e-4  # files keep times to a tick
    for packet in ring.packets(from_s):
        yield from (one for one in decoder.decode(packet) if one.time_s >= least_s)
    yield from (one for one in decoder.flush() if one.time_s >= least_s)


def numbers(frames):
    """What the pictures say."""
    return [read_number(frame.picture.to_ndarray(format="rgb24")) for frame in frames]


def sends(*parts, then=lambda ended: None):
    """Send bytes at once; what follows before the connection is closed is up to `then`."""

    def serve(connection, ended):
        for part in parts:
            connection.sendall(part)
        then(ended)

    return serve


def sends_jpegs(frames):
    """An HTTP camera."""

    def serve(connection, ended):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
        for frame in frames:
            connection.sendall(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(frame))
            connection.sendall(frame + b"\r\n")
        connection.sendall(b"--frame--\r\n")

    return serve


def sends_slowly(path, speed=1.0):
    """A transport stream at its own speed."""
    with av.open(str(path)) as container:
        duration_s = container.duration / av.time_base
    data = path.read_bytes()

    def serve(connection, ended):
        began = time.monotonic()
        sent = 0
        while sent < len(data) and not ended.wait(0.005):
            due = int(min((time.monotonic() - began) * speed / duration_s, 1.0) * len(data))
            connection.sendall(data[sent:due])
            sent = due

    return serve


@contextmanager
def server(*connections):
    """Listen on the loopback; each connection is served by the next of these. Yields the port."""
    ended = Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)

    def run():
        for serve in connections:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection, suppress(OSError):
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
def reading(address, *listeners, loop=False):
    """Read an address; yields the events as they come."""
    events = []
    reader = LiveReader(parse_source(address), listeners, events.append, loop=loop)
    reader.start()
    try:
        yield events
    finally:
        assert reader.stop(TIMEOUT_MAX)


def wait_until(condition):
    """Look every few milliseconds; pytest's time-out is the one limit."""
    while not condition():
        time.sleep(0.01)


def states(events):
    """Their kinds."""
    return [event.state.value for event in events]


def sends_rtsp(path, password=""):
    """An RTSP camera: one H.264 stream, in the connection itself; with HTTP's basic access if there is a password."""

    def serve(connection, ended):
        requests = connection.makefile("rb")
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            out = av.open(_Interleaved(connection), "w", format="rtp", options={"packetsize": "1400"})
            copy = out.add_stream_from_template(stream)
            while (request := requests.readline().split()) and not ended.is_set():
                header = {}
                while b":" in (line := requests.readline()):
                    name, _, value = line.decode().partition(":")
                    header[name.lower()] = value.strip()
                method = request[0].decode()
                body, more = "", ""
                wrong = password and b64encode(f"coach:{password}".encode()).decode() not in header.get(
                    "authorization", ""
                )
                if method == "DESCRIBE":
                    body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=a\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                    body += "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track\r\n"
                    more = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
                elif method == "SETUP":
                    more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
                status = "200 OK"
                if wrong:
                    status, body = '401 Unauthorized\r\nWWW-Authenticate: Basic realm="a"', ""
                    more = "Content-Length: 0\r\n"
                answer = f"RTSP/1.0 {status}\r\nCSeq: {header['cseq']}\r\n{more}\r\n{body}"
                connection.sendall(answer.encode())
                if method == "PLAY":
                    for packet in packets:
                        packet.stream = copy
                        out.mux_one(packet)
                    return

    return serve


class _Interleaved:
    """Packets of RTP as they go through the connection of RTSP."""

    def __init__(self, connection):
        self._connection = connection

    def write(self, data):
        channel = 1 if data[1] in range(200, 205) else 0  # RTCP
        self._connection.sendall(b"$" + bytes([channel]) + len(data).to_bytes(2, "big") + data)
        return len(data)

"""`pool_camera.py FOLDER`: a camera at the pool, which sends the sample dive between seconds of waiting.

Prints the port of the loopback at which it sends a transport stream; ends with its standard input.
"""

import sys
from pathlib import Path
from socket import socket
from threading import Event

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests"), str(_ROOT / "tests/core"), str(_ROOT / "tests/core/live")]

from pool_stream import write_stream  # noqa: E402
from stream_server import sends_slowly, server  # noqa: E402

#: The preview connects before the recording, and perhaps again.
_MOST_CONNECTIONS = 20


def main(folder: Path) -> None:
    """Send the stream to whoever stays connected, one after another, and then nothing more."""
    stream = folder / "pool.ts"
    write_stream(stream)
    send = sends_slowly(stream)

    def serve(connection: socket, ended: Event) -> None:
        send(connection, ended)
        ended.wait()

    with server(*[serve] * _MOST_CONNECTIONS) as port:
        print(port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A page of chosen files on the local network, for whoever has its address: read-only, bounded, gone when closed."""

import hmac
import io
import ipaddress
import logging
import os
import re
import secrets
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os.path import samestat
from pathlib import Path
from socketserver import TCPServer
from stat import S_ISREG
from typing import Any
from urllib.parse import quote

from fineparser_core.language import language, text
from fineparser_core.printable import printable

logger = logging.getLogger(__name__)

_TOKEN_BYTES = 16
_MOST_CONNECTIONS = 16
_MOST_HEAD_BYTES = 16_384
# For all of a request, and for each chunk of an answer.
_REQUEST_S, _CHUNK_S = 5.0, 15.0
_CHUNK_BYTES = 65_536
_POLL_S = 0.05
# Flags of `os.open`, where the system has them: follow no link, and do not wait for the writer of a pipe.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
#: Types of files that a page shows; other files are offered to be saved.
_KINDS = {
    **{".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"},
    **{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"},
    **{".pdf": "application/pdf", ".html": "text/html; charset=utf-8"},
}
_HEADERS = {
    "Connection": "close",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; media-src 'self' data:; font-src data:; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1.05rem/1.45 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem }}
h1 {{ font-size: 1.3rem }}
video, img {{ width: 100%; max-height: 80vh; object-fit: contain; border-radius: .5rem; background: #0002 }}
details {{ font-size: .85rem; opacity: .7 }}
figure {{ margin: 0 0 1.6rem }}
figcaption {{ display: flex; gap: 1rem; justify-content: space-between; overflow-wrap: anywhere }}
</style></head><body><h1>{title}</h1><p>{what}</p>
{files}
{trust}
</body></html>
"""


def local_addresses() -> list[str]:
    """Return this computer's IPv4 addresses in local networks, the likeliest first.

    Asking for its name may take seconds.
    """
    found: list[str] = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: the system says which address it would send from
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return [one for one in dict.fromkeys(found) if _is_local(one)]


def _is_local(address: str) -> bool:
    """Return True for an address of a home, a club or a phone's hotspot; others can be reached from anywhere."""
    parsed = ipaddress.ip_address(address)
    return parsed.is_private and not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def byte_range(asked: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range header requests; None for all of them, as for an unknown request.

    Raises:
        ValueError: the file has none of them.
    """
    found = _RANGE.fullmatch(asked or "")
    if found is None or found[0] == "bytes=-":
        return None
    if found[1]:
        first, last = int(found[1]), int(found[2]) if found[2] else size
        if found[2] and last < first:
            return None
    else:
        first, last = max(size - int(found[2]), 0), size
    if first >= size:
        raise ValueError("no such bytes")
    return first, min(last, size - 1)


class ShareServer:
    """Serves files on its own threads until it is closed.

    Attributes:
        url: of the page; it cannot be guessed.
        host: address and port in it.
    """

    def __init__(self, address: str, files: Mapping[int, Path], trust: str = "") -> None:
        """Begin to serve at an address of this computer.

        Args:
            trust: how far awards can be trusted, behind a quiet line below the files; "" for no line.

        Raises:
            OSError: the address is unavailable.
        """
        self._real: dict[Path, str] = {}
        self._trust = trust
        self.files = files
        self._server = _Server((address, 0), _Handler)
        self._server.share = self
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        self.host = f"{address}:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/{self.token}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="sharing", daemon=True)
        self._thread.start()

    @property
    def files(self) -> Mapping[int, Path]:
        """Shared files by the numbers in their addresses; the mapping may be replaced meanwhile."""
        return self._files

    @files.setter
    def files(self, files: Mapping[int, Path]) -> None:
        for path in files.values():
            self._real.setdefault(path, os.path.realpath(path))
        self._files = dict(files)

    def open(self, path: Path) -> io.BufferedReader:
        """Open a shared file; links that were not there when it was first chosen are not followed.

        Raises:
            OSError: the file is missing or has changed.
        """
        real = self._real[path]
        with ExitStack() as refused:
            file = refused.enter_context(open(real, "rb", opener=lambda name, flags: os.open(name, flags | _NO_LINK)))
            state = os.fstat(file.fileno())
            if os.path.realpath(real) != real or not S_ISREG(state.st_mode) or not samestat(os.lstat(real), state):
                raise FileNotFoundError(path)
            refused.pop_all()
        return file

    def close(self) -> None:
        """End it, and what is being sent."""
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_connections()
        self._thread.join()

    def page(self) -> bytes:
        """Return the page, in the language of this process."""
        title = escape(text("Dives from FineParser Studio"))
        what = text(
            "These files are on the computer that showed the code, until sharing ends there: save what you keep."
        )
        asked = escape(text("How far can an award be trusted?"))
        trust = f"<details><summary>{asked}</summary><p>{escape(self._trust)}</p></details>" if self._trust else ""
        files = "\n".join(_figure(number, path) for number, path in sorted(self.files.items()))
        code = language().replace("_", "-")
        page = _PAGE.format(language=code, title=title, what=escape(what), files=files, trust=trust)
        return page.encode(errors="replace")


def _figure(number: int, path: Path) -> str:
    name, kind = escape(printable(path.name)), _KINDS.get(path.suffix.lower(), "")
    shown = ""
    if kind.startswith("video/"):
        shown = f'<video src="{number}" controls playsinline preload="metadata"></video>'
    elif kind.startswith("image/"):
        shown = f'<a href="{number}"><img src="{number}" alt="{name}" loading="lazy"></a>'
    named = f'<a href="{number}">{name}</a>' if kind else f"<span>{name}</span>"
    save_text = escape(text("Save"))  # not inside an f-string, where texts are not collected
    save = f'<a href="{number}" download="{name}">{save_text}</a>'
    return f"<figure>{shown}<figcaption>{named}{save}</figcaption></figure>"


class _Server(ThreadingHTTPServer):
    """Bounds how many connections are open: those that have not sent the token give way to whoever comes."""

    daemon_threads, request_queue_size = True, 64
    share: ShareServer

    def __init__(self, *args: Any) -> None:
        # The oldest first; with the address until the token was sent, then "".
        self._connections: dict[socket.socket, str] = {}
        self._lock = threading.Lock()
        super().__init__(*args)

    def server_bind(self) -> None:
        """Bind without looking up this computer's name, which may take seconds."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            full = len(self._connections) >= _MOST_CONNECTIONS and not self._drop_waiting()
            if not full:
                self._connections[request] = client_address[0]
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def trust(self, request: socket.socket) -> None:
        """Keep a connection that has sent the token."""
        with self._lock:
            if request in self._connections:
                self._connections[request] = ""

    def _drop_waiting(self) -> bool:
        """Shut the oldest connection of the address with the most of them; False if there is none."""
        waiting = {one: address for one, address in self._connections.items() if address}
        if not waiting:
            return False
        ((busiest, _),) = Counter(waiting.values()).most_common(1)
        oldest = next(one for one, address in waiting.items() if address == busiest)
        del self._connections[oldest]
        with suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)
        return True

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exc_info()[1]
        logger.info("sharing: a connection ended early: %s", error, exc_info=not isinstance(error, OSError))

    def drop_connections(self) -> None:
        """Shut all that are open; their threads then end."""
        with self._lock:
            for one in self._connections:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Answers a request, whose head was read within bounds."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "FineParser", ""
    error_message_format, error_content_type = "%(code)d %(message)s\n", "text/plain; charset=utf-8"

    def setup(self) -> None:
        super().setup()
        self.rfile.close()  # as long as it is open, so is the connection
        self.rfile = io.BytesIO(self._read_head())
        self.connection.settimeout(_CHUNK_S)

    def do_GET(self) -> None:
        """Send the page, or a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of `do_GET` alone."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, as requests hold the secret part of the address."""

    def _read_head(self) -> bytes:
        """Return a request without its body, read until its time is over."""
        head, ends_s = b"", time.monotonic() + _REQUEST_S
        while b"\r\n\r\n" not in head:
            left_s = ends_s - time.monotonic()
            if left_s <= 0:  # also for whoever has sent something meanwhile
                raise TimeoutError("the request took too long")
            self.connection.settimeout(left_s)
            got = self.connection.recv(_MOST_HEAD_BYTES + 1 - len(head))
            head += got
            if not got or len(head) > _MOST_HEAD_BYTES:
                raise ConnectionError("no request, or too long a one")
        return head

    def _answer(self, *, with_body: bool) -> None:
        share = self.server.share
        _, _, path = self.path.partition("/")
        token, _, wanted = path.partition("/")
        # A page elsewhere whose name was made to point here (DNS rebinding) sends that name.
        is_here = self.headers["Host"] in (None, share.host)
        if not is_here or self.path[:1] != "/" or not hmac.compare_digest(token.encode(), share.token.encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.server.trust(self.connection)
        if not wanted:
            page = share.page()
            self._send(io.BytesIO(page), len(page), {"Content-Type": _KINDS[".html"]}, with_body=with_body)
        else:
            try:
                chosen = {str(number): path for number, path in share.files.items()}[wanted]
                file = share.open(chosen)
            except (KeyError, OSError):
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            with file:
                headers = {
                    "Content-Type": _KINDS.get(chosen.suffix.lower(), "application/octet-stream"),
                    "Content-Disposition": f"inline; filename*=UTF-8''{quote(chosen.name.encode(errors='replace'))}",
                }
                self._send(file, os.fstat(file.fileno()).st_size, headers, with_body=with_body)

    def _send(self, body: io.BufferedIOBase, size: int, headers: dict[str, str], *, with_body: bool) -> None:
        try:
            asked = byte_range(self.headers["Range"], size)
        except ValueError:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self._end_headers({"Content-Range": f"bytes */{size}", "Content-Length": "0"})
            return
        first, last = asked or (0, size - 1)
        length = last + 1 - first
        headers |= {"Content-Length": str(length), "Accept-Ranges": "bytes"}
        if asked is not None:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        self.send_response(HTTPStatus.OK if asked is None else HTTPStatus.PARTIAL_CONTENT)
        self._end_headers(headers)
        body.seek(first)
        while with_body and length > 0 and (chunk := body.read(min(length, _CHUNK_BYTES))):
            self.wfile.write(chunk)
            length -= len(chunk)

    def _end_headers(self, headers: dict[str, str]) -> None:
        for name, value in (_HEADERS | headers).items():
            self.send_header(name, value)
        self.end_headers()

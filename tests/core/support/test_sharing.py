"""The page for phones, as a phone and as anybody else ask for it, at 127.0.0.1."""

import http.client
import os
import socket
import threading
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from platforms import ON_WINDOWS

from fineparser_core.support import sharing
from fineparser_core.support.sharing import ShareServer, byte_range, local_addresses

CLIP = bytes(range(256)) * 2000
#: A time limit that a test does not see.
NEVER_S = 1e6
# Windows has no names with quotation marks and angle brackets.
ODD, ODD_IN_HTML, ODD_IN_URL = (
    ("a & 'c' é.png", "a &amp; &#x27;c&#x27; é.png", "a%20%26%20%27c%27%20%C3%A9.png")
    if ON_WINDOWS
    else ('a <b> & "c" é.png', "a &lt;b&gt; &amp; &quot;c&quot; é.png", "a%20%3Cb%3E%20%26%20%22c%22%20%C3%A9.png")
)


@pytest.fixture
def share(tmp_path, monkeypatch):
    """Two files that are shared, and one beside them that is not; however slow the machine, no time is up."""
    for limit in ("_REQUEST_S", "_CHUNK_S"):
        monkeypatch.setattr(sharing, limit, NEVER_S)
    for name in ("dive.mp4", ODD, "secret.mp4"):
        (tmp_path / name).write_bytes(CLIP)
    server = ShareServer("127.0.0.1", {0: tmp_path / "dive.mp4", 2: tmp_path / ODD})
    yield server
    server.close()


def ask(share, wanted, method="GET", **headers):
    """Status, headers and body of an answer; `wanted` begins behind the secret part, or with "/" at the root."""
    url = urlsplit(share.url)
    connection = http.client.HTTPConnection("127.0.0.1", url.port or 0)
    connection.request(method, wanted if wanted.startswith("/") else url.path + wanted, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def raw(share, data=b""):
    connection = socket.create_connection(("127.0.0.1", urlsplit(share.url).port or 0))
    try:
        connection.sendall(data)
    except OSError:
        connection.close()
        raise
    return connection


def ended(connection):
    """All that comes until the other side ends."""
    got = b""
    try:
        while data := connection.recv(65536):
            got += data
    except ConnectionError:
        pass
    connection.close()
    return got


def test_the_page_and_its_files(share):
    status, headers, body = ask(share, "")
    page = body.decode()
    assert status == 200
    assert '<video src="0" controls playsinline' in page
    assert '<img src="2"' in page
    assert ODD_IN_HTML in page
    assert "<b>" not in page
    assert "secret" not in page
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "script" not in headers["Content-Security-Policy"]
    status, headers, body = ask(share, "0")
    assert (status, body, headers["Content-Type"]) == (200, CLIP, "video/mp4")
    assert ask(share, "2")[1]["Content-Disposition"].endswith(ODD_IN_URL)
    assert ask(share, "0", "HEAD")[2] == b""
    assert ask(share, "0", "HEAD")[1]["Content-Length"] == str(len(CLIP))


def test_a_name_that_was_made_to_point_here_gets_nothing(share):
    for host in (
        "pool.example",
        f"pool.example:{urlsplit(share.url).port}",
        "127.0.0.1",
        f"localhost{share.host[9:]}",
        "",
    ):
        assert ask(share, "", Host=host)[0] == 404
        assert ask(share, "0", Host=host)[0] == 404
    assert ask(share, "", Host=share.host)[0] == 200


def test_parts_of_a_video(share):
    status, headers, body = ask(share, "0", Range="bytes=10-19")
    assert (status, headers["Content-Range"], body) == (206, f"bytes 10-19/{len(CLIP)}", CLIP[10:20])
    assert ask(share, "0", Range="bytes=-5")[2] == CLIP[-5:]
    assert ask(share, "0", Range=f"bytes={len(CLIP) - 3}-")[2] == CLIP[-3:]
    assert ask(share, "0", Range="bytes=0-99999999")[2] == CLIP
    for beyond in (f"bytes={len(CLIP)}-", "bytes=-0", "bytes=999999999999999-"):
        assert ask(share, "0", Range=beyond)[0] == 416
    for odd in (
        "bytes=5-1",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2,4-5",
        "lines=1-2",
        "bytes=" + "9" * 40 + "-",
        "bytes=²-",
    ):
        assert (byte_range(odd, 100), ask(share, "0", Range=odd)[0]) == (None, 200)
    assert byte_range(None, 0) is None


def test_nothing_else_is_served(share):
    for wanted in (
        *("1", "3", "-1", "00", "%C2%B2", "secret.mp4", "dive.mp4", "../secret.mp4", "..%2fsecret.mp4", "0/", "0/../1"),
        *("%30", "0\\..\\1", "/", "/0", "/wrong/", "/wrong/0", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"),
        "/../../etc/passwd",
    ):
        status, _, body = ask(share, wanted)
        assert (status, body) == (404, b"404 Not Found\n"), wanted


def test_a_file_that_is_gone_or_no_longer_chosen(share):
    share.files[0].unlink()
    assert ask(share, "0")[0] == 404
    share.files = {}
    assert ask(share, "2")[0] == 404


@pytest.mark.skipif(os.name == "nt", reason="Windows lets administrators alone make links")
@pytest.mark.parametrize("kind", ["link", "link of its folder", "pipe"])
def test_a_file_that_is_swapped_is_not_served(share, tmp_path, kind):
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "dive.mp4").write_bytes(CLIP)
    (tmp_path / "real" / "dive.mp4").write_bytes(CLIP)
    (tmp_path / "linked").symlink_to("real")
    shared = tmp_path / "linked" / "dive.mp4"  # links that the coach has chosen are followed
    share.files = {0: shared}
    assert ask(share, "0")[0] == 200
    if kind == "link of its folder":
        (tmp_path / "real").rename(tmp_path / "moved")
        (tmp_path / "real").symlink_to("other")
    else:
        shared.unlink()
        os.mkfifo(shared) if kind == "pipe" else shared.symlink_to(tmp_path / "other" / "dive.mp4")
    assert ask(share, "0")[0] == 404
    share.files = {0: shared, 1: tmp_path / "dive.mp4"}  # the coach chooses one more
    assert [ask(share, number)[0] for number in "01"] == [404, 200]


def test_the_secret_part_is_128_random_bits_and_compared_whole(share):
    assert len(share.token) == 22
    for wrong in (share.token[:-1], share.token + "a", share.token.swapcase(), "", "é"):
        answer = ended(raw(share, f"GET /{wrong}/0 HTTP/1.1\r\n\r\n".encode()))
        assert answer.startswith(b"HTTP/1.1 404")
    absolute = f"GET {share.url} HTTP/1.1\r\n\r\n"
    assert ended(raw(share, absolute.encode())).startswith(b"HTTP/1.1 404")


def test_nothing_can_be_written(share):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", "X" * 300):
        head = f"{method} {urlsplit(share.url).path}0 HTTP/1.1\r\nContent-Length: 1000\r\n\r\n".encode()
        assert ended(raw(share, head + b"x" * 1000)).split(b" ")[1] == b"501", method
    assert share.files[0].read_bytes() == CLIP


def test_requests_that_are_too_long_or_none_end_at_once(share):
    path = urlsplit(share.url).path.encode()
    for data in (
        b"GET " + path + b" HTTP/1.1\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 1_000_000,
        b"GET " + path + b" HTTP/1.1\r\n" + b"A: b\r\n" * 100_000,
    ):
        try:
            connection = raw(share, data)
        except ConnectionError:  # refused while it was still sent
            continue
        assert ended(connection) == b""
    many = b"GET " + path + b" HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n"
    assert ended(raw(share, many)).startswith(b"HTTP/1.1 431")
    for data in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n"):
        assert b" 200 " not in ended(raw(share, data))
    assert ask(share, "")[0] == 200


def test_a_phone_gets_in_beside_strangers(share, tmp_path):
    (tmp_path / "long.mp4").write_bytes(bytes(20_000_000))
    share.files = {0: tmp_path / "long.mp4"}
    request = f"GET {urlsplit(share.url).path}0 HTTP/1.1\r\n\r\n".encode()
    downloading, begun = raw(share, request), raw(share, request[:10])
    start = downloading.recv(1000)
    with ExitStack() as others:
        for _ in range(3 * sharing._MOST_CONNECTIONS):
            others.enter_context(raw(share, b"GET / HT"))
        assert ended(raw(share, request.replace(b"0 HTTP", b" HTTP"))).startswith(b"HTTP/1.1 200")
        assert len(start + ended(downloading)) > 20_000_000
        assert ended(begun) == b""  # one of the others as long as it has not sent the token
        phones = [raw(share, request) for _ in range(sharing._MOST_CONNECTIONS)]
        assert all(phone.recv(1) for phone in phones)
        assert ended(raw(share, b"")) == b""
        for phone in phones:
            phone.close()


def test_whoever_stops_reading_is_left(share, monkeypatch, tmp_path):
    monkeypatch.setattr(sharing, "_CHUNK_S", 0.2)
    (tmp_path / "long.mp4").write_bytes(bytes(20_000_000))
    share.files = {0: tmp_path / "long.mp4"}
    before = threading.active_count()
    connection = raw(share, f"GET {urlsplit(share.url).path}0 HTTP/1.1\r\n\r\n".encode())
    connection.recv(1)
    while threading.active_count() > before:
        time.sleep(0.05)
    connection.close()


def test_closing_ends_all_of_it(share, tmp_path):
    (tmp_path / "long.mp4").write_bytes(bytes(20_000_000))
    share.files = {0: tmp_path / "long.mp4"}
    waiting = raw(share, b"GET /")
    sending = raw(share, f"GET {urlsplit(share.url).path}0 HTTP/1.1\r\n\r\n".encode())
    sending.recv(1000)
    share.close()
    assert len(ended(sending)) < 20_000_000
    assert ended(waiting) == b""
    with pytest.raises(OSError, match="refused"):
        raw(share)


def test_addresses_are_of_local_networks(monkeypatch):
    known = ["127.0.0.1", "8.8.8.8", "169.254.3.4", "192.168.1.7", "10.8.0.2", "192.168.1.7"]
    monkeypatch.setattr(socket, "gethostbyname_ex", lambda name: (name, [], known))
    assert [one for one in local_addresses() if one in known] == ["192.168.1.7", "10.8.0.2"]

"""Sources of live pictures: cameras of this computer, network cameras, a watched folder, a file as stand-in.

An address is a single text, as it is typed, remembered and given to `fineparser watch`; it is checked here and nowhere
else. FFmpeg gets no protocol and no format that this module does not name: no playlists, no files that name other
files.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import av

from fineparser_core.errors import ConfigError, VideoError
from fineparser_core.support.codec import LONGEST_PATH
from fineparser_core.video.files import files_in
from fineparser_core.video.probe import open_video

#: Seconds to wait for a connection, and for its next packet.
TIMEOUT_S = 5.0
_CAMERA_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_STREAM_FORMATS = "mpegts,mpjpeg,mjpeg,flv,matroska,webm,h264,hevc,mov,mp4,rtsp,rtp,sdp"
# Options of FFmpeg by scheme: protocols allowed on the way, and further settings.
_NETWORK: Mapping[str, dict[str, str]] = {
    "rtsp": {"protocol_whitelist": "rtsp,rtp,udp,tcp", "rtsp_flags": "prefer_tcp"},
    "rtsps": {"protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto", "rtsp_transport": "tcp"},
    "http": {"protocol_whitelist": "http,tcp"},
    "https": {"protocol_whitelist": "https,tls,tcp"},
    "udp": {"protocol_whitelist": "udp", "fifo_size": "200000", "overrun_nonfatal": "1"},
    "tcp": {"protocol_whitelist": "tcp"},
    "rtmp": {"protocol_whitelist": "rtmp,tcp"},
}
_FORMATS = {"rtsp": "rtsp", "rtsps": "rtsp", "udp": "mpegts", "tcp": "mpegts", "rtmp": "flv"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # a single letter is a drive of Windows
# Name of the user, where a password follows it.
_USER = re.compile(r"[^:/?#&=]+(?=:)")
# Separators of the parts of a path; a part NAME=VALUE is hidden, unless its name shows that the value is no secret.
_SEPARATOR = re.compile(r"[/&;,]|_(?=[A-Za-z]+=)")
_NO_SECRET = re.compile(
    r"(ch|chan|channel|cam|camera|stream|subtype|profile|resolution|size|fps|rate|codec|type|format|proto|unicast)=[\w.-]*",
    re.IGNORECASE,
)
# Parts of a path that are secrets without NAME=: the part after a name of this kind, and random letters and digits.
_NAMED = re.compile(r"(?<=/)(\w*(?:key|token|secret|password|passwd|pass|pwd|auth|session))/[^/]+", re.IGNORECASE)
_RANDOM = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}")
_LINUX_CAMERA = re.compile(r"/dev/video\d{1,3}")


class SourceKind(StrEnum):
    """Kinds of sources."""

    CAMERA = "camera"
    NETWORK = "network"
    FOLDER = "folder"
    FILE = "file"


@dataclass(frozen=True)
class StreamSource:
    """A checked address.

    Attributes:
        shown: the address for people and logs, and to be remembered: without secrets and query.
        address: address that FFmpeg opens, secrets included: never logged, never shown.
        format: FFmpeg's name of the format; None if it is found by the content.
        options: of FFmpeg.
    """

    kind: SourceKind
    shown: str
    address: str = field(repr=False)
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> Path:
        """Path of a folder or a file."""
        return Path(self.address)

    def __str__(self) -> str:
        return self.shown


def parse_source(text: str) -> StreamSource:
    """Check an address.

    Args:
        text: "camera:/dev/video0?size=1920x1080&rate=60" as `list_cameras` names it, size and rate if they matter;
            rtsp://, http(s)://, udp://, tcp:// and rtmp:// addresses; the path of a folder or a video.

    Raises:
        ConfigError: it is none of these; the text has no password.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_PATH or any(ord(letter) < ord(" ") for letter in text):
        raise ConfigError("There is no address of a camera: type one, such as rtsp://192.168.0.20:554/live.")
    if text.startswith("camera:"):
        return _camera(text)
    if scheme := _SCHEME.match(text):
        return _network(scheme[1].lower(), text)
    path = Path(text).expanduser()
    if path.is_dir():
        return StreamSource(SourceKind.FOLDER, str(path), str(path.resolve()))
    if path.is_file():
        return StreamSource(SourceKind.FILE, str(path), str(path.resolve()))
    shown = _without_secrets(text) if "@" in text or "=" in text else text
    raise ConfigError("{0}: there is no such camera, folder or video: check the address.", shown)


def list_cameras() -> list[tuple[str, str]]:
    """Return addresses, for `parse_source`, and names of the cameras here, as far as the system and FFmpeg tell."""
    if sys.platform == "linux":
        return [
            (f"camera:/dev/{device.name}", _line(device / "name") or device.name)
            for device in sorted(Path("/sys/class/video4linux").glob("video*"), key=lambda one: int(one.name[5:]))
            if _line(device / "index") in ("0", "")  # others of the same camera carry no pictures
        ]
    try:
        from av.device import enumerate_input_devices

        found = enumerate_input_devices(_CAMERA_FORMATS.get(sys.platform, ""))
    except (ImportError, ValueError, av.error.FFmpegError):
        return []
    return [(f"camera:{one.name}", one.description or one.name) for one in found if "video" in one.media_types]


class DropFolder:
    """A folder into which a phone or a camera drops files; those that are there already count."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: set[Path] = set()
        self._sizes: dict[Path, tuple[int, int]] = {}

    def new_files(self) -> list[Path]:
        """Return the videos that arrived and are whole: size and time stood still since the last call, and they open.

        Call it every second or two.
        """
        ready = []
        for path in files_in(self._folder)[0]:
            if path in self._done:
                continue
            try:
                state = path.stat()
                size = (state.st_size, state.st_mtime_ns)
                if not state.st_size or self._sizes.get(path) != size:
                    self._sizes[path] = size
                    continue
                with open_video(path):
                    pass
            except (OSError, VideoError):
                continue
            self._done.add(path)
            self._sizes.pop(path, None)
            ready.append(path)
        return ready


def _camera(text: str) -> StreamSource:
    name, _, query = text.removeprefix("camera:").partition("?")
    known = {address for address, _ in list_cameras()}
    if f"camera:{name}" not in known and not (sys.platform == "linux" and _LINUX_CAMERA.fullmatch(name)):
        raise ConfigError("There is no camera {0} at this computer: plug it in, or choose another one.", name)
    options = {"size": "video_size", "rate": "framerate", "codec": "input_format"}
    values = {"size": r"\d{2,4}x\d{2,4}", "rate": r"\d{1,3}(\.\d{1,3})?", "codec": "mjpeg|h264|hevc|yuyv422|nv12"}
    chosen = {}
    for key, value in parse_qsl(query):
        if key not in options or not re.fullmatch(values[key], value):
            raise ConfigError(
                "{0} is no setting of a camera: write size=1920x1080, rate=60 or codec=mjpeg.", "=".join((key, value))
            )
        chosen[options[key]] = value
    address = {"darwin": f"{name}:none", "win32": f"video={name}"}.get(sys.platform, name)
    form = _CAMERA_FORMATS.get(sys.platform, "")
    return StreamSource(SourceKind.CAMERA, text, address, form or None, chosen | {"format_whitelist": form})


def _network(scheme: str, text: str) -> StreamSource:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(
            "The address of the camera is not complete: write it as rtsp://192.168.0.20:554/live."
        ) from None
    if scheme not in _NETWORK:
        raise ConfigError("{0}:// is no address of a camera: use rtsp, http, https, udp, tcp or rtmp.", scheme[:20])
    shown = _without_secrets(text)
    if scheme in ("udp", "tcp") and not port:
        raise ConfigError("{0} says no port: write it as {1}://192.168.0.20:5000.", shown, scheme)
    if scheme in ("udp", "tcp") and parts.query not in ("", "listen=1"):  # FFmpeg reads options there
        raise ConfigError("{0}: an address of this kind takes no options but listen=1: leave them out.", scheme)
    if not host and scheme != "udp":  # udp://@:5000 listens
        raise ConfigError("The address of the camera is not complete: write it as rtsp://192.168.0.20:554/live.")
    options = {**_NETWORK[scheme], "format_whitelist": _STREAM_FORMATS}
    return StreamSource(SourceKind.NETWORK, shown, text, _FORMATS.get(scheme), options)


def _without_secrets(address: str) -> str:
    """Hide what may be a secret in an address.

    A password may be typed as it is, with "/", "?" and "@" in it: all before the last "@" may belong to it.
    """
    begins = scheme.end() if (scheme := _SCHEME.match(address)) else 0
    secret, at, rest = address[begins:].rpartition("@")
    user = f"{name[0]}:" if (name := _USER.match(secret)) else ""
    host, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    if scheme:
        path = _RANDOM.sub("***", _NAMED.sub(r"\1/***", slash + path)).removeprefix("/")
    for part in _SEPARATOR.split(path):
        if "=" in unquote(part) and not _NO_SECRET.fullmatch(part):
            path = path.replace(part, "***")
    listens = "?listen=1" if rest.endswith("?listen=1") else ""
    return f"{address[:begins]}{user}{'***' if secret else ''}{at}{host}{slash}{path}{listens}"


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()[:100]
    except OSError:
        return ""

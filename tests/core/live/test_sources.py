import os
import re

import pytest
from numbered_video import write_video
from platforms import windows_only

from fineparser_core.errors import ConfigError
from fineparser_core.live.sources import DropFolder, SourceKind, list_cameras, parse_source


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://coach:se%20cret@10.0.0.5:554/live?token=abc", "rtsp://coach:***@10.0.0.5:554/live"),
        ("https://user:secret@cam.example/x", "https://user:***@cam.example/x"),
        ("rtsp://a:12/secret@10.0.0.5/live", "rtsp://a:***@10.0.0.5/live"),
        ("rtsp://coach:12@3?#/secret@10.0.0.5:554/live", "rtsp://coach:***@10.0.0.5:554/live"),
        ("https://secret@cam.example/x", "https://***@cam.example/x"),
        ("rtsp://10.0.0.5/user=secret&password=secret&channel=1_s.sdp", "rtsp://10.0.0.5/***&***&channel=1_s.sdp"),
        (
            "rtsp://10.0.0.5/user=a_password=secret_channel=1_stream=0.sdp",
            "rtsp://10.0.0.5/***_***_channel=1_stream=0.sdp",
        ),
        ("https://cam.example/live/key=secret/1", "https://cam.example/live/***/1"),
        ("https://cam.example/x;api_key=secret?x=abc#abc", "https://cam.example/x;api_***"),
        ("https://cam.example/key%3Dsecret", "https://cam.example/***"),
        ("https://cam.example/access_token/secret/live", "https://cam.example/access_token/***/live"),
        ("rtsps://10.0.0.5:7441/s3creTabcdEFGH12?enableSrtp", "rtsps://10.0.0.5:7441/***"),
        ("rtsp://10.0.0.5/Streaming/Channels/101", "rtsp://10.0.0.5/Streaming/Channels/101"),
        ("udp://@:5000", "udp://@:5000"),
        ("tcp://0.0.0.0:5000?listen=1", "tcp://0.0.0.0:5000?listen=1"),
        ("tcp://[::1]:5000", "tcp://[::1]:5000"),
        ("rtmp://10.0.0.5/live/key", "rtmp://10.0.0.5/live/key"),
    ],
)
def test_network_addresses(address, shown):
    source = parse_source(address)
    assert source.kind is SourceKind.NETWORK
    assert source.shown == str(source) == shown
    assert source.address == address
    assert not re.search("s[e3]cret|se%20cret|abc", repr(source), re.IGNORECASE)
    assert parse_source(shown).shown == shown  # as it is remembered
    assert "file" not in source.options["protocol_whitelist"].split(",")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x" * 5000,
        "rtsp://",
        "rtsp://10.0.0.5:99999999/",
        "file:///etc/passwd",
        "concat:a.mp4|b.mp4",
        "subfile,,start,0,end,9,,:a.mp4",
        "pipe:0",
        "data://text",
        "hls+http://host/a.m3u8",
        "http://host/a\nb",
        "udp://10.0.0.5:5000?fifo_size=1&localaddr=x",
        "udp://10.0.0.5",
        "coach:secret@10.0.0.5/live",
        "coach:a://secret@10.0.0.5/live",
        "10.0.0.5/key=secret@",
        "tcp://coach:a@secret/@10.0.0.5",
        "camera:/etc/passwd",
        "camera:/dev/video0:x",
        "camera:/dev/video0?size=big",
        "camera:/dev/video0?f=concat",
        "/no/such/file.mp4",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigError) as raised:
        parse_source(address)
    assert "secret" not in str(raised.value)


def test_cameras_have_settings(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    source = parse_source("camera:/dev/video0?size=1920x1080&rate=59.94&codec=mjpeg")
    assert (source.kind, source.address, source.format) == (SourceKind.CAMERA, "/dev/video0", "v4l2")
    chosen = {"video_size": "1920x1080", "framerate": "59.94", "input_format": "mjpeg"}
    assert source.options == chosen | {"format_whitelist": "v4l2"}
    assert all(address.startswith("camera:/dev/video") for address, _ in list_cameras())


def test_files_and_folders(tmp_path):
    assert parse_source(str(tmp_path)).kind is SourceKind.FOLDER
    (tmp_path / "a.mp4").touch()
    assert parse_source(str(tmp_path / "a.mp4")).kind is SourceKind.FILE


@pytest.mark.parametrize(
    "path", [r"C:\club\gone.mp4", "C:/club/gone.mp4", "C://club/gone.mp4", r"\\server\share\gone.mp4"]
)
def test_a_drive_and_a_share_of_windows_are_paths(path):
    with pytest.raises(ConfigError, match="there is no such camera, folder or video") as raised:
        parse_source(path)
    assert str(raised.value).startswith(f"{path}: ")


@windows_only
def test_slashes_after_a_drive_may_be_any(tmp_path):
    (tmp_path / "a.mp4").touch()
    drive, rest = os.path.splitdrive(tmp_path / "a.mp4")
    for text in (f"{drive}{rest}", f"{drive}/{rest}".replace("\\", "/"), rf"\\?\{drive}{rest}"):
        assert parse_source(text).kind is SourceKind.FILE


def test_a_dropped_file_counts_when_it_is_whole(tmp_path):
    folder = DropFolder(tmp_path)
    whole = write_video(tmp_path.parent / "whole.mp4", 16).read_bytes()
    new = tmp_path / "new.mp4"
    new.write_bytes(whole[:300])
    assert folder.new_files() == []
    assert folder.new_files() == []  # it stands still, but cannot be opened
    new.write_bytes(whole)
    assert folder.new_files() == []  # it has just grown
    assert folder.new_files() == [new]
    assert folder.new_files() == []

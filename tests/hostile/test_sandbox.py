"""The sandbox tells every way to end from every other."""

import os
import signal
import time
from pathlib import Path

import pytest
from sandbox import Sandbox

from fineparser_core.errors import VideoError


def act(path: Path) -> int:
    """End the way that the file's name says."""
    way = path.stem
    if way == "refused":
        raise VideoError(f"{path.name} is not a video.")
    if way == "unclear":
        raise VideoError("")
    if way == "traceback":
        raise KeyError("width")
    if way == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if way == "hang":
        time.sleep(60)
    if way == "memory":
        return len(bytes(80_000_000).replace(b"\0", b"\1"))
    if way == "stray file":
        path.with_suffix(".tmp").touch()
    return 1


@pytest.fixture
def small_sandbox(measures_a_child, tmp_path, left_s):
    box = Sandbox(tmp_path / "scratch", left_s, extra_mb=50.0)
    yield box
    box.close()


def test_each_way_to_end_is_told(small_sandbox, tmp_path):
    ways = ("right", "refused", "unclear", "traceback", "crash", "hang", "memory", "stray file", "right")
    folder = tmp_path / "cases"
    folder.mkdir()
    patient = small_sandbox.silent_s
    for way in ways:
        small_sandbox.silent_s = (lambda: 0.0) if way == "hang" else patient
        assert small_sandbox.run("test_sandbox:act", folder / f"{way}.mp4").kind == way
    assert not list(folder.iterdir())

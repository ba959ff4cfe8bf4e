"""Untrusted session files: each opens, or is one clear sentence; and the window shows what opened."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from damage import for_examples
from hostile_sessions import BOMBS, hostile_sessions, odd_files
from sandbox import REFUSED, RIGHT

from fineparser_core.errors import ConfigError
from fineparser_gui.session.session_file import read_session, session_json, write_session

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox reads /proc")

N_SESSIONS = 1000
#: Read whole by every run.
N_QUICK = 80
SHOWN_QUICK = ("as it should be", "frames beyond the end", "drawings far away", "a name with tags")


def read_and_write(path):
    """Dives of a session, which is the same once it was written and read again."""
    saved = read_session(path)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        write_session(saved, copy)
        again = read_session(copy)
        # Points are written to the hundredth of a pixel, and others write more.
        assert session_json(again, copy.parent) == copy.read_bytes()
    return len(saved.dives)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_video):
    """A folder with the video of the sessions."""
    made = tmp_path_factory.mktemp("sessions")
    shutil.copy(small_video, made / "clip.mp4")
    return made


def put(folder, data):
    path = folder / "a.fineparser"
    path.write_bytes(data)
    return path


def _opens(path):
    try:
        read_session(path)
    except ConfigError:
        return False
    return True


@pytest.mark.timeout(900)
@pytest.mark.parametrize("n", [N_QUICK, pytest.param(N_SESSIONS, marks=pytest.mark.hostile)])
def test_sessions_of_a_generator(sandbox, folder, n):
    def check(data):
        outcome = sandbox.run("test_sessions:read_and_write", put(folder, data))
        assert not outcome.fault, outcome

    for_examples(n, hostile_sessions(), check)


def test_sessions_made_on_purpose(sandbox, folder):
    for name, make in BOMBS.items():
        outcome = sandbox.run("test_sessions:read_and_write", put(folder, make()))
        assert outcome.kind in ((RIGHT,) if name in SHOWN_QUICK else (RIGHT, REFUSED)), (name, outcome)
    for name, path in odd_files(folder / "odd").items():
        outcome = sandbox.run("test_sessions:read_and_write", path)
        assert outcome.kind == REFUSED, (name, outcome)
    shutil.rmtree(folder / "odd")


@pytest.mark.parametrize("names", [SHOWN_QUICK, pytest.param(tuple(BOMBS), marks=pytest.mark.hostile)])
def test_the_window_shows_sessions_made_on_purpose(sandbox, folder, names):
    for name in names:
        outcome = sandbox.run("window_actions:show_session", put(folder, BOMBS[name]()), progress=True)
        assert not outcome.fault, (name, outcome)


@pytest.mark.hostile
@pytest.mark.timeout(1200)
def test_the_window_shows_sessions_of_a_generator(sandbox, folder):
    def check(data):
        path = put(folder, data)
        if _opens(path) or not len(data) % 40:  # of those that do not open, a few will do
            outcome = sandbox.run("window_actions:show_session", path, progress=True)
            assert not outcome.fault, outcome

    for_examples(2 * N_SESSIONS, hostile_sessions(), check)

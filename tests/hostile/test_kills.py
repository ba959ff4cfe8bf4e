"""A program killed at any step: what was confirmed is there, old or new whole, and the next start leaves no litter."""

import shutil
import tempfile
from pathlib import Path

import pytest
from kills import kill_everywhere, preload

# In memory, where there is such a file system: a kill does not care for the disk, and every case syncs it often.
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    made = preload(tmp_path_factory.mktemp("preload"))
    if made is None:
        pytest.skip("needs Linux and a C compiler")
    return made


@pytest.fixture
def folder(tmp_path):
    place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else tmp_path))
    yield place
    shutil.rmtree(place)


def check(killed):
    assert killed.wrong == []
    assert killed.n_kills > 5


def test_a_few_kills(library, folder):
    for name, every in (("session", 1), ("library", 67), ("history", 13)):
        (folder / name).mkdir()
        check(kill_everywhere(name, folder / name, library, every))


def test_a_careless_writer_is_found_out(library, folder):
    killed = kill_everywhere("careless", folder, library)
    assert any("found [None]" in fault for fault in killed.wrong), killed


@pytest.mark.hostile
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "name", ["session", "kept", "preferences", "history", "library", "repair", "bundle", "rendered"]
)
def test_kills_at_every_sync_and_rename(library, folder, name):
    check(kill_everywhere(name, folder, library))

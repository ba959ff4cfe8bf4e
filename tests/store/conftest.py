"""A folder for stores that is no disk, where there is one: kills and damage do not care, and syncs take long."""

import shutil
import tempfile
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(tmp_path):
    made = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else tmp_path))
    yield made
    shutil.rmtree(made)

"""What many tests share: the folder of real material and small videos whose frames say their own number."""

import gc
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes: their threads would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from numbered_video import read_number, write_video

from fineparser_core.resources import resource
from fineparser_core.support.atomic import temporary_path

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"
#: Share of pytest's time-out after which a wait for what does not come ends: it tells what was waited for.
_WAITED = 0.9
_waits_end_s = math.inf


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(settings: Any) -> None:
    """Note when the waits of a test end."""
    global _waits_end_s
    _waits_end_s = time.monotonic() + _WAITED * settings.timeout


@pytest.fixture(scope="session")
def left_s() -> Callable[[], float]:
    """`left_s()`: seconds for which the present test may still wait; pytest's time-out is the one limit."""
    return lambda: max(_waits_end_s - time.monotonic(), 0)


def _encodable(thing: object) -> object:
    if isinstance(thing, str):
        return thing.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(thing, dict):
        return {key: _encodable(value) for key, value in thing.items()}
    return type(thing)(map(_encodable, thing)) if isinstance(thing, list | tuple) else thing


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Iterator[None]:
    """What a test has logged of a name that is no Unicode travels from one of several processes all the same."""
    return _encodable((yield))


# On any thread, and in the middle of a test, Python would end what earlier tests have left, and may wait for that.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish() -> None:
    """Collect what the test has left."""
    gc.collect(1)


@pytest.fixture(autouse=True, scope="module")
def _what_was_there_before() -> None:
    """What other modules have left, torch with all its objects, need not be looked through around every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _weights_stay_as_they_are() -> Iterator[None]:
    """No test writes into the weights and exemplars of the program itself."""

    def state() -> dict[str, tuple[int, int]]:
        files = [one for name in ("weights", "exemplars") for one in resource(name).rglob("*") if one.is_file()]
        return {str(one): (one.stat().st_size, one.stat().st_mtime_ns) for one in files}

    before = state()
    yield
    assert state() == before


#: Takes longest: it comes first, so that all of several processes end at once.
LONG = "tests/gui/test_press_everything.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest file come first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real clips and annotations that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with real clips is not here")
    return SHARED.resolve()


@pytest.fixture(scope="session")
def real_clip(shared_dir: Path) -> Path:
    """A real 10 m platform dive of 103 frames: flight from frame 18, entry from frame 51."""
    return shared_dir / "real" / "clips" / "platform_10m_054.avi"


@pytest.fixture(scope="session")
def left_half_written() -> Callable[[Path], Path]:
    """`left_half_written(path)`: a temporary file of `path` as a process that was killed leaves it."""
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()

    def leave(path: Path) -> Path:
        mine = temporary_path(path)
        left = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{killed.pid}-"))
        left.write_bytes(b"half")
        return left

    return leave


@pytest.fixture(scope="session")
def make_video() -> Callable[..., Path]:
    """`write_video`."""
    return write_video


@pytest.fixture(scope="session")
def number_of() -> Callable[[np.ndarray], int]:
    """`read_number`."""
    return read_number


@pytest.fixture(scope="session")
def small_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 numbered frames of 64 x 48 at 30 frames a second, in H.264 with B-frames."""
    return write_video(tmp_path_factory.mktemp("video") / "small.mp4", 120, encoder={"bf": "3"})


@pytest.fixture(scope="session")
def variable_rate_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 numbered frames at 30 a second, then 60 at 10 a second, in one group of pictures with B-frames."""
    times_s = [Fraction(n, 30) if n < 60 else 2 + Fraction(n - 60, 10) for n in range(120)]
    path = tmp_path_factory.mktemp("video") / "variable.mp4"
    return write_video(path, 120, times_s=times_s, encoder={"g": "250", "bf": "3"})

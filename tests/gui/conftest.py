"""The real window, on a display where there is one and offscreen where there is none."""

import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from answers_kit import SilentWorker
from leaks import left_since, running
from pyqtgraph.util.garbage_collector import GarbageCollector
from PySide6.QtCore import QLocale, QMessageLogContext, QtMsgType, QTranslator, qInstallMessageHandler
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shown_studio import shown_studio

if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from fineparser_core.resources import resource
from fineparser_core.support.sqlite_file import connect
from fineparser_gui import app
from fineparser_gui.app import Studio
from fineparser_gui.store import file
from fineparser_gui.support.translation import install_language
from fineparser_gui.worker.client import WorkerClient

#: Larger than the screen of the offscreen platform, which a window would else fit into.
_SIZE = (1440, 900)


def _caught_by() -> object:
    """Who hears of an exception in a slot; pyqtgraph passes it on."""
    return getattr(getattr(sys.excepthook, "__self__", None), "orig_sys_excepthook", sys.excepthook)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """A test that takes the hook by which pytest-qt hears of exceptions gives it back."""
    before = _caught_by()
    result = yield
    if _caught_by() is not before:
        pytest.fail("sys.excepthook was replaced: exceptions in slots went elsewhere", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """What Qt warns of after the test, when pytest-qt listens no more, fails it too."""
    said = list[str]()
    marked = [pattern for mark in item.iter_markers("qt_log_ignore") for pattern in mark.args]
    ignored = re.compile("|".join([*item.config.getini("qt_log_ignore"), *marked]))

    def listen(kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and not ignored.search(text):
            said.append(text)

    before = qInstallMessageHandler(listen)
    try:
        result = yield
    finally:
        qInstallMessageHandler(before)
    if said:
        pytest.fail("Qt warned: " + "; ".join(said), pytrace=False)
    return result


@pytest.fixture(autouse=True)
def _no_error_is_only_logged(caplog) -> Iterator[None]:
    """An exception that work off the window's thread has caught fails the test, unless that clears `caplog` of it."""
    yield
    logged = [one.exc_text or str(one.exc_info[1]) for one in caplog.get_records("call") if one.exc_info]
    assert not logged, "\n".join(logged)


class _PatientBot(QtBot):
    """Waits for what is to come, however slow the machine, as long as pytest's time-out lets it."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        self._left_s = request.getfixturevalue("left_s")

    def _left_ms(self) -> int:
        return int(min(1000 * self._left_s(), 2**31 - 1))

    def waitUntil(self, callback: Callable[[], object]) -> None:
        super().waitUntil(callback, timeout=self._left_ms())

    def waitSignal(self, signal: object, **named: object) -> object:
        return super().waitSignal(signal, **{"timeout": self._left_ms()} | named)

    def waitExposed(self, widget: QWidget) -> object:
        return super().waitExposed(widget, timeout=self._left_ms())

    def waitActive(self, widget: QWidget) -> object:
        return super().waitActive(widget, timeout=self._left_ms())


@pytest.fixture
def qtbot(qapp, request) -> QtBot:
    return _PatientBot(request)


@pytest.fixture(autouse=True, scope="session")
def _counts_are_english(qapp) -> list[QTranslator]:
    """As in the program: one thing is not several."""
    return install_language(qapp, "en", system=QLocale("en_US"))


@pytest.fixture(autouse=True, scope="session")
def _garbage_is_collected_by_the_windows_thread(qapp) -> Iterator[None]:
    """As in the program: tests that press everything are long."""
    collector = GarbageCollector()
    yield
    collector.timer.stop()


@pytest.fixture(autouse=True)
def _nothing_is_left_running(qtbot) -> Iterator[None]:
    """Threads, timers and processes end with the test that started them."""
    before = running()
    yield

    def ended() -> None:
        left = left_since(before)
        assert not left, f"left running: {left}"

    qtbot.waitUntil(ended)


@pytest.fixture
def studio(qapp, qtbot) -> Iterator[Studio]:
    """The program, its window shown; the worker starts after the first paint, as for a user."""
    with shown_studio(qapp, qtbot, size=_SIZE) as made:
        yield made


@pytest.fixture
def idle_studio(qapp, qtbot, monkeypatch) -> Iterator[Studio]:
    """The program without its worker process: a test answers the requests."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    with shown_studio(qapp, qtbot, size=_SIZE) as made:
        yield made


@pytest.fixture
def make_studio(qapp, qtbot, monkeypatch, tmp_path) -> Iterator[Callable[[], Studio]]:
    """`make()`: the program without its worker process, which keeps its files in `tmp_path / "state"`."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    with ExitStack() as made:
        yield lambda: made.enter_context(shown_studio(qapp, qtbot, tmp_path / "state", size=_SIZE))


@pytest.fixture
def client(qapp) -> Iterator[WorkerClient]:
    made = WorkerClient()
    yield made
    made.close()


@pytest.fixture
def clip(tmp_path, small_video) -> Path:
    """A video in a folder that may be moved."""
    path = tmp_path / "club" / "clip.mp4"
    path.parent.mkdir()
    path.write_bytes(small_video.read_bytes())
    return path


@pytest.fixture
def bundled_weights() -> Path:
    """The folder of the bundled weights."""
    folder = resource("weights", "fineparser")
    if not (folder / "card.json").is_file():
        pytest.skip("no weights are bundled yet")
    return folder


@pytest.fixture
def lock_store(monkeypatch):
    """Keep others from writing an SQLite file; the window's store does not wait long for it."""
    monkeypatch.setattr(file, "connect", lambda path, query="", **_: connect(path, query, patience_s=0.1))

    @contextmanager
    def locked(path: Path) -> Iterator[None]:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    return locked

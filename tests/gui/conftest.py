"""The real window, on a display where there is one and offscreen where there is none."""

import os
import re
import sqlite3
import sys
from contextlib import ExitStack, closing, contextmanager

import pytest
from answers_kit import SilentWorker
from leaks import left_since, running
from pyqtgraph.util.garbage_collector import GarbageCollector
from PySide6.QtCore import QLocale, QtMsgType, qInstallMessageHandler
from pytestqt.qtbot import QtBot
from shown_studio import shown_studio

if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from fineparser_core.resources import resource
from fineparser_core.support.sqlite_file import connect
from fineparser_gui import app
from fineparser_gui.store import file
from fineparser_gui.support.translation import install_language
from fineparser_gui.worker.client import WorkerClient

#: Larger than the screen of the offscreen platform, which a window would else fit into.
_SIZE = (1440, 900)


def _caught_by():
    """Who hears of an exception in a slot; pyqtgraph passes it on."""
    return getattr(getattr(sys.excepthook, "__self__", None), "orig_sys_excepthook", sys.excepthook)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """A test that takes the hook by which pytest-qt hears of exceptions gives it back."""
    before = _caught_by()
    result = yield
    if _caught_by() is not before:
        pytest.fail("sys.excepthook was replaced: exceptions in slots went elsewhere", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """What Qt warns of after the test, when pytest-qt listens no more, fails it too."""
    said = list[str]()
    marked = [pattern for mark in item.iter_markers("qt_log_ignore") for pattern in mark.args]
    ignored = re.compile("|".join([*item.config.getini("qt_log_ignore"), *marked]))

    def listen(kind, _, text):
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
def _no_error_is_only_logged(caplog):
    """An exception that work off the window's thread has caught fails the test, unless that clears `caplog` of it."""
    yield
    logged = [one.exc_text or str(one.exc_info[1]) for one in caplog.get_records("call") if one.exc_info]
    assert not logged, "\n".join(logged)


class _PatientBot(QtBot):
    """Waits for what is to come, however slow the machine, as long as pytest's time-out lets it."""

    def __init__(self, request):
        super().__init__(request)
        self._left_s = request.getfixturevalue("left_s")

    def _left_ms(self):
        return int(min(1000 * self._left_s(), 2**31 - 1))

    def waitUntil(self, callback):
        super().waitUntil(callback, timeout=self._left_ms())

    def waitSignal(self, signal, **named):
        return super().waitSignal(signal, **{"timeout": self._left_ms()} | named)

    def waitExposed(self, widget):
        return super().waitExposed(widget, timeout=self._left_ms())

    def waitActive(self, widget):
        return super().waitActive(widget, timeout=self._left_ms())


@pytest.fixture
def qtbot(qapp, request):
    return _PatientBot(request)


@pytest.fixture(autouse=True, scope="session")
def _counts_are_english(qapp):
    """As in the program: one thing is not several."""
    return install_language(qapp, "en", system=QLocale("en_US"))


@pytest.fixture(autouse=True, scope="session")
def _garbage_is_collected_by_the_windows_thread(qapp):
    """As in the program: tests that press everything are long."""
    collector = GarbageCollector()
    yield
    collector.timer.stop()


@pytest.fixture(autouse=True)
def _nothing_is_left_running(qtbot):
    """Threads, timers and processes end with the test that started them."""
    before = running()
    yield

    def ended():
        left = left_since(before)
        assert not left, f"left running: {left}"

    qtbot.waitUntil(ended)


@pytest.fixture
def studio(qapp, qtbot):
    """The program, its window shown; the worker starts after the first paint, as for a user."""
    with shown_studio(qapp, qtbot, size=_SIZE) as made:
        yield made


@pytest.fixture
def idle_studio(qapp, qtbot, monkeypatch):
    """The program without its worker process: a test answers the requests."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    with shown_studio(qapp, qtbot, size=_SIZE) as made:
        yield made


@pytest.fixture
def make_studio(qapp, qtbot, monkeypatch, tmp_path):
    """`make()`: the program without its worker process, which keeps its files in `tmp_path / "state"`."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    with ExitStack() as made:
        yield lambda: made.enter_context(shown_studio(qapp, qtbot, tmp_path / "state", size=_SIZE))


@pytest.fixture
def client(qapp):
    made = WorkerClient()
    yield made
    made.close()


@pytest.fixture
def clip(tmp_path, small_video):
    """A video in a folder that may be moved."""
    path = tmp_path / "club" / "clip.mp4"
    path.parent.mkdir()
    path.write_bytes(small_video.read_bytes())
    return path


@pytest.fixture
def bundled_weights():
    """The folder of the bundled weights."""
    folder = resource("weights", "fineparser")
    if not (folder / "config.json").is_file():
        pytest.skip("no weights are bundled yet")
    return folder


@pytest.fixture
def lock_store(monkeypatch):
    """Keep others from writing an SQLite file; the window's store does not wait long for it."""
    monkeypatch.setattr(file, "connect", lambda path, query="", **_: connect(path, query, patience_s=0.1))

    @contextmanager
    def locked(path):
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    return locked

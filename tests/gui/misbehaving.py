"""Tests of which each does one thing that has to fail it; `test_misbehaving.py` runs them. pytest collects them not."""

import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QRunnable, QThread, QThreadPool, QTimer, Signal, qWarning
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from fineparser_gui.support.background import Background


def fail(*_: object) -> None:
    raise ValueError("meant")


class Told(QObject):
    """Signals:
    said: for slots that fail.
    """

    said = Signal()


def test_a_slot_raises(qtbot):
    told = Told()
    told.said.connect(fail)
    told.said.emit()


def test_a_slot_raises_within_a_dialog(qtbot):
    dialog = QDialog()
    QTimer.singleShot(0, fail)
    QTimer.singleShot(20, dialog.reject)
    dialog.exec()


def test_a_signal_is_no_slot(qtbot):
    told = Told()
    QPushButton(clicked=told.said).click()


def test_a_slot_raises_once_the_test_is_done(qtbot):
    QTimer.singleShot(0, fail)


def test_a_method_that_qt_calls_raises(qtbot):
    class Widget(QWidget):
        def paintEvent(self, _: object) -> None:
            fail()

    widget = Widget()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()


def test_a_thread_of_qt_raises(qtbot):
    class Thread(QThread):
        def run(self) -> None:
            fail()

    thread = Thread()
    thread.start()
    thread.wait()


def test_a_thread_of_a_pool_raises(qtbot):
    class Work(QRunnable):
        def run(self) -> None:
            fail()

    pool = QThreadPool()
    pool.start(Work())
    pool.waitForDone()


def test_a_thread_raises(qtbot):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def test_work_off_the_window_raises(qtbot):
    background, failed = Background(QObject()), list[str]()
    background.run(fail, fail, failed.append)
    qtbot.waitUntil(lambda: bool(failed))


def test_an_error_is_logged_only(qtbot):
    try:
        fail()
    except ValueError:
        logging.getLogger("fineparser_gui").exception("meant")


def test_a_slot_warns(qtbot):
    told = Told()
    told.said.connect(lambda: warnings.warn("meant", stacklevel=1))
    told.said.emit()


def test_qt_warns(qtbot):
    qWarning("meant")


def test_a_finaliser_raises(qtbot):
    class Left:
        def __del__(self) -> None:
            fail()

    Left()


def test_another_hook_takes_exceptions(qtbot):
    sys.excepthook = fail


@pytest.fixture
def late() -> Iterator[Told]:
    told = Told()
    told.said.connect(fail)
    yield told
    told.said.emit()


def test_a_slot_raises_in_a_teardown(qtbot, late):
    pass


@pytest.fixture
def warned() -> Iterator[None]:
    yield
    qWarning("meant")


def test_qt_warns_in_a_teardown(qtbot, warned):
    pass

"""Tests of which each does one thing that has to fail it; `test_misbehaving.py` runs them. pytest collects them not."""

import logging
import sys
import warnings
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread, Signal, qWarning
from PySide6.QtWidgets import QWidget


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


def test_another_hook_takes_exceptions(qtbot):
    sys.excepthook = fail


@pytest.fixture
def warned() -> Iterator[None]:
    yield
    qWarning("meant")


def test_qt_warns_in_a_teardown(qtbot, warned):
    pass

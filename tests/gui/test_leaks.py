"""The check that every test of the window goes through notices what it is there for."""

import subprocess
import sys
import threading

import pytest
from leaks import left_since, running
from PySide6.QtCore import QThread, QTimer


def test_a_timer_a_thread_and_a_process_are_noticed(qapp):
    before = running()
    timer = QTimer(interval=10_000)
    timer.start()
    assert "QTimer" in left_since(before)[0]
    timer.stop()
    qt_thread = QThread()
    qt_thread.start()
    assert "QThread" in left_since(before)[0]
    qt_thread.quit()
    qt_thread.wait()
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    assert "Thread" in left_since(before)[0]
    go_on.set()
    thread.join()
    assert left_since(before) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's children")
def test_a_process_is_noticed(qapp):
    before = running()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert left_since(before) == [f"process {process.pid}"]
        process.stdin.close()
    assert left_since(before) == []

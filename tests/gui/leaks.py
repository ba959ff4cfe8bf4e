"""What a test has left running: threads, timers, processes."""

import gc
import threading
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QProcess, QThread, QTimer
from shiboken6 import isValid


def _children():
    """Ids of the processes that this one has started; none where the system does not tell."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for path in lists for pid in path.read_text(encoding="utf-8").split()}


def _with_subclasses(kind):
    return {kind}.union(*(_with_subclasses(below) for below in kind.__subclasses__()))


def _runs(thing):
    if not isValid(thing):
        return False
    if isinstance(thing, QTimer):
        return thing.isActive()
    if isinstance(thing, QThread):
        return thing.isRunning() and thing is not QCoreApplication.instance().thread()
    return thing.state() != QProcess.ProcessState.NotRunning


def running():
    """What runs now, by an id that stays while it does."""
    # A hundred thousand objects after every test: a look at the type is all that most of them get.
    kinds = _with_subclasses(QTimer) | _with_subclasses(QThread) | _with_subclasses(QProcess)
    found = {id(thing): repr(thing) for thing in gc.get_objects() if type(thing) in kinds and _runs(thing)}
    found |= {id(thread): repr(thread) for thread in threading.enumerate() if type(thread) is threading.Thread}
    return found | {pid: f"process {pid}" for pid in _children()}


def left_since(before):
    """What still runs of what was started."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    return [text for key, text in running().items() if key not in before]

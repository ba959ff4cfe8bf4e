"""Processes that work while a person uses the window: what is on the screen comes first."""

import os
import sys

_NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000  # of the Windows API


def step_back() -> None:
    """Leave the processor to whatever else wants it; called before there are threads, which inherit it.

    On Linux a lower priority is not enough: a thread that wakes up to draw a frame waits there until the running one
    has had its slice of some milliseconds, unless that one is of the idle class.
    """
    try:
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif sys.platform == "win32":
            import ctypes

            ctypes.windll.kernel32.SetPriorityClass(ctypes.c_void_p(-1), _BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(_NICENESS)
    except OSError:  # not allowed here: then it competes
        pass

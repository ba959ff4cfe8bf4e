"""Priority of worker processes, which keeps the window and other programs responsive."""

import os
import sys

_NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000  # of the Windows API


def lower_priority() -> None:
    """Lower the scheduling priority of this process, on Linux of the calling thread and of those that it starts.

    On Linux it joins the idle scheduling class. Niceness alone is not enough there: a thread that wakes up to
    draw a frame waits until a niced thread has used up its time slice of several milliseconds.

    The priority stays as it is where the system does not permit the change.
    """
    try:
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif sys.platform == "win32":
            import ctypes

            ctypes.windll.kernel32.SetPriorityClass(ctypes.c_void_p(-1), _BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(_NICENESS)
    except OSError:
        pass


def wait_asleep() -> None:
    """Let threads of OpenMP that wait for each other sleep; to be called before torch is loaded.

    Else they spin, and where other programs want the cores, too, take them from the very threads that they wait for: an
    analysis on two busy cores took three to seven times as long. Who sets OMP_WAIT_POLICY decides.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

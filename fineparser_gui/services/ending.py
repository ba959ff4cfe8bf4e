"""How processes that the window has started end, and what they said."""

from collections.abc import Callable

from PySide6.QtCore import QProcess

#: A killed process is gone once it has run once more: one of the lowest priority waits seconds for that where other
#: programs have all cores, and longer than this only where the system itself hangs.
_KILLED_MS = 30_000


def when_ended(process: QProcess, act: Callable[[], object]) -> None:
    """Do something once a process is over, or could not be started."""

    def failed(error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # the one error that `finished` does not follow
            act()

    process.finished.connect(act)
    process.errorOccurred.connect(failed)


def error_lines(process: QProcess) -> list[str]:
    """What a process has written to its standard error since the last call."""
    return bytes(process.readAllStandardError().data()).decode(errors="replace").splitlines()


def end(process: QProcess, patience_ms: int = 0) -> bool:
    """Wait until a process is gone; one that runs when it is destroyed is what Qt warns of.

    Args:
        patience_ms: how long it may take to end by itself; it is killed then.

    Returns:
        Whether it ended by itself.
    """
    if process.state() == QProcess.ProcessState.NotRunning or (patience_ms and process.waitForFinished(patience_ms)):
        return True
    process.kill()
    process.waitForFinished(_KILLED_MS)
    return False

"""End of processes that the window has started, and the lines of their standard error."""

from collections.abc import Callable

from PySide6.QtCore import QProcess

#: Longest wait for a killed process, in milliseconds. It ends once it is scheduled again: at the lowest priority it
#: waits seconds for that while other programs use all cores, and longer than this only if the system itself hangs.
_KILLED_MS = 30_000


def when_ended(process: QProcess, act: Callable[[], object]) -> None:
    """Do something once a process is over, or could not be started."""

    def failed(error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # the only error that `finished` does not follow
            act()

    process.finished.connect(act)
    process.errorOccurred.connect(failed)


def error_lines(process: QProcess) -> list[str]:
    """Return the lines that a process has written to its standard error since the last call."""
    return bytes(process.readAllStandardError().data()).decode(errors="replace").splitlines()


def end(process: QProcess, patience_ms: int = 0) -> bool:
    """Wait until a process is gone, as Qt warns of a process that is destroyed while it runs.

    Args:
        patience_ms: time that it has to end by itself before it is killed.

    Returns:
        True if it ended by itself.
    """
    if process.state() == QProcess.ProcessState.NotRunning or (patience_ms and process.waitForFinished(patience_ms)):
        return True
    process.kill()
    process.waitForFinished(_KILLED_MS)
    return False

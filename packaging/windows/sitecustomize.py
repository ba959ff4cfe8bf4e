"""For Wine alone: a pipe that Qt opened for overlapped reads cannot be read plainly there, as it can on Windows."""

import _winapi
import io
import msvcrt
import sys


class _Overlapped(io.RawIOBase):
    def __init__(self, descriptor: int) -> None:
        self._handle = msvcrt.get_osfhandle(descriptor)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        try:
            reading, _ = _winapi.ReadFile(self._handle, len(buffer), overlapped=True)
            n, _ = reading.GetOverlappedResult(True)
        except OSError:
            return 0
        buffer[:n] = reading.getbuffer()[:n]
        return n


_PIPE = 3
try:
    if _winapi.GetFileType(msvcrt.get_osfhandle(0)) == _PIPE:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_Overlapped(0)), encoding="utf-8")
except (OSError, AttributeError):
    pass

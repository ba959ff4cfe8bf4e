"""Recording of the microphone into memory, by the extra `sound`."""

import threading
from time import perf_counter
from typing import Any

import numpy as np

from fineparser_core.errors import ExportError

#: Time in which an opened device must give its first samples, in seconds.
_OPENING_S = 5.0


class Microphone:
    """The computer's usual microphone, which records from its opening on.

    Attributes:
        rate_hz: of the samples.
        began_s: time of the first sample, and `latest_s` of the last, by `perf_counter`.
    """

    def __init__(self) -> None:
        """Open it, which takes a moment. Raises: ExportError, if there is none."""
        self._blocks: list[np.ndarray] = []
        self._n_samples, self._first = 0, threading.Event()
        self.began_s = self.latest_s = 0.0
        try:
            import sounddevice  # looks for devices as it is imported
        except ImportError as error:
            raise ExportError(
                'The microphone needs the extra "sound": run pip install "fineparser[sound]" and restart.'
            ) from error
        except OSError as error:  # the library of the system is missing
            raise _none(error) from error
        try:
            self._stream = sounddevice.InputStream(channels=1, dtype="int16", callback=self._take)
            self.rate_hz = int(self._stream.samplerate)
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise _none(error) from error
        if not self._first.wait(_OPENING_S):
            self.close()
            raise _none("no samples")

    def samples(self) -> np.ndarray:
        """Return all samples so far: (n,) int16."""
        return np.concatenate(self._blocks)

    def close(self) -> None:
        """Close the device."""
        self._stream.close()

    def _take(self, block: np.ndarray, count: int, _times: Any, status: Any) -> None:
        """Keep samples, with silence for those that were lost before; called by the device on its thread."""
        self.latest_s = perf_counter()
        if not self._blocks:
            self.began_s = self.latest_s - count / self.rate_hz
        elif status.input_overflow:
            due = round((self.latest_s - self.began_s) * self.rate_hz) - count
            self._keep(np.zeros(max(due - self._n_samples, 0), np.int16))
        self._keep(block[:, 0].copy())
        self._first.set()

    def _keep(self, samples: np.ndarray) -> None:
        self._blocks.append(samples)
        self._n_samples += len(samples)


def _none(reason: object) -> ExportError:
    return ExportError(
        "No microphone can be opened ({0}): connect one, or allow its use in the system's settings.", reason
    )

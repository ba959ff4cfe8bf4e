"""Progress of a request over all of its passes, and an estimate of the remaining time."""

from collections.abc import Callable
from time import monotonic

from fineparser_core.progress import Progress

#: Start and share of the time of each stage, as measured; a search of a recording has a single stage.
_STAGES = {"read": (0.0, 0.2), "coarse": (0.2, 0.1), "parse": (0.3, 0.7), "scan": (0.0, 1.0)}
#: Share of the work from which the request's own pace is preferred to the usual duration, and from which it is used
#: where no usual duration is known.
_TELLING, _LEAST_TELLING = 0.3, 0.05


class Clock:
    """Timekeeper of one request while the worker carries it out.

    Attributes:
        fraction: share of the work that is done, 0 to 1; it never falls, not even in a second pass over the clip.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._begun_s: float | None = None  # None: it stands still
        self._spent_s = 0.0  # before
        self._before = self._in_pass = 0.0
        self.fraction = 0.0
        self._first: tuple[float, float] | None = (
            None  # where its pace counts from: torch wakes up before the first report
        )

    @property
    def begun(self) -> bool:
        return self._begun_s is not None or self._spent_s > 0

    @property
    def elapsed_s(self) -> float:
        """Seconds that the worker spent on it."""
        return self._spent_s + (0.0 if self._begun_s is None else self._now() - self._begun_s)

    def begin(self) -> None:
        """Start or resume counting, as the worker begins the request or continues it."""
        self._begun_s = self._now()

    def stop(self) -> None:
        """Pause counting while the worker does something else."""
        self._spent_s, self._begun_s = self.elapsed_s, None

    def report(self, progress: Progress) -> None:
        """Update the fraction from the worker's progress."""
        if self._begun_s is None:
            self.begin()
        start, share = _STAGES.get(progress.stage, (self._in_pass, 0.0))
        done = start + share * min(progress.done / max(progress.total, 1), 1.0)
        if done < self._in_pass:  # another pass over the clip
            self._before = self.fraction
        self._in_pass = done
        self.fraction = max(self.fraction, self._before + (1 - self._before) * done)
        if self._first is None:
            self._first = (self.elapsed_s, self.fraction) if self.fraction < _LEAST_TELLING else (0.0, 0.0)

    def left_s(self, usual_s: float | None = None) -> float | None:
        """Return the estimated remaining time in seconds, or None if nothing is known.

        Args:
            usual_s: duration of earlier requests of the same kind; None: there were none.
        """
        first_s, first = self._first or (0.0, 0.0)
        if self.fraction - first >= (_LEAST_TELLING if usual_s is None else _TELLING):
            usual_s = (self.elapsed_s - first_s) / (self.fraction - first)
        return None if usual_s is None else usual_s * (1 - self.fraction)

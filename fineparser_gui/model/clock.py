"""How far a request is over all of its passes, and how long it will still take."""

from collections.abc import Callable
from time import monotonic

from fineparser_core.progress import Progress

#: Where each stage begins and which share of the time it takes, as measured; a search of a recording has one alone.
_STAGES = {"read": (0.0, 0.2), "coarse": (0.2, 0.1), "parse": (0.3, 0.7), "scan": (0.0, 1.0)}
#: Share of the work before which its own pace says less than how long others took; and says nothing at all.
_TELLING, _LEAST_TELLING = 0.3, 0.05


class Clock:
    """The time of one request, while the worker carries it out.

    Attributes:
        fraction: that is done, 0 to 1; it never falls, also where a clip is looked at a second time.
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
        """The worker begins, or goes on."""
        self._begun_s = self._now()

    def stop(self) -> None:
        """The worker does something else meanwhile."""
        self._spent_s, self._begun_s = self.elapsed_s, None

    def report(self, progress: Progress) -> None:
        """The worker is as far as this."""
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
        """Seconds that it will still take; None: nothing tells.

        Args:
            usual_s: that others of its kind took; None: there were none.
        """
        first_s, first = self._first or (0.0, 0.0)
        if self.fraction - first >= (_LEAST_TELLING if usual_s is None else _TELLING):
            usual_s = (self.elapsed_s - first_s) / (self.fraction - first)
        return None if usual_s is None else usual_s * (1 - self.fraction)

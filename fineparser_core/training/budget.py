"""The minutes of a run, divided among its stages: what is spent and what was decided is kept on disk."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from fineparser_core.errors import ConfigError
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.files import parse_json, read_bounded

Item = TypeVar("Item")

_SAVED_EVERY_S = 2.0
_MOST_BYTES = 100_000
# A checkpoint is written so many times in a stage, at least and at most so many seconds apart.
_CHECKPOINTS, _SHORTEST_S, _LONGEST_S = 8, 3.0, 120.0


class Budget:
    """Divides the minutes of a run, which may be spent in several processes, one after the other.

    A stage may last until its share is spent. What an earlier stage leaves or overdraws is divided among the later
    ones. The end of a stage is fixed when it is first begun, so that a resumed run has the same one.

    Args:
        path: JSON file of what is spent and decided; it is read if it exists.
        minutes: of the whole run.
        shares: of the stages, in order.
        clock: seconds of a steady clock.

    Raises:
        ConfigError: the file is damaged.
    """

    def __init__(
        self, path: Path, minutes: float, shares: Mapping[str, float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._total_s, self._shares, self.clock = path, 60 * minutes, shares, clock
        self._before_s, self._ends, self._units = 0.0, dict[str, float](), dict[str, int]()
        self._read()
        self._started_s = self._saved_s = clock()
        self._stage = next(iter(shares))

    def _read(self) -> None:
        if not self._path.exists():
            return
        try:
            kept = parse_json(read_bounded(self._path, _MOST_BYTES))
            self._before_s = float(kept["spent_s"])
            self._ends = {str(name): float(end) for name, end in kept["ends_s"].items()}
            self._units = {str(name): int(units) for name, units in kept["units"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(
                f"{self._path} is damaged, so the run cannot go on: give another folder by --out."
            ) from None

    @property
    def spent_s(self) -> float:
        """Seconds spent by this process and by those before it."""
        return self._before_s + self.clock() - self._started_s

    @property
    def units(self) -> Mapping[str, int]:
        """Of each finished stage, how many dives or iterations it had."""
        return self._units

    def begin(self, stage: str) -> None:
        """Enters a stage, or enters it again."""
        self._stage = stage
        if stage not in self._ends:
            names = list(self._shares)
            later = sum(self._shares[name] for name in names[names.index(stage) :])
            left_s = max(0.0, self._total_s - self.spent_s)
            self._ends[stage] = self.spent_s + left_s * self._shares[stage] / later
            self.save()

    def left_s(self) -> float:
        """Seconds left of the stage that was begun; negative if it is overdrawn."""
        return self._ends[self._stage] - self.spent_s

    def tick(self) -> None:
        """Between units of work: keeps what is spent, from time to time."""
        if self.clock() - self._saved_s >= _SAVED_EVERY_S:
            self.save()

    def finish(self, stage: str, units: int) -> None:
        """Keeps how many units a stage had."""
        if self._units.get(stage) != units:
            self._units[stage] = units
            self.save()

    def take(self, stage: str, items: Sequence[Item], least: int) -> Iterator[Item]:
        """The items for which the share of a stage suffices, at least some; the same ones if it was finished before."""
        self.begin(stage)
        decided = self._units.get(stage)
        count = 0
        for item in items[:decided]:
            if decided is None and count >= least and self.left_s() <= 0:
                break
            yield item
            count += 1
            self.tick()
        self.finish(stage, count)

    def save(self) -> None:
        """Keeps what is spent and decided."""
        self._saved_s = self.clock()
        kept = {"spent_s": round(self.spent_s, 3), "ends_s": self._ends, "units": self._units}
        with atomic_file(self._path) as temporary:
            temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


class Pace:
    """Decides how many iterations a stage has: as many as its share suffices for, at the speed of this process.

    The number is decided again whenever the iterations have doubled, and may only fall in between, so that a machine
    that slows down does not overdraw the share. It belongs into the checkpoint, from which a resumed run goes on with
    the same learning rates.

    Args:
        stage: its name, which is begun.
        done: iterations that are done already.
    """

    def __init__(self, budget: Budget, stage: str, done: int) -> None:
        budget.begin(stage)
        self._budget, self._clock = budget, budget.clock
        self._start = done, self._clock()
        self._warm: tuple[int, float] | None = None
        self._decided_s = self._clock()
        self._every_s = min(max(budget.left_s() / _CHECKPOINTS, _SHORTEST_S), _LONGEST_S)

    def decide(self, done: int, planned: int, most: int) -> int | None:
        """The number of iterations, to be kept in a checkpoint; None while it stays what was planned.

        Args:
            done: iterations that are done, one or more of them by this process.
            planned: what was decided last.
            most: its upper limit.
        """
        self._budget.tick()
        now_s, left_s = self._clock(), self._budget.left_s()
        if self._warm is None:  # the first iteration also prepares what the others use
            self._warm = done, now_s
        doubled = done & (done - 1) == 0
        if done >= planned or not (doubled or left_s <= 0 or now_s - self._decided_s >= self._every_s):
            return None
        self._decided_s = now_s
        first, since_s = self._warm if done > self._warm[0] else self._start
        each_s = (now_s - since_s) / (done - first)
        fitting = most if each_s <= 0 else min(most, done + max(0, int(left_s / each_s)))
        return fitting if doubled else min(planned, fitting)

"""What is known of a measure beside its value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fineparser_core.measures.context import InTheAir, Reading

#: Which values are better: more, less, those nearer to zero, those within good dives' range, or a body that is as tight
#: or as straight as the position asks.
Better = Literal["more", "less", "zero", "within", "position"]


@dataclass(frozen=True)
class Limits:
    """Bounds of a value in its measure's unit, both included.

    Attributes:
        low, high: of any board, or of one that is not known.
        by_board: low and high of dives from a board, by its height in metres.
    """

    low: float
    high: float
    by_board: Mapping[float, tuple[float, float]] = field(default_factory=dict)

    def of(self, board_m: float | None) -> tuple[float, float]:
        """Low and high of dives from a board; None where it is not known."""
        return (self.low, self.high) if board_m is None else self.by_board.get(board_m, (self.low, self.high))


@dataclass(frozen=True, kw_only=True)
class MeasureRecord:
    """A measure: how it is taken, what it is called, and what its values mean.

    Attributes:
        name: in JSON, tables and code.
        take: measures a dive.
        unit: "s", "m", "deg", "turns/s", or "" for a ratio.
        step: phase that it belongs to, one of `STEP_NAMES`.
        title: what it is called in a table; English, translated where it is shown.
        sentence: what a coach says of a value, {0}; as above.
        about: how it is seen on the diver, what is good, and what to say to the athlete; as above.
        signs: what a negative and a positive value are called; empty where the sign is shown, or there is none.
        better: which values are better.
        plausible: what bodies, boards and gravity allow; a value beyond is not a measure.
        good: what judging and safety allow of good dives; it stands for the bands of rendered dives that reach beyond;
            None for anything.
        widest_good: a band that is wider says nothing, and is dropped.
        safe_from: values of less are unsafe, whatever good dives show; None where safety asks nothing.
        joints: where it is drawn on a frame: end, vertex and end of an angle of the body, or foot and head of a line
            off the vertical; empty for what is not drawn.
    """

    name: str
    take: Callable[[InTheAir], Reading | None]
    unit: str
    step: str
    title: str
    sentence: str
    about: str
    better: Better
    plausible: Limits
    signs: tuple[str, str] | tuple[()] = ()
    good: Limits | None = None
    widest_good: float = float("inf")
    safe_from: float | None = None
    joints: tuple[str, ...] = ()

    def is_plausible(self, value: float, board_m: float | None) -> bool:
        """Whether a dive can show the value."""
        low, high = self.plausible.of(board_m)
        return low <= value <= high

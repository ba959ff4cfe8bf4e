"""Records of the measures: units, limits, good values and texts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.language import Phrase
from fineparser_core.measures.context import InTheAir, Reading

#: Which values are better: more, less, those nearer to zero, those within good dives' range, or a body that is as tight
#: or as straight as the position asks.
Better = Literal["more", "less", "zero", "within", "position"]


@dataclass(frozen=True)
class Limits:
    """Bounds of a value in its measure's unit, both included.

    Attributes:
        low, high: of any board, or of an unknown board.
        by_board: low and high of dives from a board, by its height in meters.
    """

    low: float
    high: float
    by_board: Mapping[float, tuple[float, float]] = field(default_factory=dict)

    def of(self, board_m: float | None) -> tuple[float, float]:
        """Return low and high of dives from a board; None where it is not known."""
        return (self.low, self.high) if board_m is None else self.by_board.get(board_m, (self.low, self.high))


@dataclass(frozen=True, kw_only=True)
class Source:
    """Source of a range of good values.

    Attributes:
        kind: "rules" of World Aquatics, "real" dives, or "rendered" dives, which report no faults.
        about: for people: what the range is of, with its citation.
    """

    kind: Literal["rules", "real", "rendered"]
    about: Phrase


@dataclass(frozen=True, kw_only=True)
class GoodRange:
    """Range of good values by rules or real dives.

    Attributes:
        limits: of good dives; infinite where every further value is as good.
        boards_m: of dives from these boards alone; empty: of all.
        positions: of dives without twists in these positions alone; "": of all.
        armstand: of armstand dives as well.
    """

    limits: Limits
    source: Source
    boards_m: tuple[float, ...] = ()
    positions: str = ""
    armstand: bool = True

    def of(self, dive: DiveNumber | None, board_m: float | None) -> tuple[float, float] | None:
        """Return low and high of good dives of a number from a board, as far as these are known.

        None where it says nothing of them.
        """
        held = dive is not None and dive.position in self.positions and not dive.half_twists and not dive.flying
        if (self.positions and not held) or (self.boards_m and board_m not in self.boards_m):
            return None
        if not self.armstand and (dive is None or dive.armstand):
            return None
        return self.limits.of(board_m)


@dataclass(frozen=True, kw_only=True)
class MeasureRecord:
    """A measure: how it is taken, its title, and the meaning of its values.

    Attributes:
        name: in JSON, tables and code.
        take: measures a dive.
        unit: "s", "m", "deg", "turns/s", or "" for a ratio.
        step: its phase, a name in `STEP_NAMES`.
        title: title in a table; English, translated where it is shown.
        sentence: what a coach says of a value, {0}; as above.
        about: how it shows on the diver, what is good, and what to say to the athlete; as above.
        short: title beside a bar, where there is little space; "": `title`.
        fault: what a coach calls out for a value outside of `good`, {0}; "" where no such range tells a fault.
        praise: what a coach calls out for a value in the better half of `good`; "" where nothing is.
        signs: what a negative and a positive value are called; empty where the sign is shown, or there is none.
        better: which values are better.
        plausible: what bodies, boards and gravity allow; a value beyond is not a measure.
        moments: of `Moments` that it is read by; a moment that gravity contradicts withholds it.
        judged_over: width of the range that values are judged by: of `good`, or else the median span of good rendered
            dives of a number; a reading that is no surer is dropped.
        good: what rules or real dives say of good values; None where neither does, and rendered dives alone show some.
        as_rendered: whether rendered dives resemble real dives in it, so that their range is worth a look.
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
    judged_over: float
    moments: tuple[str, ...] = ()
    short: str = ""
    fault: str = ""
    praise: str = ""
    signs: tuple[str, str] | tuple[()] = ()
    good: GoodRange | None = None
    as_rendered: bool = True
    joints: tuple[str, ...] = ()

    def is_plausible(self, value: float, board_m: float | None) -> bool:
        """Return True if a dive can show the value."""
        low, high = self.plausible.of(board_m)
        return low <= value <= high

    def is_clear(self, uncertainty: float) -> bool:
        """Return True if a reading of this standard deviation says something."""
        return uncertainty < self.judged_over

"""Records of a recognized dive."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SeenNumber:
    """A dive number and the probability, 0 to 1, that the dive is that one."""

    dive_number: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What the body's path, turning and posture say of the dive.

    Attributes:
        numbers: dive numbers of the table of degrees of difficulty, the likeliest first, at most ten.
        directions: probability of "forward", "back", "reverse" and "inward".
        armstand: probability that the dive starts from an armstand.
        half_somersaults: turns of the trunk from take-off to entry in half somersaults, unsigned and not rounded.
        half_somersaults_deviation: standard deviation of that.
        head_first: probability that the hands or the head enter the water first.
        positions: probability of "A" (straight), "B" (pike), "C" (tuck) and "D" (free).
        twisting: probability that the body twists.
        half_twists: number of half twists where it can be told; None otherwise.
        boards_m: probability of each board's height in metres, as the fall tells it.
    """

    numbers: tuple[SeenNumber, ...]
    directions: dict[str, float]
    armstand: float
    half_somersaults: float
    half_somersaults_deviation: float
    head_first: float
    positions: dict[str, float]
    twisting: float
    half_twists: int | None
    boards_m: dict[float, float]


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A part of a typed dive that what was seen speaks against.

    Attributes:
        part: "direction", "armstand", "half_somersaults", "position", "twists" or "board".
        typed, seen: values of the part, as in `Recognition`.
        probability: that the typed value is wrong, 0 to 1.
        certain: beyond reasonable doubt: the score waits until a person confirms the typed value.
    """

    part: str
    typed: str
    seen: str
    probability: float
    certain: bool

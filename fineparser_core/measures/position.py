"""The position that a dive shows, by hips and knees in its hold."""

from collections.abc import Sequence

from fineparser_core.types import Measure

#: Knees and hips that are bent below, and straight above, degrees; in between they tell nothing.
_BENT_DEG, _STRAIGHT_DEG = 115.0, 130.0
#: Angles that are less certain tell nothing: joints that were lost make any position.
_LEAST_SURE_DEG = 10.0
#: An angle is on a side of a bound where it is so many standard deviations off it.
_DEVIATIONS = 2.0


def position_shown(found: Sequence[Measure]) -> str | None:
    """ "A", "B" or "C"; None where hips and knees were not seen well, or are between two positions."""
    angles = {measure.name: measure for measure in found}
    knees, hips = (_bent(angles.get(name)) for name in ("knee_angle", "hip_angle"))
    if hips is None or knees is None:
        return None
    return {(True, True): "C", (True, False): "B", (False, False): "A"}.get((hips, knees))


def _bent(angle: Measure | None) -> bool | None:
    if angle is None or angle.uncertainty > _LEAST_SURE_DEG:
        return None
    margin = _DEVIATIONS * angle.uncertainty
    return True if angle.value + margin < _BENT_DEG else False if angle.value - margin > _STRAIGHT_DEG else None

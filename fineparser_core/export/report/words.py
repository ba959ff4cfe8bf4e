"""Measures in English words, as coaches say them."""

from typing import NamedTuple

from fineparser_core.measures.explanation import Band, Finding
from fineparser_core.types import Measure, OwnAward

MINUS = "\N{MINUS SIGN}"


class _Words(NamedTuple):
    """How a measure is said.

    Attributes:
        name: in a table.
        sentence: with the value in place of {}.
        signs: what a negative and a positive value are called; empty where the sign is shown or there is none.
    """

    name: str
    sentence: str
    signs: tuple[str, ...] = ()


_AT_WATER = ("short", "over")
_WORDS = {
    "flight_time": _Words("time in the air", "{} in the air"),
    "jump_height": _Words("height of the jump", "{} of jump"),
    "board_distance": _Words("distance passing the board", "passes the board at {}"),
    "closest_approach": _Words("head, hands to the board", "head or hands {} from the board"),
    "lean": _Words("lean at the take-off", "leans {} at the take-off", ("back", "forward")),
    "recoil_time": _Words("time on the board's recoil", "{} on the board's recoil"),
    "arm_asymmetry": _Words("angle between the arms", "{} between the arms at the take-off"),
    "rotation_speed": _Words("rotation", "rotates at {}"),
    "rotation_hold": _Words("rotation kept", "keeps {} of the rotation"),
    "hip_angle": _Words("hips, held position", "hips at {} in the held position"),
    "knee_angle": _Words("knees, held position", "knees at {} in the held position"),
    "legs_apart": _Words("legs apart", "legs {} apart"),
    "toe_angle": _Words("toes, held position", "toes at {}, 180° is pointed"),
    "come_out_lead": _Words("come-out before the water", "comes out {} before the water"),
    "come_out_height": _Words("height of the come-out", "comes out {} over the water"),
    "opening_time": _Words("time to open", "{} to open the hips"),
    "entry_angle": _Words("body line at the entry", "entry {}", _AT_WATER),
    "legs_line": _Words("legs as the hips go under", "legs {} as the hips go under", _AT_WATER),
    "hip_line": _Words("hips off straight at the entry", "hips {} off straight at the entry"),
    "elbow_angle": _Words("elbows at the entry", "elbows at {} at the entry"),
    "entry_distance": _Words("entry from the board", "enters {} from the board"),
}
_DIGITS = {"s": 2, "m": 1, "torso": 1, "deg": 0, "m/s": 1, "turns": 2, "turns/s": 2, "": 2}
_UNITS = {"torso": " torso lengths", "deg": "°", "": ""}


def measure_name(name: str) -> str:
    """What a measure is called, "time in the air"."""
    return _words(name).name


def value_text(value: float, name: str, unit: str) -> str:
    """A value with its unit, "0.98 s" or "14° over"."""
    signs = _words(name).signs
    return (
        f"{_number(abs(value), unit)}{_unit(unit)} {signs[value > 0]}"
        if signs
        else f"{_number(value, unit)}{_unit(unit)}"
    )


def measured_text(measure: Measure) -> str:
    """A value with its uncertainty, "0.98 ± 0.05 s" or "14 ± 4° over"."""
    signs, unit = _words(measure.name).signs, measure.unit
    value = abs(measure.value) if signs else measure.value
    text = f"{_number(value, unit)} ± {_number(measure.uncertainty, unit)}{_unit(unit)}"
    return f"{text} {signs[measure.value > 0]}" if signs else text


def band_text(name: str, band: Band) -> str:
    """The bounds of good dives, "1.15 to 1.30 s" or "4° short to 2° over"."""
    if _words(name).signs and band.low * band.high >= 0:
        low, high = sorted((abs(band.low), abs(band.high)))
        return f"{_number(low, band.unit)} to {value_text(high if band.high > 0 else -high, name, band.unit)}"
    if _words(name).signs:
        return f"{value_text(band.low, name, band.unit)} to {value_text(band.high, name, band.unit)}"
    return f"{_number(band.low, band.unit)} to {_number(band.high, band.unit)}{_unit(band.unit)}"


def finding_text(finding: Finding, good_dives: str) -> str:
    """A finding as a sentence: "0.98 s in the air; good 103Bs from 1 m: 1.15 to 1.30 s".

    Args:
        good_dives: what the band is of, as `good_dives_text` says it.
    """
    measure = finding.measure
    said = _words(measure.name).sentence.format(value_text(measure.value, measure.name, measure.unit))
    return f"{said[0].upper()}{said[1:]}; {good_dives}: {band_text(measure.name, finding.band)}"


def good_dives_text(dive_number: str, board_m: float | None) -> str:
    """What bands are of, "good 103Bs from 1 m"."""
    board = f" from {board_m:g} m" if board_m is not None else ""
    return f"good {dive_number}s{board}"


def own_award_text(own: OwnAward) -> str:
    """The award by measures alone with its interval: "award 6.8 from measures alone; 80 % interval 3.3 to 10.0"."""
    low, high = own.award_range
    return f"award {own.award:.1f} from measures alone; {own.interval.level:.0%} interval {low:.1f} to {high:.1f}"


def own_award_about(own: OwnAward) -> str:
    """What the award by measures alone is, and what it is not."""
    checked = own.checked
    return (
        "The award from measures alone holds height, angles and times against the rules of judging and knows no "
        f"exemplar: on {checked.dives} judged dives its order was right in the main (rank correlation "
        f"{checked.rank_correlation:.2f}), its size off by {checked.mean_error:.1f} awards."
    )


def _words(name: str) -> _Words:
    plain = name.replace("_", " ")
    return _WORDS.get(name, _Words(plain, f"{plain} {{}}"))


def _number(value: float, unit: str) -> str:
    return f"{value:.{_DIGITS.get(unit, 2)}f}".replace("-", MINUS)


def _unit(unit: str) -> str:
    return _UNITS.get(unit, f" {unit}")

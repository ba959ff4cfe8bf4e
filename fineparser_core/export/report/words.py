"""Measures in words, as coaches say them."""

from typing import NamedTuple

from fineparser_core.language import marked, number, short_number, text
from fineparser_core.measures.explanation import Band, Finding
from fineparser_core.types import Measure, OwnAward


class _Words(NamedTuple):
    """How a measure is said.

    Attributes:
        name: in a table.
        sentence: with the value in place of {0}; both are translated where they are said.
        signs: what a negative and a positive value are called; empty where the sign is shown or there is none.
    """

    name: str
    sentence: str
    signs: tuple[str, ...] = ()


_AT_WATER = (marked("short"), marked("over"))
_WORDS = {
    "flight_time": _Words(marked("time in the air"), marked("{0} in the air")),
    "jump_height": _Words(marked("height of the jump"), marked("{0} of jump")),
    "board_distance": _Words(marked("distance passing the board"), marked("Passes the board at {0}")),
    "closest_approach": _Words(marked("head, hands to the board"), marked("Head or hands {0} from the board")),
    "lean": _Words(
        marked("lean at the take-off"), marked("Leans {0} at the take-off"), (marked("back"), marked("forward"))
    ),
    "recoil_time": _Words(marked("time on the board's recoil"), marked("{0} on the board's recoil")),
    "arm_asymmetry": _Words(marked("angle between the arms"), marked("{0} between the arms at the take-off")),
    "rotation_speed": _Words(marked("rotation"), marked("Rotates at {0}")),
    "rotation_hold": _Words(marked("rotation kept"), marked("Keeps {0} of the rotation")),
    "hip_angle": _Words(marked("hips, held position"), marked("Hips at {0} in the held position")),
    "knee_angle": _Words(marked("knees, held position"), marked("Knees at {0} in the held position")),
    "legs_apart": _Words(marked("legs apart"), marked("Legs {0} apart")),
    "toe_angle": _Words(marked("toes, held position"), marked("Toes at {0}, 180° is pointed")),
    "come_out_lead": _Words(marked("come-out before the water"), marked("Comes out {0} before the water")),
    "come_out_height": _Words(marked("height of the come-out"), marked("Comes out {0} over the water")),
    "opening_time": _Words(marked("time to open"), marked("{0} to open the hips")),
    "entry_angle": _Words(marked("body line at the entry"), marked("Entry {0}"), _AT_WATER),
    "legs_line": _Words(marked("legs as the hips go under"), marked("Legs {0} as the hips go under"), _AT_WATER),
    "hip_line": _Words(marked("hips off straight at the entry"), marked("Hips {0} off straight at the entry")),
    "elbow_angle": _Words(marked("elbows at the entry"), marked("Elbows at {0} at the entry")),
    "entry_distance": _Words(marked("entry from the board"), marked("Enters {0} from the board")),
}
_DIGITS = {"s": 2, "m": 1, "torso": 1, "deg": 0, "m/s": 1, "turns": 2, "turns/s": 2, "": 2}
_UNITS = {
    "torso": marked("torso lengths"),
    "turns": marked("somersaults"),
    "turns/s": marked("somersaults/s"),
    "deg": "°",
    "": "",
}


def measure_name(name: str) -> str:
    """What a measure is called, "time in the air"."""
    return text(_words(name).name)


def value_text(value: float, name: str, unit: str) -> str:
    """A value with its unit, "0.98 s" or "14° over"."""
    signs = _words(name).signs
    return (
        f"{_number(abs(value), unit)}{_unit(unit)} {text(signs[value > 0])}"
        if signs
        else f"{_number(value, unit)}{_unit(unit)}"
    )


def measured_text(measure: Measure) -> str:
    """A value with its uncertainty, "0.98 ± 0.05 s" or "14 ± 4° over"."""
    signs, unit = _words(measure.name).signs, measure.unit
    value = abs(measure.value) if signs else measure.value
    said = f"{_number(value, unit)} ± {_number(measure.uncertainty, unit)}{_unit(unit)}"
    return f"{said} {text(signs[measure.value > 0])}" if signs else said


def band_text(name: str, band: Band) -> str:
    """The bounds of good dives, "1.15 to 1.30 s" or "4° short to 2° over"."""
    if _words(name).signs and band.low * band.high >= 0:
        low, high = sorted((abs(band.low), abs(band.high)))
        return text(
            "{0} to {1}", _number(low, band.unit), value_text(high if band.high > 0 else -high, name, band.unit)
        )
    if _words(name).signs:
        return text("{0} to {1}", value_text(band.low, name, band.unit), value_text(band.high, name, band.unit))
    return text("{0} to {1}", _number(band.low, band.unit), f"{_number(band.high, band.unit)}{_unit(band.unit)}")


def finding_text(finding: Finding, good_dives: str) -> str:
    """A finding as a sentence: "0.98 s in the air; good 103Bs from 1 m: 1.15 to 1.30 s".

    Args:
        good_dives: what the band is of, as `good_dives_text` says it.
    """
    measure = finding.measure
    said = text(_words(measure.name).sentence, value_text(measure.value, measure.name, measure.unit))
    return f"{said}; {good_dives}: {band_text(measure.name, finding.band)}"


def good_dives_text(dive_number: str, board_m: float | None) -> str:
    """What bands are of, "good 103Bs from 1 m"."""
    if board_m is None:
        return text("good {0}s", dive_number)
    return text("good {0}s from {1} m", dive_number, short_number(board_m))


def own_award_text(own: OwnAward) -> str:
    """The award by measures alone with its interval: "award 6.8 from measures alone; 80 % interval 3.3 to 10.0"."""
    low, high = own.award_range
    level = f"{100 * own.interval.level:.0f}"
    said = text("award {0} from measures alone", number(own.award, 1))
    return f"{said}; {text('{0} % interval {1} to {2}', level, number(low, 1), number(high, 1))}"


def own_award_about(own: OwnAward) -> str:
    """What the award by measures alone is, and what it is not."""
    checked = own.checked
    return text(
        "The award from measures alone holds height, angles and times against the rules of judging and knows no "
        "exemplar: on {0} judged dives its order was right in the main (rank correlation {1}), its size off by {2} "
        "awards.",
        checked.dives,
        number(checked.rank_correlation, 2),
        number(checked.mean_error, 1),
    )


def _words(name: str) -> _Words:
    plain = name.replace("_", " ")
    return _WORDS.get(name, _Words(plain, f"{plain.capitalize()} {{0}}"))


def _number(value: float, unit: str) -> str:
    return number(value, _DIGITS.get(unit, 2))


def _unit(unit: str) -> str:
    shown = text(_UNITS.get(unit, unit))
    return shown if shown in ("", "°") else f" {shown}"

"""Measures as coaches read them: names, values with units, and what speaks against a dive as a sentence."""

from PySide6.QtCore import QCoreApplication

from fineparser_core.measures.explanation import Band, Finding
from fineparser_core.types import Measure
from fineparser_gui.formatting import board_text, decimal

translate = QCoreApplication.translate

_DIGITS = {"s": 2, "m": 1, "torso": 1, "deg": 0, "m/s": 1, "turns": 2, "turns/s": 2}


def measure_text(name: str) -> str:
    """Name of a measure, translated; one that is not known here keeps the words of its name."""
    return {
        "flight_time": translate("Measures", "time in the air"),
        "jump_height": translate("Measures", "height of the jump"),
        "board_distance": translate("Measures", "distance passing the board"),
        "closest_approach": translate("Measures", "head, hands to the board"),
        "lean": translate("Measures", "lean at the take-off"),
        "recoil_time": translate("Measures", "time on the board's recoil"),
        "arm_asymmetry": translate("Measures", "angle between the arms"),
        "rotation_speed": translate("Measures", "rotation"),
        "rotation_hold": translate("Measures", "rotation kept"),
        "hip_angle": translate("Measures", "hips, held position"),
        "knee_angle": translate("Measures", "knees, held position"),
        "legs_apart": translate("Measures", "legs apart"),
        "toe_angle": translate("Measures", "toes, held position"),
        "come_out_lead": translate("Measures", "come-out before the water"),
        "come_out_height": translate("Measures", "height of the come-out"),
        "opening_time": translate("Measures", "time to open"),
        "entry_angle": translate("Measures", "body line at the entry"),
        "legs_line": translate("Measures", "legs as the hips go under"),
        "hip_line": translate("Measures", "hips off straight at the entry"),
        "elbow_angle": translate("Measures", "elbows at the entry"),
        "entry_distance": translate("Measures", "entry from the board"),
    }.get(name, name.replace("_", " "))


def unit_text(unit: str) -> str:
    """Unit of a measure; "" for a ratio."""
    return {
        "deg": "°",
        "torso": translate("Measures", "trunk lengths"),
        "turns": translate("Measures", "somersaults"),
        "turns/s": translate("Measures", "somersaults/s"),
    }.get(unit, unit)


def measured_text(measure: Measure) -> str:
    """A value with its uncertainty: 0.98 ± 0.05 s, 14 ± 4° over."""
    signs = _signs(measure.name)
    value = _number(abs(measure.value) if signs else measure.value, measure.unit)
    text = _with_unit(f"{value} ± {_number(measure.uncertainty, measure.unit)}", measure.unit)
    return f"{text} {signs[measure.value > 0]}" if signs else text


def band_text(name: str, band: Band) -> str:
    """What good dives show: 1.15 – 1.30 s, 4° short – 5° over."""
    signs = _signs(name)
    if signs and band.low * band.high < 0:
        return f"{_value_text(band.low, name, band.unit)} – {_value_text(band.high, name, band.unit)}"
    if signs:
        low, high = sorted((abs(band.low), abs(band.high)))
        return f"{_number(low, band.unit)} – {_value_text(high if band.high > 0 else -high, name, band.unit)}"
    return _with_unit(f"{_number(band.low, band.unit)} – {_number(band.high, band.unit)}", band.unit)


def finding_text(finding: Finding, dive_number: str, board_m: float | None) -> str:
    """What speaks against a dive: "0.98 s in the air; good 103B from 1 m: 1.15 – 1.30 s"."""
    measure, band = finding.measure, finding.band
    said = _sentence(measure.name).format(_value_text(measure.value, measure.name, measure.unit))
    if board_m is None:
        text = translate("Measures", "{0}; good dives {1}: {2}")
        return text.format(said, dive_number, band_text(measure.name, band))
    text = translate("Measures", "{0}; good dives {1} from {2}: {3}")
    return text.format(said, dive_number, board_text(board_m), band_text(measure.name, band))


def _sentence(name: str) -> str:
    """What is said of a value, {0}."""
    return {
        "flight_time": translate("Measures", "{0} in the air"),
        "jump_height": translate("Measures", "{0} of jump"),
        "board_distance": translate("Measures", "Passes the board at {0}"),
        "closest_approach": translate("Measures", "Head or hands {0} from the board"),
        "lean": translate("Measures", "Leans {0} at the take-off"),
        "recoil_time": translate("Measures", "{0} on the board's recoil"),
        "arm_asymmetry": translate("Measures", "{0} between the arms at the take-off"),
        "rotation_speed": translate("Measures", "Rotates at {0}"),
        "rotation_hold": translate("Measures", "Keeps {0} of the rotation"),
        "hip_angle": translate("Measures", "Hips at {0} in the held position"),
        "knee_angle": translate("Measures", "Knees at {0} in the held position"),
        "legs_apart": translate("Measures", "Legs {0} apart"),
        "toe_angle": translate("Measures", "Toes at {0}, 180° is pointed"),
        "come_out_lead": translate("Measures", "Comes out {0} before the water"),
        "come_out_height": translate("Measures", "Comes out {0} over the water"),
        "opening_time": translate("Measures", "{0} to open the hips"),
        "entry_angle": translate("Measures", "Entry {0}"),
        "legs_line": translate("Measures", "Legs {0} as the hips go under"),
        "hip_line": translate("Measures", "Hips {0} off straight at the entry"),
        "elbow_angle": translate("Measures", "Elbows at {0} at the entry"),
        "entry_distance": translate("Measures", "Enters {0} from the board"),
    }.get(name, f"{measure_text(name)} {{0}}")


def _signs(name: str) -> tuple[str, str] | None:
    """What a negative and a positive value are called; None where the sign is shown, or there is none."""
    at_water = (translate("Measures", "short"), translate("Measures", "over"))
    lean = (translate("Measures", "back"), translate("Measures", "forward"))
    return {"entry_angle": at_water, "legs_line": at_water, "lean": lean}.get(name)


def _value_text(value: float, name: str, unit: str) -> str:
    signs = _signs(name)
    text = _with_unit(_number(abs(value) if signs else value, unit), unit)
    return f"{text} {signs[value > 0]}" if signs else text


def _number(value: float, unit: str) -> str:
    return decimal(value, _DIGITS.get(unit, 2))


def _with_unit(text: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{text}{shown}" if shown in ("", "°") else f"{text} {shown}"

"""Measures in words, as coaches say them: for the window, the command line and reports."""

from collections.abc import Sequence
from math import hypot, isinf

from fineparser_core.language import Phrase, length_unit, number, short_number, text
from fineparser_core.measures.explanation import Band, Finding
from fineparser_core.measures.records import RECORDS
from fineparser_core.records import Measure

#: Measures of a dive shown at the pool, where there is space for few.
FIRST_MEASURES = ("flight_time", "jump_height", "legs_line")
#: Digits behind the decimal mark, of two where a unit is not named here.
_DIGITS = {"m": 1, "ft": 1, "deg": 0}
_MOST_DIGITS = 2
#: Steps that values are rounded to where they are read at a glance, of 0.1 where a unit is not named here.
_WORTH = {"deg": 5.0}
#: Names of the sources of bands, by their kinds.
_SOURCES = {"rules": Phrase("rules"), "real": Phrase("real dives"), "rendered": Phrase("rendered dives")}
#: Names of units that differ from their symbols.
_UNITS = {"turns/s": Phrase("somersaults/s"), "deg": "°"}


def measure_name(name: str) -> str:
    """Return the title of a measure, "time in the air"; an unknown measure keeps the words of its name."""
    return text(RECORDS[name].title) if name in RECORDS else name.replace("_", " ")


def measure_about(name: str) -> str:
    """Return the explanation of a measure for coaches; "" for an unknown measure."""
    return text(RECORDS[name].about) if name in RECORDS else ""


def unit_text(unit: str) -> str:
    """Return the name of a unit that a measure is read in; "" for a ratio."""
    _, unit = as_read(1.0, unit)
    return text(_UNITS.get(unit, unit))


def as_read(value: float, unit: str) -> tuple[float, str]:
    """Return a value and its unit as people want to read them: lengths in meters or feet, see `length_unit`."""
    if unit != "m":
        return value, unit
    per_meter, unit = length_unit()
    return value * per_meter, unit


def value_text(value: float, name: str, unit: str) -> str:
    """Return a value with its unit, "0.98 s" or "14° over"."""
    signs = _signs(name)
    said = _with_unit(_number(abs(value) if signs else value, unit), unit)
    return f"{said} {text(signs[value > 0])}" if signs else said


def short_name(name: str) -> str:
    """Return the title of a measure where there is little space, "air time"."""
    record = RECORDS.get(name)
    return text(record.short) if record is not None and record.short else measure_name(name)


def rounded_text(value: float, name: str, unit: str) -> str:
    """Return a value as `value_text` does, rounded to what one video is worth: 5°, or a tenth of another unit."""
    value, unit = as_read(value, unit)
    signs, worth = _signs(name), _WORTH.get(unit, 0.1)
    rounded = round(value / worth) * worth
    said = _with_unit(number(abs(rounded) if signs else rounded, 0 if worth >= 1 else 1), unit)
    return f"{said} {text(signs[rounded > 0])}" if signs and rounded else said


def fault_text(finding: Finding) -> str:
    """Return what a coach calls out: "Low", "Late come-out", "15° short"."""
    measure = finding.measure
    record, value = RECORDS.get(measure.name), rounded_text(measure.value, measure.name, measure.unit)
    if record is None or not record.fault:
        return f"{short_name(measure.name).capitalize()} {value}"
    return text(record.fault, value)


def praise_text(found: Sequence[Measure]) -> str:
    """Return what a coach calls out for measures that speak for a dive, "High · Vertical"."""
    return " · ".join(text(RECORDS[measure.name].praise) for measure in found)


def measured_text(measure: Measure) -> str:
    """Return a value with its uncertainty, "0.98 ± 0.05 s" or "14 ± 4° over"."""
    signs, unit = _signs(measure.name), measure.unit
    value = abs(measure.value) if signs else measure.value
    said = _with_unit(f"{_number(value, unit)} ± {_number(measure.uncertainty, unit)}", unit)
    return f"{said} {text(signs[measure.value > 0])}" if signs else said


def differs(one: Measure, other: Measure) -> bool:
    """Return True if two dives differ in a measure by more than a standard deviation of the difference."""
    return abs(other.value - one.value) > hypot(one.uncertainty, other.uncertainty)


def difference_text(one: Measure, other: Measure) -> str:
    """Format how much larger the other dive's measure is, with its uncertainty, "+0.12 ± 0.05 s" or "+14 ± 4° over"."""
    unit, signs, more = one.unit, _signs(one.name), other.value - one.value
    value = _number(abs(more) if signs else more, unit, signed=True)
    said = _with_unit(f"{value} ± {_number(hypot(one.uncertainty, other.uncertainty), unit)}", unit)
    return f"{said} {text(signs[more > 0])}" if signs else said


def band_text(name: str, band: Band) -> str:
    """Return the bounds of a band, "1.15 to 1.30 s", "4° short to 2° over" or "0.5 m or more"."""
    low, high, signs = band.low, band.high, _signs(name)
    if isinf(high):
        return text("{0} or more", value_text(low, name, band.unit))
    if signs and low * high < 0:
        return text("{0} to {1}", value_text(low, name, band.unit), value_text(high, name, band.unit))
    if signs and high <= 0:  # the nearer bound first
        low, high = -high, low
    return text("{0} to {1}", _number(low, band.unit), value_text(high, name, band.unit))


def good_text(name: str, band: Band) -> str:
    """Return a band with its source, "rules: 0 to 15°"."""
    return text("{0}: {1}", text(_SOURCES[band.source.kind]), band_text(name, band))


def finding_text(finding: Finding) -> str:
    """Return a finding as a sentence: "0.98 s in the air; real dives: 1.60 to 1.88 s"."""
    measure = finding.measure
    record, value = RECORDS.get(measure.name), value_text(measure.value, measure.name, measure.unit)
    said = text(record.sentence, value) if record is not None else f"{measure_name(measure.name).capitalize()} {value}"
    return f"{said}; {good_text(measure.name, finding.band)}"


def dive_text(dive_number: str, board_m: float | None) -> str:
    """Return a dive's name, "103B from 1 m"."""
    return dive_number if board_m is None else text("{0} from {1} m", dive_number, short_number(board_m))


def _signs(name: str) -> tuple[str, ...]:
    return RECORDS[name].signs if name in RECORDS else ()


def _number(value: float, unit: str, *, signed: bool = False) -> str:
    value, unit = as_read(value, unit)
    return number(value, _DIGITS.get(unit, _MOST_DIGITS), signed=signed)


def _with_unit(said: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{said}{shown}" if shown in ("", "°") else f"{said} {shown}"

import pytest

from fineparser_core.language import UNITS, length_text
from fineparser_core.measures import NAMES
from fineparser_core.measures.explanation import MOST_FINDINGS, Band, band_for, findings, good_bands
from fineparser_core.measures.records import RULES
from fineparser_core.measures.words import band_text, measured_text, rounded_text
from fineparser_core.records import Measure


def rule(low, high, unit="s"):
    return Band(low=low, high=high, unit=unit, source=RULES)


def measure(name, value, uncertainty=0.03, step="take-off", unit="s"):
    return Measure(name=name, value=value, unit=unit, uncertainty=uncertainty, frame=3, step=step)


def test_units_are_not_mixed():
    bands = {"height": rule(0.3, 2.7, "m")}
    assert band_for(measure("height", 2, unit="m"), bands) is not None
    assert band_for(measure("height", 2, unit="torso"), bands) is None


def test_only_what_lies_outside_beyond_its_uncertainty_speaks_against_a_dive():
    bands = {"flight_time": rule(1.15, 1.3, "s")}
    told = findings([measure("flight_time", 0.98)], bands)["take-off"]
    assert [finding.measure.value for finding in told] == [0.98]
    for value, uncertainty in (
        (1.2, 0.03),
        (1.13, 0.05),
        (1.5, 0.03),
        (0.98, 0.3),
    ):  # more time in the air costs nothing
        assert not findings([measure("flight_time", value, uncertainty)], bands)["take-off"]


def test_three_are_told_for_a_phase_the_weightiest_first():
    bands = {f"m{k}": rule(0, 1, "s") for k in range(5)}
    found = [measure(f"m{k}", 3.0 + k, step="entry") for k in range(5)]
    told = findings(found, bands)
    assert [finding.measure.name for finding in told["entry"]] == ["m4", "m3", "m2"]
    assert len(told["entry"]) == MOST_FINDINGS
    assert told["flight"] == ()


@pytest.mark.parametrize(
    ("name", "band", "worse", "better"),
    [
        ("hip_line", (8.0, 12.0), 20.0, 1.0),
        ("legs_line", (-12.0, -8.0), -20.0, -1.0),
        ("knee_angle", (165.0, 175.0), 150.0, 179.0),
        ("knee_angle", (45.0, 60.0), 80.0, 30.0),
        ("hip_angle", (25.0, 40.0), 60.0, 15.0),
    ],
)
def test_better_than_good_dives_costs_nothing(name, band, worse, better):
    bands = {name: rule(*band, "deg")}
    told = [bool(findings([measure(name, value, 3.0, "entry", "deg")], bands)["entry"]) for value in (worse, better)]
    assert told == [True, False]


def against(name, value, unit, number, board_m):
    found = Measure(name=name, value=value, unit=unit, uncertainty=0.05, frame=1, step="take-off")
    return bool(findings((found,), good_bands(number, board_m))["take-off"])


def test_near_the_board_speaks_against_a_dive_where_it_is_unsafe_alone():
    for number, board_m, unsafe in ((None, None, 0.2), ("103B", 1.0, 0.2), ("207C", 10.0, 0.05)):
        told = [against("closest_approach", value, "m", number, board_m) for value in (unsafe, 0.8, 3.0)]
        assert told == [True, False, False]
    assert not against("entry_distance", 2.9, "m", "103B", 1.0)  # no rule and no real dives say how far is far


@pytest.mark.parametrize(
    ("name", "value", "unit", "number", "board_m", "kind"),
    [
        ("flight_time", 1.45, "s", "207C", 10.0, "real"),
        ("flight_time", 0.8, "s", "103B", 1.0, "real"),
        ("flight_time", 1.45, "s", "612B", 10.0, "rendered"),  # who stands on the hands does not jump
        ("come_out_lead", 0.1, "s", "207C", 10.0, "real"),
        ("jump_height", 0.2, "m", "103B", 1.0, "rendered"),
        ("knee_angle", 140.0, "deg", "103B", 1.0, "rules"),
        ("knee_angle", 70.0, "deg", "103C", 1.0, "rendered"),
        ("elbow_angle", 140.0, "deg", None, None, "rules"),
    ],
)
def test_ranges_of_rendered_dives_tell_no_fault(name, value, unit, number, board_m, kind):
    band = good_bands(number, board_m).get(name)
    assert band is None if number == "612B" else band is not None and band.source.kind == kind
    assert against(name, value, unit, number, board_m) == (kind != "rendered")


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ("meters", ("2.4 m", "2.4 ± 0.1 m", "0.5 to 2.7 m", "3.0 m")),
        ("feet", ("7.9 ft", "7.9 ± 0.3 ft", "1.6 to 8.9 ft", "9.8 ft")),
    ],
)
def test_lengths_are_read_in_meters_or_feet_and_times_as_ever(monkeypatch, units, told):
    monkeypatch.setenv(UNITS, units)
    height = measure("jump_height", 2.4, 0.1, unit="m")
    said = rounded_text(2.4, "jump_height", "m"), measured_text(height), band_text("jump_height", rule(0.5, 2.7, "m"))
    assert (*said, length_text(3.0)) == told
    assert rounded_text(0.98, "flight_time", "s") == "1.0 s"


def test_good_dives_have_bands_by_number_and_board():
    bands = good_bands("207C", 10.0)
    assert set(bands) <= set(NAMES)
    assert 1.5 < bands["flight_time"].low < bands["flight_time"].high < 2.0  # from 10 m
    assert good_bands("207C", None).keys() == bands.keys()
    assert {band.source.kind for band in bands.values()} == {"rules", "real", "rendered"}
    assert all(band.source.about.values == (20,) for band in bands.values() if band.source.kind == "rendered")


def test_numbers_and_boards_without_rendered_dives_have_what_rules_and_real_dives_say():
    rules = good_bands(None, None)
    assert {band.source.kind for band in rules.values()} == {"rules"}
    assert {"legs_line", "elbow_angle", "closest_approach"} <= rules.keys()
    assert good_bands("103B", None).keys() == rules.keys() | {"knee_angle"}  # from which board is not known
    assert good_bands("103B", 10.0).keys() == rules.keys() | {"knee_angle", "flight_time", "come_out_lead"}
    assert good_bands("207C", 3.0).keys() == rules.keys() | {"come_out_lead"}
    assert good_bands("207C", 1.0).keys() == rules.keys() | {"flight_time", "come_out_lead"}
    assert good_bands("5237D", 3.0).keys() == rules.keys() | {"come_out_lead"}

"""What speaks against a dive, beside good dives of the same number."""

import pytest

from fineparser_core.measures.explanation import MOST_FINDINGS, Band, band_for, findings, worst_first
from fineparser_core.types import Measure


def measure(name: str, value: float, uncertainty: float = 0.03, step: str = "take-off", unit: str = "s") -> Measure:
    return Measure(name=name, value=value, unit=unit, uncertainty=uncertainty, frame=3, step=step)


def test_units_are_not_mixed() -> None:
    bands = {"height": Band(low=0.3, high=2.7, unit="m", n_dives=4)}
    assert band_for(measure("height", 2, unit="m"), bands) is not None
    assert band_for(measure("height", 2, unit="torso"), bands) is None


def test_only_what_lies_outside_beyond_its_uncertainty_speaks_against_a_dive() -> None:
    bands = {"flight_time": Band(low=1.15, high=1.3, unit="s", n_dives=10)}
    told = findings([measure("flight_time", 0.98)], bands)["take-off"]
    assert [finding.measure.value for finding in told] == [0.98]
    for value, uncertainty in (
        (1.2, 0.03),
        (1.13, 0.05),
        (1.5, 0.03),
        (0.98, 0.3),
    ):  # more time in the air costs nothing
        assert not findings([measure("flight_time", value, uncertainty)], bands)["take-off"]


def test_three_are_told_for_a_phase_the_weightiest_first() -> None:
    bands = {f"m{k}": Band(low=0, high=1, unit="s", n_dives=9) for k in range(5)}
    found = [measure(f"m{k}", 3.0 + k, step="entry") for k in range(5)]
    told = findings(found, bands)
    assert [finding.measure.name for finding in told["entry"]] == ["m4", "m3", "m2"]
    assert len(told["entry"]) == MOST_FINDINGS
    assert told["flight"] == ()


@pytest.mark.parametrize(
    ("name", "band", "worse", "better"),
    [
        ("entry_angle", (8.0, 12.0), 20.0, 1.0),
        ("legs_line", (-12.0, -8.0), -20.0, -1.0),
        ("knee_angle", (165.0, 175.0), 150.0, 179.0),
        ("knee_angle", (45.0, 60.0), 80.0, 30.0),
        ("hip_angle", (25.0, 40.0), 60.0, 15.0),
    ],
)
def test_better_than_good_dives_costs_nothing(name, band, worse, better) -> None:
    bands = {name: Band(low=band[0], high=band[1], unit="deg", n_dives=5)}
    told = [bool(findings([measure(name, value, 3.0, "entry", "deg")], bands)["entry"]) for value in (worse, better)]
    assert told == [True, False]


def test_near_the_board_speaks_against_a_dive_where_it_is_unsafe_alone() -> None:
    def against(name: str, value: float) -> bool:
        found = Measure(name=name, value=value, unit="m", uncertainty=0.05, frame=1, step="take-off")
        return bool(findings((found,), {name: Band(low=1.7, high=2.0, unit="m", n_dives=9)})["take-off"])

    assert [against("closest_approach", value) for value in (0.2, 0.8, 3.0)] == [True, False, False]
    assert [against("entry_distance", value) for value in (1.2, 1.9, 2.9)] == [False, False, True]


def test_what_lies_farthest_outside_is_shown_first_also_without_bands() -> None:
    opens, entry = measure("come_out_lead", 0.3), measure("entry_angle", -34.0, 13.0, unit="deg")
    good = measure("hip_line", 8.0, 3.0, unit="deg")
    assert worst_first([opens, good, entry], {}, None) == [entry, opens, good]

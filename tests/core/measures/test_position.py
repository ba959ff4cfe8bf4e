"""The position that is shown, and when it speaks against the number."""

import pytest

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.measures.position import position_shown
from fineparser_core.scoring.measured_stream import position_note
from fineparser_core.types import Measure


def angles(hips: float, knees: float, uncertainty: float = 4.0) -> tuple[Measure, ...]:
    return tuple(
        Measure(name=name, value=value, unit="deg", uncertainty=uncertainty, frame=1, step="flight")
        for name, value in (("hip_angle", hips), ("knee_angle", knees))
    )


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (angles(35, 55), "C"),
        (angles(30, 172), "B"),
        (angles(66, 160, 9.0), "B"),
        (angles(165, 175), "A"),
        (angles(160, 60), None),
        (angles(112, 172), None),
        (angles(14, 48, 19.0), None),
        (angles(35, 55)[:1], None),
        ((), None),
    ],
)
def test_a_position_is_told_where_hips_and_knees_are_sure(found: tuple[Measure, ...], shown: str | None) -> None:
    assert position_shown(found) == shown


def test_another_position_than_the_number_names_is_said() -> None:
    note = position_note(angles(34, 51), parse_dive_number("107B"))
    assert note == "Hips at 34° and knees at 51° show position C, and 107B names B: check the dive number."
    assert position_note(angles(34, 51), parse_dive_number("107C")) is None
    for number in ("5253B", "5132D", "113B", "626B"):  # the position is held for a part of the flight alone
        assert position_note(angles(34, 51), parse_dive_number(number)) is None

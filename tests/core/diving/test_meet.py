from dataclasses import replace

import pytest

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.dive_list import parse_dive_list
from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import (
    ListedDive,
    Meet,
    assigned,
    counted,
    disagreement,
    freed,
    in_turn,
    matched,
    next_open,
    numbered,
    problem,
    renamed,
    running,
    standings,
    taken_off,
    warnings,
)


def listed(athlete, number, board_m=3.0, **values):
    return ListedDive(athlete=athlete, dive_number=number, board_m=board_m, **values)


def meet(*rows, **values):
    return Meet(rows=numbered(rows), **values)


MEET = meet(
    listed("Anna", "103B"), listed("Ben", "105C"), listed("Anna", "403B"), listed("Ben", "203B"), listed("Cleo", "101A")
)


@pytest.mark.parametrize(
    ("awards", "number", "board_m", "difficulty", "points"),
    [
        # 7.5 + 7 + 7.5 = 22, two highest and lowest cancelled; DD 3.0: an example of World Aquatics' scoring.
        ((7.5, 7.0, 7.5, 7.0, 7.5, 8.0, 6.5), "107C", 3.0, 3.0, 66.0),
        ((8.0, 7.0, 6.5, 6.0, 9.0, 8.5, 8.0, 8.0, 4.0), "405B", 3.0, 2.0, 45.6),  # synchronised
        ((7.0, 7.0, 7.0), "405B", 3.0, None, 63.0),  # the tables' 3.0
    ],
)
def test_the_points_are_those_of_the_rules(awards, number, board_m, difficulty, points):
    assert listed("", number, board_m, difficulty=difficulty, awards=awards).points == points


def test_a_balk_costs_two_of_every_award():
    dive = listed("Anna", "405B", awards=(7.0, 7.5, 1.0), difficulty=2.0)
    assert dive.points == 31.0
    assert replace(dive, outcome="balk").points == 21.0  # 5 + 5.5 + 0
    assert replace(dive, outcome="repeat").points == dive.points
    assert replace(dive, awards=()).points is None
    assert replace(dive, difficulty=None, dive_number="405").points is None


def test_totals_run_by_athlete_and_event_and_equal_ones_share_a_place():
    seven = (7.0, 7.0, 7.0)
    rows = [
        listed("Anna", "103B", event="A", awards=seven, difficulty=2.0),
        listed("ben", "103B", event="A", awards=seven, difficulty=2.0),
        listed("Cleo", "103B", event="A", awards=(6.5,) * 3, difficulty=2.0),
        listed("Anna", "103B", event="B", awards=seven, difficulty=3.0),
        listed("Dora", "103B", event="A"),
        listed(" Ben", "203B", event="A", board_m=3.0, awards=(0.0,) * 3),
    ]
    assert running(rows) == [42.0, 42.0, 39.0, 63.0, None, 42.0]
    assert [one[:4] for one in standings(rows)] == [
        ("A", 1, "Anna", 42.0),
        ("A", 1, "ben", 42.0),
        ("A", 3, "Cleo", 39.0),
        ("B", 1, "Anna", 63.0),
    ]
    assert standings(rows)[1].n_dives == 2
    assert standings([]) == []


def test_names_that_read_the_same_are_of_one_athlete():
    names = ("Jos\N{LATIN SMALL LETTER E WITH ACUTE}", "Jose\N{COMBINING ACUTE ACCENT}", "Jos\u200b\xe9")
    rows = [listed(name, "103B", event=name, awards=(7.0,) * 3, difficulty=2.0) for name in names]
    [standing] = standings(rows)
    assert (standing.athlete, standing.n_dives) == ("José", 3)
    typed = [parse_dive_list(f"{name} 103B 1m")[0][0] for name in names]
    assert {row.athlete for row in typed} == {"José"}
    assert len({DiveDetails(athlete=name) for name in names}) == 1


def test_rows_are_numbered_and_go_in_turn():
    rows = numbered([listed("Anna", "103B"), listed("Anna", "105B"), listed("Ben", "101A"), listed("anna", "203B")])
    assert [row.round for row in rows] == [1, 2, 1, 3]
    assert [row.dive_number for row in in_turn(rows)] == ["103B", "101A", "105B", "203B"]


def test_dives_take_the_open_rows_in_order_and_agree_with_what_is_known_of_them():
    unknown = DiveDetails()
    dives = {"d1": unknown, "d2": DiveDetails(athlete="anna"), "d3": unknown, "d4": DiveDetails(dive_number="107B")}
    found = matched(replace(MEET, left_out=("d9",)), dives | {"d9": unknown})
    assert [row.dive for row in found.rows] == ["d1", "d3", "d2", None, None]
    assert next_open(found) == 3
    assert next_open(found, DiveDetails(athlete="Cleo")) == 4
    assert matched(found, dives) == found
    assert next_open(Meet()) is None


def test_a_dive_surely_takes_the_row_of_its_athlete_and_number_alone():
    rows = meet(listed("Anna", "103B"), listed("Ben", "105C"))
    agrees = DiveDetails(athlete="ben", dive_number="105C")
    others = {"d1": DiveDetails(), "d2": DiveDetails(athlete="Anna"), "d3": DiveDetails(dive_number="103B")}
    found = matched(rows, others | {"d4": agrees, "d5": replace(agrees, dive_number="105B")}, surely=True)
    assert [row.dive for row in found.rows] == [None, "d4"]


def test_no_dive_takes_a_row_of_a_finished_meet_by_itself():
    marks = {"awards": (6.0, 6.0, 6.0)}
    unknown = {"d1": DiveDetails()}
    rows = [replace(row, **marks) for row in MEET.rows]
    assert meet(*rows).finished
    assert matched(meet(*rows), unknown) == meet(*rows)
    assert matched(meet(*rows), unknown, passed_too=True).rows[0].dive == "d1"  # the coach has asked for it
    begun = meet(*rows[:2], *MEET.rows[2:])
    assert matched(begun, unknown).rows[1].dive == "d1"  # called just now; the row before it has passed
    filmed = meet(*(replace(row, dive=str(at)) for at, row in enumerate(rows[:-1])), rows[-1])
    assert matched(filmed, unknown).rows[-1].dive == "d1"  # of the last dive, which was called before it came
    assert not MEET.finished
    assert not Meet().finished


def test_a_match_is_exchanged_undone_and_made_anew():
    found = matched(MEET, {f"d{n}": DiveDetails() for n in range(1, 5)})
    swapped = assigned(found, 0, "d2")
    assert [row.dive for row in swapped.rows] == ["d2", "d1", "d3", "d4", None]
    repeated = taken_off(found, 1)
    assert repeated.left_out == ("d2",)
    shifted = matched(freed(repeated, 1), {f"d{n}": DiveDetails() for n in range(1, 6)}, 1)
    assert [row.dive for row in shifted.rows] == ["d1", "d3", "d4", "d5", None]
    assert assigned(repeated, 1, "d2").left_out == ()
    assert taken_off(MEET, 0) == MEET
    assert [row.dive for row in renamed(repeated, {"d1": "0", "d2": "1"}).rows] == ["0", None, None, None, None]
    assert renamed(repeated, {"d2": "1"}).left_out == ("1",)


def test_what_is_wrong_with_a_row_is_told():
    assert problem(listed("Anna", "103B")) is None
    assert problem(listed("Anna", "")) == "The dive number is missing."
    assert "lacks its position" in problem(listed("Anna", "103"))
    assert "armstand" in problem(listed("Anna", "612B"))
    assert problem(listed("Anna", "103B", awards=(7.0,) * 3), 5).startswith("3 awards of 5 judges")


def test_the_rules_warn_of_repeats_groups_and_difficulty():
    rows = (listed("Anna", "103B"), listed("Anna", "103C"), listed("Anna", "105B"))
    assert warnings(meet(*rows)) == {1: "103C is in the list of this athlete twice."}
    assert warnings(meet(*rows, least_groups=2))[2] == "Dives of 1 groups, and 2 are needed."
    assert warnings(meet(*rows, most_difficulty=5.0))[2] == "DD 5.5 in all, and 5.0 is the limit."
    assert warnings(meet(rows[0], rows[2], most_difficulty=9.0, least_groups=1)) == {}


@pytest.mark.parametrize("values", [{"board_m": 4.0}, {"awards": (7.3, 7.0, 7.0)}])
def test_a_row_holds_only_what_can_be(values):
    with pytest.raises(ValueError, match=r"board|awards"):
        ListedDive(**values)
    with pytest.raises(ValueError, match="judges"):
        Meet(judges=4)


def test_a_row_counts_what_its_dive_says():
    row = listed("Anna", "103B", difficulty=1.9, awards=(5.0,) * 3, outcome="balk")
    done = DiveDetails(dive_number="105B", board_m=1.0, judging=Judging(awards=(7.0,) * 3))
    now = counted(row, done)
    assert (now.athlete, now.dive_number, now.board_m, now.known_difficulty) == ("Anna", "105B", 1.0, 2.6)
    assert now.points == 54.6
    assert counted(row, replace(done, outcome="balk")).points == 39.0  # 3 × 5 × 2.6
    assert counted(row, replace(done, outcome="repeat")).points == 54.6
    silent = counted(row, DiveDetails(judging=Judging(awards=(7.0,) * 3)))
    assert (silent.dive_number, silent.board_m, silent.difficulty, silent.outcome) == ("103B", 3.0, 1.9, "")


def done_as(number, board_m):
    return DiveDetails(dive_number=number, board_m=board_m)


@pytest.mark.parametrize(
    ("announced", "done", "said"),
    [
        (listed("", "103B"), done_as("103B", 3.0), None),
        (listed("", "103B", None), done_as("103B", 1.0), None),
        (listed("", "103B"), done_as("105B", 7.5), "Announced: 103B 3 m. The dive: 105B 7.5 m, which counts."),
        (
            listed("", "103B", difficulty=1.9),
            done_as("103B", 3.0),
            "Announced: DD 1.9. The dive: DD 1.6, which counts.",
        ),
    ],
)
def test_a_row_says_what_was_announced_otherwise(announced, done, said):
    assert disagreement(announced, done) == said

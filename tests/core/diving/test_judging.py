import pytest

from fineparser_core.diving.judging import Judging, counted_award, counting, read_called, read_judging, total_award
from fineparser_core.errors import ConfigError


@pytest.mark.parametrize(
    ("awards", "total"),
    [
        ((9.5, 9.0, 9.5, 9.0, 8.5, 9.5, 8.5), 27.5),
        ((8.0, 7.0, 6.0, 6.0, 6.0, 6.0, 9.0, 8.5, 8.0, 8.0, 4.0), 22.5),
        ((8.0, 7.0, 6.5, 6.0, 9.0, 8.5, 8.0, 8.0, 4.0), 22.8),
        ((0.0, 0.0, 0.0, 0.0, 0.0), 0.0),
    ],
)
def test_extreme_awards_are_dropped(awards, total):
    assert total_award(awards) == pytest.approx(total, abs=1e-12)


def test_counted_awards_are_not_dropped_again():
    assert counted_award((7.0, 7.5, 8.0)) == 22.5
    assert counted_award((7.5, 9.0, 8.0, 8.0, 8.5)) * 3.3 == pytest.approx(81.18)
    with pytest.raises(ConfigError, match="Found 7 counted awards"):
        counted_award((7.0,) * 7)


@pytest.mark.parametrize("award", [-0.5, 10.5, 7.3, float("nan"), float("inf")])
def test_impossible_awards_are_refused_by_value(award):
    with pytest.raises(ConfigError, match=f"Award {award:g} is not one"):
        total_award((7.0, award, 7.0))


@pytest.mark.parametrize("count", [0, 1, 4, 6, 8])
def test_impossible_panels_are_refused(count):
    with pytest.raises(ConfigError, match=f"Found {count} awards"):
        total_award((7.0,) * count)


@pytest.mark.parametrize(
    ("typed", "awards", "award"),
    [
        ("6,33", (6.33,), 6.33),
        ("6 6.5 7 6.5 6", (6.0, 6.5, 7.0, 6.5, 6.0), 19 / 3),
        ("6,5; 6;7", (6.5, 6.0, 7.0), 6.5),
        ("6,5, 6, 7,", (6.5, 6.0, 7.0), 6.5),
        ("6,5 6.5 6", (6.5, 6.5, 6.0), 19 / 3),
        ("6.5，6；7", (6.5, 6.0, 7.0), 6.5),
    ],
)
def test_marks_are_read_as_people_write_them(typed, awards, award):
    judging = read_judging(typed)
    assert judging.awards == awards
    assert judging.award == pytest.approx(award)
    assert judging.score(2.0) == pytest.approx(6 * award, abs=0.005)


@pytest.mark.parametrize(
    ("typed", "said"), [("good", "'good' are no marks"), ("6.3 6", "Award 6.3 is not"), ("nan", "are no marks")]
)
def test_what_are_no_marks_is_told(typed, said):
    with pytest.raises(ConfigError, match=said):
        read_judging(typed)


@pytest.mark.parametrize(
    ("typed", "steps"), [("", (None, None, None)), ("7 6,25 6", (7, 6.25, 6)), ("- 6", (None, 6, None))]
)
def test_marks_by_phase(typed, steps):
    assert read_judging("6", typed).phases.by_step == steps


@pytest.mark.parametrize("typed", ["7 6 6 6", "high", "11"])
def test_what_are_no_marks_by_phase_is_told(typed):
    with pytest.raises(ConfigError, match=typed):
        read_judging("6", typed)


def test_which_awards_count():
    assert counting((6, 6.5, 7, 6.5, 6)) == (False, True, False, True, True)
    assert counting((6, 6, 6, 7, 7, 7, 8)) == (False, False, True, True, True, False, False)
    assert counting((6, 7)) == (True, True)
    synchro = (8, 7, 6, 6, 6, 6, 9, 8.5, 8, 8, 4)
    assert sum(one for one, counts in zip(synchro, counting(synchro), strict=True) if counts) == 37.5
    assert Judging(awards=synchro).award == 7.5


@pytest.mark.parametrize(
    ("typed", "n_judges", "awards"),
    [
        ("77.57", 0, (7.0, 7.5, 7.0)),
        ("7 75 7", 3, (7.0, 7.5, 7.0)),
        ("10107", 3, (10.0, 10.0, 7.0)),
        ("6,5 7,0 7", 3, (6.5, 7.0, 7.0)),
        ("7½;7/7", 3, (7.5, 7.0, 7.0)),
        ("5 5 5 5 5 5 5 5 5 5 0", 11, (*(5.0,) * 10, 0.0)),
    ],
)
def test_awards_are_read_as_they_are_typed_while_called(typed, n_judges, awards):
    assert read_called(typed, n_judges) == awards


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("77", "2 awards of 3 judges"),
        ("7.25 7 7", "'7.25 7 7' are no awards"),
        ("105 7 7", "'105 7 7' are no awards"),
        ("", "'' are no awards"),
    ],
)
def test_what_was_not_called_is_told(typed, said):
    with pytest.raises(ConfigError, match=said):
        read_called(typed, 3)

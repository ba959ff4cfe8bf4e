import pytest

from fineparser_core.diving.judging import counted_award, score_dive, total_award
from fineparser_core.errors import ConfigError


@pytest.mark.parametrize(
    ("awards", "total"),
    [
        ((8.0, 7.5, 7.0), 22.5),
        ((9.0, 8.0, 8.0, 7.5, 2.0), 23.5),
        ((9.5, 9.0, 9.5, 9.0, 8.5, 9.5, 8.5), 27.5),
        # Panels (8, 7, 6), (6, 6, 6), (9, 8.5, 8, 8, 4): 7 + 6 + 8.5 + 8 + 8 = 37.5, of which three fifths.
        ((8.0, 7.0, 6.0, 6.0, 6.0, 6.0, 9.0, 8.5, 8.0, 8.0, 4.0), 22.5),
        ((0.0, 0.0, 0.0, 0.0, 0.0), 0.0),
    ],
)
def test_extreme_awards_are_dropped(awards, total):
    assert total_award(awards) == pytest.approx(total, abs=1e-12)


def test_the_score_is_the_total_times_the_difficulty():
    assert score_dive((9.5, 9.0, 9.5, 9.0, 8.5, 9.5, 8.5), 3.2) == 88.0
    assert score_dive((7.0, 7.0, 7.5), 2.9) == 62.35


def test_counted_awards_are_not_dropped_again():
    assert counted_award((7.0, 7.5, 8.0)) == 22.5
    assert counted_award((7.5, 9.0, 8.0, 8.0, 8.5)) * 3.3 == pytest.approx(81.18)
    with pytest.raises(ConfigError, match="Found 7 counted awards"):
        counted_award((7.0,) * 7)


@pytest.mark.parametrize("award", [-0.5, 10.5, 7.3, float("nan"), float("inf")])
def test_impossible_awards_are_refused_by_value(award):
    with pytest.raises(ConfigError, match=f"Award {award:g} is not one"):
        total_award((7.0, award, 7.0))


@pytest.mark.parametrize("count", [0, 1, 4, 6, 9])
def test_impossible_panels_are_refused(count):
    with pytest.raises(ConfigError, match=f"Found {count} awards"):
        total_award((7.0,) * count)

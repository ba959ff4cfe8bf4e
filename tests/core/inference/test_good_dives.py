"""Bands of good dives."""

from fineparser_core.inference.good_dives import good_bands
from fineparser_core.measures import NAMES


def test_the_bundled_exemplars_give_bands_by_number_and_board() -> None:
    bands = good_bands("207C", 10.0)
    assert set(bands) <= set(NAMES)
    assert 1.5 < bands["flight_time"].low < bands["flight_time"].high < 2.0  # from 10 m
    assert bands["flight_time"].n_dives >= 3
    assert good_bands("207C", None).keys() == bands.keys()


def test_numbers_and_boards_without_good_dives_have_no_bands() -> None:
    assert good_bands("103B", 1.0) == {}
    assert good_bands("207C", 3.0) == {}
    assert good_bands(None, None) == {}

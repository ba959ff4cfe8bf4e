from fineparser_core.measures import NAMES
from fineparser_core.measures.explanation import good_bands


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
    assert good_bands("207C", 3.0) == rules
    assert good_bands("207C", 1.0).keys() == rules.keys() | {"flight_time"}
    assert good_bands("5237D", 3.0) == rules

import pytest
from simulated_club import all_marked_off, club, judged

from fineparser_core.evaluation.own_scale import scale_errors, scale_text


def test_marks_of_others_bring_awards_to_the_scale_of_who_marked_them():
    found = scale_errors(all_marked_off(judged(club(dives=10)), -2.0, marked_by="one person"))
    (name,) = found
    errors = found[name]["errors"]
    assert name == "one person"
    assert list(errors) == ["0", "1", "2", "4", "8", "9"]
    assert errors["0"] == pytest.approx(2.0)
    assert errors["1"] == pytest.approx(1.0, abs=0.05)
    assert errors["9"] < 0.4
    assert "one person" in scale_text(found)


def test_two_dives_tell_nothing_of_a_scale():
    assert scale_errors(judged(club(dives=2))) == {}
    assert scale_text({}) == ""

"""What awards of real dives are worth: against the judges', and beside means that need no video."""

import numpy as np
import pytest

from fineparser_core.evaluation.awards import APP, LEFT_OUT, AwardResult, award_report, award_summary, award_text
from fineparser_core.evaluation.metrics import spearman


def dive(award, predicted=None, **facts):
    known = {} if predicted is None else {APP: predicted}
    return AwardResult(**{"award": award, "marked_by": "7 judges", "difficulty": 3.0, "predicted": known} | facts)


@pytest.fixture
def two_events():
    """Awards that tell nothing within an event, which lie two awards apart."""
    rng = np.random.default_rng(3)
    return [
        dive(level + rng.normal(), level + rng.normal() + 0.5, event=event, dive_number=number)
        for event, level in (("preliminary", 5.0), ("final", 8.0))
        for number in ("107B", "207C") * 10
    ]


def test_rho_error_and_interval_are_those_of_the_dives(two_events):
    row = award_report(two_events)["rows"][APP]
    true, given = (np.array(each) for each in zip(*((d.award, d.predicted[APP]) for d in two_events), strict=True))
    assert row["n"] == 40
    assert row["rho"]["value"] == pytest.approx(spearman(given, true))
    assert row["rho"]["low"] < row["rho"]["value"] < row["rho"]["high"]
    assert row["error"]["value"] == pytest.approx(np.abs(given - true).mean())
    assert row["mean_off"] == pytest.approx((given - true).mean())


def test_what_only_the_event_tells_is_nothing_within_it(two_events):
    report = award_report(two_events)
    row, baseline = report["rows"][APP], report["rows"]["mean of the event"]
    assert row["rho"]["value"] > 0.6
    assert abs(row["rho_within_events"]["value"]) < 0.4
    assert row["rho_within_numbers"]["value"] > 0.6
    assert baseline["rho"]["value"] > 0.6
    assert list(report["groups"]) == ["event: preliminary", "event: final"]
    assert "mean of the athlete" not in report["rows"]  # nobody is named


def test_a_mean_of_others_does_not_know_the_dive_itself():
    dives = [
        dive(award, award, dive_number=number) for award, number in ((4.0, "A"), (6.0, "A"), (5.0, "A"), (9.0, "B"))
    ]
    row = award_report(dives)["rows"]["mean of the number"]
    off = [5.5 - 4.0, 6.0 - 4.5, 5.0 - 5.0, 9.0 - 5.0]
    assert row["error"]["value"] == pytest.approx(np.mean(off))


def test_dives_without_an_award_are_counted_by_their_reason():
    dives = [dive(5.0, 5.5), dive(6.0, 6.5, taught=True), dive(7.0, 6.0, marked_by="one person")]
    dives += [dive(8.0, reason="No exemplar of 5255B."), dive(4.0, reason="No exemplar of 5255B.")]
    report = award_report(dives)
    assert report["not_scored"] == {"No exemplar of 5255B.": 2}
    text, summary = award_text(report), award_summary(report)
    assert "marks of 5 dives: 4 by 7 judges, 1 by one person" in text
    assert "no award: 2, No exemplar of 5255B." in text
    assert f"1 of these taught the app what awards are worth: '{LEFT_OUT}' alone did not see them" in text
    assert summary["dives with marks and without an award"] == "2 of 5"
    assert summary["awards, Spearman rho of 3"].startswith("+0.50 (")


def test_two_dives_have_no_numbers_and_no_dive_has_no_report():
    assert award_report([dive(5.0, 5.5), dive(6.0, 6.5)])["rows"] == {}
    assert award_summary(award_report([])) == {}
    assert award_text(award_report([dive(5.0, reason="It was not seen.")])).endswith("no award: 1, It was not seen.")


def test_constant_awards_have_no_rho():
    row = award_report([dive(5.0 + i, 6.0) for i in range(4)])["rows"][APP]
    assert row["rho"]["value"] is None
    assert award_text(award_report([dive(5.0 + i, 6.0) for i in range(4)]))

"""Fits of judged dives on made features: what was put in is found again, and slopes keep their signs."""

import numpy as np
import pytest

from fineparser_core.scoring.fitting import FittedDive, fit_armstand, fit_awards, left_out, unit_term

N = 80


@pytest.fixture(scope="module")
def dives():
    rng = np.random.default_rng(0)
    found = []
    for n in range(N):
        gated, splash = rng.normal(size=(9, 1024)).astype(np.float32), rng.normal(size=(8, 18, 30)).astype(np.float32)
        armstand, width, toes = bool(n % 4 == 0), rng.uniform(0.4, 1.6), rng.uniform(140, 180)
        gated[:3, :50] += 3 * armstand
        gated[7:, 50:150] += rng.normal()
        award = 7 + 0.3 * float(gated[7:, 50:150].mean()) - 1.5 * (width - 1) - 0.02 * (toes - 160)
        quantities = {"splash_width": (width, 0.05), "toe_angle": (toes, 1.0)}
        seen = splash if n % 5 else None
        windows_s = np.linspace(-2.2, 0.9, 9)
        found.append(FittedDive(award=award, event=f"{n % 3}", armstand=armstand, windows_s=windows_s, gated=gated,
                                splash=seen, quantities=quantities))  # fmt: skip
    return found


@pytest.fixture(scope="module")
def terms(dives):
    def values(name):
        return np.array([dive.quantities[name][0] for dive in dives])

    return [
        unit_term("splash_width", "entry", (10.0,), values("splash_width"), "less"),
        unit_term("toe_angle", "flight", (10.0,), values("toe_angle"), "more"),
    ]


def test_left_out_dives_are_ordered_and_a_slope_of_the_wrong_sign_is_left_out(dives, terms):
    fit = fit_awards(dives, terms)
    assert [term.measure for term in fit.terms] == ["splash_width"]  # pointed toes cost awards here
    assert 0.5 < fit.terms[0].above < 2.0
    predicted, awards = left_out(dives, terms, [dive.event for dive in dives]), [dive.award for dive in dives]
    assert np.corrcoef(predicted, awards)[0, 1] > 0.7


def test_an_armstand_is_told_by_the_features_before_the_take_off(dives):
    readout = fit_armstand(dives)
    told = np.array([readout.value(dive.windows_s, dive.gated) > 2.2 for dive in dives])
    assert (told == [dive.armstand for dive in dives]).mean() > 0.95

import numpy as np
import pytest

from fineparser_core.pose.decoding import DECODERS


def test_flight_decoding_takes_the_middle_of_a_plateau_whatever_its_jitter():
    probabilities = np.full((96, 2), 1e-4)
    probabilities[20:25, 0] = (0.3, 0.5, 0.28, 0.48, 0.31)
    probabilities[60:65, 1] = (0.2, 0.6, 0.9, 0.6, 0.2)
    assert DECODERS["joint"](probabilities) == (21, 62)
    assert DECODERS["flight"](probabilities) == (22, 62)
    probabilities[23, 0] = 0.52
    assert DECODERS["joint"](probabilities) == (23, 62)
    assert DECODERS["flight"](probabilities) == (22, 62)


def shown(first, second):
    probabilities = np.full((96, 2), 1e-4)
    probabilities[first - 1 : first + 2, 0] = probabilities[second - 1 : second + 2, 1] = 0.4, 0.8, 0.4
    return probabilities


def test_flight_decoding_finds_what_is_hidden_by_how_long_flights_last():
    seconds = 95 / 25  # a sample is 0.04 s, and 36 of them are a flight
    hidden = shown(30, 66)
    hidden[:, 0] = 1e-4
    hidden[80, 0] = hidden[4, 0] = 2e-3  # after the entry, and too long before it
    assert DECODERS["joint"](hidden) == (4, 66)
    first, second = DECODERS["flight"](hidden, seconds)
    assert (abs(first - 30) <= 1, second) == (True, 66)
    first, second = DECODERS["flight"](hidden[::-1, ::-1], seconds)
    assert (first, abs(second - 65) <= 1) == (29, True)


@pytest.mark.parametrize("seconds", [None, 95 / 25, 95 / 100, 6.0, 10.0, 95 / 6])
@pytest.mark.parametrize("peak", [(0.4, 0.8, 0.4), (0.0, 1.0, 0.0), (0.0, 0.5, 0.0), (0.2, 0.3, 0.2)])
def test_flight_decoding_moves_no_peak(seconds, peak):
    for pair in ((30, 66), (28, 70), (20, 45), (5, 90)):
        probabilities = shown(*pair)
        for column, at in enumerate(pair):
            probabilities[at - 1 : at + 2, column] = peak
        assert DECODERS["flight"](probabilities, seconds) == pair


def test_flight_decoding_stays_on_the_peak_that_it_chose():
    probabilities = shown(59, 70)
    probabilities[51:54, 0] = 0.1, 0.27, 0.1  # lower, but as long before the entry as take-offs are
    assert DECODERS["flight"](probabilities, 7.6) == (52, 70)


def test_flight_decoding_tells_two_steps_apart_whatever_it_sees():
    rng = np.random.default_rng(0)
    for _ in range(200):
        first, second = DECODERS["flight"](rng.random((96, 2)) ** 8, rng.choice([0.0, 0.5, 4.0, 60.0]))
        assert 0 <= first < second < 96

"""The numbers beside the bars add up to the sum below them, as they are written."""

from random import Random

from fineparser_core.export.dive_words import rounded_to_sum


def test_what_is_shown_adds_up_and_is_no_unit_off():
    random = Random(7)
    for _ in range(2000):
        values = [random.uniform(-9, 9) for _ in range(random.randint(1, 4))]
        mean = random.uniform(0, 100)
        total = round(round(mean + sum(values), 1) - round(mean, 1), 1)  # it may itself be a unit off
        shown = rounded_to_sum(values, total)
        assert round(sum(shown), 6) == total
        assert all(abs(one - value) < 0.2 for one, value in zip(shown, values, strict=True))
        split = rounded_to_sum((values[0] - 0.123, 0.123), shown[0])
        assert round(sum(split), 6) == shown[0]

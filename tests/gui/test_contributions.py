"""The numbers beside the bars add up to the sum below them, as they are written."""

import re
from dataclasses import replace
from random import Random

import pytest
from answers_kit import answer_dive, open_queued, scoring
from finding import named, reads

from fineparser_core.export.dive_words import rounded_to_sum


def test_three_thirds_make_one() -> None:
    assert rounded_to_sum([1 / 3] * 3, 1.0) == [0.4, 0.3, 0.3]
    assert rounded_to_sum([-1 / 3] * 3, -1.0) == [-0.3, -0.3, -0.4]
    assert rounded_to_sum([1.0, -2.0, 0.5], -0.5) == [1.0, -2.0, 0.5]
    assert rounded_to_sum([0.9, -0.001], 0.9) == [0.9, 0.0]


def test_what_is_shown_adds_up_and_is_no_unit_off() -> None:
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


@pytest.mark.parametrize("split", [False, True])
def test_bars_and_sum_agree_in_the_window(idle_studio, qtbot, small_video, tmp_path, split) -> None:
    session, panel = idle_studio.session, idle_studio.window.contributions
    open_queued(idle_studio, qtbot, small_video, dive_number="207C", board_m=10.0)
    # Rounded one by one: 1.0 + 1.0 + 1.0, and the score 3.1 above the mean.
    third = 1.0 + 1 / 30
    made = scoring()
    parts = tuple(replace(part, points=third, dynamic=third - 0.25, static=0.25) for part in made.contributions)
    votes = tuple(replace(vote, contributions=parts, vote=vote.score + 3 * third) for vote in made.exemplars)
    answer_dive(idle_studio, tmp_path, None, replace(made, score=68.1, contributions=parts, exemplars=votes))
    idle_studio.window.score.how.setChecked(True)
    panel.by_stream.setChecked(split)
    assert "Sum +3.1 = score 68.1 − mean of exemplars 65.0" in reads(panel)
    written = [
        float(value)
        for value in re.findall(r"[+-]\d+\.\d", named(panel, "Contributions of the phases").accessibleDescription())
    ]
    assert sorted(written) == [1.0, 1.0, 1.1]
    assert not named(panel, "Contributions of the phases").grab().isNull()
    assert session.current.analysis.scoring.contributions == parts  # what is exported stays exact

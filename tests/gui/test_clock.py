"""The progress that a coach sees counts every pass, and says how long it will take."""

import pytest

from fineparser_core.progress import Progress
from fineparser_gui.worker.scheduler import Clock


def test_all_passes_are_one_bar_that_never_goes_back():
    clock = Clock()
    seen = []
    for _ in range(2):  # a clip in which what fell was nobody is looked at twice
        for stage, total in (("read", 96), ("coarse", 9), ("parse", 10)):
            for done in range(1, total + 1):
                clock.report(Progress(stage, done, total))
                seen.append(clock.fraction)
    assert seen == sorted(seen)
    assert seen[len(seen) // 2 - 1] == pytest.approx(1.0)
    assert seen[95] == pytest.approx(0.2)


def test_the_time_left_follows_the_usual_and_then_its_own_pace():
    now = 0.0
    clock = Clock(lambda: now)
    assert clock.left_s() is None
    assert clock.left_s(20.0) == 20.0
    clock.begin()
    now = 10.0
    clock.report(Progress("read", 48, 96))
    assert clock.left_s(20.0) == pytest.approx(18.0)
    assert clock.left_s() == pytest.approx(90.0)
    clock.report(Progress("parse", 2, 7))
    assert clock.left_s(20.0) == pytest.approx(10.0)


def test_what_is_done_in_between_does_not_count():
    now = 0.0
    clock = Clock(lambda: now)
    clock.begin()
    now = 10.0
    clock.report(Progress("scan", 1, 2))
    clock.stop()
    now = 70.0
    assert clock.left_s() == pytest.approx(10.0)
    clock.begin()
    now = 75.0
    clock.report(Progress("scan", 3, 4))
    assert (clock.elapsed_s, clock.left_s()) == (pytest.approx(15.0), pytest.approx(5.0))

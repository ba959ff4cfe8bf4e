"""What the stages of the recipe share."""

import threading

import pytest

from fineparser_core.training.stage_tools import Prefetcher


def test_what_an_iteration_draws_is_the_same_whichever_came_before() -> None:
    drawn, drawn_in = [], set()

    def draw(iteration: int) -> int:
        drawn.append(iteration)
        drawn_in.add(threading.current_thread())
        return iteration**2

    ahead = Prefetcher(draw, 11)
    assert [ahead(i) for i in (3, 4, 5, 9, 10)] == [9, 16, 25, 81, 100]
    assert len(drawn_in) == 2  # one for what was not foreseen
    assert max(drawn) == 10


def test_a_draw_that_fails_ahead_fails_its_own_iteration() -> None:
    ahead = Prefetcher(lambda iteration: 1 // (iteration - 2), 3)
    assert ahead(1) == -1
    with pytest.raises(ZeroDivisionError):
        ahead(2)

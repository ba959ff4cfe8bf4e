"""Plans simulated with a decoder of a given speed: no threads, no pixels, no waiting."""

import numpy as np

from fineparser_gui.player.prefetch import Playhead, Prefetch, n_bytes

SIZE = (200, 100)
GROUP = 50
FRAMES = 300


def _plan(source_px=(1920, 1080)):
    return Prefetch(FRAMES, np.arange(0, FRAMES, GROUP), source_px)


def _head(frame, direction=1, moving=True):
    return Playhead(frame=frame, direction=direction, moving=moving, size_px=SIZE, sharp_px=SIZE)


def _all_frames(head, n_pictures):
    """What is decoded until the plan is satisfied, in order."""
    plan, limit = _plan(), n_pictures * n_bytes(SIZE)
    cached, order = set(), []
    for _ in range(50):
        run = plan.next_run(head, limit, cached.__contains__)
        if run is None:
            return order
        cached |= set(run.frames)
        order += [frame for frame in run.frames if frame not in order]
    raise AssertionError("the plan never ends")


def test_the_wanted_frame_comes_first_with_a_few_before_it():
    order = _all_frames(_head(130, moving=False), 200)
    assert 130 in order[:10]
    assert min(order[:10]) >= 120


def test_at_rest_both_sides_are_there():
    decoded = set(_all_frames(_head(130, moving=False), 200))
    assert set(range(100, 150)) <= decoded


def test_a_group_is_decoded_once_when_going_back():
    order = _all_frames(_head(149, -1), 70)
    assert order[:50] == list(range(100, 150))


def test_reverse_play_is_coarser_where_a_group_does_not_fit():
    plan = _plan()
    head = _head(100, -1)
    assert plan.size(head, 100 * n_bytes(SIZE)) == SIZE
    small = plan.size(head, 40 * n_bytes(SIZE))
    assert 0.3 < n_bytes(small) / n_bytes(SIZE) < 0.7
    assert plan.size(_head(100, 1), 40 * n_bytes(SIZE)) == SIZE
    assert plan.size(_head(100, -1, moving=False), 40 * n_bytes(SIZE)) == SIZE


def test_nothing_is_kept_larger_than_the_file_has_it():
    assert _plan(source_px=(96, 54)).size(_head(0), 1e9) == (96, 54)
    assert _plan(source_px=(96, 54)).is_good((96, 54), 0, _head(0, moving=False))

import numpy as np
import pytest

from fineparser_core.synth.render import DiveSpec, render_dive


@pytest.mark.parametrize(("number", "board_m"), [("407C", 10.0), ("205B", 3.0)])
def test_both_divers_of_a_pair_are_in_the_mask(number: str, board_m: float) -> None:
    spec = {"dive_number": number, "board_m": board_m, "height_px": 128, "aspect": 16 / 9, "clear": True}
    pair, alone = render_dive(DiveSpec(**spec, synchro=True), 4), render_dive(DiveSpec(**spec), 4)
    assert pair.qualities == alone.qualities
    assert pair.awards == alone.awards
    # About twice the area, at a slightly larger distance.
    assert 1.1 < pair.masks.mean() / alone.masks.mean() < 2.2
    again = render_dive(DiveSpec(**spec, synchro=True), 4)
    assert np.array_equal(pair.frames, again.frames)


def test_joints_are_those_of_the_first_athlete() -> None:
    spec = DiveSpec(dive_number="107B", board_m=3.0, height_px=128, aspect=16 / 9, clear=True, synchro=True)
    dive = render_dive(spec, 4)
    _, height, width = dive.masks.shape
    hits = []
    for i in range(dive.first_flight_frame, dive.contact_frame - 1):
        x, y = (dive.joints[i, :-1] * (width, height)).astype(int).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        hits.append(dive.masks[i][y[inside], x[inside]])
    assert np.concatenate(hits).mean() > 0.9

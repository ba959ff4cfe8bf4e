import numpy as np

from fineparser_core.synth.render import DiveSpec, render_dive


def test_both_divers_of_a_pair_are_in_the_mask():
    spec = {"dive_number": "407C", "board_m": 10.0, "height_px": 128, "aspect": 16 / 9, "clear": True}
    pair, alone = render_dive(DiveSpec(**spec, synchro=True), 4), render_dive(DiveSpec(**spec), 4)
    assert pair.qualities == alone.qualities
    assert pair.awards == alone.awards
    # About twice the area, at a slightly larger distance.
    assert 1.1 < pair.masks.mean() / alone.masks.mean() < 2.2
    again = render_dive(DiveSpec(**spec, synchro=True), 4)
    assert np.array_equal(pair.frames, again.frames)

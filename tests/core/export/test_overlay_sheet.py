import numpy as np

from fineparser_core.export.overlay_sheet import overlay_sheet


def test_a_sheet_shows_the_clip_and_every_labelled_frame(small_video, make_analysis):
    parse = make_analysis(small_video, 10, 99, scored=False).parse
    truth = np.zeros((48, 64), bool)
    truth[10:30, 20:40] = True
    plain, labeled = overlay_sheet(parse, {}), overlay_sheet(parse, {11: truth})
    assert plain.shape == (5 * 240, 6 * 320, 3)
    assert labeled.shape == (6 * 240, 6 * 320, 3)
    # Frame 11 is the second tile; its label is outlined.
    tile = labeled[:240, 320:640].astype(int)
    green = (tile[..., 1] - np.maximum(tile[..., 0], tile[..., 2])) > 100
    assert green[50:150, 100:200].sum() > 200
    assert not labeled[-240:, 320:].any()

import cv2
import numpy as np

from fineparser_core.pose.blazepose import body_log_odds
from fineparser_core.pose.finding import Look, Seen

POSE = np.column_stack([128 + 20 * np.tile([-1.0, 0.0, 1.0], 5), np.linspace(60, 200, 15)])
SHADES = np.linspace(40, 250, 15).astype(int)


class Dots(Look):
    """Sees joints where dots are drawn, a shade of red each; without dots they lie anywhere, as of networks."""

    def __init__(self):
        self._rng = np.random.default_rng(0)

    def joints(self, pictures):
        return [Seen(self._joints(picture.astype(int)), np.ones(15)) for picture in pictures]

    def _joints(self, picture):
        found = self._rng.uniform(40, 216, (15, 2))
        for joint, shade in enumerate(SHADES.tolist()):
            off = np.abs(picture - [shade, 0, 255 - shade]).sum(axis=-1)
            if (off < 12).any():
                found[joint] = np.argwhere(off < 12).mean(axis=0)[::-1]
        return found


def test_a_body_is_where_looks_agree_however_the_picture_is_turned():
    bare = np.full((256, 256, 3), 90, np.uint8)
    drawn = bare.copy()
    for (x, y), shade in zip((POSE + 15).round().astype(int).tolist(), SHADES.tolist(), strict=True):
        cv2.circle(drawn, (x, y), 6, (shade, 0, 255 - shade), -1)
    assert body_log_odds(Dots(), [drawn, drawn]) > 2.0
    assert body_log_odds(Dots(), [bare, bare]) < -1.0

"""The network of MediaPipe by ONNX Runtime gives what TensorFlow Lite gives for the published file."""

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.pose.blazepose import body_log_odds, load_blazepose
from fineparser_core.pose.finding import Look, Seen

SKIN, TRUNKS = (205, 160, 130), (30, 30, 90)
# What the published pose_landmark_lite.tflite gives for `drawn_person` (LiteRT 2.3), x and y in pixels.
PUBLISHED = {
    "shoulder_l": (107.23, 89.81), "shoulder_r": (146.51, 93.06),
    "wrist_l": (88.06, 151.89), "wrist_r": (167.67, 158.43),
    "hip_l": (116.09, 153.22), "hip_r": (136.40, 154.38), "ankle_l": (118.83, 247.20), "ankle_r": (134.77, 240.98),
}  # fmt: skip
# And how many pixels of its mask are above 0.
PUBLISHED_MASK_PX = 9735


def drawn_person():
    """(256, 256, 3) uint8: a person of discs, who stands."""
    picture = np.full((256, 256, 3), (70, 120, 160), np.uint8)
    rows, columns = np.mgrid[0:256, 0:256]

    def limb(start, end, radius, color=SKIN):
        for x, y in np.linspace(start, end, 40):
            picture[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = color

    limb((128, 85), (128, 150), 18)
    for elbow, wrist, shoulder in (((92, 128), (88, 165), (112, 90)), ((164, 128), (168, 165), (144, 90))):
        limb(shoulder, elbow, 6)
        limb(elbow, wrist, 5)
    for hip, knee, ankle in (((118, 150), (114, 195), (112, 238)), ((138, 150), (142, 195), (144, 238))):
        limb(hip, knee, 9)
        limb(knee, ankle, 7)
    limb((128, 62), (128, 62), 14)
    limb((112, 150), (144, 150), 10, TRUNKS)
    return picture


def test_it_gives_what_the_published_file_gives():
    blazepose = load_blazepose()
    (seen,) = blazepose.joints([drawn_person()])
    assert seen.joints.shape == (15, 2)
    found = {name: seen.joints[KEYPOINT_NAMES.index(name)] for name in PUBLISHED}
    for name, place in PUBLISHED.items():
        np.testing.assert_allclose(found[name], place, atol=0.05, err_msg=name)
    assert (seen.visible[[KEYPOINT_NAMES.index(f"hip_{side}") for side in "lr"]] > 0.99).all()
    (mask,) = blazepose.masks([seen])
    body = np.nan_to_num(mask) > 0.5
    assert abs(int(body.sum()) - PUBLISHED_MASK_PX) < 5
    x, y = seen.joints.T
    assert np.isnan(mask[int(y.min()) - 40]).all()  # not looked for far from the joints
    assert np.isnan(mask[:, int(x.max()) + 40]).all()


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

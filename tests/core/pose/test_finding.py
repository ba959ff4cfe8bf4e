import numpy as np
import pytest

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES
from fineparser_core.errors import Cancelled
from fineparser_core.pose.finding import BODY, PICTURE_PX, WIDE_PX, BestLook, Look, Seen, Turn, find_joints, fuse_masks
from fineparser_core.progress import CancelToken

N = 40
# A piked body about its hips, in shares of the athlete crop, trunk upright.
PLACES = {
    "head": (0, -0.28), "shoulder": (0, -0.22), "elbow": (0.08, -0.15), "wrist": (0.15, -0.08), "hip": (0, 0),
    "knee": (0.16, -0.03), "ankle": (0.3, -0.06), "toe": (0.36, -0.06),
}  # fmt: skip
SIDE = 0.015  # of left and right from the middle


def body():
    """(15, 2)."""
    places = [PLACES[name.split("_")[0]] for name in KEYPOINT_NAMES[:BODY]]
    sides = [SIDE * (name.endswith("_l") - name.endswith("_r")) for name in KEYPOINT_NAMES[:BODY]]
    return np.array(places) + np.array(sides)[:, None]


def somersault(turns=1.0):
    """Joints (40, 15, 2) of a body that turns, in shares of the crop, and its radians (40,)."""
    radians = 2 * np.pi * turns * np.arange(N) / N
    cos, sin = np.cos(radians), np.sin(radians)
    turned = np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)
    return 0.5 + body() @ turned.transpose(0, 2, 1), radians


def mask_of(joints):
    """(112, 112): what lies near the limbs."""
    names = KEYPOINT_NAMES.index
    chains = ("head shoulder elbow wrist", "shoulder hip knee ankle toe")
    parts = [part for chain in chains for part in zip(chain.split(), chain.split()[1:], strict=False)]
    rows, columns = (np.mgrid[0:112, 0:112] + 0.5) / 112
    mask = np.zeros((112, 112), np.float16)
    for a, b in parts:
        first, second = (joints[names(n if n == "head" else f"{n}_l")] for n in (a, b))
        for x, y in np.linspace(first, second, 12):
            mask[(columns - x) ** 2 + (rows - y) ** 2 < 0.03**2] = 1
    return mask


def as_own(joints):
    """Joints as our network gives them, (40, 16, 3)."""
    own = np.full((N, len(KEYPOINT_NAMES), 3), 0.9)
    own[:, :BODY, :2] = 112 * joints
    return own


class Upright(Look):
    """A network that sees a body right where its trunk is about upright in the picture, and else a fixed wrong one.

    It knows the sample by the brightness of the wide crop, and the turn of each picture from `Turn.picture`. It sees
    everything so many pixels to the right.
    """

    off_px = 0.0

    def __init__(self, monkeypatch):
        self.true, self.radians = somersault()
        self.turns = []
        self.looks = 0
        picture = Turn.picture

        def told(turn, wide):
            self.turns.append(turn)
            return picture(turn, wide)

        monkeypatch.setattr(Turn, "picture", told)

    def joints(self, pictures):
        pictures = list(pictures)  # cut on the way
        turns, self.turns = self.turns, []
        return [self.see(picture, turn) for picture, turn in zip(pictures, turns, strict=True)]

    def masks(self, seen):
        return [one.shared for one in seen]

    def see(self, picture, turn):
        self.looks += 1
        sample = int(picture[PICTURE_PX // 2, PICTURE_PX // 2, 0])
        seen = np.tile([[200.0, 60.0]], (BODY, 1)) + 40 * body()
        if abs(np.angle(np.exp(1j * (turn.radians - self.radians[sample])))) < 0.6:
            origin, ends = turn.in_crop(np.zeros(2)), turn.in_crop(np.eye(2))
            seen = (self.true[sample] - origin) @ np.linalg.inv(ends - origin)
            if turn.mirrored:
                seen = seen[list(KEYPOINT_FLIP[:BODY])]
        return Seen(seen + np.array([self.off_px, 0.0]), np.full(BODY, 0.9))


@pytest.fixture
def network(monkeypatch):
    return Upright(monkeypatch)


def found(own, joints, network, looked_at, cancel=None):
    wide = np.stack([np.full((WIDE_PX, WIDE_PX, 3), k, np.uint8) for k in range(N)])
    masks = np.stack([mask_of(one) for one in joints])
    return find_joints(own, wide, masks, looked_at, network, cancel)[0]


def off(joints, true):
    """(40,) mean error in shares of the crop."""
    return np.linalg.norm(joints[:, :BODY, :2] / 112 - true, axis=-1).mean(axis=1)


def test_where_one_network_is_wrong_the_other_is_believed(network):
    joints, _ = somersault()
    own = as_own(joints)
    own[15:18, :BODY, :2] = 112 - own[15:18, :BODY, :2]  # upside down
    own[30:33, :BODY, :2] += 20
    result = found(own, joints, network, np.ones(N, bool))
    assert off(own, joints)[15:18].min() > 0.1
    assert off(result, joints).max() < 0.02
    assert result[:, BODY].tolist() == own[:, BODY].astype(np.float32).tolist()  # the board is ours
    assert network.looks < 3 * N  # each both ways round


def test_a_mirrored_dive_has_mirrored_joints_though_the_network_knows_left_from_right(network):
    joints, radians = somersault()
    network.off_px = 6.0
    wide = np.stack([np.full((WIDE_PX, WIDE_PX, 3), k, np.uint8) for k in range(N)])
    masks, everywhere = np.stack([mask_of(one) for one in joints]), np.ones(N, bool)
    straight = find_joints(as_own(joints), wide, masks, everywhere, network)[0]
    flipped = [1, 0] + [-1, 1] * joints[:, list(KEYPOINT_FLIP[:BODY])]
    network.true, network.radians = flipped, -radians
    mirrored = find_joints(as_own(flipped), wide, masks[:, :, ::-1], everywhere, network)[0]
    mirrored = mirrored[:, list(KEYPOINT_FLIP[:BODY])]
    np.testing.assert_allclose(112 - mirrored[..., 0], straight[:, :BODY, 0], atol=0.01)
    np.testing.assert_allclose(mirrored[..., 1], straight[:, :BODY, 1], atol=0.01)


def test_sides_stay_the_same_through_time(network):
    joints, _ = somersault()
    own = as_own(joints)
    own[::2] = own[::2, list(KEYPOINT_FLIP)]
    result = found(own, joints, network, np.ones(N, bool))
    strict, swapped = (
        np.abs(result[:, order, :2] / 112 - joints).max() for order in (range(BODY), KEYPOINT_FLIP[:BODY])
    )
    assert min(strict, swapped) < 0.02


def test_nobody_is_looked_at_outside_the_flight(network):
    joints, _ = somersault()
    own = as_own(joints)
    result = found(own, joints, network, np.zeros(N, bool))
    assert network.looks == 0
    np.testing.assert_allclose(result[..., :2], own[..., :2], atol=1)  # steadied alone


def test_what_looks_agree_on_is_surer(network):
    joints, _ = somersault()
    own = as_own(joints)
    own[25:28, :BODY, :2] += 12
    sure = found(own, joints, network, np.ones(N, bool))[:, :BODY, 2]
    assert ((sure > 0) & (sure < 1)).all()
    assert sure[25:28].mean() < sure[5:20].mean() - 0.1


def test_a_search_for_joints_ends_where_it_is_cancelled(network):
    joints, _ = somersault()
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        found(as_own(joints), joints, network, np.ones(N, bool), token)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_picture_shows_the_crop_turned(mirrored):
    wide = np.zeros((WIDE_PX, WIDE_PX, 3), np.uint8)
    spot = np.array([0.7, 0.35])  # of the crop, which is the middle 1 / 1.5 of the wide one
    x, y = (WIDE_PX * (0.5 + (spot - 0.5) / 1.5)).astype(int)
    wide[y - 3 : y + 3, x - 3 : x + 3] = 255
    turn = Turn(0.8, mirrored)
    rows, columns = np.nonzero(turn.picture(wide)[..., 0] > 128)
    np.testing.assert_allclose(turn.in_crop(np.array([columns.mean(), rows.mean()])), spot, atol=0.01)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_mask_of_a_turned_picture_lies_where_its_pixels_do(mirrored):
    mask = np.zeros((PICTURE_PX, PICTURE_PX), np.float32)
    mask[60:80, 150:180] = 1
    turn = Turn(0.8, mirrored)
    rows, columns = np.nonzero(np.nan_to_num(turn.mask_in_crop(mask)) > 0.5)
    middle = (np.array([columns.mean(), rows.mean()]) + 0.5) / 112
    np.testing.assert_allclose(middle, turn.in_crop(np.array([165.0, 70.0])), atol=0.005)


def test_masks_are_averaged_as_far_as_the_look_fits(network):
    seen = np.full((PICTURE_PX, PICTURE_PX), np.nan, np.float32)
    seen[64:192, 64:192] = 1
    masks = np.full((3, 112, 112), 0.4, np.float16)
    masks[:, 50:60, 50:60] = 0
    looks = {
        at: BestLook(Turn(0.0, mirrored=False), Seen(np.zeros((BODY, 2)), np.ones(BODY), seen), fit)
        for at, fit in ((0, 0.8), (1, 0.0))
    }
    fused = fuse_masks(masks, looks, network)
    assert fused.dtype == np.float16
    np.testing.assert_allclose(fused[0, 40, 40], 0.64, atol=1e-3)
    assert (fused[0, 50:60, 50:60] < 0.5).all()  # what our mask does not see at all is not added
    assert fused[0, 2, 2] == masks[0, 2, 2]  # far from the body nothing was looked for
    np.testing.assert_array_equal(fused[1:], masks[1:])

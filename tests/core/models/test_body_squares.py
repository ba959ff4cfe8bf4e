"""The upright look: squares around a body, and joints found anew in them."""

import numpy as np
import torch

from fineparser_core.models.joint_maps import FOUND, JOINTS
from fineparser_core.models.pose_backbone import LOOK, PoseBackbone
from fineparser_core.models.upright_look import BODY, UprightLook, body_squares

GENERATOR = torch.Generator().manual_seed(4)
# Along the trunk, from the hips downwards.
_HEIGHTS = {
    "head": -1.0,
    "wrist": -1.0,
    "elbow": -0.8,
    "shoulder": -0.7,
    "hip": 0.0,
    "knee": 0.5,
    "ankle": 0.9,
    "toe": 1.0,
    "board": 1.5,
}


def body_at(centre: tuple[float, float], turned: float, size: float = 20.0) -> torch.Tensor:
    """(16, 3) joints of a stretched body, head first along its trunk, turned by so many radians; all are seen."""
    along = torch.tensor([_HEIGHTS[name.split("_")[0]] for name in JOINTS])
    across = torch.tensor([0.1 * (name.endswith("_l") - name.endswith("_r")) for name in JOINTS])
    turn = torch.tensor([[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]], dtype=torch.float32)
    places = size * torch.stack([across, along], dim=1) @ turn + torch.tensor(centre)
    return torch.cat([places, torch.full((16, 1), 5.0)], dim=1)


def test_the_square_is_around_the_body_and_upright() -> None:
    for turned in (0.0, 0.7, 2.0, np.pi, -1.2):
        clip = body_at((40.0, 60.0), turned).expand(1, 30, 16, 3)
        squares = body_squares(clip)
        within = squares.within(clip[..., :BODY, :2])
        assert (within > 5).all()
        assert (within < 107).all()
        hip, shoulder = (within[0, 5, JOINTS.index(f"{name}_l")] for name in ("hip", "shoulder"))
        assert hip[1] > shoulder[1] + 10
        assert abs(float(hip[0] - shoulder[0])) < 1e-3
        torch.testing.assert_close(squares.without(within), clip[..., :BODY, :2], atol=1e-3, rtol=1e-4)


def test_what_a_square_shows_is_where_it_says() -> None:
    body = body_at((40.0, 60.0), 0.9)
    frames = torch.zeros(30, 3, 112, 112)
    toe = JOINTS.index("toe_l")
    x, y = (int(v) for v in body[toe, :2].round())
    frames[:, :, y - 1 : y + 1, x - 1 : x + 1] = 1.0
    squares = body_squares(body.expand(1, 30, 16, 3))
    one = squares.at(0)
    seen = one.cut(frames)[7, 0]
    peak = (seen == seen.max()).nonzero().float().mean(dim=0).flip(0) + 0.5
    expected = one.within(torch.tensor([[[float(x), float(y)]]]).expand(30, 1, 2))[7, 0]
    torch.testing.assert_close(peak, expected, atol=1.5, rtol=0)


def test_a_joint_that_is_not_seen_moves_no_square() -> None:
    clip = body_at((40.0, 60.0), 0.0).expand(1, 30, 16, 3).clone()
    before = body_squares(clip)
    clip[..., JOINTS.index("wrist_l"), :] = torch.tensor([110.0, 3.0, -4.0])
    clip[:, 12, :, :2] += 30  # a single frame that is wrong
    after = body_squares(clip)
    torch.testing.assert_close(after.side, before.side, atol=1.0, rtol=0)
    assert (after.centre - before.centre).norm(dim=-1).max() < 1.5


def test_a_mirrored_clip_gives_mirrored_joints() -> None:
    torch.manual_seed(0)
    upright = UprightLook().eval()
    torch.nn.init.normal_(upright.told.weight, std=0.1)
    frames, joints = torch.randn(6, 3, 112, 112, generator=GENERATOR), body_at((40.0, 60.0), 0.4).expand(6, 16, 3)
    mirrored = torch.cat([112 - joints[..., :1], joints[..., 1:]], dim=-1)
    with torch.inference_mode():
        found, other = upright.look(frames, joints), upright.look(frames.flip(-1), mirrored)
    assert found.shape == (6, BODY, FOUND)
    # Left and right are a matter of convention: distances to the nearest of the other's joints say nothing of them.
    other = torch.cat([112 - other[..., :1], other[..., 1:]], dim=-1)
    assert torch.cdist(found[..., :2], other[..., :2]).amin(dim=-1).max() < 1e-2


def test_a_backbone_with_an_upright_look_finds_all_but_the_board_anew() -> None:
    torch.manual_seed(0)
    plain, backbone = PoseBackbone().eval(), PoseBackbone(upright=True).eval()
    frames = torch.randn(8, 3, 112, 112, generator=GENERATOR)
    with torch.inference_mode():
        looks = backbone.look_both_ways(frames)
        upright = backbone.look_upright(frames, looks)
        assert plain.look_upright(frames, looks) is looks
        assert torch.equal(plain.tracked(looks[None]), plain.first_tracked(looks[None]))
    assert upright.shape == (8, LOOK)
    assert (upright[:, : FOUND * BODY] != looks[:, : FOUND * BODY]).all()
    assert torch.equal(upright[:, FOUND * BODY :], looks[:, FOUND * BODY :])


def test_what_it_was_told_matters_once_it_has_learned_to_listen() -> None:
    torch.manual_seed(0)
    upright = UprightLook().eval()
    seen, sure = torch.randn(2, 9, 112, 112, generator=GENERATOR), torch.ones(2, BODY)
    told, other = (112 * torch.rand(2, BODY, 2, generator=GENERATOR) for _ in range(2))
    with torch.inference_mode():
        assert torch.equal(upright.upright_maps(seen, told, sure), upright.upright_maps(seen, other, sure))
        torch.nn.init.normal_(upright.told.weight)
        assert not torch.equal(upright.upright_maps(seen, told, sure), upright.upright_maps(seen, other, sure))
        unsure = upright.upright_maps(seen, told, 0 * sure)
        assert torch.equal(unsure, upright.upright_maps(seen, other, 0 * sure))


def test_an_upright_look_that_has_not_learned_starts_as_the_first_look() -> None:
    torch.manual_seed(1)
    backbone = PoseBackbone(upright=True)
    upright = backbone.upright
    assert upright is not None
    torch.nn.init.normal_(backbone.track.out.weight)
    backbone.start_upright()
    for name, value in upright.state_dict().items():
        if not name.startswith(("told.", "track.")):
            assert torch.equal(value, backbone.state_dict()[name]), name
    assert not upright.told.weight.any()
    assert not upright.track.out.weight.any()

    torch.nn.init.normal_(upright.told.weight)
    torch.nn.init.normal_(upright.out.weight)
    learned = upright.out.weight.clone()
    backbone.start_upright()
    assert torch.equal(upright.out.weight, learned)

"""What teaches a static stream that sees poses."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.constants import KEYPOINT_FLIP
from fineparser_core.data.dives import Dive
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import plain_view
from fineparser_core.errors import Cancelled
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE, PoseBackbone
from fineparser_core.pose.pose_features import POSE_FEATURES
from fineparser_core.progress import CancelToken
from fineparser_core.synth.ground_truth import GroundTruth
from fineparser_core.training.loop import run_stage
from fineparser_core.training.parse_stage import parse_stage
from fineparser_core.training.pose_stages import pose_loss, pose_stage, track_stage
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.refiner_stage import refiner_stage
from fineparser_core.training.static_stages import static_stage, steps_stage
from fineparser_core.training.stored_views import EncodedDive, PosedDive
from fineparser_core.training.synthetic_poses import SyntheticPoses, synthesize_poses

CONFIG = RecipeConfig(static_iterations=2, static_groups=2, group=3)


def make_dive(index: int, score: float = 70.0) -> Dive:
    record = DiveRecord(key=("A", index), dive_number="207C", difficulty=3.3, score=score, n_frames=80, split="train")
    frames = np.zeros((80, 0, 0, 3), np.uint8)
    return Dive(record=record, frames=frames, masks=None, first_flight_frame=20, first_entry_frame=50)


@pytest.fixture(scope="module")
def model() -> FineParserPose:
    torch.manual_seed(0)
    network = build_model(ModelConfig(method="fineparser-pose"))
    assert isinstance(network, FineParserPose)
    return network


@pytest.fixture(scope="module")
def poses(tmp_path_factory: pytest.TempPathFactory) -> SyntheticPoses:
    return synthesize_poses(
        [make_dive(0), make_dive(1)], range(6), 1, tmp_path_factory.mktemp("t") / "a.npz", CancelToken()
    )


def posed_dives(count: int) -> list[PosedDive]:
    rng = np.random.default_rng(2)
    dives = [make_dive(i) for i in range(count)]
    return [
        PosedDive(dive=dive, view=plain_view(dive), poses=rng.uniform(0, 112, (96, FRAME_POSE_SIZE)).astype(np.float32))
        for dive in dives
    ]


def totals(folder: Path) -> list[float]:
    """The loss of every iteration that was told of."""
    return [json.loads(line)["total"] for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_right_place_costs_least_and_sides_may_be_swapped() -> None:
    backbone = PoseBackbone()
    points = torch.rand(1, 16, 2, generator=torch.Generator().manual_seed(1)) * 90 + 10
    cell = (torch.arange(28) + 0.5) * 4

    def maps_of(places: torch.Tensor) -> torch.Tensor:
        distance = (cell.view(1, 1, 1, -1) - places[..., 0, None, None]) ** 2
        return 8 - 0.5 * (distance + (cell.view(1, 1, -1, 1) - places[..., 1, None, None]) ** 2) / 9

    shown = torch.ones(1, 16, dtype=torch.bool)
    right = pose_loss(backbone, maps_of(points), points, shown)
    assert right < pose_loss(backbone, maps_of(points + 4), points, shown)
    torch.testing.assert_close(pose_loss(backbone, maps_of(points[:, list(KEYPOINT_FLIP)]), points, shown), right)
    nowhere = points.clone()
    nowhere[:, 3] = torch.nan
    shown[:, 3] = False
    assert pose_loss(backbone, maps_of(points), nowhere, shown).isfinite()


@pytest.mark.parametrize("told", [True, False])
def test_a_backbone_learns_from_frames(model: FineParserPose, tmp_path: Path, told: bool) -> None:
    rng = np.random.default_rng(3)
    masks = np.zeros((80, 112, 112), np.uint8)
    masks[:60, 30:80, 40:70] = 255
    dive = replace(make_dive(0), frames=rng.integers(0, 255, (80, 112, 112, 3), np.uint8), masks=masks)
    joints = rng.uniform(0.3, 0.6, (80, 16, 2)).astype(np.float32)
    truth = GroundTruth(joints=joints, qualities=np.array([7.0, 6.0, 5.0]), contact_frame=55, splash=0.4)
    truths = {dive.record.key: truth if told else replace(truth, contact_frame=None, splash=None)}
    config = replace(CONFIG, preprocessing="whole", frame_iterations=2, frame_batch=8, precision="fp32")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run_stage(pose_stage(model, [dive], truths, config), tmp_path, CancelToken())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("static_encoder.backbone") for name in changed)
    told_of = json.loads((tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert {"joints", "phase", "water", "splash"} <= told_of.keys()
    assert (told_of["water"] > 0) == told


def test_a_board_of_which_nothing_is_known_costs_nothing() -> None:
    backbone = PoseBackbone()
    maps = torch.randn(1, 16, 28, 28, generator=torch.Generator().manual_seed(1))
    points, shown = torch.full((1, 16, 2), 50.0), torch.ones(1, 16, dtype=torch.bool)
    points[:, 15], shown[:, 15] = torch.nan, False
    other = maps.clone()
    other[:, 15] += 3 * torch.randn(28, 28)
    torch.testing.assert_close(pose_loss(backbone, other, points, shown), pose_loss(backbone, maps, points, shown))
    points[:, 15] = -20.0  # outside of the frame
    assert pose_loss(backbone, other, points, shown) != pose_loss(backbone, maps, points, shown)


def test_a_refiner_learns_from_coarse_poses(tmp_path: Path) -> None:
    config = replace(
        CONFIG,
        preprocessing="whole",
        refiner_iterations=2,
        frame_batch=4,
        precision="fp32",
    )
    torch.manual_seed(0)
    model = build_model(ModelConfig(method="fineparser-pose"))
    assert isinstance(model, FineParserPose)
    rng = np.random.default_rng(3)
    masks = np.full((80, 112, 112), 255, np.uint8)
    dive = replace(make_dive(0), frames=rng.integers(0, 255, (80, 112, 112, 3), np.uint8), masks=masks)
    joints = rng.uniform(0.3, 0.6, (80, 16, 2)).astype(np.float32)
    truths = {dive.record.key: GroundTruth(joints=joints, qualities=np.array([7.0, 6.0, 5.0]))}
    poses = (50 + 10 * rng.standard_normal((96, FRAME_POSE_SIZE))).astype(np.float32)
    seen = [PosedDive(dive=dive, view=plain_view(dive, "whole"), poses=poses)]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run_stage(refiner_stage(model, seen, truths, config), tmp_path / "a", CancelToken())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert "static_encoder.backbone.upright.told.weight" in changed
    assert all(name.startswith("static_encoder.backbone.upright.") for name in changed)
    model.load_state_dict(before)
    run_stage(refiner_stage(model, seen, truths, config), tmp_path / "b", CancelToken())
    assert totals(tmp_path / "a") == totals(tmp_path / "b")


def test_tracks_are_learned_from_whole_clips(model: FineParserPose, tmp_path: Path) -> None:
    masks = np.full((80, 112, 112), 255, np.uint8)
    dive = replace(make_dive(0), frames=np.zeros((80, 112, 112, 3), np.uint8), masks=masks)
    rng = np.random.default_rng(3)
    joints = rng.uniform(0.3, 0.6, (80, 16, 2)).astype(np.float32)
    truths = {dive.record.key: GroundTruth(joints=joints, qualities=np.array([7.0, 6.0, 5.0]))}
    config = replace(CONFIG, track_iterations=60, track_batch=2)
    poses = (50 + 10 * rng.standard_normal((96, FRAME_POSE_SIZE))).astype(np.float32)
    seen = PosedDive(dive=dive, view=plain_view(dive, "whole"), poses=poses)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run_stage(track_stage(model, [seen], truths, config, refined=False), tmp_path, CancelToken())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("static_encoder.backbone.track") for name in changed)
    losses = totals(tmp_path)
    assert losses[-1] < 0.9 * losses[0]


def test_transitions_are_learned_from_poses_alone(model: FineParserPose, tmp_path: Path) -> None:
    config = replace(CONFIG, steps_iterations=60, track_batch=2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run_stage(steps_stage(model, posed_dives(2), config), tmp_path, CancelToken())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("pose_steps") for name in changed)
    losses = totals(tmp_path)
    assert losses[-1] < 0.5 * losses[0]


def test_traces_are_kept_and_seen_with_noise(tmp_path: Path) -> None:
    dives, path = [make_dive(0), make_dive(1)], tmp_path / "poses.npz"
    made = synthesize_poses(dives, range(4), 1, path, CancelToken())
    kept = synthesize_poses(dives, range(4), 1, path, CancelToken())
    np.testing.assert_array_equal(made.joints, kept.joints)
    assert made.dives.tolist() == [0, 1, 0, 1]
    assert ((made.transitions[:, 0] > 0) & (made.transitions[:, 0] < made.transitions[:, 1])).all()
    rows = np.array([0, 2])
    seen = made.sample_features(rows, 2.5, np.random.default_rng(0))
    assert seen.shape == (2, 96, POSE_FEATURES)
    assert seen.isfinite().all()
    assert torch.equal(seen, made.sample_features(rows, 2.5, np.random.default_rng(0)))
    assert not torch.equal(seen, made.sample_features(rows, 2.5, np.random.default_rng(1)))
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        synthesize_poses(dives, range(4), 1, tmp_path / "others.npz", cancel)
    assert not (tmp_path / "others.npz").exists()


def test_dives_from_an_unknown_board_are_not_traced(tmp_path: Path) -> None:
    unknown = make_dive(0)
    unknown = replace(unknown, record=replace(unknown.record, dive_number="401B"))
    made = synthesize_poses([unknown, make_dive(1)], range(2), 1, tmp_path / "poses.npz", CancelToken())
    assert made.dives.tolist() == [1, 1]


def test_the_static_stream_is_all_that_its_stage_changes(
    model: FineParserPose, poses: SyntheticPoses, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    dives = [make_dive(0), make_dive(1)]
    joints, qualities = np.full((80, 16, 2), 0.5, np.float32), np.array([7.0, 6.0, 5.0])
    truths = {("A", i): GroundTruth(joints=joints, qualities=qualities + i) for i in range(3)}
    run_stage(static_stage(model, poses, dives, posed_dives(3), truths, CONFIG), tmp_path, CancelToken())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    parts = ("static_encoder.to_feature", "static_encoder.projections", "static_encoder.moments", "static_stream")
    assert all(name.startswith(parts) for name in changed)


def test_the_dynamic_stream_learns_what_the_static_one_leaves(model: FineParserPose, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    encoded = [
        EncodedDive(
            posed=one,
            front=rng.standard_normal((9, 528, 4, 7, 7)).astype(np.float16),
            mask_feature=rng.standard_normal((9, 1024)).astype(np.float32),
        )
        for one in posed_dives(3)
    ]
    stage = parse_stage(model, encoded, {}, replace(CONFIG, parse_iterations=2, parse_batch=2))
    points = model.dynamic_stream(torch.randn(2, 3, 12, 64), torch.randn(2, 3, 12, 64))
    assert not points.any()  # untrained, it leaves the static stream's difference as it is
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run_stage(stage, tmp_path, CancelToken())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    parts = ("i3d.mixed_4f", "i3d.mixed_5b", "i3d.mixed_5c", "psnet", "reducers", "dynamic_stream")
    assert {part for part in parts if any(name.startswith(part) for name in changed)} == set(parts)
    assert all(name.startswith(parts) for name in changed)
    stem = "conv3d_1a_7x7.conv3d.weight"
    assert torch.equal(model.i3d.state_dict()[stem], model.spatial_parser.encoder.state_dict()[stem])

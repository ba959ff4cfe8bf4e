"""Every stage of the recipe computes where it is told to: on tensors without values, and on CUDA where there is one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.dives import Dive
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import plain_view
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE
from fineparser_core.progress import CancelToken
from fineparser_core.synth.ground_truth import GroundTruth
from fineparser_core.training import mask_stages, pose_stages, refiner_stage, static_stages
from fineparser_core.training.loop import Stage
from fineparser_core.training.parse_stage import parse_stage
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.stored_views import EncodedDive, PosedDive
from fineparser_core.training.stored_windows import StoredWindow
from fineparser_core.training.synthetic_poses import synthesize_poses

SMALL = RecipeConfig(
    preprocessing="whole",
    mask_windows=2,
    whole_frame_windows=1,
    sharpen_batch=2,
    frame_batch=4,
    track_batch=2,
    static_groups=1,
    group=2,
    parse_batch=2,
)


def make_dives() -> list[Dive]:
    rng = np.random.default_rng(3)
    dives = []
    for i in range(2):
        record = DiveRecord(
            key=("A", i), dive_number="207C", difficulty=3.3, score=70.0 + i, n_frames=80, split="train"
        )
        masks = np.zeros((80, 112, 112), np.uint8)
        masks[:60, 30:80, 40:70] = 255
        frames = rng.integers(0, 255, (80, 112, 112, 3), np.uint8)
        dives.append(Dive(record=record, frames=frames, masks=masks, first_flight_frame=20, first_entry_frame=50))
    return dives


@pytest.fixture(scope="module")
def stage_makers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """By name, what makes a stage of a model and a configuration."""
    rng = np.random.default_rng(2)
    dives = make_dives()
    joints = rng.uniform(0.3, 0.6, (80, 16, 2)).astype(np.float32)
    truth = GroundTruth(joints=joints, qualities=np.array([7.0, 6.0, 5.0]), contact_frame=55, splash=0.4)
    truths = {dive.record.key: truth for dive in dives}
    posed = [
        PosedDive(
            dive=dive,
            view=plain_view(dive, "whole"),
            poses=rng.uniform(0, 112, (N_SAMPLES, FRAME_POSE_SIZE)).astype(np.float32),
        )
        for dive in dives
    ]
    encoded = [
        EncodedDive(
            posed=one,
            front=rng.standard_normal((9, 528, 4, 7, 7)).astype(np.float16),
            mask_feature=rng.standard_normal((9, 1024)).astype(np.float32),
        )
        for one in posed
    ]
    windows = [
        StoredWindow(
            dive=dive,
            view=plain_view(dive, "whole"),
            start=10,
            logits=np.zeros((16, 112, 112), np.int8),
            middle=np.zeros((32, 8, 28, 28), np.float16),
        )
        for dive in dives
    ]
    path = tmp_path_factory.mktemp("simulated") / "simulated.npz"
    simulated = synthesize_poses(dives, range(4), 1, path, CancelToken())
    return {
        "masks": lambda m, c: mask_stages.mask_stage(m, dives, dives, truths, c),
        "sharpen": lambda m, c: mask_stages.sharpen_stage(m, windows, c),
        "frames": lambda m, c: pose_stages.pose_stage(m, dives, truths, c),
        "tracks": lambda m, c: pose_stages.track_stage(m, posed, truths, c, refined=False),
        "refiner": lambda m, c: refiner_stage.refiner_stage(m, posed, truths, c),
        "refiner-tracks": lambda m, c: pose_stages.track_stage(m, posed, truths, c, refined=True),
        "steps": lambda m, c: static_stages.steps_stage(m, posed, c),
        "static": lambda m, c: static_stages.static_stage(m, simulated, dives, posed, truths, c),
        "parse": lambda m, c: parse_stage(m, encoded, truths, c),
    }


STAGES = ("masks", "sharpen", "frames", "tracks", "refiner", "refiner-tracks", "steps", "static", "parse")


def losses_of(make: object, device: str, config: RecipeConfig) -> tuple[Stage, dict[str, Tensor]]:
    assert callable(make)
    with torch.device(device):
        model = build_model(ModelConfig(method="fineparser-pose"))
    assert isinstance(model, FineParserPose)
    stage = make(model, replace(config, device=device))
    return stage, stage.compute_losses(0, 0)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_computes_on_its_device(
    name: str, stage_makers: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def untracked(model: FineParserPose, poses: Tensor, *, refined: bool) -> Tensor:
        return 50 + torch.arange(16)[:, None] + torch.zeros(len(poses), N_SAMPLES, 16, 3)

    # What is read back from the device has no values here, nor can its values be chosen by.
    monkeypatch.setattr(static_stages, "track_poses", untracked)
    monkeypatch.setattr(refiner_stage, "track_poses", untracked)
    monkeypatch.setattr(mask_stages, "structure_loss", lambda logits, target: (logits * target).sum())
    stage, losses = losses_of(stage_makers[name], "meta", SMALL)
    assert stage.name == name
    assert {loss.device.type for loss in losses.values()} == {"meta"}
    assert {p.device.type for params, _ in stage.groups for p in params} == {"meta"}


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", STAGES)
def test_a_stage_learns_on_cuda(name: str, precision: str, stage_makers: dict[str, object]) -> None:
    stage, losses = losses_of(stage_makers[name], "cuda", replace(SMALL, precision=precision))
    losses["total"].backward()
    assert losses["total"].isfinite()
    assert any(p.grad is not None and bool(p.grad.any()) for params, _ in stage.groups for p in params)

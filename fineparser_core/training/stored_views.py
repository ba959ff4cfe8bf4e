"""Stores the outputs of frozen parts of a network for the training dives on disk (`training.recipe`)."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import Augmentation, View, draw_view, plain_view
from fineparser_core.inference.device import autocast
from fineparser_core.models.aqa_model import to_windows
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE
from fineparser_core.progress import CancelToken
from fineparser_core.support.atomic import atomic_file
from fineparser_core.training.batches import ALL_SAMPLES, frame_tensor
from fineparser_core.training.recipe_config import RecipeConfig

_TRACKED_AT_ONCE = 64
_AUGMENTATION = Augmentation(temporal_shift=0, rows=True, temporal_crop=0.2, color_jitter=1.0)


def random_view(dive: Dive, preprocessing: str, rng: np.random.Generator) -> View:
    """A random augmented view of a dive: temporal crop, flip, colour jitter."""
    return draw_view(dive, preprocessing, _AUGMENTATION, rng)


def stored_view(dive: Dive, config: RecipeConfig) -> View:
    """The view of a dive that is stored: of half of the dives the plain one, of the others a random one."""
    known = zlib.crc32(dive.key.encode("utf-8", "surrogatepass"))
    if known % 2:
        return plain_view(dive, config.preprocessing)
    return random_view(dive, config.preprocessing, np.random.default_rng((config.seed, 3, known)))


@dataclass(frozen=True, kw_only=True)
class PosedDive:
    """The stored view of a dive, and the poses of its frames: (96, FRAME_POSE_SIZE) float32, coarse or refined."""

    dive: Dive
    view: View
    poses: np.ndarray

    @property
    def transitions(self) -> tuple[int, int]:
        """Samples of the two transitions."""
        return self.view.transitions(self.dive)


def store_poses(
    model: FineParserPose, dives: Iterable[Dive], config: RecipeConfig, folder: Path, cancel: CancelToken
) -> list[PosedDive]:
    """Estimate the coarse poses of every dive, and store them."""
    backbone = model.eval().static_encoder.backbone
    posed = []
    for dive in dives:
        cancel.raise_if_cancelled()
        view = stored_view(dive, config)

        def estimate(dive: Dive = dive, view: View = view) -> Tensor:
            return backbone.coarse_poses(_video(dive, view, config))

        poses = _stored(folder / f"{dive.key}-coarse.npy", estimate, config)
        posed.append(PosedDive(dive=dive, view=view, poses=poses))
    return posed


def refine_poses(
    model: FineParserPose, posed_dives: Iterable[PosedDive], config: RecipeConfig, folder: Path, cancel: CancelToken
) -> list[PosedDive]:
    """Refine the coarse poses of dives, and store the result."""
    backbone = model.eval().static_encoder.backbone
    refined = []
    for one in posed_dives:
        cancel.raise_if_cancelled()

        def refine(one: PosedDive = one) -> Tensor:
            coarse = torch.from_numpy(one.poses).to(config.device)
            return backbone.refine_poses(_video(one.dive, one.view, config), coarse)

        poses = _stored(folder / f"{one.dive.key}-refined.npy", refine, config)
        refined.append(replace(one, poses=poses))
    return refined


def stack_poses(posed_dives: Sequence[PosedDive]) -> Tensor:
    """The poses of dives, (n, 96, FRAME_POSE_SIZE)."""
    poses = np.array([one.poses for one in posed_dives], np.float32)
    return torch.from_numpy(poses.reshape(-1, N_SAMPLES, FRAME_POSE_SIZE))


@torch.no_grad()
def track_poses(model: FineParserPose, poses: Tensor, *, refined: bool) -> Tensor:
    """Tracked joints (n, 96, 16, 3) of coarse or refined poses (n, 96, FRAME_POSE_SIZE), on the CPU."""
    backbone = model.static_encoder.backbone
    (backbone.upright.track if refined else backbone.track).eval()
    track = backbone.track_refined if refined else backbone.track_coarse
    return torch.cat([track(clips.to(model.step_weights.device)).cpu() for clips in poses.split(_TRACKED_AT_ONCE)])


def _video(dive: Dive, view: View, config: RecipeConfig) -> Tensor:
    video = frame_tensor(dive, view, ALL_SAMPLES).to(config.device)
    return video.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def _stored(path: Path, compute: Callable[[], Tensor], config: RecipeConfig) -> np.ndarray:
    if path.exists():
        loaded: np.ndarray = np.load(path, allow_pickle=False)
        return loaded
    path.parent.mkdir(parents=True, exist_ok=True)
    with autocast(torch.device(config.device), config.precision):
        computed: np.ndarray = compute().float().cpu().numpy()
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, computed)
    return computed


@dataclass(frozen=True, kw_only=True)
class EncodedDive:
    """A dive with poses after the frozen parts of the I3D: front (9, 528, 4, 7, 7) float16, mask_feature (9, 1024)."""

    posed: PosedDive
    front: np.ndarray
    mask_feature: np.ndarray


@torch.inference_mode()
def store_fronts(
    model: FineParserPose, posed_dives: Iterable[PosedDive], config: RecipeConfig, folder: Path, cancel: CancelToken
) -> list[EncodedDive]:
    """Run the frozen parts of the I3D on every dive, and store the results."""
    folder.mkdir(parents=True, exist_ok=True)
    encoder = model.eval().spatial_parser.encoder
    encoded = []
    for one in posed_dives:
        cancel.raise_if_cancelled()
        path = folder / f"{one.dive.key}-front.npz"
        if not path.exists():
            video = frame_tensor(one.dive, one.view, ALL_SAMPLES).transpose(0, 1)[None].to(config.device)
            # The next stage copies the spatial parser's I3D and keeps its front frozen, so it can be computed here.
            parts = []
            with autocast(video.device, config.precision):
                for windows in to_windows(video).split(3):
                    front = encoder.front(windows)[0]
                    parts.append((front.half().cpu(), encoder.end(encoder.mixed_4f(front)).float().cpu()))
            fronts, features = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
            with atomic_file(path) as temporary, temporary.open("wb") as stream:
                np.savez(stream, front=fronts, mask_feature=features)
        with np.load(path, allow_pickle=False) as data:
            encoded.append(EncodedDive(posed=one, front=data["front"], mask_feature=data["mask_feature"]))
    return encoded

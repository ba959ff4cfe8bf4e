"""Stores the outputs of frozen parts of a network for the training dives on disk (`training.staged`)."""

import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import Augmentation, View, draw_view, plain_view
from fineparser_core.inference.device import autocast
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.progress import CancelToken
from fineparser_core.training.batches import ALL_SAMPLES, frame_tensor
from fineparser_core.training.staged_config import StagedConfig
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.sampling import WINDOWS

logger = logging.getLogger(__name__)

_AUGMENTATION = Augmentation(temporal_shift=0, rows=True, temporal_crop=0.2, color_jitter=1.0)


def random_view(dive: Dive, preprocessing: str, rng: np.random.Generator) -> View:
    """A random augmented view of a dive: temporal crop, flip, colour jitter."""
    return draw_view(dive, preprocessing, _AUGMENTATION, rng)


def stored_view(dive: Dive, number: int, config: StagedConfig) -> View:
    """The view of a dive with a number: random, except that half of the dives have the plain view as number 0."""
    known = zlib.crc32(dive.key.encode("utf-8", "surrogatepass"))
    if number == 0 and known % 2:
        return plain_view(dive, config.preprocessing)
    return random_view(dive, config.preprocessing, np.random.default_rng((config.seed, 3, known, number)))


@dataclass(frozen=True, kw_only=True)
class StoredView:
    """A view of a dive after the frozen parts: front (9, 528, 4, 7, 7) float16, mask_feature (9, 1024)."""

    dive: Dive
    number: int
    transitions: tuple[int, int]
    front: np.ndarray
    mask_feature: np.ndarray


@torch.inference_mode()
def store_views(
    model: FineParser, dives: Sequence[Dive], config: StagedConfig, folder: Path, cancel: CancelToken
) -> list[StoredView]:
    """Run the frozen parts on `parse_views` views of every dive; every result is stored, so a run can be resumed."""
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    stored = []
    for n in range(config.parse_views):
        for index, dive in enumerate(dives):
            cancel.raise_if_cancelled()
            view = stored_view(dive, n, config)
            with autocast(torch.device("cpu"), config.precision):
                front, mask_feature = _stored_arrays(model, dive, view, folder / f"{dive.key}-{n}.npz")
            stored.append(
                StoredView(
                    dive=dive,
                    number=n,
                    transitions=view.transitions(dive),
                    front=front,
                    mask_feature=mask_feature,
                )
            )
            if (index + 1) % 50 == 0:
                logger.info("stored view %d of %d/%d dives", n, index + 1, len(dives))
    return stored


def _stored_arrays(model: FineParser, dive: Dive, view: View, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if path.exists():
        with np.load(path, allow_pickle=False) as data:
            return data["front"], data["mask_feature"]
    video = frame_tensor(dive, view, ALL_SAMPLES)
    # The next stage copies the spatial parser's I3D and keeps its front frozen, so the front can be computed here.
    encoder = model.spatial_parser.encoder
    fronts, features = [], []
    for i in range(0, len(WINDOWS), 3):
        windows = video[torch.tensor(WINDOWS[i : i + 3])].transpose(1, 2)
        windows = windows.contiguous(memory_format=torch.channels_last_3d)
        front = encoder.front(windows)[0]
        fronts.append(front.half().numpy())
        features.append(encoder.end(encoder.mixed_4f(front)).float().numpy())
    stored_front, mask_feature = np.concatenate(fronts), np.concatenate(features)
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, front=stored_front, mask_feature=mask_feature)
    return stored_front, mask_feature


@dataclass(frozen=True, kw_only=True)
class EncodedDive:
    """A view of a dive with the outputs of all encoders: gated (9, 1024), frame_features (96, n)."""

    dive: Dive
    transitions: tuple[int, int]
    gated: np.ndarray
    frame_features: np.ndarray


@torch.inference_mode()
def encode_dives(
    model: FineParser, views: Sequence[StoredView], config: StagedConfig, folder: Path, cancel: CancelToken
) -> list[EncodedDive]:
    """Run the last blocks and the static backbone on all stored views; outputs of the backbone are stored."""
    model.eval()
    backbone = model.static_encoder.backbone
    encoded = []
    for index, stored in enumerate(views):
        cancel.raise_if_cancelled()
        front = torch.from_numpy(stored.front).float().contiguous(memory_format=torch.channels_last_3d)
        with autocast(front.device, config.precision):
            feature = model.i3d.end(model.i3d.mixed_4f(front)).float()
        gated = model.gate(feature, torch.from_numpy(stored.mask_feature))
        features = _stored_features(model, stored.dive, stored.number, folder, config, refined=True)
        if isinstance(backbone, PoseBackbone):
            features = backbone.features(torch.from_numpy(features)[None])[0].numpy()
        encoded.append(
            EncodedDive(dive=stored.dive, transitions=stored.transitions, gated=gated.numpy(), frame_features=features)
        )
        if (index + 1) % 50 == 0:
            logger.info("encoded %d/%d views", index + 1, len(views))
    return encoded


@dataclass(frozen=True, kw_only=True)
class PosedDive:
    """A view of a dive, and the poses of its frames: (96, FRAME_POSE_SIZE) float32, coarse or refined."""

    dive: Dive
    view: View
    poses: np.ndarray

    @property
    def transitions(self) -> tuple[int, int]:
        """Samples of the two transitions."""
        return self.view.transitions(self.dive)


def store_poses(
    model: FineParser,
    dives: Sequence[Dive],
    config: StagedConfig,
    folder: Path,
    cancel: CancelToken,
    *,
    refined: bool = True,
) -> list[PosedDive]:
    """Estimate the poses of view 0 of every dive, and store them.

    Args:
        refined: refined instead of coarse poses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    seen = []
    for index, dive in enumerate(dives):
        cancel.raise_if_cancelled()
        poses = _stored_features(model, dive, 0, folder, config, refined=refined)
        seen.append(PosedDive(dive=dive, view=stored_view(dive, 0, config), poses=poses))
        if (index + 1) % 50 == 0:
            logger.info("poses of %d/%d dives", index + 1, len(dives))
    return seen


@torch.inference_mode()
def _stored_features(
    model: FineParser, dive: Dive, number: int, folder: Path, config: StagedConfig, *, refined: bool
) -> np.ndarray:
    """Features of the static backbone for a stored view, (96, n) float32; poses if it is a pose backbone."""
    backbone = model.static_encoder.backbone
    refined = refined and isinstance(backbone, PoseBackbone)
    path = folder / f"{dive.key}-{number}-{'refined' if refined else 'frames'}.npy"
    if path.exists():
        return np.load(path, allow_pickle=False)
    coarse = _stored_features(model, dive, number, folder, config, refined=False) if refined else None
    view = stored_view(dive, number, config)
    video = frame_tensor(dive, view, ALL_SAMPLES).contiguous(memory_format=torch.channels_last)
    with autocast(video.device, config.precision):
        if not isinstance(backbone, PoseBackbone):
            features = backbone(video)
        elif coarse is None:
            features = backbone.coarse_poses(video)
        else:
            features = backbone.refine_poses(video, torch.from_numpy(coarse))
    stored: np.ndarray = features.float().numpy()
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, stored)
    return stored

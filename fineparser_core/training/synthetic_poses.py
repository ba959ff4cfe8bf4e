"""Simulated poses for the training of the static stream.

The simulation of a dive's keypoints takes a fiftieth of the time of its rendering, so that many dives can be used.
Errors of the pose backbone are simulated by noise on the joints, outliers, missing joints and an inexact athlete crop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.data.dives import Dive
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.pose.keypoints import JOINTS
from fineparser_core.pose.pose_features import pose_features
from fineparser_core.progress import CancelToken
from fineparser_core.support.atomic import atomic_file
from fineparser_core.synth.render import DiveSpec
from fineparser_core.training.pose_sequences import PoseSequence, simulate_poses
from fineparser_core.video.athlete_crop import smooth_track
from fineparser_core.video.sampling import frame_to_sample

_WRISTS = (JOINTS.index("wrist_l"), JOINTS.index("wrist_r"))
# Least number of joints above water at which a mask would show the athlete.
_MIN_JOINTS = 6
# Range of the scale of the crop, and standard deviation of its position in pixels.
_SCALES, _OFFSET_PX = (0.85, 1.2), 3.0
# Noise of the joints: range of a factor by dive, share and factor of outliers, share of missing joints.
_DIVE_NOISE, _OUTLIER_SHARE, _OUTLIER_FACTOR, _MISSING_SHARE = (0.5, 1.6), 0.05, 5.0, 0.02
_SLOW, _MISSING_SAMPLES = 5, 3
_WET_NOISE, _SPLASH_NOISE = 0.15, 0.08


@dataclass(frozen=True, kw_only=True)
class SyntheticPoses:
    """Simulated poses of N dives.

    Attributes:
        joints: (N, 96, 16, 2) float32 in pixels of the athlete crop; NaN under water.
        transitions: (N, 2) first samples of flight and entry.
        qualities: (N, 3) float32, 0..10.
        splashes: (N,) float32, 0..1.
        dives: (N,) indices of the dives whose numbers and timings they have.
    """

    joints: np.ndarray = field(repr=False)
    transitions: np.ndarray
    qualities: np.ndarray
    splashes: np.ndarray
    dives: np.ndarray

    def sample_features(self, rows: np.ndarray, noise_px: float, rng: np.random.Generator) -> Tensor:
        """Pose features (n, 96, POSE_FEATURES) of dives with simulated errors of the pose backbone.

        Args:
            rows: (n,) indices of dives.
            noise_px: standard deviation of the joints.
        """
        joints = _perturb_crop(torch.from_numpy(self.joints[rows]), rng)
        n = len(joints)
        inside = ~joints[..., 0].isnan() & (joints >= 0).all(dim=-1) & (joints < MASK_SIZE).all(dim=-1)
        wet = torch.from_numpy(in_water(self.joints[rows])).float()
        # A joint outside the crop cannot be detected; the detection is then random.
        anywhere = torch.from_numpy(rng.uniform(0, MASK_SIZE, joints.shape).astype(np.float32))
        joints = torch.where(inside[..., None], joints, anywhere)
        noise = _noise(joints.shape, rng)
        outlier = torch.from_numpy(rng.random(joints.shape[:-1]) < _OUTLIER_SHARE)[..., None]
        scaled = torch.where(outlier, _OUTLIER_FACTOR * noise, noise)
        joints = joints + noise_px * _uniform(_DIVE_NOISE, n, rng) * scaled
        missing = torch.from_numpy((rng.random((n, len(JOINTS), N_SAMPLES)) < _MISSING_SHARE).astype(np.float32))
        found = inside & (F.max_pool1d(missing, _MISSING_SAMPLES, 1, _MISSING_SAMPLES // 2).transpose(1, 2) == 0)
        likely, unlikely = (rng.beta(*ab, found.shape).astype(np.float32) for ab in ((6, 1), (1, 8)))
        shown = torch.where(found, torch.from_numpy(likely), torch.from_numpy(unlikely))
        splash = torch.from_numpy(self.splashes[rows])[:, None]
        splash = splash + _SPLASH_NOISE * (_normal((n, 1), rng) + _normal(wet.shape, rng))
        wetness = (wet + _WET_NOISE * _normal(wet.shape, rng)).clamp(0, 1)
        return torch.cat([pose_features(joints, shown), torch.stack([wetness, splash * wet], dim=-1)], dim=-1)


def in_water(joints: np.ndarray) -> np.ndarray:
    """Whether a hand is under water, (n, 96) bool, from simulated joints (n, 96, 16, 2)."""
    wet: np.ndarray = np.isnan(joints[:, :, _WRISTS, 0]).any(axis=-1)
    return wet


def perturb(tracked: Tensor, noise_px: float, rng: np.random.Generator) -> Tensor:
    """Add noise to tracked joints (n, 96, 16, 3), see `pose.temporal_refiner.TemporalPoseRefiner`, and to the crop."""
    joints = _perturb_crop(tracked[..., :2], rng)
    noise = noise_px * _uniform(_DIVE_NOISE, len(joints), rng) * _noise(joints.shape, rng)
    return torch.cat([joints + noise, tracked[..., 2:]], dim=-1)


def _perturb_crop(joints: Tensor, rng: np.random.Generator) -> Tensor:
    """Joints (n, 96, 16, 2) in crops with another scale and position."""
    middle, n = MASK_SIZE / 2, len(joints)
    return (joints - middle) * _uniform(_SCALES, n, rng) + middle + _OFFSET_PX * _normal((n, 1, 1, 2), rng)


def _noise(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    """Noise (n, 96, 16, 2) of unit variance, half of it independent and half of it smooth in time."""
    fast = _normal(shape, rng)
    slow = F.avg_pool1d(fast.flatten(2).transpose(1, 2), _SLOW, 1, _SLOW // 2).transpose(1, 2)
    return (fast + slow.unflatten(2, tuple(shape[2:])) * _SLOW**0.5) / 2**0.5


def _normal(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.standard_normal(tuple(shape), dtype=np.float32))


def _uniform(span: tuple[float, float], n: int, rng: np.random.Generator) -> Tensor:
    """(n, 1, 1, 1)."""
    return torch.from_numpy(rng.uniform(*span, (n, 1, 1, 1)).astype(np.float32))


def synthesize_poses(
    dives: Sequence[Dive], numbers: Iterable[int], seed: int, path: Path, cancel: CancelToken
) -> SyntheticPoses:
    """Simulate poses with the numbers and timings of dives and with sampled qualities.

    Args:
        numbers: of the poses, from 0; the dives are repeated.
        path: .npz file for the result; if it exists, it is read instead.

    Raises:
        Cancelled: `cancel` was set; nothing is written.
    """
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            return SyntheticPoses(**stored)
    found, of = [], []
    usable = [i for i, dive in enumerate(dives) if _has_board(dive.dive_number)]
    for i in numbers:
        cancel.raise_if_cancelled()
        which = usable[i % len(usable)]
        dive = dives[which]
        spec = DiveSpec(
            dive_number=dive.dive_number,
            n_frames=len(dive.frames),
            first_flight_frame=dive.first_flight_frame,
            first_entry_frame=dive.first_entry_frame,
        )
        sequence = simulate_poses(spec, int(np.random.default_rng((seed, 7, i)).integers(2**31)))
        pose = _sample_poses(sequence)
        if pose is not None:
            found.append((*pose, sequence.qualities, sequence.splash))
            of.append(which)
    joints, transitions, qualities, splashes = zip(*found, strict=True)
    poses = SyntheticPoses(
        joints=np.stack(joints),
        transitions=np.array(transitions, np.int64),
        qualities=np.array(qualities, np.float32),
        splashes=np.array(splashes, np.float32),
        dives=np.array(of, np.int64),
    )
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **vars(poses))
    return poses


def _has_board(dive_number: str) -> bool:
    """Whether the most common board of a dive number is known."""
    try:
        find_difficulty(parse_dive_number(dive_number), None)
    except ConfigError:
        return False
    return True


def _sample_poses(sequence: PoseSequence) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Joints (96, 16, 2) in pixels of the athlete crop, and transitions; None if the athlete is always under water."""
    samples = np.linspace(0, len(sequence.joints) - 1, N_SAMPLES).astype(np.int64)
    joints = sequence.joints[samples]
    body = joints[:, :-1]  # the last is the board
    visible = np.flatnonzero((~np.isnan(body[..., 0])).sum(axis=1) >= _MIN_JOINTS)
    if not len(visible):
        return None
    low, high = np.nanmin(body[visible], axis=1), np.nanmax(body[visible], axis=1)
    squares = smooth_track(visible, (low + high) / 2, (high - low).max(axis=1), N_SAMPLES)
    pixels = (joints - squares[:, None, :2]) / squares[:, None, 2:] * MASK_SIZE + MASK_SIZE / 2
    first = frame_to_sample(samples, sequence.first_flight_frame)
    second = min(N_SAMPLES - 1, max(first + 1, frame_to_sample(samples, sequence.first_entry_frame)))
    return pixels.astype(np.float32), (min(first, second - 1), second)

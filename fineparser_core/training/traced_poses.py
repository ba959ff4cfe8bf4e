"""Poses of dives that were never drawn, as the pose backbone would see them: what the static stream learns from.

A trace costs a fiftieth of a rendering, so there can be as many as the faults of a step need to be told apart. What the
backbone gets wrong is imitated: joints are off by some pixels, at times far off, some are not seen, and the square does
not follow exactly.
"""

import logging
from collections.abc import Sequence
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
from fineparser_core.synth.render import DiveSpec
from fineparser_core.training.pose_sequences import PoseSequence, simulate_poses
from fineparser_core.video.athlete_crop import smooth_track
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.sampling import frame_to_sample

logger = logging.getLogger(__name__)

_WRISTS = (JOINTS.index("wrist_l"), JOINTS.index("wrist_r"))
_FEWEST_SEEN = 6  # joints of an athlete whom a mask would still show
# How much larger or smaller a square may be, and how far (pixels) it may lie off.
_SCALES, _OFF_PX = (0.85, 1.2), 3.0
# Of the joints: dives differ in how well they are seen; some joints are far off for a moment, or not seen.
_DIVE_NOISE, _FAR_SHARE, _FAR, _LOST_SHARE = (0.5, 1.6), 0.05, 5.0, 0.02
_SLOW, _LOST_SAMPLES = 5, 3
_WET_NOISE, _SPLASH_NOISE = 0.15, 0.08


@dataclass(frozen=True, kw_only=True)
class TracedPoses:
    """Poses of N dives in 96 samples.

    Attributes:
        joints: (N, 96, 16, 2) float32 in pixels of the square that follows; NaN under water.
        transitions: (N, 2) first samples of flight and entry.
        qualities: (N, 3) float32, 0..10; splashes: (N,) float32.
        dives: (N,) index of the dive whose number and timing each has.
    """

    joints: np.ndarray = field(repr=False)
    transitions: np.ndarray
    qualities: np.ndarray
    splashes: np.ndarray
    dives: np.ndarray

    def seen(self, rows: np.ndarray, noise_px: float, rng: np.random.Generator) -> Tensor:
        """(n, 96, POSE_FEATURES) of some dives, as a backbone sees them whose joints are off by so many pixels."""
        joints = _from_elsewhere(torch.from_numpy(self.joints[rows]), rng)
        n = len(joints)
        inside = ~joints[..., 0].isnan() & (joints >= 0).all(dim=-1) & (joints < MASK_SIZE).all(dim=-1)
        wet = torch.from_numpy(in_water(self.joints[rows])).float()
        # A place outside of the square cannot be found: whatever is found instead says nothing.
        anywhere = torch.from_numpy(rng.uniform(0, MASK_SIZE, joints.shape).astype(np.float32))
        joints = torch.where(inside[..., None], joints, anywhere)
        noise = _noise(joints.shape, rng)
        far = torch.from_numpy(rng.random(joints.shape[:-1]) < _FAR_SHARE)[..., None]
        joints = joints + noise_px * _uniform(_DIVE_NOISE, n, rng) * torch.where(far, _FAR * noise, noise)
        lost = torch.from_numpy((rng.random((n, len(JOINTS), N_SAMPLES)) < _LOST_SHARE).astype(np.float32))
        found = inside & (F.max_pool1d(lost, _LOST_SAMPLES, 1, _LOST_SAMPLES // 2).transpose(1, 2) == 0)
        likely, unlikely = (rng.beta(*ab, found.shape).astype(np.float32) for ab in ((6, 1), (1, 8)))
        shown = torch.where(found, torch.from_numpy(likely), torch.from_numpy(unlikely))
        splash = torch.from_numpy(self.splashes[rows])[:, None]
        splash = splash + _SPLASH_NOISE * (_normal((n, 1), rng) + _normal(wet.shape, rng))
        wetness = (wet + _WET_NOISE * _normal(wet.shape, rng)).clamp(0, 1)
        return torch.cat([pose_features(joints, shown), torch.stack([wetness, splash * wet], dim=-1)], dim=-1)


def in_water(joints: np.ndarray) -> np.ndarray:
    """(n, 96) bool of traced joints (n, 96, 16, 2): whether a hand is under water."""
    wet: np.ndarray = np.isnan(joints[:, :, _WRISTS, 0]).any(axis=-1)
    return wet


def disturbed(tracked: Tensor, noise_px: float, rng: np.random.Generator) -> Tensor:
    """Tracked joints (n, 96, 16, 3) of dives, see `pose.temporal_refiner.TemporalPoseRefiner`, with noise."""
    joints = _from_elsewhere(tracked[..., :2], rng)
    noise = noise_px * _uniform(_DIVE_NOISE, len(joints), rng) * _noise(joints.shape, rng)
    return torch.cat([joints + noise, tracked[..., 2:]], dim=-1)


def _from_elsewhere(joints: Tensor, rng: np.random.Generator) -> Tensor:
    """Joints (n, 96, 16, 2) in squares that are larger or smaller, and lie elsewhere."""
    middle, n = MASK_SIZE / 2, len(joints)
    return (joints - middle) * _uniform(_SCALES, n, rng) + middle + _OFF_PX * _normal((n, 1, 1, 2), rng)


def _noise(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    """(n, 96, 16, 2) of unit variance: half of it quick, half of it slow."""
    quick = _normal(shape, rng)
    slow = F.avg_pool1d(quick.flatten(2).transpose(1, 2), _SLOW, 1, _SLOW // 2).transpose(1, 2)
    return (quick + slow.unflatten(2, tuple(shape[2:])) * _SLOW**0.5) / 2**0.5


def _normal(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.standard_normal(tuple(shape), dtype=np.float32))


def _uniform(span: tuple[float, float], n: int, rng: np.random.Generator) -> Tensor:
    """(n, 1, 1, 1)."""
    return torch.from_numpy(rng.uniform(*span, (n, 1, 1, 1)).astype(np.float32))


def trace_poses(dives: Sequence[Dive], count: int, seed: int, path: Path, cancel: CancelToken) -> TracedPoses:
    """Traces dives of the numbers and timings of some dives, with qualities of their own; kept on disk.

    Args:
        path: .npz file; read where it is there.

    Raises:
        Cancelled: once the token is set; what was traced by then is lost.
    """
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            return TracedPoses(**stored)
    found, of = [], []
    usable = [i for i, dive in enumerate(dives) if _has_board(dive.dive_number)]
    for i in range(count if usable else 0):
        cancel.raise_if_cancelled()
        which = usable[i % len(usable)]
        dive = dives[which]
        spec = DiveSpec(
            dive_number=dive.dive_number,
            n_frames=len(dive.frames),
            first_flight_frame=dive.first_flight_frame,
            first_entry_frame=dive.first_entry_frame,
        )
        trace = simulate_poses(spec, int(np.random.default_rng((seed, 7, i)).integers(2**31)))
        pose = _sampled(trace)
        if pose is not None:
            found.append((*pose, trace.qualities, trace.splash))
            of.append(which)
        if (i + 1) % 1000 == 0:
            logger.info("traced %d/%d dives", i + 1, count)
    joints, transitions, qualities, splashes = zip(*found, strict=True)
    poses = TracedPoses(
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
    """Whether it is known from which board a dive of that number is done."""
    try:
        find_difficulty(parse_dive_number(dive_number), None)
    except ConfigError:
        return False
    return True


def _sampled(trace: PoseSequence) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Joints of the samples in pixels of the square that follows, and the transitions; None of who is never seen."""
    samples = np.linspace(0, len(trace.joints) - 1, N_SAMPLES).astype(np.int64)
    joints = trace.joints[samples]
    body = joints[:, :-1]  # the last is the board
    seen = np.flatnonzero((~np.isnan(body[..., 0])).sum(axis=1) >= _FEWEST_SEEN)
    if not len(seen):
        return None
    low, high = np.nanmin(body[seen], axis=1), np.nanmax(body[seen], axis=1)
    squares = smooth_track(seen, (low + high) / 2, (high - low).max(axis=1), N_SAMPLES)
    pixels = (joints - squares[:, None, :2]) / squares[:, None, 2:] * MASK_SIZE + MASK_SIZE / 2
    first = frame_to_sample(samples, trace.first_flight_frame)
    second = min(N_SAMPLES - 1, max(first + 1, frame_to_sample(samples, trace.first_entry_frame)))
    return pixels.astype(np.float32), (min(first, second - 1), second)

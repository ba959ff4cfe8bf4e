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

from fineparser_core.data.dives import Dive
from fineparser_core.models.pose_backbone import JOINTS, pose_features
from fineparser_core.progress import CancelToken
from fineparser_core.synth.render import DiveSpec
from fineparser_core.synth.traces import Trace, trace_dive
from fineparser_core.types import MASK_SIZE, N_SAMPLES
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.follow import follow_boxes
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
        joints: (N, 96, 15, 2) float32 in pixels of the square that follows; NaN under water.
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
        joints = torch.from_numpy(self.joints[rows])
        n = len(joints)

        def normal(*shape: int) -> Tensor:
            return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

        def uniform(low: float, high: float) -> Tensor:
            return torch.from_numpy(rng.uniform(low, high, (n, 1, 1, 1)).astype(np.float32))

        middle = MASK_SIZE / 2
        joints = (joints - middle) * uniform(*_SCALES) + middle + _OFF_PX * normal(n, 1, 1, 2)
        inside = ~joints[..., 0].isnan() & (joints >= 0).all(dim=-1) & (joints < MASK_SIZE).all(dim=-1)
        wet = joints[:, :, list(_WRISTS), 0].isnan().any(dim=-1).float()
        joints = joints.nan_to_num(middle)
        quick = normal(*joints.shape)
        slow = F.avg_pool1d(quick.flatten(2).transpose(1, 2), _SLOW, 1, _SLOW // 2).transpose(1, 2)
        noise = (quick + slow.unflatten(2, joints.shape[2:]) * _SLOW**0.5) / 2**0.5
        far = torch.from_numpy(rng.random(joints.shape[:-1]) < _FAR_SHARE)[..., None]
        joints = joints + noise_px * uniform(*_DIVE_NOISE) * torch.where(far, _FAR * noise, noise)
        lost = torch.from_numpy((rng.random((n, len(JOINTS), N_SAMPLES)) < _LOST_SHARE).astype(np.float32))
        found = inside & (F.max_pool1d(lost, _LOST_SAMPLES, 1, _LOST_SAMPLES // 2).transpose(1, 2) == 0)
        likely, unlikely = (rng.beta(*ab, found.shape).astype(np.float32) for ab in ((6, 1), (1, 8)))
        shown = torch.where(found, torch.from_numpy(likely), torch.from_numpy(unlikely))
        splash = torch.from_numpy(self.splashes[rows])[:, None] + _SPLASH_NOISE * (normal(n, 1) + normal(*wet.shape))
        wetness = (wet + _WET_NOISE * normal(*wet.shape)).clamp(0, 1)
        return torch.cat([pose_features(joints, shown), torch.stack([wetness, splash * wet], dim=-1)], dim=-1)


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
    for i in range(count):
        cancel.raise_if_cancelled()
        dive = dives[i % len(dives)]
        spec = DiveSpec(
            dive_number=dive.dive_number,
            n_frames=len(dive.frames),
            first_flight_frame=dive.first_flight_frame,
            first_entry_frame=dive.first_entry_frame,
        )
        trace = trace_dive(spec, int(np.random.default_rng((seed, 7, i)).integers(2**31)))
        pose = _sampled(trace)
        if pose is not None:
            found.append((*pose, trace.qualities, trace.splash))
            of.append(i % len(dives))
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


def _sampled(trace: Trace) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Joints of the samples in pixels of the square that follows, and the transitions; None of who is never seen."""
    samples = np.linspace(0, len(trace.joints) - 1, N_SAMPLES).astype(np.int64)
    joints = trace.joints[samples]
    seen = np.flatnonzero((~np.isnan(joints[..., 0])).sum(axis=1) >= _FEWEST_SEEN)
    if not len(seen):
        return None
    low, high = np.nanmin(joints[seen], axis=1), np.nanmax(joints[seen], axis=1)
    squares = follow_boxes(seen, (low + high) / 2, (high - low).max(axis=1), N_SAMPLES)
    pixels = (joints - squares[:, None, :2]) / squares[:, None, 2:] * MASK_SIZE + MASK_SIZE / 2
    first = frame_to_sample(samples, trace.first_flight_frame)
    second = min(N_SAMPLES - 1, max(first + 1, frame_to_sample(samples, trace.first_entry_frame)))
    return pixels.astype(np.float32), (min(first, second - 1), second)

"""A bank of a pose backbone's errors on rendered dives, which are added to simulated poses.

Errors of keypoints are not independent noise: they persist over frames, limbs are confused with each other, and hidden
or blurred joints are displaced together. A simulated dive (`training.synthetic_poses`) therefore gets the errors that
the backbone makes on a rendered dive of the same number with a similar motion, aligned in time.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE, N_SAMPLES
from fineparser_core.data.dives import Dive
from fineparser_core.pose.pose_features import clip_features
from fineparser_core.training.batches import ALL_SAMPLES
from fineparser_core.training.stored_views import PosedDive
from fineparser_core.training.synthetic_labels import GroundTruths, keypoint_labels, water_contact
from fineparser_core.training.synthetic_poses import SyntheticPoses, in_water, perturb

#: Number of most similar rendered dives from which the errors of a simulated one are sampled.
_NEIGHBOURS = 6
# Samples before the take-off that are compared, and numbers of moments compared before take-off, in flight and entry.
_BEFORE, _MOMENTS = 14, (8, 12, 4)
# Distance outside the view beyond which a detection is unrelated to the true joint.
_MAX_OUTSIDE_PX = 20.0


class PoseErrorBank:
    """The errors on rendered dives, and for each simulated dive the rendered dives with the most similar motion.

    Args:
        poses: simulated poses of `dives`.
        dives: dives whose numbers and timings the simulated ones have.
        posed_dives: rendered dives with estimated poses; those without known joints or splash are ignored.
        tracked: (len(posed_dives), 96, 16, 3) their joints, see `pose.temporal_refiner.TemporalPoseRefiner`.
        truths: ground truth of the rendered dives.
    """

    def __init__(
        self,
        poses: SyntheticPoses,
        dives: Sequence[Dive],
        posed_dives: Sequence[PosedDive],
        tracked: Tensor,
        truths: GroundTruths,
    ) -> None:
        self._poses = poses
        waters = {i: water for i, one in enumerate(posed_dives) if (water := water_contact(one.dive, truths))}
        usable, known = list(waters), [posed_dives[i] for i in waters]
        true = [MASK_SIZE * keypoint_labels(one.dive, one.view, ALL_SAMPLES, truths) for one in known]
        self._true = np.array([_within_reach(joints) for joints in true], np.float32).reshape(-1, N_SAMPLES, 16, 2)
        self._tracked = _on_true_sides(tracked.numpy()[usable], self._true)
        self._water = np.array([one.poses[:, -2] for one in known], np.float32)
        splashes = np.array([splash for _, splash in waters.values()], np.float32)
        self._splash_errors = np.array([one.poses[:, -1] for one in known], np.float32) - splashes[:, None]
        contacts = [
            int(np.searchsorted(one.view.sampled, frame))
            for one, (frame, _) in zip(known, waters.values(), strict=True)
        ]
        self._at = np.array([_anchors(one.transitions, at) for one, at in zip(known, contacts, strict=True)])
        wet = in_water(poses.joints)
        self._traced_at = np.array(
            [_anchors((st, ed), _first(wet[i], int(ed))) for i, (st, ed) in enumerate(poses.transitions)]
        )
        traced_numbers = np.array([dives[i].dive_number for i in poses.dives])
        self._alike, self._mirrored = self._match(traced_numbers, np.array([one.dive.dive_number for one in known]))

    def _match(self, traced: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each simulated dive the nearest rendered ones (N, `_NEIGHBOURS`), -1 for none, and whether mirrored."""
        moves = np.array([_moves(j, at) for j, at in zip(self._true, self._at, strict=True)])
        alike = np.full((len(traced), _NEIGHBOURS), -1)
        mirrored = np.zeros(alike.shape, bool)
        for number in set(traced) & set(numbers):
            rows = np.flatnonzero(numbers == number)
            both = np.stack([moves[rows], moves[rows] * np.array([-1, 1], np.float32)])
            for i in np.flatnonzero(traced == number):
                off = np.abs(both - _moves(self._poses.joints[i], self._traced_at[i]))
                far = _mean_of_known(off.reshape(*off.shape[:2], -1))
                nearest = np.argsort(far.min(axis=0), kind="stable")[:_NEIGHBOURS]
                alike[i, : len(nearest)] = rows[nearest]
                mirrored[i, : len(nearest)] = far.argmin(axis=0)[nearest]
        return alike, mirrored

    def sample_features(self, rows: np.ndarray, noise_px: float, rng: np.random.Generator) -> Tensor:
        """Pose features (n, 96, POSE_FEATURES) of simulated dives with sampled errors.

        Args:
            rows: (n,) indices of simulated dives.
            noise_px: noise for dives of whose number there is no rendered one, see `SyntheticPoses.sample_features`.
        """
        features = self._poses.sample_features(rows, noise_px, rng)
        with_errors = [self.with_errors(int(i), rng) for i in rows if self._alike[i, 0] >= 0]
        if with_errors:
            joints, more = (torch.from_numpy(np.stack(part)) for part in zip(*with_errors, strict=True))
            features[torch.from_numpy(self._alike[rows, 0] >= 0)] = clip_features(perturb(joints, 0.0, rng), more)
        return features

    def with_errors(self, traced: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Joints (96, 16, 3) of a simulated dive with the errors of a rendered one, and water and splash (96, 2)."""
        pick = rng.integers(0, (self._alike[traced] >= 0).sum())
        rendered, mirrored = self._alike[traced, pick], self._mirrored[traced, pick]
        moments = np.interp(ALL_SAMPLES, self._traced_at[traced], self._at[rendered])
        moments = moments.round().astype(int).clip(0, N_SAMPLES - 1)
        found, true = self._tracked[rendered, moments].copy(), self._true[rendered, moments].copy()
        if mirrored:
            found[..., 0], true[..., 0] = MASK_SIZE - found[..., 0], MASK_SIZE - true[..., 0]
        really = self._poses.joints[traced]
        moved = really + found[..., :2] - true
        # Without a true position in either dive the detection is kept as it is, unrelated to the joint.
        found[..., :2] = np.where(np.isnan(moved), found[..., :2], moved)
        splash = self._poses.splashes[traced] + self._splash_errors[rendered, moments]
        return found, np.stack([self._water[rendered, moments], splash], axis=1).astype(np.float32)


def _first(wet: np.ndarray, entry: int) -> int:
    later = np.flatnonzero(wet[entry:])
    return entry + int(later[0]) if len(later) else N_SAMPLES - 1


def _anchors(transitions: Sequence[int], contact: int) -> np.ndarray:
    """Corresponding samples of all dives, (5,) ascending: start, flight, entry, contact, end."""
    st, ed = (int(sample) for sample in transitions)
    contact = max(contact, ed + 1)
    return np.array([min(0, st - 1), st, ed, contact, max(N_SAMPLES - 1, contact + 1)], np.float64)


def _within_reach(joints: np.ndarray) -> np.ndarray:
    beyond = (joints < -_MAX_OUTSIDE_PX) | (joints > MASK_SIZE + _MAX_OUTSIDE_PX)
    return np.where(beyond.any(axis=-1, keepdims=True), np.nan, joints)


def _on_true_sides(tracked: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Tracked joints, with left and right swapped in the frames in which this reduces the error."""
    swapped = tracked[:, :, list(KEYPOINT_FLIP)]
    off, off_swapped = (np.nansum(np.abs(found[..., :2] - true), axis=(2, 3)) for found in (tracked, swapped))
    return np.where((off_swapped < off)[..., None, None], swapped, tracked)


def _moves(joints: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The body's joints at corresponding moments, relative to their mean: (24, 15, 2) from (96, 16, 2)."""
    st, ed, contact = at[1:4]
    spans = ((max(0, st - _BEFORE), st), (st, ed), (ed, contact))
    moments = [np.linspace(*span, n, endpoint=False) for span, n in zip(spans, _MOMENTS, strict=True)]
    body = joints[np.concatenate(moments).round().astype(int).clip(0, N_SAMPLES - 1), :-1]
    middle = _mean_of_known(np.moveaxis(body, 1, -1))[:, None]
    return np.asarray(body - middle, np.float32)


def _mean_of_known(x: np.ndarray) -> np.ndarray:
    """The mean of the known values over the last axis; `MASK_SIZE` if none is known."""
    known = ~np.isnan(x)
    return np.where(known.any(-1), np.nansum(x, axis=-1) / np.maximum(known.sum(-1), 1), np.float32(MASK_SIZE))

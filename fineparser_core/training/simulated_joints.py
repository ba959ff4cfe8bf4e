"""Joints of dives that are simulated and not rendered, with the errors of the pose backbone on rendered ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.support.atomic import atomic_file
from fineparser_core.synth.camera import sample_viewpoint
from fineparser_core.synth.dataset import CLUB_NUMBERS, SynthConfig, sample_spec
from fineparser_core.synth.render import DiveSpec, plan_dive
from fineparser_core.synth.shots import film_athlete, keypoints_of
from fineparser_core.video.athlete_crop import squares_around_joints
from fineparser_core.video.clips import SAMPLED_S, sample_run, transition_samples

_SIZE_PX = (320, 240)
#: Dives a file: what a kill costs.
_AT_ONCE = 500
#: Share of simulated dives of clubs and juniors, whose numbers competitions do not have.
_CLUB_SHARE = 0.5
#: Runs in which a piked body is seen upside down: share of clips, and their lengths in samples (half a second at most).
_TURNED_SHARE, _TURNED = 0.5, (5, 16)
#: Range of the scale of the crop, standard deviation of its place, and range of that of joints, pixels.
_SCALES, _PLACE_PX, _NOISE_PX = (0.85, 1.2), 4.0, (0.3, 2.0)
#: Scatter of the size of a splash as the backbone sees it, and logit of being in the water.
_SPLASH_SCATTER, _WET_LOGIT = 0.08, 4.0


@dataclass(frozen=True, kw_only=True)
class Joints:
    """Joints of N dives, by sample.

    Attributes:
        joints: (N, 96, 16, 3) float32, x and y in pixels of the crop and the logit of visibility; of simulated dives
            (N, 96, 16, 2), NaN under water.
        water: (N, 96, 2) float32, logit of being in the water and size of the splash; of simulated dives that
            without errors.
        cuts: (N, 3) int64, first samples of flight, entry and contact.
        qualities: (N, 3) float32, 0..10.
        numbers, difficulty: (N,) dive numbers and DD.
    """

    joints: np.ndarray = field(repr=False)
    water: np.ndarray = field(repr=False)
    cuts: np.ndarray
    qualities: np.ndarray
    numbers: np.ndarray
    difficulty: np.ndarray

    def __len__(self) -> int:
        return len(self.joints)

    def rows(self, rows: np.ndarray) -> "Joints":
        """Return the selected dives."""
        return Joints(**{name: value[rows] for name, value in vars(self).items()})


def simulate(count: int, seed: int, folder: Path, *, progress: ProgressCallback, cancel: CancelToken) -> Joints:
    """Simulate dives, or read those that are simulated; a twentieth of the time of rendering.

    Raises:
        ExportError: the folder cannot be written.
        Cancelled: `cancel` was set; finished files stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for first in range(0, count, _AT_ONCE):
        last = min(first + _AT_ONCE, count)
        path = folder / f"{first}-{last}.npz"
        if not path.is_file():
            found = []
            for i in range(first, last):
                cancel.raise_if_cancelled()
                found.append(_simulated(i, seed))
                progress(Progress("simulate", i + 1, count))
            kept = [one for one in found if one is not None]
            fields: dict[str, Any] = {name: np.array([one[name] for one in kept]) for name in kept[0]}
            with atomic_file(path) as temporary, temporary.open("wb") as file:
                np.savez(file, **fields)
        with np.load(path, allow_pickle=False) as stored:
            parts.append({name: stored[name] for name in stored.files})
    return Joints(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _simulated(i: int, seed: int) -> dict[str, np.ndarray] | None:
    """Return the fields of `Joints` of one dive; None where too little of the body is seen."""
    drawn = np.random.default_rng([seed, i, 0xC1B])
    spec, state = sample_spec(SynthConfig(train=1, test=0, seed=seed + 1), i)
    if drawn.random() < _CLUB_SHARE:
        board_m = float(drawn.choice((1.0, 3.0)))
        spec = DiveSpec(dive_number=str(drawn.choice(CLUB_NUMBERS)), board_m=board_m)
    plan = plan_dive(spec, state)
    athlete, timing, rng = plan.athlete, plan.timing, plan.rng
    viewpoint = sample_viewpoint(plan.board_m, False, rng)
    camera, joints = film_athlete(athlete, timing, 1, viewpoint, False, _SIZE_PX, rng)
    time_s = timing.time_s()
    world = keypoints_of(athlete, joints, time_s)
    pixels, _ = camera.project(world, np.arange(timing.n_frames))
    pixels = pixels.astype(np.float32) + 0.5
    pixels[world[..., 2] < 0] = np.nan
    squares = squares_around_joints(pixels[:, :-1], ~np.isnan(pixels[:, :-1, 0]), 1, *_SIZE_PX)
    if squares is None:
        return None
    contact = int(np.ceil((athlete.motion.contact_s - timing.start_s) / timing.step_s))
    first = max(timing.first_flight_frame - round(SAMPLED_S[0] / timing.step_s), 0)
    last = min(contact + round(SAMPLED_S[1] / timing.step_s), timing.n_frames - 1)
    sampled = sample_run(first, last)
    seen = (pixels - squares[:, None, :2]) / squares[:, None, 2:] * MASK_SIZE + MASK_SIZE / 2
    st, ed = transition_samples(sampled, timing.first_flight_frame, timing.first_entry_frame)
    touch = int(np.searchsorted(sampled, contact))
    wet = np.where(np.arange(N_SAMPLES) >= touch, _WET_LOGIT, -_WET_LOGIT)
    return {
        "joints": seen[sampled].astype(np.float32),
        "water": np.stack([wet, np.full(N_SAMPLES, plan.faults.splash)], axis=1).astype(np.float32),
        "cuts": np.array([st, ed, touch]),
        "qualities": np.array(plan.qualities, np.float32),
        "numbers": np.array(str(plan.dive)),
        "difficulty": np.array(plan.difficulty, np.float32),
    }


def with_errors(simulated: Joints, seen: Joints, errors: np.ndarray, rng: np.random.Generator) -> Joints:
    """Return simulated dives as the pose backbone would see them: each with the errors on a rendered dive.

    Errors last over samples and come in groups of joints, so those of a whole dive are taken, aligned at take-off,
    come-out and contact; of a dive of the same number where there is one.

    Args:
        seen: rendered dives.
        errors: (n, 96, 16, 2) of their joints, NaN where unknown.
    """
    joints, water = np.empty((*simulated.joints.shape[:3], 3), np.float32), simulated.water.copy()
    for i, (true, cuts, number) in enumerate(zip(simulated.joints, simulated.cuts, simulated.numbers, strict=True)):
        same = np.flatnonzero(seen.numbers == number)
        other = int(rng.choice(same if len(same) else len(seen)))
        at = np.interp(np.arange(N_SAMPLES), _anchors(cuts), _anchors(seen.cuts[other])).round().astype(int)
        found = seen.joints[other, at.clip(0, N_SAMPLES - 1)].copy()
        moved = true + errors[other, at.clip(0, N_SAMPLES - 1)]
        found[..., :2] = np.where(np.isnan(moved), found[..., :2], moved)
        joints[i] = found
    water[..., 1] += _SPLASH_SCATTER * (rng.standard_normal((len(water), 1)) + rng.standard_normal(water.shape[:2]))
    return Joints(**(vars(simulated) | {"joints": joints, "water": water}))


def perturbed(seen: Joints, rng: np.random.Generator) -> np.ndarray:
    """Return joints (n, 96, 16, 3) with noise, in other crops, and with runs of samples turned upside down."""
    n, middle = len(seen), MASK_SIZE / 2
    joints = seen.joints.copy()
    scale, sigma = rng.uniform(*_SCALES, (n, 1, 1, 1)), rng.uniform(*_NOISE_PX, (n, 1, 1, 1))
    place = rng.normal(0, _PLACE_PX, (n, 1, 1, 2))
    noise = sigma * rng.standard_normal(joints[..., :2].shape, np.float32)
    joints[..., :2] = (joints[..., :2] - middle) * scale + middle + place + noise
    for i in np.flatnonzero(rng.random(n) < _TURNED_SHARE):
        start = int(rng.integers(seen.cuts[i, 0], seen.cuts[i, 1] + 1))
        body = joints[i, start : start + int(rng.integers(*_TURNED)), :-1, :2]
        body[:] = 2 * body.mean(axis=1, keepdims=True) - body
    return joints


def _anchors(cuts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return corresponding samples of all dives, ascending: start, flight, entry, contact, end."""
    st, ed, touch = (int(cut) for cut in cuts)
    touch = max(touch, ed + 1)
    return np.array([min(0, st - 1), st, ed, touch, max(N_SAMPLES - 1, touch + 1)], np.float64)

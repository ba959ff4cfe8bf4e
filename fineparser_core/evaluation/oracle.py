"""Upper bounds of the score metrics on rendered twins, from inputs that no network has.

Two oracles: a regressor on the true joints at the input's resolution (112 x 112 pixels), and the true step qualities,
whose only error is the judges' noise.
"""

from dataclasses import dataclass

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.diving.difficulty import SPRINGBOARDS_M
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.metrics import relative_l2, spearman
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.synth import rubric
from fineparser_core.synth.body import JOINT, sample_body
from fineparser_core.synth.camera import animate_camera, sample_viewpoint
from fineparser_core.synth.dataset import Plan, PlannedDive
from fineparser_core.synth.flight import plan_motion

_FRAME_PX = (320, 240)
#: Instants of take-off, flight and entry at which joints are read, and how many neighbouring ones are averaged.
_INSTANTS, _AVERAGED = (16, 32, 16), 4
_TAKE_OFF_S = 0.8
# Kernel ridge regression: width of the Gaussian in units of the number of features, and the ridge.
_WIDTH, _RIDGE = 0.1, 0.01


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """What can be reached on the test dives.

    Attributes:
        n_train, n_test: dives.
        noise_rho, noise_r_l2_x100: of the true award times the DD, against the judges' score.
        pose_rho, pose_r_l2_x100: of the regressor.
        step_rhos: Spearman of its quality of take-off, flight and entry with the true one.
    """

    n_train: int
    n_test: int
    noise_rho: float
    noise_r_l2_x100: float
    pose_rho: float
    pose_r_l2_x100: float
    step_rhos: tuple[float, ...]


def pose_oracle(
    plan: Plan, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
) -> Oracle:
    """Fits the qualities of the training dives on their poses, and scores the test dives; nothing is rendered.

    Body, motion and camera are drawn as for a rendering, joints are rounded to pixels of the squeezed frame, and the
    dive number, the DD and the steps are known.

    Args:
        plan: dives with given qualities (twins).

    Raises:
        ConfigError: a split has fewer than two dives.
        Cancelled: once the token is set.
    """
    dives = [plan.dive(i) for i in range(len(plan))]
    train = np.array([dive.split == "train" for dive in dives])
    if min(train.sum(), (~train).sum()) < 2:
        raise ConfigError("An oracle takes two training and two test dives: choose a larger set.")
    features, scores = [], []
    for done, dive in enumerate(dives, start=1):
        if cancel is not None:
            cancel.raise_if_cancelled()
        joints, score = _projected(dive)
        features.append(_features(joints))
        scores.append(score)
        progress(Progress("pose", done, len(dives)))
    numbers = np.array([dive.spec.dive_number for dive in dives])
    known = (numbers[:, None] == np.unique(numbers)).astype(float)
    qualities = np.array([dive.spec.qualities for dive in dives])
    found = _kernel_ridge(np.hstack([np.array(features), known]), qualities, train)
    points = 3 * np.array([dive.difficulty for dive in dives]) / sum(rubric.STEP_WEIGHTS)
    true = np.array(scores)[~train]
    noise, pose = ((points * (q @ np.array(rubric.STEP_WEIGHTS)))[~train] for q in (qualities, found))
    return Oracle(
        n_train=int(train.sum()),
        n_test=len(true),
        noise_rho=spearman(noise, true),
        noise_r_l2_x100=relative_l2(noise, true),
        pose_rho=spearman(pose, true),
        pose_r_l2_x100=relative_l2(pose, true),
        step_rhos=tuple(spearman(found[~train, step], qualities[~train, step]) for step in range(3)),
    )


def _projected(dive: PlannedDive) -> tuple[np.ndarray, float]:
    """Joints (instants, J, 2) in pixels of a 320 x 240 frame as a 112 x 112 one shows them, and the judges' score."""
    spec = dive.spec
    if spec.qualities is None or spec.board_m is None or dive.difficulty is None:
        raise ConfigError(f"{dive.key} has no given qualities, board and DD: only twins have a oracle.")
    rng = np.random.default_rng([dive.seed, 0xCE11])
    faults = rubric.sample_faults(spec.qualities, rng)
    number = parse_dive_number(spec.dive_number)
    motion = plan_motion(sample_body(rng), number, spec.board_m, spec.board_m in SPRINGBOARDS_M, faults, rng)
    before, flight, entry = _INSTANTS
    time_s = np.concatenate(
        [
            np.linspace(-_TAKE_OFF_S, 0, before, endpoint=False),
            np.linspace(0, motion.come_out_s, flight, endpoint=False),
            np.linspace(motion.come_out_s, motion.contact_s + 0.05, entry),
        ]
    )
    joints, centre = motion.world_joints(time_s)
    step_s = float(np.diff(time_s).mean())
    phase = np.clip(time_s / motion.contact_s, 0, None)
    camera = animate_camera(sample_viewpoint(spec.board_m, False, rng), centre, step_s, phase, _FRAME_PX, rng)
    pixels, _ = camera.project(joints, np.arange(len(time_s)))
    scale = MASK_SIZE / np.array(_FRAME_PX)
    awards = rubric.judge(spec.qualities, rng)
    return np.round(pixels * scale) / scale, rubric.score(awards, dive.difficulty)


def _features(joints: np.ndarray) -> np.ndarray:
    """Angles, directions and distances that hardly depend on where the camera stands, averaged over few instants."""

    def at(name: str) -> np.ndarray:
        return joints[:, JOINT[name]]

    found = []
    for side in "lr":
        hip, knee, ankle, shoulder, elbow = (f"{name}_{side}" for name in ("hip", "knee", "ankle", "shoulder", "elbow"))
        chains = (
            ("neck", hip, knee), (hip, knee, ankle), (knee, ankle, f"toe_{side}"),
            (hip, shoulder, elbow), (shoulder, elbow, f"wrist_{side}"),
        )  # fmt: skip
        found += [_angle(*map(at, chain)) for chain in chains]
    trunk = at("neck") - at("pelvis")
    legs = (at("ankle_l") + at("ankle_r")) / 2 - at("pelvis")
    line = (at("finger_l") + at("finger_r") - at("toe_l") - at("toe_r")) / 2
    size = np.median(np.linalg.norm(trunk, axis=1)) + 1
    for way in (trunk, legs, line):
        length = np.linalg.norm(way, axis=1) + 1e-6
        found += [np.abs(way[:, 0]) / length, way[:, 1] / length, length / size]
    gaps = (("ankle_l", "ankle_r"), ("knee_l", "knee_r"), ("wrist_l", "wrist_r"), ("toe_l", "pelvis"))
    found += [np.linalg.norm(at(a) - at(b), axis=1) / size for a, b in gaps]
    each = np.array(found)
    averaged = each.reshape(len(each), -1, _AVERAGED).mean(axis=2)
    # Verticality is judged at the water, where averages are too coarse.
    return np.concatenate([averaged.ravel(), each[:, -_AVERAGED:].ravel()])


def _angle(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    u, v = a - b, c - b
    return np.arctan2(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]), (u * v).sum(axis=1))


def _kernel_ridge(features: np.ndarray, targets: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Targets (n, 3) of all dives by a fit on the training dives."""
    mean, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-6
    scaled = (features - mean) / spread
    known = (scaled[train] ** 2).sum(axis=1)
    distance = (scaled**2).sum(axis=1)[:, None] + known - 2 * scaled @ scaled[train].T
    kernel = np.exp(-_WIDTH / scaled.shape[1] * np.maximum(distance, 0))
    middle = targets[train].mean(axis=0)
    weights = np.linalg.solve(kernel[train] + _RIDGE * np.eye(int(train.sum())), targets[train] - middle)
    return np.asarray(kernel @ weights + middle)

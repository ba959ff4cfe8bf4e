"""Places and angles of a body by its joints and its mask."""

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE

#: Joints with less confidence are not used: of those under 0.3, too, most are right to a third of a torso length.
LEAST_CONFIDENCE = 0.1
#: Probability from which a cell of a mask is the athlete's.
ATHLETE = 0.5
# Masses of the parts of a body as shares of the whole, and where their centers lie from the first joint to the second.
# Source: Winter, Biomechanics and Motor Control of Human Movement, table of anthropometric data (after Dempster).
SEGMENTS = (
    ("head", "head", 0.081, 0.0),
    ("shoulder", "hip", 0.497, 0.5),
    *((f"shoulder_{s}", f"elbow_{s}", 0.028, 0.436) for s in "lr"),
    *((f"elbow_{s}", f"wrist_{s}", 0.022, 0.682) for s in "lr"),
    *((f"hip_{s}", f"knee_{s}", 0.100, 0.433) for s in "lr"),
    *((f"knee_{s}", f"ankle_{s}", 0.0465, 0.433) for s in "lr"),
    *((f"ankle_{s}", f"toe_{s}", 0.0145, 0.5) for s in "lr"),
)
#: Cells of a mask's upper half that show a direction.
_LEAST_CELLS = 8
#: Share of the body's mass that must be seen for its center to be known.
_LEAST_MASS = 0.85


def joint(joints: np.ndarray, name: str) -> np.ndarray:
    """Return the places (n, 2) of a joint, or of the middle of its sides ("hip"); NaN where unseen.

    Args:
        joints: (n, 16, 2), NaN for unseen joints.
    """
    if name in KEYPOINT_NAMES:
        return np.asarray(joints[:, KEYPOINT_NAMES.index(name)])
    both = np.stack([joints[:, KEYPOINT_NAMES.index(f"{name}_{side}")] for side in "lr"])
    seen = np.isfinite(both)
    total = np.where(seen, both, 0).sum(axis=0)
    return np.asarray(np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan))


def angles(joints: np.ndarray, first: str, middle: str, last: str) -> np.ndarray:
    """Return (n,) degrees between two limbs, the mean of both sides: 180 is straight; NaN where unseen.

    Args:
        joints: as of `joint`.
    """
    sides = []
    for side in "lr":
        u, v = (joint(joints, f"{name}_{side}") - joint(joints, f"{middle}_{side}") for name in (first, last))
        cross, dot = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0], (u * v).sum(axis=1)
        sides.append(np.degrees(np.arctan2(np.abs(cross), dot)))
    seen = np.isfinite(sides)
    total = np.where(seen, sides, 0).sum(axis=0)
    return np.asarray(np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan))


def center_of_mass(joints: np.ndarray) -> np.ndarray:
    """Return the body's center of mass (n, 2); NaN where too little of the body shows.

    Args:
        joints: as of `joint`.
    """
    total, mass = np.zeros((len(joints), 2)), np.zeros((len(joints), 1))
    for first, second, share, along in SEGMENTS:
        place = (1 - along) * joint(joints, first) + along * joint(joints, second)
        seen = np.isfinite(place).all(axis=1, keepdims=True)
        total += np.where(seen, share * place, 0)
        mass += share * seen
    return np.where(mass >= _LEAST_MASS, total / np.maximum(mass, 1e-9), np.nan)


def mask_centers(masks: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Return the middle of each mask, (n, 2) x, y in source pixels; NaN for an empty mask.

    Args:
        masks: (n, 112, 112) athlete probability.
        crops: (n, 4) source pixels x0, y0, x1, y1 that each covers.
    """
    athlete = np.asarray(masks >= ATHLETE)
    cell = np.arange(MASK_SIZE) + 0.5
    area = athlete.sum(axis=(1, 2)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = athlete.sum(axis=1) @ cell / area, athlete.sum(axis=2) @ cell / area
    return np.asarray(crops[:, :2] + np.stack([x, y], axis=1) * (crops[:, 2:] - crops[:, :2]) / MASK_SIZE)


def lowest_points(masks: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Return the lowest point of each mask, (n, 2) x, y in source pixels; NaN for an empty mask.

    Args:
        masks, crops: as of `mask_centres`.
    """
    athlete = np.asarray(masks >= ATHLETE)
    rows = np.asarray(athlete.any(axis=2))
    shown = np.asarray(rows.any(axis=1))
    lowest = MASK_SIZE - 1 - rows[:, ::-1].argmax(axis=1)
    of_row = np.take_along_axis(athlete, lowest[:, None, None], axis=1)[:, 0]
    with np.errstate(invalid="ignore"):
        column = (of_row @ (np.arange(MASK_SIZE) + 0.5)) / of_row.sum(axis=1)
    cell = (crops[:, 2:] - crops[:, :2]) / MASK_SIZE
    points = crops[:, :2] + np.stack([column, lowest + 1.0], axis=1) * cell
    return np.asarray(np.where(shown[:, None], points, np.nan))


def body_lengths(masks: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Return the length of each mask along its longer axis, (n,) source pixels, as that of a rod as long.

    NaN without a mask.

    Args:
        masks, crops: as of `mask_centres`.
    """
    athlete = (masks >= ATHLETE).astype(np.float32)
    place = np.arange(MASK_SIZE, dtype=np.float32) + 0.5
    with np.errstate(invalid="ignore"):
        cells = athlete.sum(axis=(1, 2))
        columns, rows = athlete.sum(axis=1) / cells[:, None], athlete.sum(axis=2) / cells[:, None]
        x, y = columns @ place, rows @ place
        xx, yy = columns @ place**2 - x**2, rows @ place**2 - y**2
        xy = np.einsum("nyx,y,x->n", athlete, place, place) / cells - x * y
    longest = (xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy**2)) / 2
    return np.asarray(np.sqrt(12 * longest) * (crops[:, 2] - crops[:, 0]) / MASK_SIZE)


def upper_axes(masks: np.ndarray, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the direction of the upper half of each mask, and its length in widths.

    The direction (n,) is that of the principal axis, degrees clockwise off the vertical of the source frame, upwards;
    NaN where no more than a few cells show.

    Args:
        masks, crops: as of `mask_centers`.
    """
    cell = (crops[:, 2:] - crops[:, :2]) / MASK_SIZE
    angles, lengths = np.full(len(masks), np.nan), np.ones(len(masks))
    for at, mask in enumerate(np.asarray(masks, np.float64)):
        y, x = np.nonzero(mask >= ATHLETE)
        upper = y <= (y.min() + y.max()) / 2 if len(y) else np.zeros(0, bool)
        if upper.sum() < _LEAST_CELLS:
            continue
        weight = mask[y[upper], x[upper]]
        places = np.stack([x[upper], y[upper]], axis=1) * cell[at]
        places -= np.average(places, axis=0, weights=weight)
        (across, along), axes = np.linalg.eigh((places * weight[:, None]).T @ places / weight.sum())
        direction = axes[:, 1]
        direction *= -np.sign(direction[1]) or 1.0
        angles[at] = np.degrees(np.arctan2(direction[0], -direction[1]))
        lengths[at] = np.sqrt(along / max(across, 1e-9))
    return angles, lengths

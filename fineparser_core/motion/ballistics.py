"""Gravity is the ruler: the path of the body's center in the air gives speed, height, and the pixels of a meter."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.records import DiveMotion

#: Samples of the path that are needed.
_LEAST = 6
#: Largest standard deviation of the acceleration, as a share of it.
_LEAST_SURE = 0.3
#: A body's center is found no better than this share of its path's height in a frame, whatever the residuals say.
_LEAST_SCATTER = 0.01
# The boxes of a rising board begin the free fall too early; most take-offs are so long before the highest point, and
# all, where boxes begin late, at least so long.
_AFTER_START_S, _BEFORE_TOP_S, _LEAST_RISE_S = 0.05, 0.35, 0.1
#: Seconds before the water in which the fall is no longer free.
_BEFORE_WATER_S = 0.03
#: Errors of neighboring frames go together over about so long: independent places are fewer than frames.
CORRELATED_S = 0.1
_ROUNDS = 40


@dataclass(frozen=True, kw_only=True)
class Ballistics:
    """The ballistic path of a body's center.

    Attributes:
        at_s: time that the coefficients belong to, in the middle of the path.
        coefficients: (3, 2) place, velocity and acceleration of x and y, in pixels of the scene; x has no acceleration.
        covariance: (3, 3) of the coefficients of y.
    """

    at_s: float
    coefficients: np.ndarray
    covariance: np.ndarray

    @property
    def px_per_m(self) -> float:
        """Pixels of the scene in a meter, at the distance of the diver, where seconds are real."""
        return float(self.coefficients[2, 1] / GRAVITY_M_S2)

    @property
    def scale_share(self) -> float:
        """Standard deviation of `px_per_m`, as a share of it."""
        return float(np.sqrt(self.covariance[2, 2]) / self.coefficients[2, 1])

    def place(self, time_s: float) -> np.ndarray:
        """Return x and y (2,) of the center at a time."""
        t = time_s - self.at_s
        return np.asarray(np.array([1.0, t, t**2 / 2]) @ self.coefficients)

    def speed(self, time_s: float) -> np.ndarray:
        """Return x and y (2,) of the center's velocity at a time, pixels of the scene a second."""
        return np.asarray(np.array([0.0, 1.0, time_s - self.at_s]) @ self.coefficients)

    def top(self) -> tuple[float, float]:
        """Return the time of the highest point, and the standard deviation of it by the fit."""
        _, speed, gravity = self.coefficients[:, 1]
        slope = np.array([0.0, -1 / gravity, speed / gravity**2])
        return self.at_s - float(speed / gravity), float(np.sqrt(slope @ self.covariance @ slope))


def in_the_air(times_s: np.ndarray, motion: DiveMotion, contact_s: float | None) -> np.ndarray:
    """Return the times (n,) bool at which the body is surely in the air, whenever it left the board.

    Seconds of the file.
    """
    top_s = motion.at_s - motion.velocity[1] / motion.gravity
    first_s = float(motion.path_s[0]) + _AFTER_START_S * motion.slowed
    first_s = float(np.clip(first_s, top_s - _BEFORE_TOP_S * motion.slowed, top_s - _LEAST_RISE_S * motion.slowed))
    last_s = float(motion.path_s[-1]) if contact_s is None else contact_s
    return np.asarray((times_s >= first_s) & (times_s <= last_s - _BEFORE_WATER_S * motion.slowed))


def fit_ballistics(times_s: np.ndarray, places: np.ndarray) -> Ballistics | None:
    """Fit the path of a body's center in the air, robustly against outliers.

    Args:
        times_s: (n,) seconds.
        places: (n, 2) pixels of the scene; NaN for an unseen center.

    Returns:
        None where too little of it shows, or nothing falls by more than a pixel.
    """
    use = np.isfinite(places).all(axis=1)
    if use.sum() < _LEAST or np.ptp(places[use, 1]) < 1:
        return None
    times, (x, y) = times_s[use], places[use].T
    at_s = float(times.mean())
    t = times - at_s
    basis = np.stack([np.ones_like(t), t, t**2 / 2], axis=1)
    if np.linalg.cond(basis) > 1e6:
        return None
    # Scatter of neighbors around a smooth path.
    scatter = float(np.median(np.abs(np.diff(y, 2)))) * 1.4826 / np.sqrt(6)
    scatter = max(scatter, _LEAST_SCATTER * float(np.ptp(y)))

    def robust(columns: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fit by least squares, then with less weight for what lies off (Cauchy); and the covariance."""
        weight = np.ones(len(values))
        for _ in range(_ROUNDS):
            found = np.linalg.lstsq(columns * np.sqrt(weight)[:, None], values * np.sqrt(weight), rcond=None)[0]
            weight = 1 / (1 + ((values - columns @ found) / scatter) ** 2)
        curvature = np.maximum(weight * (2 * weight - 1), np.finfo(float).eps)  # of the loss
        return found, np.linalg.inv(columns.T @ (curvature[:, None] * columns)) * scatter**2

    down, covariance = robust(basis, y)
    across, _ = robust(basis[:, :2], x)
    residual = 1.4826 * float(np.median(np.abs(y - basis @ down))) / scatter
    covariance = (
        covariance * max(1.0, residual**2) * max(1.0, CORRELATED_S / max(float(np.median(np.diff(times))), 1e-6))
    )
    if down[2] <= 0 or covariance[2, 2] > (_LEAST_SURE * down[2]) ** 2:
        return None
    return Ballistics(at_s=at_s, coefficients=np.stack([np.append(across, 0.0), down], axis=1), covariance=covariance)

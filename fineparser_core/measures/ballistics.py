"""Gravity is the ruler: the path of the body's centre in the air gives speed, height, and the pixels of a metre."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.measures.seen_dive import SeenDive

#: Samples of the path that are needed.
_LEAST = 6
#: Largest standard deviation of the acceleration, as a share of it.
_LEAST_SURE = 0.3
#: Rounds of weights by how far a place is off the path, and the distance in scatters that counts half.
_ROUNDS, _HALF = 8, 2.0
#: A body's centre is found no better than this share of its size in a frame, whatever the residuals say.
_LEAST_SCATTER = 0.01
#: Errors of neighbouring frames go together over about so long: independent places are fewer than frames.
CORRELATED_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Ballistics:
    """The ballistic path of a body's centre; seconds are real.

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
        """Pixels of the scene in a metre, at the distance of the diver."""
        return float(self.coefficients[2, 1] / GRAVITY_M_S2)

    @property
    def scale_share(self) -> float:
        """Standard deviation of `px_per_m`, as a share of it."""
        return float(np.sqrt(self.covariance[2, 2]) / self.coefficients[2, 1])

    def place(self, time_s: float) -> np.ndarray:
        """(2,) x and y of the centre at a time."""
        t = time_s - self.at_s
        return np.asarray(np.array([1.0, t, t**2 / 2]) @ self.coefficients)

    def speed(self, time_s: float) -> np.ndarray:
        """(2,) x and y of the centre's velocity at a time, pixels of the scene a second."""
        return np.asarray(np.array([0.0, 1.0, time_s - self.at_s]) @ self.coefficients)

    def time_to_top(self, time_s: float) -> tuple[float, float]:
        """Seconds from a time to the highest point, negative after it, and the standard deviation of it by the fit."""
        t = time_s - self.at_s
        _, speed, gravity = self.coefficients[:, 1]
        to_top = -(speed + gravity * t) / gravity
        slope = np.array([0.0, -1 / gravity, speed / gravity**2])
        return float(to_top), float(np.sqrt(slope @ self.covariance @ slope))


def fit_ballistics(seen: SeenDive, start_s: float, end_s: float) -> Ballistics | None:
    """Fits the path of the centre of mass, or of the mask's middle where joints are not seen, between two times.

    Returns:
        None where too little of it is seen, or nothing falls by more than a pixel.
    """
    inside = (seen.times_s >= start_s) & (seen.times_s <= end_s)
    centre = seen.centre_of_mass()
    if np.isfinite(centre[inside]).all(axis=1).sum() < _LEAST:
        centre = seen.mask_centre()
    use = inside & np.isfinite(centre).all(axis=1)
    if use.sum() < _LEAST:
        return None
    times, places = seen.times_s[use], centre[use]
    at_s = float(times.mean())
    t = times - at_s
    basis = np.stack([np.ones_like(t), t, t**2 / 2], axis=1)
    weight = np.ones(len(t))
    for _ in range(_ROUNDS):
        square = basis.T @ (weight[:, None] * basis)
        if np.linalg.cond(square) > 1e12:
            return None
        y = np.linalg.solve(square, basis.T @ (weight * places[:, 1]))
        x = np.linalg.solve(square[:2, :2], basis[:, :2].T @ (weight * places[:, 0]))
        off = places - np.stack([basis[:, :2] @ x, basis @ y], axis=1)
        distance = np.hypot(*off.T)
        scatter = 1.4826 * float(np.median(np.abs(off[:, 1])))
        size = max(float(np.ptp(places[:, 1])), 1e-6)
        scatter = max(scatter, _LEAST_SCATTER * size)
        weight = 1 / (1 + (distance / (_HALF * scatter)) ** 2)
    independent = max(1.0, CORRELATED_S / max(seen.sample_s, 1e-6))
    variance = scatter**2 * independent
    if y[2] <= 0 or variance * np.linalg.inv(square)[2, 2] > (_LEAST_SURE * y[2]) ** 2 or np.ptp(places[:, 1]) < 1:
        return None
    return Ballistics(
        at_s=at_s,
        coefficients=np.stack([np.append(x, 0.0), y], axis=1),
        covariance=variance * np.linalg.inv(square),
    )

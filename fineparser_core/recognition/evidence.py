"""Weights of frames: each counts as its joints are sure, and neighbors count once."""

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.measures.seen_dive import SeenDive
from fineparser_core.motion.ballistics import CORRELATED_S


def confidence(seen: SeenDive, *names: str) -> np.ndarray:
    """Return the probability (n,) that all given joints, of two sides the surer, lie where they were found."""
    found = []
    for name in names:
        sides = [name] if name in KEYPOINT_NAMES else [f"{name}_l", f"{name}_r"]
        found.append(seen.sure[:, [KEYPOINT_NAMES.index(one) for one in sides]].max(axis=1))
    return np.asarray(np.min(found, axis=0))


def independent(times_s: np.ndarray) -> np.ndarray:
    """Return the weight (n,) of each frame, as errors of neighboring frames go together."""
    return np.minimum(np.gradient(times_s) / CORRELATED_S, 1.0) if len(times_s) > 1 else np.ones(len(times_s))


def probability(log_odds: float) -> float:
    """Return the probability of log odds."""
    return float(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))

"""Suggests dive numbers for a clip: those of the exemplars whose encodings resemble its own; often wrong."""

from collections.abc import Mapping

import numpy as np

#: The likest exemplars of a number speak for it; more of them would only say how many the library has.
_SPEAKERS = 3


def suggest_numbers(gated: np.ndarray, exemplars: Mapping[str, list[np.ndarray]], n: int = 3) -> list[str]:
    """Up to n dive numbers, the likeliest first.

    The likeness of two dives is the cosine of their encodings after the mean of all exemplars is taken off (what every
    dive has in common would drown the rest); that of a number is the mean of its three likest exemplars.

    Args:
        gated: (9, 1024) float32, of the clip.
        exemplars: the same of the exemplars, by dive number.
    """
    numbers = [number for number, encodings in exemplars.items() for _ in encodings]
    if len(set(numbers)) < 2:
        return list(dict.fromkeys(numbers))
    known = np.stack([e.ravel() for encodings in exemplars.values() for e in encodings]).astype(np.float64)
    mean = known.mean(axis=0)
    centred, query = known - mean, gated.ravel().astype(np.float64) - mean
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(query)
    likeness = np.divide(centred @ query, lengths, out=np.zeros(len(known)), where=lengths > 0)
    of_number = {
        number: np.sort(likeness[[other == number for other in numbers]])[-_SPEAKERS:].mean() for number in exemplars
    }
    return sorted(of_number, key=lambda number: (-of_number[number], number))[:n]

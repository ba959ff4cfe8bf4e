"""Suggests dive numbers for a clip by nearest neighbours among the exemplars' encodings."""

from collections.abc import Mapping

import numpy as np

#: Number of nearest exemplars that determine the similarity of a dive number.
_NEIGHBOURS = 3


def suggest_numbers(gated: np.ndarray, exemplars: Mapping[str, list[np.ndarray]]) -> list[str]:
    """The dive numbers, the most similar first.

    The similarity of two dives is the cosine of their encodings minus the mean over all exemplars; that of a dive
    number is the mean over its most similar exemplars.

    Args:
        gated: (9, 1024) float32, gated window features of the clip.
        exemplars: the same of the exemplars, by dive number.
    """
    numbers = [number for number, encodings in exemplars.items() for _ in encodings]
    if len(set(numbers)) < 2:
        return list(dict.fromkeys(numbers))
    known = np.stack([e.ravel() for encodings in exemplars.values() for e in encodings]).astype(np.float64)
    mean = known.mean(axis=0)
    centred, query = known - mean, gated.ravel().astype(np.float64) - mean
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(query)
    similarity = np.divide(centred @ query, lengths, out=np.zeros(len(known)), where=lengths > 0)
    of_number = {
        number: np.sort(similarity[[other == number for other in numbers]])[-_NEIGHBOURS:].mean()
        for number in exemplars
    }
    return sorted(of_number, key=lambda number: (-of_number[number], number))

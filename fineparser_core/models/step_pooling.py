"""Cutting a dive into its steps and bringing each to a fixed length (paper section 3.2, f and f_l).

Both rules are linear along time, so each is a small matrix that depends on the transitions alone.
"""

from functools import lru_cache

import numpy as np

from fineparser_core.constants import N_SAMPLES, N_WINDOWS, WINDOW_STRIDE

DYNAMIC_LENGTH = 4
STATIC_LENGTHS = (36, 60, 48)
_STATIC_MARGIN = 5


def _resample(start: int, stop: int, n_out: int, n_in: int) -> np.ndarray:
    """Return the matrix (n_out, n_in) of a linear interpolation, aligned corners, of [start, stop) to n_out points."""
    if not 0 <= start < stop <= n_in:
        raise ValueError(f"empty step: [{start}, {stop}) of {n_in}")
    position = start + np.arange(n_out) * ((stop - start - 1) / (n_out - 1))
    low = np.minimum(np.floor(position + 1e-9).astype(np.int64), stop - 1)
    high = np.minimum(low + 1, stop - 1)
    share = (position - low).clip(0, 1)
    matrix = np.zeros((n_out, n_in))
    rows = np.arange(n_out)
    matrix[rows, low] += 1 - share
    matrix[rows, high] += share
    return matrix


def pair_boundaries(query: tuple[int, int], exemplar: tuple[int, int]) -> tuple[int, int]:
    """Return window indices (a, b) of a pair: the mean of its two sample indices over the window stride, floored.

    Deviation: the paper cuts each video at its own transitions; as released, dynamic steps use the pair's mean.
    Deviation: the release fails where the mean take-off lies in the last samples (a = 9); a is at most 8 here, so that
    the second step keeps a window.
    """
    return (
        min((query[0] + exemplar[0]) // (2 * WINDOW_STRIDE), N_WINDOWS - 1),
        (query[1] + exemplar[1]) // (2 * WINDOW_STRIDE),
    )


@lru_cache(maxsize=1024)
def dynamic_matrix(a: int, b: int) -> np.ndarray:
    """Return a matrix (12, 9) float32 that resamples windows [0, a], [a, b] and [b - 1, 9), each to 4 rows.

    Deviation: steps share windows, as released: the first two window a, and the third starts before b.

    Raises:
        ValueError: for a = b = 9, which leaves the second step empty.
    """
    stop = N_WINDOWS
    pieces = ((0, min(a + 1, stop)), (a, min(b + 1, stop)), ((b - 1) % N_WINDOWS, stop))
    return np.concatenate([_resample(s, e, DYNAMIC_LENGTH, N_WINDOWS) for s, e in pieces]).astype(np.float32)


@lru_cache(maxsize=8192)
def static_matrix(st: int, ed: int) -> np.ndarray:
    """Return a matrix (144, 96) float32: samples [0, st + 5), [st - 5, ed + 5), [ed - 5, 96) to 36, 60 and 48 rows.

    Deviation: the steps of Eq. 5 meet at the transitions; as released they overlap by five samples each way.
    """
    margin = _STATIC_MARGIN
    pieces = (
        (0, min(st + margin, N_SAMPLES)),
        (max(0, st - margin), min(ed + margin, N_SAMPLES)),
        (max(0, ed - margin), N_SAMPLES),
    )
    return np.concatenate(
        [_resample(s, e, n, N_SAMPLES) for (s, e), n in zip(pieces, STATIC_LENGTHS, strict=True)]
    ).astype(np.float32)


def moved_cut(transitions: tuple[int, int], st_by: int, ed_by: int) -> tuple[int, int]:
    """Move transitions by that many samples, still in order and inside the clip."""
    st = min(max(transitions[0] + st_by, 0), N_SAMPLES - 2)
    return st, min(max(transitions[1] + ed_by, st + 1), N_SAMPLES - 1)

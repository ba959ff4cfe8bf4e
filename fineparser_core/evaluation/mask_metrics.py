"""The paper's metrics of masks (section 4.2), each on a probability map and its true mask: numpy only.

Deviation: the usual tools stretch every map to span 0 to 1 first. Here probabilities are measured as they are, as
stretching would turn the faint noise of a map without an athlete into a confident mask.
"""

import numpy as np

#: Weight of precision: Achanta et al., CVPR 2009, the convention of the field.
BETA_SQUARED = 0.3
#: The paper's text gives beta itself as 0.3.
PAPER_BETA_SQUARED = 0.3**2

_N_THRESHOLDS = 256


def mae(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean absolute error of a map in [0, 1], any shape, against a bool mask.

    Source: section 4.2; Perazzi et al., CVPR 2012.
    """
    return float(np.abs(probability - truth.astype(np.float64)).mean())


def f_beta_adaptive(probability: np.ndarray, truth: np.ndarray, beta_squared: float = BETA_SQUARED) -> float:
    """Return the F-measure at a threshold of twice the mean of the map, at most 1; 0 where no athlete is hit.

    Args:
        probability: (H, W) in [0, 1].
        truth: (H, W) bool.
        beta_squared: weight of recall in the harmonic mean; below 1 precision counts more.

    Source: section 4.2; Achanta et al., CVPR 2009. Deviation: see the module.
    """
    found = probability >= min(2 * float(probability.mean(dtype=np.float64)), 1.0)
    hits = np.count_nonzero(found & truth)
    n_found, n_true = np.count_nonzero(found), np.count_nonzero(truth)
    return float(_f_beta(np.array(hits), np.array(n_found), int(n_true), beta_squared))


def f_beta_mean(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of the F-measures at the 256 thresholds 0/255, 1/255, ... 1; arguments as of `f_beta_adaptive`.

    Source: as of `f_beta_adaptive`; thresholds as the tools of the field set them.
    """
    level = (probability.astype(np.float64) * (_N_THRESHOLDS - 1)).astype(np.uint8)
    found = np.bincount(level.ravel(), minlength=_N_THRESHOLDS)[::-1].cumsum()
    hits = np.bincount(level[truth], minlength=_N_THRESHOLDS)[::-1].cumsum()
    return float(_f_beta(hits, found, int(np.count_nonzero(truth)), BETA_SQUARED).mean())


def s_measure(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the structure measure: similarity of map and mask as objects and by region, in equal parts (alpha = 0.5).

    Args:
        probability: (H, W) in [0, 1].
        truth: (H, W) bool.

    Returns:
        0 to 1. Against an empty mask 1 - mean probability, against a full mask the mean.

    Source: section 4.2; Fan et al., ICCV 2017. Deviation: see the module.
    """
    p = probability.astype(np.float64)
    share = float(truth.mean())
    if share == 0:
        return float(1 - p.mean())
    if share == 1:
        return float(p.mean())
    objects = share * _object(p[truth]) + (1 - share) * _object(1 - p[~truth])
    return max(0.0, (objects + _regions(p, truth)) / 2)


def _f_beta(hits: np.ndarray, found: np.ndarray, n_true: int, beta_squared: float) -> np.ndarray:
    # (1 + b) P R / (b P + R) with P = hits / found and R = hits / n_true.
    return (1 + beta_squared) * hits / np.maximum(beta_squared * n_true + found, 1e-12)


def _object(values: np.ndarray) -> float:
    mean = values.mean()
    deviation = values.std(ddof=1) if values.size > 1 else 0.0
    return float(2 * mean / (mean**2 + 1 + deviation))


def _regions(p: np.ndarray, truth: np.ndarray) -> float:
    """Return the similarity of the four quadrants around the centroid of the mask, weighted by their area."""
    rows, columns = np.nonzero(truth)
    # The centroid's own row and column belong to the upper left.
    y, x = round(float(rows.mean())) + 1, round(float(columns.mean())) + 1
    g = truth.astype(np.float64)
    total = 0.0
    for down in (slice(0, y), slice(y, None)):
        for across in (slice(0, x), slice(x, None)):
            quadrant = p[down, across]
            if quadrant.size:
                total += quadrant.size * _similarity(quadrant, g[down, across])
    return total / p.size


def _similarity(p: np.ndarray, g: np.ndarray) -> float:
    """Return luminance, contrast and structure combined, as in SSIM without its constants."""
    p_mean, g_mean = p.mean(), g.mean()
    p_rest, g_rest = (p - p_mean).ravel(), (g - g_mean).ravel()
    n = max(p.size - 1, 1)
    alike = 4 * p_mean * g_mean * (p_rest @ g_rest) / n
    scale = (p_mean**2 + g_mean**2) * (p_rest @ p_rest + g_rest @ g_rest) / n
    if alike != 0:
        return float(alike / scale)
    return 1.0 if scale == 0 else 0.0

"""Linear readouts of a clip's features and splash: what judged dives taught about a dive. No torch.

A readout has a weight for each of the 1,024 features of I3D, gated by the mask, at several times relative to the first
contact with the water, or for each cell of the splash's map. `fineparser train --config judged` fits them in closed
form; they belong to one set of weights.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from fineparser_core.records import Moments, ReadAwards
from fineparser_core.resources import resource
from fineparser_core.video.clips import WINDOWS

TABLE = ("tables", "readouts.npz")
#: Standard deviation in time over which windows are averaged, seconds; a window spans half a second.
_KERNEL_S = 0.15
#: Assumed time from come-out to contact where the contact does not show, seconds.
_COME_OUT_LEAD_S = 0.3


@dataclass(frozen=True, kw_only=True)
class Readout:
    """A linear function of gated features.

    Attributes:
        times_s: (t,) real seconds after the contact, negative before it.
        weights: (t, 1024) float32.
        bias: value of features of zero.
    """

    times_s: np.ndarray
    weights: np.ndarray = field(repr=False)
    bias: float

    def parts(self, windows_s: np.ndarray, gated: np.ndarray) -> np.ndarray:
        """Return the addends (t,) of each time, without the bias.

        Args:
            windows_s, gated: times (9,) of the windows after the contact, and their features (9, 1024).
        """
        return np.asarray((self.weights * features_at(windows_s, gated, self.times_s)).sum(axis=1))

    def value(self, windows_s: np.ndarray, gated: np.ndarray) -> float:
        """Return the value for a clip, see `parts`."""
        return float(self.parts(windows_s, gated).sum() + self.bias)


def features_at(windows_s: np.ndarray, gated: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return the features (t, 1024) at times, as means over the windows near to each."""
    near = np.exp(-0.5 * ((windows_s - np.asarray(times_s)[:, None]) / _KERNEL_S) ** 2) + 1e-12
    return np.asarray(near / near.sum(axis=1, keepdims=True) @ gated)


def windows_after_contact(moments: Moments, times_s: np.ndarray, slowed: float) -> np.ndarray:
    """Return the middle times (9,) of the windows after the contact, real seconds.

    Args:
        times_s: (96,) of the samples.
        slowed: how many times slower than real time the recording is.
    """
    contact_s = moments.come_out.time_s + _COME_OUT_LEAD_S * slowed
    if moments.contact is not None:
        contact_s = moments.contact.time_s
    return np.asarray((times_s[WINDOWS].mean(axis=1) - contact_s) / slowed)


class Readouts(NamedTuple):
    """Readouts of one set of weights.

    Attributes:
        model: id of the weights.
        armstand: log odds of an armstand.
        award: awards against the mean, a time or several for each phase, see `PHASE_OF_TIME`.
        splash_mean, splash_weights: mean map (8, 18, 30) of the splash, and awards a unit of foam.
    """

    model: str
    armstand: Readout
    award: Readout
    splash_mean: np.ndarray
    splash_weights: np.ndarray


#: Phase, an index of `STEP_NAMES`, that a time of the award's readout belongs to.
PHASE_OF_TIME = (0, 1, 2, 2)
#: Least share of the cells of a splash's map that must be seen.
_LEAST_SEEN = 0.5


def read_armstand(model_id: str, windows_s: np.ndarray, gated: np.ndarray) -> float | None:
    """Return the log odds of an armstand; None for other weights than the readouts were fitted with.

    Args:
        windows_s, gated: as of `Readout.parts`.
    """
    table = bundled_readouts()
    return table.armstand.value(windows_s, gated) if model_id == table.model else None


def read_awards(
    model_id: str, windows_s: np.ndarray, gated: np.ndarray, splash: np.ndarray | None
) -> ReadAwards | None:
    """Return the awards that features and splash tell; None for other weights than the readouts were fitted with.

    Args:
        windows_s, gated: as of `Readout.parts`.
        splash: map (8, 18, 30) of the splash, see `splash_map`; None where no water was seen.
    """
    table = bundled_readouts()
    return awards_of(table, windows_s, gated, splash) if model_id == table.model else None


def awards_of(table: Readouts, windows_s: np.ndarray, gated: np.ndarray, splash: np.ndarray | None) -> ReadAwards:
    """Return the awards of `read_awards` by some readouts, see `Readout.parts`."""
    parts = table.award.parts(windows_s, gated)
    parts = parts + table.award.bias / len(parts)
    first, second, third = np.bincount(PHASE_OF_TIME, parts, minlength=3).tolist()
    return ReadAwards(phases=(first, second, third), splash=splash_award(splash, table))


def splash_award(splash: np.ndarray | None, table: Readouts) -> float | None:
    """Return the awards of a splash's map against the mean; None where too little of it was seen."""
    if splash is None or np.isfinite(splash).mean() < _LEAST_SEEN:
        return None
    off = np.nan_to_num(splash - table.splash_mean)
    return float((off * table.splash_weights).sum())


@cache
def bundled_readouts() -> Readouts:
    """Return the readouts that come with the program."""
    with np.load(resource(*TABLE), allow_pickle=False) as table:

        def readout(name: str) -> Readout:
            fields = (table[f"{name}_{field}"] for field in ("times_s", "weights", "bias"))
            times_s, weights, bias = fields
            return Readout(times_s=times_s, weights=weights, bias=float(bias))

        return Readouts(
            str(table["model"]), readout("armstand"), readout("award"), table["splash_mean"], table["splash_weights"]
        )

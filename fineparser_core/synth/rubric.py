"""Maps the qualities of the three steps to visible faults, awards and a score.

The faults follow the criteria of judges: take-off (balance, angle, height, distance), flight (position, legs together,
toes, tightness) and entry (verticality, straight body, arms, splash).

The size of the faults follows the scale of awards: 8.5 to 9.5 very good, 7 to 8 good, 5 to 6.5 satisfactory, 2.5 to 4.5
deficient, 0.5 to 2 unsatisfactory. A good dive (7.5) is about 8 degrees short or over, which judges call slightly off;
at 5 and below the deviation from the vertical and the faults of legs, knees and toes are obvious. The rules cap the
awards of wrong arms at entry (4.5) and of another position (2); these failures are not simulated. Verticality and
splash follow the quality closely, most other faults to 25 %, as judges weigh them against each other. The sizes are not
tuned: larger faults would be easier to learn from rendered dives and would transfer less to filmed dives.

Source: scale and criteria of the diving rules. Deviation: the rules give no degrees; the sizes and the weights of the
faults within a step are this project's interpretation.
"""

from dataclasses import dataclass

import numpy as np

from fineparser_core.diving.judging import Judging

STEP_WEIGHTS = (3.0, 5.0, 2.0)
"""Weights (lambda) of take-off, flight and entry; award = sum(weight * quality) / 10. Source: Eq. 6."""

N_JUDGES = 7


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Visible faults of a dive; 0 is faultless unless noted.

    Attributes:
        height_factor: vertical take-off speed relative to that of a good take-off (1).
        distance_m: deviation of the distance between entry and board, negative too close.
        sway_rad: sideways lean at take-off.
        uneven: asymmetry of arms and legs at take-off, 0..1.
        wobble_rad: sideways lean in flight.
        loose: openness of tuck or pike, 0..1.
        legs_apart_rad, legs_split_rad: sideways and front-to-back angle between the legs in flight.
        knees_bent_rad: flexion of the knees in pike and straight positions.
        toes_flexed: 0 pointed, 1 flexed.
        off_vertical_rad: deviation from the vertical at entry, positive over-rotated.
        arch_rad: flexion of the hips at entry, positive arched, negative piked.
        elbows_bent_rad, entry_legs_rad: flexion of the elbows and angle between the legs at entry.
        late_s: delay of the come-out.
        splash: size of the splash, 0 (rip entry) to 1.
    """

    height_factor: float
    distance_m: float
    sway_rad: float
    uneven: float
    wobble_rad: float
    loose: float
    legs_apart_rad: float
    legs_split_rad: float
    knees_bent_rad: float
    toes_flexed: float
    off_vertical_rad: float
    arch_rad: float
    elbows_bent_rad: float
    entry_legs_rad: float
    late_s: float
    splash: float


def sample_qualities(rng: np.random.Generator) -> tuple[float, float, float]:
    """Sample qualities whose awards are distributed as in competitions (mostly 5 to 9, with a lower tail)."""
    base = rng.uniform(2.0, 5.5) if rng.random() < 0.09 else rng.normal(7.4, 1.15)
    steps = np.clip(base + rng.normal(0, 1.3, 3), 0.3, 10.0)
    return float(steps[0]), float(steps[1]), float(steps[2])


def sample_faults(qualities: tuple[float, float, float], rng: np.random.Generator) -> Faults:
    """Sample the faults of a dive; their sizes follow the qualities, their mixture is random.

    Args:
        qualities: of take-off, flight and entry, each 0..10.
    """
    take_off, flight, entry = (1.0 - np.clip(q, 0.0, 10.0) / 10.0 for q in qualities)
    sign = rng.choice([-1.0, 1.0], 6)
    mix = rng.uniform(0.75, 1.25, 12)
    off = sign[0] * np.radians(0.5 + 42.0 * entry**1.25 * rng.uniform(0.92, 1.08))
    return Faults(
        height_factor=float(1.03 - 0.36 * take_off * mix[0]),
        distance_m=float(sign[1] * 1.3 * take_off * mix[1]) if sign[1] > 0 else float(-0.45 * take_off),
        sway_rad=float(sign[2] * 0.26 * take_off * mix[2]),
        uneven=float(np.clip(0.9 * take_off * mix[3], 0, 1)),
        wobble_rad=float(sign[3] * 0.42 * flight * mix[4]),
        loose=float(np.clip(1.0 * flight * mix[5], 0, 1)),
        legs_apart_rad=float(0.42 * flight**1.2 * mix[6]),
        legs_split_rad=float(sign[4] * 0.5 * flight**1.4 * mix[7]),
        knees_bent_rad=float(0.75 * flight**1.3 * mix[8]),
        toes_flexed=float(np.clip(0.95 * flight * mix[9], 0, 1)),
        off_vertical_rad=float(off),
        arch_rad=float(sign[5] * 0.62 * entry**1.3 * mix[10]),
        elbows_bent_rad=float(0.9 * entry**1.6 * mix[11]),
        entry_legs_rad=float(0.32 * entry**1.3 * mix[10]),
        late_s=float(0.05 * entry),
        splash=float(np.clip(0.05 + 1.05 * entry**1.1 * rng.uniform(0.95, 1.05), 0.03, 1.0)),
    )


def true_award(qualities: tuple[float, float, float]) -> float:
    """Return the award of the rubric without the judges' noise, 0..10."""
    return float(np.dot(STEP_WEIGHTS, qualities) / 10.0)


def judge(qualities: tuple[float, float, float], rng: np.random.Generator) -> tuple[float, ...]:
    """Sample the awards of seven judges, multiples of 0.5: the true award plus noise of the panel and of each judge."""
    panel = true_award(qualities) + rng.normal(0, 0.08)
    awards = np.round(2 * (panel + rng.normal(0, 0.3, N_JUDGES))) / 2
    return tuple(float(a) for a in np.clip(awards, 0.0, 10.0))


def score(awards: tuple[float, ...], difficulty: float) -> float:
    """Return the score of a dive from its awards."""
    return Judging(awards=awards).score(difficulty)

"""From the quality of the three steps to visible faults, awards and a score.

The rubric follows what judges look at: take-off (balance, angle, height, distance), flight
(position, legs together, toes, tightness) and entry (verticality, straight body, arms, splash).

How large a fault is, is anchored in the scale of awards: 8.5 to 9.5 very good, 7 to 8 good, 5 to 6.5 satisfactory,
2.5 to 4.5 deficient, 0.5 to 2 unsatisfactory. What a viewer sees of an entry or a flight of that quality, at the middle
of what is drawn:

| quality | off vertical | legs apart in flight | bent knees in pike | open tuck | hips at entry | splash |
| --- | --- | --- | --- | --- | --- | --- |
| 9.5 | 1° | 1° | 1° | 5 % | 1° | 9 % |
| 8.5 | 4° | 2° | 4° | 15 % | 3° | 18 % |
| 7.5 | 8° | 5° | 7° | 25 % | 6° | 28 % |
| 6 | 14° | 8° | 13° | 40 % | 11° | 43 % |
| 4 | 23° | 13° | 22° | 60 % | 18° | 65 % |
| 2 | 32° | 18° | 32° | 80 % | 27° | 87 % |

A good dive (7.5) is thus about 8 degrees short or over, which judges call slightly off; at 5 and below the body is
visibly off vertical, and legs, knees and toes are open to anyone. The rules cap a dive with the arms wrong at entry at
4.5 and one done in another position at 2; those failures are not drawn. Verticality (to 8 %) and splash (to 5 %) follow
the quality closely, most others to 25 %, since judges weigh them against each other. The sizes are fixed: larger faults
would be easier to learn from rendered dives, and teach less about filmed ones.

Source: the scale and the criteria are those of the diving rules. Deviation: the rules give no degrees; these sizes are
our reading of the scale, and so are the weights of the faults within a step.
"""

from dataclasses import dataclass

import numpy as np

from fineparser_core.diving.judging import score_dive

STEP_WEIGHTS = (3.0, 5.0, 2.0)
"""The paper's lambda for take-off, flight and entry; award = sum(weight * quality) / 10."""

N_JUDGES = 7


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What a viewer sees of the qualities; 0 is faultless unless said otherwise.

    Attributes:
        height_factor: take-off speed upwards as a share of a good take-off's.
        distance_m: entry's extra distance from the board, negative when too close.
        sway_rad: side lean during take-off; wobble_rad: side lean in flight.
        uneven: arms and legs out of step at take-off, 0..1.
        loose: openness of tuck or pike, 0..1.
        legs_apart_rad, legs_split_rad: sideways and front-to-back gap between the legs in flight.
        knees_bent_rad: knees in pike and straight positions.
        toes_flexed: 0 pointed .. 1 flexed.
        off_vertical_rad: signed angle at entry, positive over-rotated.
        arch_rad: hips behind (negative: piked) at entry.
        elbows_bent_rad, entry_legs_rad: arms and legs at entry.
        late_s: come-out later than planned.
        splash: size of the splash, 0 a rip .. 1 very large.
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


def draw_qualities(rng: np.random.Generator) -> tuple[float, float, float]:
    """Qualities whose awards spread like those of real competitions (mostly 5 to 9, a tail below)."""
    base = rng.uniform(2.0, 5.5) if rng.random() < 0.09 else rng.normal(7.4, 1.15)
    steps = np.clip(base + rng.normal(0, 1.3, 3), 0.3, 10.0)
    return float(steps[0]), float(steps[1]), float(steps[2])


def draw_faults(qualities: tuple[float, float, float], rng: np.random.Generator) -> Faults:
    """Visible faults of a dive; their size follows the quality, their mixture is drawn at random.

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
    """The award the rubric gives, 0..10, before any judge's noise."""
    return float(np.dot(STEP_WEIGHTS, qualities) / 10.0)


def judge(qualities: tuple[float, float, float], rng: np.random.Generator) -> tuple[float, ...]:
    """Awards of seven judges in halves: the rubric's award, a panel's mood and each judge's own noise."""
    panel = true_award(qualities) + rng.normal(0, 0.08)
    awards = np.round(2 * (panel + rng.normal(0, 0.3, N_JUDGES))) / 2
    return tuple(float(a) for a in np.clip(awards, 0.0, 10.0))


def score(awards: tuple[float, ...], difficulty: float) -> float:
    """Score of the dive by the drop rule."""
    return float(score_dive(awards, difficulty))

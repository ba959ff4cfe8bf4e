"""A club in numbers alone: athletes, their dives, and judges with a rubric that no part of the program knows.

Fixed by its seed before anything learned from it. Its judges mark what they see of the true motion by slopes of their
own: the entry counts nearly half, most measures cost more than in the bundled table, some less, the splash counts and
is measured by nobody, they like some athletes, and their level and scale are their own. `seen` is what an analysis
would measure of such a dive, as uncertain as `packaging/docs/measures.md` says.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.diving.judging import PhaseMarks
from fineparser_core.exemplars.records import Exemplar, rendered_facts
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.records import Contribution, ExemplarVote, Measure
from fineparser_core.scoring.learning import JudgedScore, as_shipped, table_of
from fineparser_core.scoring.measured_stream import Quantities, measured_stream, quantities, with_measures
from fineparser_core.synth.render import DiveSpec, plan_dive
from fineparser_core.synth.rubric import STEP_WEIGHTS
from fineparser_core.synth.true_measures import true_measures

SEED, DIVES, ATHLETES = 3939, 60, 12
NUMBERS = (("103B", 1.0), ("103C", 3.0), ("201B", 1.0), ("203B", 3.0), ("401B", 1.0), ("403C", 3.0))
#: Qualities of the club: of its athletes' mean, between athletes, of an athlete's phases, between dives, between their
#: phases, and what a DD of one more costs.
_LEVEL, _OF_ATHLETES, _OF_PHASES, _OF_DIVES, _OF_STEPS, _OF_DD = 6.2, 0.8, 0.5, 0.9, 0.9, 1.0
#: The club's judges: awards of each phase that they count, their level, scale, liking of athletes, and noise of the
#: panel, of each of five judges, and of the marks of a phase.
_SHARES, _MEAN, _SCALE, _LIKING, _PANEL, _JUDGE, _PHASE_NOISE = (0.25, 0.3, 0.45), 5.7, 1.2, 0.25, 0.2, 0.4, 0.6
#: Bias, one standard deviation, and share seen of what an analysis measures.
_SEEN = {
    "flight_time": (-0.01, 0.06, 1.0), "jump_height": (-0.01, 0.14, 0.96), "closest_approach": (0.02, 0.12, 0.9),
    "arm_asymmetry": (-1.3, 8.2, 1.0), "hip_angle": (-1.9, 3.2, 1.0), "knee_angle": (0.0, 2.7, 1.0),
    "legs_apart": (0.8, 2.1, 1.0), "toe_angle": (0.9, 5.0, 1.0), "come_out_lead": (-0.01, 0.09, 1.0),
    "entry_angle": (5.0, 10.0, 0.96), "hip_line": (-6.1, 6.9, 0.9), "elbow_angle": (-2.6, 10.0, 0.9),
    "entry_distance": (-0.03, 0.24, 0.9),
}  # fmt: skip
#: Of the network's points: how much of a true difference of a phase they tell, and their noise, awards.
_NETWORK, _NETWORK_NOISE, _VOTES = 0.3, 0.8, 3


@dataclass(frozen=True, kw_only=True)
class ClubDive:
    """A dive of the club, and what its judges say.

    Attributes:
        spec, seed: of the renderer.
        truth: measures of the motion.
        judges: awards of five.
        phases: marks of take-off, flight and entry by one of them; None where nobody wrote any.
        award: mean of the judges' middle three.
    """

    id: str
    athlete: str
    spec: DiveSpec
    seed: int
    truth: dict[str, float]
    judges: tuple[float, ...]
    phases: tuple[float, float, float] | None
    award: float

    @property
    def dive(self) -> DiveNumber:
        return parse_dive_number(self.spec.dive_number)

    @property
    def difficulty(self) -> Difficulty:
        return find_difficulty(self.dive, self.spec.board_m)


def club(seed: int = SEED, dives: int = DIVES, athletes: int = ATHLETES) -> list[ClubDive]:
    """Dives of the club, as many of each athlete; the same for the same seed."""
    rng = np.random.default_rng([seed, 0xC1B])
    abilities = _LEVEL + rng.normal(0, _OF_ATHLETES, (athletes, 1)) + rng.normal(0, _OF_PHASES, (athletes, 3))
    liked = rng.normal(0, _LIKING, athletes)
    found = []
    for i in range(dives):
        who = i % athletes
        number, board_m = NUMBERS[int(rng.integers(len(NUMBERS)))]
        difficulty = find_difficulty(parse_dive_number(number), board_m).value
        of_dive = abilities[who] + rng.normal(0, _OF_DIVES) + rng.normal(0, _OF_STEPS, 3) - _OF_DD * (difficulty - 1.8)
        take_off, flight, entry = np.clip(of_dive, 1.0, 9.8).tolist()
        portrait = rng.random() < 0.5
        spec = DiveSpec(
            dive_number=number,
            board_m=board_m,
            qualities=(take_off, flight, entry),
            height_px=480 if portrait else 360,
            aspect=9 / 16 if portrait else 16 / 9,
        )
        dive_seed = int(rng.integers(2**31))
        plan = plan_dive(spec, dive_seed)
        truth = true_measures(plan)
        off = phases_off(truth, number, board_m, plan.faults.splash)
        level = _MEAN + measured_stream().level(board_m) - measured_stream().mean_award  # boards as shipped
        true = level + _SCALE * float(np.dot(_SHARES, off)) + liked[who] + rng.normal(0, _PANEL)
        judges = np.clip(np.round(2 * (true + rng.normal(0, _JUDGE, 5))) / 2, 0, 10)
        marks = np.clip(np.round(2 * (level + np.array(off) + rng.normal(0, _PHASE_NOISE, 3))) / 2, 0, 10)
        found.append(
            ClubDive(
                id=f"club-{i + 1:02d}",
                athlete=f"athlete {who + 1}",
                spec=spec,
                seed=dive_seed,
                truth=truth,
                judges=tuple(judges.tolist()),
                phases=(float(marks[0]), float(marks[1]), float(marks[2])) if rng.random() < 0.5 else None,
                award=fmean(sorted(judges.tolist())[1:4]),
            )
        )
    return found


def phases_off(truth: dict[str, float], number: str, board_m: float, splash: float) -> tuple[float, float, float]:
    """Marks of each phase against a middling dive, by the slopes of the club's judges."""
    speed = np.sqrt(2 * 9.81 * truth["jump_height"])
    take_off = 1.6 * (speed - (4.2 if board_m == 1 else 4.9))
    take_off -= 0.03 * max(truth["arm_asymmetry"] - 8, 0) + 0.5 * max(truth["entry_distance"] - 1.9, 0)
    flight = 1.2 - 0.045 * max(truth["hip_angle"] - 38, 0) - 0.02 * max(165 - truth["toe_angle"], 0)
    flight -= 0.09 * truth["legs_apart"]
    if number.endswith("B"):
        flight -= 0.05 * max(170 - truth["knee_angle"], 0)
    entry = 2.0 - 0.08 * max(abs(truth["entry_angle"]) - 4, 0) - 0.04 * max(truth["hip_line"] - 8, 0)
    entry -= 0.01 * max(172 - truth["elbow_angle"], 0) + 2.5 * (splash - 0.2)
    entry += 3.0 * min(truth["come_out_lead"] / truth["flight_time"] - 0.3, 0.05)
    return float(take_off), float(flight), float(entry)


def seen(dive: ClubDive) -> Quantities:
    """What an analysis measures of it, with one standard deviation each."""
    rng = np.random.default_rng([dive.seed, 0x5EE])
    found = []
    for name, (bias, deviation, share) in _SEEN.items():
        error, shows = rng.normal(bias, deviation), rng.random() < share
        if name in dive.truth and shows:
            value = float(dive.truth[name] + error)
            found.append(Measure(name=name, value=value, unit="", uncertainty=deviation, frame=0, step=""))
    return quantities(found)


def votes(dive: ClubDive, exemplars: list[Exemplar], qualities: dict[str, tuple[float, ...]]) -> list[ExemplarVote]:
    """Votes of a network that tells little of such dives, by exemplars of the number, before any measure.

    Args:
        qualities: true ones of the exemplars, by id.
    """
    rng = np.random.default_rng([dive.seed, 0xE7])
    same = [one for one in exemplars if (one.dive_number, one.board_m) == (dive.spec.dive_number, dive.spec.board_m)]
    mistaken, found = rng.normal(0, _NETWORK_NOISE, 3), []
    for one in same[:_VOTES]:
        off = _NETWORK * (np.array(dive.spec.qualities) - qualities[one.id]) + mistaken
        points = (3 * dive.difficulty.value * off * np.array(STEP_WEIGHTS) / 10).tolist()
        parts = tuple(
            Contribution(step=step, points=value, dynamic=value / 2, static=value / 2)
            for step, value in zip(STEP_NAMES, points, strict=True)
        )
        found.append(
            ExemplarVote(
                id=one.id,
                dive_number=one.dive_number,
                board_m=one.board_m,
                score=one.score,
                vote=one.score + sum(points),
                contributions=parts,
            )
        )
    return found


def judged(dives: list[ClubDive]) -> list[JudgedScore]:
    """The dives as they would be analysed and judged, without a picture."""
    with ExemplarStore.open() as library:
        exemplars = list(library.exemplars())
    facts = rendered_facts()
    qualities = {fact["id"]: tuple(fact["qualities"]) for fact in facts}
    found = []
    for dive in dives:
        query = seen(dive)
        shipped, _ = with_measures(votes(dive, exemplars, qualities), [query], dive.dive, dive.difficulty)
        found.append(
            JudgedScore(
                dive=JudgedDive(
                    video=Path(dive.id),
                    athlete=dive.athlete,
                    dive_number=dive.spec.dive_number,
                    board_m=dive.spec.board_m,
                    award=dive.award,
                    marks=PhaseMarks(**dict(zip(("take_off", "flight", "entry"), dive.phases or (), strict=False))),
                ),
                difficulty=dive.difficulty,
                votes=shipped,
                queries=(query,),
            )
        )
    return found


def marked(score: JudgedScore, award: float, **changes: object) -> JudgedScore:
    """A judged dive with another award."""
    return replace(score, dive=replace(score.dive, award=award, **changes))


def all_marked_off(dives: list[JudgedScore], off: float, **changes: object) -> list[JudgedScore]:
    """Dives of as many athletes, each marked as shipped but for a level."""
    awards = table_of(dives).predicted(as_shipped()).tolist()
    return [marked(dive, award + off, athlete="", **changes) for dive, award in zip(dives, awards, strict=True)]

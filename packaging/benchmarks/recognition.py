"""How often the dive is recognized: its number, direction, half somersaults and board, and what speaks against it.

    python packaging/benchmarks/recognition.py [--parses DIR] [--labels FILE] [--rendered N]

Of parses of real clips with known numbers (NAME.pkl in DIR, each a pickled pair of which the first is the parse), and
of rendered dives whose joints are off as those of the finder are on real frames.
"""

import argparse
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.exemplars.rendered import rendered_facts
from fineparser_core.recognition.contradictions import contradictions
from fineparser_core.recognition.numbers import DIRECTION_NAMES
from fineparser_core.recognition.recognize import recognize
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.dataset import SynthConfig, sample_spec
from fineparser_core.synth.render import DivePlan, DiveSpec, plan_dive
from fineparser_core.types import Clip, DiveMotion, DiveParse, ModelIdentity, Moment, Moments, Recognition, Transitions

_FPS = 30.0
#: Joints' scatter in torso lengths and the time over which their errors go together, seconds; share of frames in which
#: the whole body is misread, of such in which it is upside down or turned about, and of joints that are not seen.
_SCATTER, _TOGETHER_S, _MISREAD, _UNSEEN = 0.16, 0.1, 0.08, 0.05
#: Scatter of take-off, top, come-out and contact, seconds.
_MOMENTS_S = (0.045, 0.025, 0.05, 0.035)


def made_parse(plan: DivePlan, rng: np.random.Generator, azimuth: float) -> DiveParse:
    """A parse of a rendered dive by a camera that stands still, its joints and moments off as found ones are.

    Args:
        azimuth: 0 is the view from the side, radians.
    """
    motion, timing = plan.athletes[0].motion, plan.timing
    start = max(-1.2, timing.start_s)
    times = np.arange(start, motion.contact_s + 0.5, 1 / _FPS)[:96]
    joints_m, centre_m = motion.world_joints(times)
    edge = plan.athletes[0].board_edge(times)[:, None]
    head = (joints_m[:, [JOINT["head_low"]]] + joints_m[:, [JOINT["head_top"]]]) / 2
    body = joints_m[:, [JOINT[name] for name in KEYPOINT_NAMES[1:-1]]]
    points = np.concatenate([head, body, edge], axis=1)
    across = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    ahead = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    px_per_m, distance = float(rng.uniform(40, 160)), float(rng.uniform(8, 30))

    def projected(where: np.ndarray) -> np.ndarray:
        nearer = distance / (distance + where @ ahead)
        return np.stack([400 + px_per_m * (where @ across) * nearer, 300 + px_per_m * nearer * (3 - where[..., 2])], -1)

    px = projected(points)
    torso = px_per_m * 0.48
    keep = np.exp(-1 / _FPS / _TOGETHER_S)
    error = rng.normal(0, 1, px.shape)
    for i in range(1, len(error)):
        error[i] = keep * error[i - 1] + np.sqrt(1 - keep**2) * error[i]
    hard = np.clip(rng.normal(1.0, 0.35), 0.4, 2.0)
    px = px + hard * _SCATTER * torso * error
    sure = np.clip(rng.normal(0.62, 0.1, px.shape[:2]) - 0.15 * (hard - 1), 0.12, 0.9)
    middle = px[:, 1:-1].mean(axis=1, keepdims=True)
    for i in np.flatnonzero(rng.random(len(px)) < _MISREAD * hard):
        turn = rng.uniform(-np.pi, np.pi)
        cos, sin = np.cos(turn), np.sin(turn)
        px[i, :-1] = middle[i] + (px[i, :-1] - middle[i]) @ np.array([[cos, -sin], [sin, cos]])
        sure[i] = rng.uniform(0.12, 0.5, px.shape[1])
    sure[rng.random(sure.shape) < _UNSEEN] = 0.02
    came_out = float(rng.normal(motion.come_out_s, _MOMENTS_S[2]))
    top_s = motion.start_velocity[2] / 9.81
    sampled = times - times[0]
    take_off, top, come_out, contact = (
        Moment(time_s=float(at - times[0]), deviation_s=off, sources=("network",))
        for at, off in zip(
            (rng.normal(0, _MOMENTS_S[0]), rng.normal(top_s, _MOMENTS_S[1]), came_out,
             rng.normal(motion.contact_s, _MOMENTS_S[3])), _MOMENTS_S, strict=True)
    )  # fmt: skip
    frames = np.arange(len(times))
    pad = 96 - len(times)
    pad_to = lambda one: np.concatenate([one, np.repeat(one[-1:], pad, axis=0)])  # noqa: E731
    flight = max(round(take_off.time_s * _FPS), 1)
    entry = max(round(come_out.time_s * _FPS), flight + 1)
    in_air = (times >= 0) & (times <= motion.contact_s)
    path = projected(centre_m)[in_air]
    crop = np.array([path[:, 0].mean() - 130, 0, path[:, 0].mean() + 130, 260]) * 1.0
    crop[2:] = crop[:2] + 5 * torso
    return DiveParse(
        clip=Clip(path=Path("made.mp4"), in_frame=0, out_frame=len(times) - 1, fps=_FPS),
        sampled_frames=pad_to(frames),
        sampled_times_s=pad_to(sampled),
        probabilities=np.zeros((96, 2), np.float32),
        transitions=Transitions(
            first_flight_frame=flight, first_entry_frame=entry, first_flight_s=flight / _FPS, first_entry_s=entry / _FPS
        ),
        moments=Moments(take_off=take_off, come_out=come_out, top=top, contact=contact),
        mask_probability=np.zeros((96, MASK_SIZE, MASK_SIZE), np.float16),
        crop_xyxy=np.tile(crop.astype(np.float32), (96, 1)),
        joints=pad_to(np.concatenate([px, sure[..., None]], axis=2).astype(np.float32)),
        model=ModelIdentity(
            id="made", trained_on="", synthetic=True, preprocessing="follow", decoding="flight", precision="fp32",
            device="cpu",
        ),
        motion=DiveMotion(
            to_scene=np.tile(np.eye(3), (96, 1, 1)), path_s=sampled[in_air], path_xy=path,
            at_s=float(sampled[in_air][0]), position=(0.0, 0.0), velocity=(0.0, -float(motion.start_velocity[2]) * px_per_m),
            gravity=9.81 * px_per_m, gravity_deviation=1.0, body_px=1.15 * px_per_m,
        ),
    )  # fmt: skip


def rendered(count: int, seed: int = 0) -> Iterator[tuple[DiveNumber, float, DiveParse]]:
    """Rendered dives that do not twist, half of club numbers and half of competitions', from about the side."""
    club = sorted({(one["dive_number"], one["board_m"]) for one in rendered_facts()})
    config = SynthConfig(train=10 * count, test=0, seed=seed)
    rng, made, i = np.random.default_rng([seed, 0x4EC]), 0, 0
    while made < count:
        i += 1
        spec, dive_seed = sample_spec(config, i)
        if made % 2:
            number, board_m = club[int(rng.integers(len(club)))]
            spec = DiveSpec(dive_number=number, board_m=board_m)
        if parse_dive_number(spec.dive_number).half_twists or spec.synchro:
            continue
        plan = plan_dive(spec, dive_seed)
        yield plan.dive, plan.board_m, made_parse(plan, rng, float(np.clip(rng.normal(0, 0.45), -1, 1)))
        made += 1


def real(parses: Path, labels: Path) -> Iterator[tuple[str, DiveNumber, float | None, DiveParse]]:
    """Parses of real clips with known numbers."""
    for name, facts in json.loads(labels.read_text(encoding="utf-8")).items():
        number = facts.get("dive_number") or ("207C" if "207C" in facts.get("dive", "") else None)
        path = parses / f"{name}.pkl"
        if number is None or not path.is_file():
            continue
        with path.open("rb") as file:
            parse = pickle.load(file)[0]
        board_m = facts.get("board_m") or (10.0 if "platform" in name else None)
        yield name, parse_dive_number(number.rstrip("?")), board_m, parse


def wrong_numbers(dive: DiveNumber, board_m: float | None, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Six wrong numbers of a dive, and what is wrong: group (twice), count (twice), position, twist."""
    found = []
    others = [d for d in (1, 2, 3, 4) if d != dive.direction]
    for direction in rng.choice(others, 2, replace=False):
        group = int(direction) if dive.group < 5 else dive.group
        found.append(("group", replace(dive, group=group, direction=int(direction))))
    for by in (2, -2 if dive.half_somersaults > 2 else 1):
        found.append(("count", replace(dive, half_somersaults=dive.half_somersaults + by)))
    swapped = {"A": "C", "B": "C", "C": "B", "D": "C"}[dive.position]
    found.append(("position", replace(dive, position=swapped)))
    if dive.half_twists:
        found.append(("twist", replace(dive, group=dive.direction, half_twists=0, position="C")))
    else:
        found.append(("twist", replace(dive, group=5, half_twists=2 + dive.direction % 2, position="D")))
    return [(kind, str(one)) for kind, one in found]


class Tally:
    """Counts of what was right."""

    def __init__(self) -> None:
        self.counts: dict[str, list[bool]] = {}

    def add(self, name: str, right: bool) -> None:
        """Count one."""
        self.counts.setdefault(name, []).append(right)

    def add_dive(
        self, dive: DiveNumber, board_m: float | None, seen: Recognition | None, rng: np.random.Generator
    ) -> None:
        """Count all that is known of a dive."""
        numbers = [] if seen is None else [one.dive_number for one in seen.numbers]
        self.add("recognized at all", seen is not None)
        self.add("number first", numbers[:1] == [str(dive)])
        self.add("number among three", str(dive) in numbers[:3])
        if seen is None:
            return
        self.add("half somersaults", round(seen.half_somersaults) == dive.half_somersaults)
        if dive.direction:
            self.add(
                "direction",
                max(seen.directions, key=lambda one: seen.directions[one]) == DIRECTION_NAMES[dive.direction - 1],
            )
        self.add("armstand", (seen.armstand >= 0.5) == dive.armstand)
        self.add("twisting", (seen.twisting >= 0.5) == bool(dive.half_twists))
        if dive.position != "D":
            plain = {name: share for name, share in seen.positions.items() if name != "D"}
            self.add("position", max(plain, key=lambda one: plain[one]) == dive.position)
        if board_m is not None:
            self.add("board", max(seen.boards_m, key=lambda one: seen.boards_m[one]) == board_m)
            sure = [one for one, share in seen.boards_m.items() if share >= 0.9]
            if sure:
                self.add("board where sure", sure == [board_m])
        against = contradictions(seen, str(dive), board_m)
        self.add("right number contradicted", bool(against))
        self.add("right number surely contradicted", any(one.certain for one in against))
        for kind, wrong in wrong_numbers(dive, board_m, rng):
            against = contradictions(seen, wrong, None)
            self.add(f"wrong {kind} contradicted", bool(against))
            self.add("wrong numbers contradicted", bool(against))
            self.add("wrong numbers surely contradicted", any(one.certain for one in against))

    def __str__(self) -> str:
        return "\n".join(
            f"  {name:36s} {np.mean(found):.3f} of {len(found)}" for name, found in sorted(self.counts.items())
        )


def mirrored(parse: DiveParse, width: float = 800.0) -> DiveParse:
    """The parse of the mirrored clip."""
    assert parse.joints is not None
    assert parse.motion is not None
    flip = np.diag([-1.0, 1.0, 1.0])
    flip[0, 2] = width
    joints = parse.joints.copy()
    joints[..., 0] = width - joints[..., 0]
    pairs = [
        i if "_" not in n else KEYPOINT_NAMES.index(n[:-1] + {"l": "r", "r": "l"}[n[-1]])
        for i, n in enumerate(KEYPOINT_NAMES)
    ]
    crop = parse.crop_xyxy.copy()
    crop[:, [0, 2]] = width - crop[:, [2, 0]]
    motion = replace(parse.motion, to_scene=flip @ parse.motion.to_scene @ np.linalg.inv(flip))
    return replace(
        parse,
        joints=joints[:, pairs],
        crop_xyxy=crop,
        mask_probability=parse.mask_probability[..., ::-1],
        motion=motion,
    )


def shifted(parse: DiveParse, by_s: float) -> DiveParse:
    """The parse with all moments later."""
    moments = parse.moments
    later = {
        name: replace(one, time_s=one.time_s + by_s)
        for name in ("take_off", "come_out", "top", "contact")
        if (one := getattr(moments, name)) is not None
    }
    return replace(parse, moments=replace(moments, **later))


def main() -> None:
    """Runs the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parses", type=Path, help="folder of pickled parses of real clips")
    parser.add_argument("--labels", type=Path, help="labels.json of these")
    parser.add_argument("--rendered", type=int, default=0, help="rendered dives")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--misses", action="store_true", help="print what was missed")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    if args.parses is not None:
        tally, varied = Tally(), Tally()
        for name, dive, board_m, parse in real(args.parses, args.labels):
            seen = recognize(parse)
            tally.add_dive(dive, board_m, seen, rng)
            told = [] if seen is None else [f"{one.dive_number} {one.probability:.2f}" for one in seen.numbers[:3]]
            print(f"{name:32s} {dive!s:6s} {told}")
            for one in (mirrored(parse), shifted(parse, 1 / 30), shifted(parse, -1 / 30)):
                varied.add_dive(dive, board_m, recognize(one), rng)
        print(f"real clips\n{tally}\nmirrored, a frame later, a frame earlier\n{varied}")
    if args.rendered:
        tally = Tally()
        for dive, board_m, parse in rendered(args.rendered, args.seed):
            seen = recognize(parse)
            tally.add_dive(dive, board_m, seen, rng)
            if args.misses and seen is not None and (against := contradictions(seen, str(dive), board_m)):
                print(dive, board_m, "contradicted", against)
            if args.misses and (seen is None or seen.numbers[0].dive_number != str(dive)):
                print(
                    dive,
                    board_m,
                    seen
                    and (
                        [(one.dive_number, round(one.probability, 2)) for one in seen.numbers[:3]],
                        {k: round(v, 2) for k, v in seen.directions.items()},
                        round(seen.half_somersaults, 2),
                        round(seen.half_somersaults_deviation, 2),
                        {k: round(v, 2) for k, v in seen.positions.items()},
                        round(seen.armstand, 2),
                    ),
                )
        print(f"rendered dives without twists\n{tally}")


if __name__ == "__main__":
    main()

"""How often the dive is recognized: its number, direction, half somersaults and board, and what speaks against it.

    python packaging/benchmarks/recognition.py [--clips CLIPS] [--rendered N]

Of labelled real clips with known numbers, and of rendered dives whose joints are off as those of the finder are on real
frames.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from made_dives import mirrored, rendered

from fineparser_core.data.judged_dives import read_dives
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion.clips import find_clip
from fineparser_core.recognition.contradictions import contradictions
from fineparser_core.recognition.numbers import DIRECTION_NAMES
from fineparser_core.recognition.recognize import recognize
from fineparser_core.records import DiveParse, Recognition


def real(clips: Path) -> Iterator[tuple[str, DiveNumber, float | None, DiveParse]]:
    """Return names, numbers, boards and parses of labelled clips."""
    analyzer = Analyzer.open()
    for one in read_dives(clips):
        if one.dive_number is not None:
            found = find_clip(one.video)
            parse, _ = analyzer.parse(found.clip, found.recording)
            yield one.video.stem, parse_dive_number(one.dive_number), one.board_m, parse


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
        numbers = [] if seen is None else [*seen.numbers]
        self.add("recognized at all", seen is not None)
        self.add("number first", numbers[:1] == [str(dive)])
        self.add("number among three", str(dive) in numbers[:3])
        for sure in (0.7, 0.8, 0.9, 0.95):
            if seen is not None and numbers and seen.numbers[numbers[0]] >= sure:
                self.add(f"number from {100 * sure:.0f} %", numbers[0] == str(dive))
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


def shifted(parse: DiveParse, by_s: float) -> DiveParse:
    """Return the parse with all moments later."""
    moments = parse.moments
    later = {
        name: replace(one, time_s=one.time_s + by_s)
        for name in ("take_off", "come_out", "top", "contact")
        if (one := getattr(moments, name)) is not None
    }
    return replace(parse, moments=replace(moments, **later))


def main() -> None:
    """Run the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, help="folder of labelled clips")
    parser.add_argument("--rendered", type=int, default=0, help="rendered dives")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    if args.clips is not None:
        tally, varied = Tally(), Tally()
        for name, dive, board_m, parse in real(args.clips):
            seen = recognize(parse)
            tally.add_dive(dive, board_m, seen, rng)
            told = [] if seen is None else [f"{name} {share:.2f}" for name, share in [*seen.numbers.items()][:3]]
            print(f"{name:32s} {dive!s:6s} {told}")
            for one in (mirrored(parse), shifted(parse, 1 / 30), shifted(parse, -1 / 30)):
                varied.add_dive(dive, board_m, recognize(one), rng)
        print(f"real clips\n{tally}\nmirrored, a frame later, a frame earlier\n{varied}")
    if args.rendered:
        tally = Tally()
        for dive, board_m, parse in rendered(args.rendered, args.seed):
            tally.add_dive(dive, board_m, recognize(parse), rng)
        print(f"rendered dives without twists\n{tally}")


if __name__ == "__main__":
    main()

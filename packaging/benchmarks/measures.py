"""How far the measures of a dive are off, and whether what they state of themselves holds.

    python packaging/benchmarks/measures.py CACHE [--exemplars N] [--real DIR]

Of bundled exemplars, whose motion is known, and of real clips with labels (labels.json). CACHE keeps what the network
finds in them, which takes ten seconds a clip; the measures alone take hundredths.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.data.judged_dives import read_dives
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.evaluation.metrics import spearman
from fineparser_core.exemplars.records import rendered_facts
from fineparser_core.export.analysis_json import (
    analysis_from_dict,
    read_masks_npz,
    write_analysis_json,
    write_masks_npz,
)
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.measures import NAMES, measures
from fineparser_core.motion.clips import FoundClip, find_clip
from fineparser_core.records import Analysis, DiveParse, Measure
from fineparser_core.resources import resource
from fineparser_core.scoring.measured_stream import measured_stream, quantities
from fineparser_core.scoring.rescore import correct_contact, with_transitions
from fineparser_core.support.tables import text_table
from fineparser_core.video.clips import make_clip

_ANGLES = Path(__file__).with_name("real_entry_angles.json")
#: Standard deviation of a moment that was found in a video, seconds.
_MOMENT_S = 0.04
#: Whose moments a table is by; the last one tells whether what a measure states of itself holds.
_MOMENTS = (_FOUND, _TRUE, _UNCERTAIN) = (
    "as found",
    "of the motion",
    "of the motion, moved by as much as they are stated to be uncertain",
)
#: Draws of moved moments a dive, and how uncertain leaving, come-out and contact are, in those of a moment.
_DRAWS, _MOMENT_SHARES = 8, (1.0, 2.0, 1.0)
#: Metres of boards whose labels do not name them: the platform clips are of 10 m.
_PLATFORM_M = 10.0


class ParseCache:
    """Parses of clips, from a folder or made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._analyzer: Analyzer | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def parse(self, name: str, path: Path, out_frame: int | None = None) -> DiveParse:
        """Return the parse of a clip, up to a frame or cut as `score` does."""
        facts, masks = self._folder / f"{name}.json", self._folder / f"{name}.npz"
        if not facts.is_file():
            self._analyzer = self._analyzer or Analyzer.open()
            found = find_clip(path) if out_frame is None else FoundClip(make_clip(path, 0, out_frame))
            parse, _ = self._analyzer.parse(*found[:2])
            write_masks_npz(parse, masks)
            write_analysis_json(Analysis(parse=parse, scoring=None), facts)
        return analysis_from_dict(json.loads(facts.read_text(encoding="utf-8")), read_masks_npz(masks)).parse


def at_true_moments(
    parse: DiveParse, fact: dict[str, Any], flight_s: float, off_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> DiveParse:
    """Return a parse whose transitions and contact are those of the rendered motion, or so many seconds off them."""
    leaves, opens, touches = (round(seconds * parse.clip.fps) for seconds in off_s)
    flight, entry = fact["first_flight_frame"] + leaves, fact["first_entry_frame"] + opens
    times = np.interp([flight, entry], parse.sampled_frames, parse.sampled_times_s).tolist()
    transitions = replace(
        parse.transitions,
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_flight_s=times[0],
        first_entry_s=times[1],
    )
    # The board is left between two frames, half a frame before the first one in the air.
    contact = fact["first_flight_frame"] + round(flight_s * parse.clip.fps) + touches
    return correct_contact(with_transitions(parse, transitions), contact)


def rendered_rows(cache: ParseCache, count: int, moments: str) -> tuple[list[list[str]], int]:
    """Rows of a table over rendered dives, and their number.

    Args:
        moments: one of `_MOMENTS`.
    """
    rng, n_dives = np.random.default_rng(0), 0
    truths: dict[str, list[tuple[float, Measure | None]]] = {name: [] for name in NAMES}
    for fact in rendered_facts()[:count]:
        name = fact["id"]
        parse = cache.parse(name, resource("exemplars", f"{name}.mp4"), fact["out_frame"])
        n_dives += 1
        for _ in range(_DRAWS if moments == _UNCERTAIN else 1):
            placed = parse
            if moments != _FOUND:
                off = rng.normal(0, _MOMENT_S * np.array(_MOMENT_SHARES)) if moments == _UNCERTAIN else np.zeros(3)
                placed = at_true_moments(parse, fact, fact["measures"]["flight_time"], tuple(off.tolist()))
            found = {m.name: m for m in measures(placed, dive_number=fact["dive_number"], board_m=fact["board_m"])}
            for measure, true in fact["measures"].items():
                truths[measure].append((true, found.get(measure)))
    rows = []
    for name, pairs in truths.items():
        seen = [(true, one) for true, one in pairs if one is not None and np.isfinite(true)]
        if not seen:
            continue
        off = np.array([one.value - true for true, one in seen])
        stated = np.array([one.uncertainty for _, one in seen])
        spread = float(np.std([true for true, _ in seen]))
        rows.append(
            [
                name,
                seen[0][1].unit,
                f"{len(seen)} of {len(pairs)}",
                f"{spread:.2f}",
                f"{off.mean():+.2f}",
                f"{np.abs(off).mean():.2f}",
                f"{np.median(stated):.2f}",
                f"{100 * (np.abs(off) <= stated).mean():.0f} %",
                f"{np.corrcoef(off + [true for true, _ in seen], [true for true, _ in seen])[0, 1]:.2f}",
            ]
        )
    return rows, n_dives


def real_rows(cache: ParseCache, folder: Path) -> Iterator[list[str]]:
    """Rows of a table over real clips: labelled and measured flight time, height, and entry angle."""
    angles = json.loads(_ANGLES.read_text(encoding="utf-8"))["clips"]
    for clip in read_dives(folder):
        if clip.first_flight_frame is None or clip.first_water_contact_frame is None or clip.real_fps is None:
            continue
        parse = cache.parse(clip.video.stem, clip.video)
        board_m = clip.board_m or _PLATFORM_M
        found = {m.name: m for m in measures(parse, dive_number=clip.dive_number, board_m=board_m)}
        flight_s = (clip.first_water_contact_frame - clip.first_flight_frame) / clip.real_fps
        speed = GRAVITY_M_S2 * flight_s / 2 - board_m / flight_s
        read = angles.get(clip.video.name)
        yield [
            clip.video.name,
            *_beside(found.get("flight_time"), flight_s),
            *_beside(found.get("jump_height"), speed**2 / (2 * GRAVITY_M_S2)),
            *_beside(found.get("entry_angle"), None if read is None else float(np.mean(read["degrees"]))),
            "" if clip.award is None else f"{clip.award:.2f}",
            _own_award(tuple(found.values()), clip.dive_number, clip.board_m),
        ]


def _own_award(found: tuple[Measure, ...], number: str | None, board_m: float | None) -> str:
    """Return the award of a dive by what was measured alone."""
    if number is None:
        return ""
    dive = parse_dive_number(number)
    difficulty = find_difficulty(dive, board_m)
    own = measured_stream().own_award(quantities(found), dive, difficulty)
    return "" if own is None else f"{own.award:.2f}"


def _beside(found: Measure | None, true: float | None) -> list[str]:
    told = "" if true is None else f"{true:.2f}"
    if found is None:
        return [told, "", ""]
    off = "" if true is None else f"{found.value - true:+.2f}"
    return [told, f"{found.value:.2f} ± {found.uncertainty:.2f}", off]


def main() -> None:
    """Run the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder for what the network finds")
    parser.add_argument("--exemplars", type=int, default=80, help="rendered dives to measure")
    parser.add_argument("--real", type=Path, help="folder of real clips with labels.json")
    args = parser.parse_args()
    cache = ParseCache(args.cache)
    titles = ["measure", "unit", "seen", "spread", "bias", "mean error", "stated", "holds", "r"]
    for moments in _MOMENTS:
        rows, n_dives = rendered_rows(cache, args.exemplars, moments)
        print(f"{n_dives} rendered dives, moments {moments}\n\n{text_table(titles, rows)}\n")
    print("one standard deviation holds in 68 % of normal errors\n")
    if args.real is not None:
        titles = [
            "clip",
            "flight s",
            "found",
            "off",
            "height m",
            "found",
            "off",
            "entry deg",
            "found",
            "off",
            "award",
            "own",
        ]
        clips = list(real_rows(cache, args.real))
        print(text_table(titles, clips))
        both = np.array([[float(row[-2]), float(row[-1])] for row in clips if row[-2] and row[-1]])
        if len(both) > 2:
            off = np.abs(both[:, 1] - both[:, 0]).mean()
            print(f"\nown award against the marks of {len(both)}: rho {spearman(*both.T):.2f}, off by {off:.2f}")


if __name__ == "__main__":
    main()

"""Measures how a change of the code moves results on 100 fixed rendered dives and on labelled real clips.

    python packaging/benchmarks/compare_variants.py render --annotations FINEDIVING --out DIVES
    python packaging/benchmarks/compare_variants.py measure --data DIVES --real CLIPS --out before.jsonl
    python packaging/benchmarks/compare_variants.py table before.jsonl after.jsonl

`variants/` beside this file holds the two runs of which `packaging/docs/experiments.md` speaks.

`render` makes twins of FineDiving test dives as `fineparser synthesize --twins full --seed 0` does, but only 100 of
them: of the test records of one diver whose dive number has exemplars in the bundled library, in the order of event and
index, the first 100 of `numpy.random.default_rng(0).permutation`. `measure` analyses each as the program analyses any
video, in the code that is first in PYTHONPATH; it goes on where an interrupted run stopped, and parts may run at once.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.commands.calibrate import write_video
from fineparser_core.commands.synthesize import annotated_records, parse_shard
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.images import clip_images, read_mask
from fineparser_core.data.records import DiveRecord
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExemplarError, VideoError
from fineparser_core.evaluation.metrics import mask_iou
from fineparser_core.evaluation.real_clips import full_frame_mask, measure_clip, read_labels
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.resources import resource
from fineparser_core.synth.dataset import synthesize
from fineparser_core.synth.twins import plan_twins
from fineparser_core.text_table import text_table
from fineparser_core.types import DiveParse
from fineparser_core.video.clips import make_clip

N_DIVES = 100
_RESAMPLES = 2000


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help="render the dives")
    render.add_argument("--annotations", type=Path, required=True, help="folder of FineDiving's annotations")
    render.add_argument("--out", type=Path, required=True)
    render.add_argument("--workers", type=int, default=1)
    measure = commands.add_parser("measure", help="analyse rendered dives and real clips")
    measure.add_argument("--data", type=Path, help="what `render` wrote")
    measure.add_argument("--real", type=Path, help="folder of clips with labels.json")
    measure.add_argument("--out", type=Path, required=True, help="results, one JSON object a line")
    measure.add_argument("--shard", type=parse_shard, default=(0, 1), metavar="I/N")
    table = commands.add_parser("table", help="print the results of two runs beside each other")
    table.add_argument("before", type=Path)
    table.add_argument("after", type=Path)
    args = parser.parse_args(argv)
    if args.command == "render":
        plan = plan_twins(annotated_records(args.annotations), "full")
        eligible = [i for i in plan.chosen if _is_eligible(plan.records[i])]
        chosen = np.random.default_rng(0).permutation(eligible)[:N_DIVES]
        synthesize(args.out, replace(plan, chosen=tuple(sorted(chosen.tolist()))), workers=args.workers)
    elif args.command == "measure":
        measure_all(args.data, args.real, args.out, args.shard)
    else:
        print(compare(read_results(args.before), read_results(args.after)))
    return 0


def _is_eligible(record: Any) -> bool:
    exemplars = json.loads(resource("exemplars", "dives.json").read_text(encoding="utf-8"))
    numbers = {exemplar["dive_number"] for exemplar in exemplars}
    return record.split == "test" and not record.synchro and record.dive_number in numbers


def measure_all(data: Path | None, real: Path | None, out: Path, shard: tuple[int, int]) -> None:
    """Analyses what is not in the file of results yet and appends it there, clip by clip."""
    done = {row["id"] for row in read_results(out)} if out.exists() else set()
    analyzer = Analyzer.open()
    jobs: list[tuple[str, Callable[[], dict[str, Any]]]] = []
    if data is not None:
        dives = load_dataset(data)
        for record in dives.split("test"):
            jobs.append((record.id, lambda record=record: _rendered(analyzer, dives, record)))  # type: ignore[misc]
    if real is not None:
        for labels in read_labels(real):
            facts = json.loads((real / "labels.json").read_text(encoding="utf-8"))[labels.path.name]
            jobs.append((labels.path.name, lambda labels=labels, facts=facts: _real(analyzer, labels, facts)))  # type: ignore[misc]
    for name, job in jobs[shard[0] :: shard[1]]:
        if name in done:
            continue
        row = {"id": name, **job(), "model": analyzer.model.id, "precision": analyzer.model.precision}
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
        print(row, file=sys.stderr)


def _rendered(analyzer: Analyzer, data: Any, record: DiveRecord) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fineparser-") as folder:
        video = Path(folder) / "dive.mp4"
        write_video(data, record, video)
        parse, scored = _analyse(analyzer, video, None, None, record.dive_number, record.board_m, record.difficulty)
    ious = []
    paths = clip_images(data, record)
    for frame in np.unique(parse.sampled_frames).tolist():
        mask_path = paths[frame][1]
        assert mask_path is not None
        truth = read_mask(mask_path)
        if truth.any():
            ious.append(mask_iou(full_frame_mask(parse, frame, truth.shape), truth))
    found = parse.transitions
    return {
        "kind": "rendered",
        "dive_number": record.dive_number,
        "true_score": record.score,
        **scored,
        "true_transitions": [record.first_flight_frame, record.first_entry_frame],
        "transitions": [found.first_flight_frame, found.first_entry_frame],
        "mask_iou": float(np.mean(ious)) if ious else None,
    }


def _real(analyzer: Analyzer, labels: Any, facts: dict[str, Any]) -> dict[str, Any]:
    written = re.search(r"\b\d{3,4}[A-D]\b", facts.get("dive", ""))
    number = facts.get("dive_number") or (written and written.group())
    try:
        parse, scored = _analyse(
            analyzer, labels.path, labels.in_frame, labels.out_frame, number,
            facts.get("board_m"), facts.get("difficulty"),
        )  # fmt: skip
    except VideoError as error:
        return {"kind": "real", "error": str(error)}
    result = measure_clip(parse, labels)
    found = parse.transitions
    true = [labels.first_flight_frame, labels.first_entry_frame]
    return {
        "kind": "real",
        "dive_number": number,
        **scored,
        "true_transitions": None if None in true else true,
        "transitions": [found.first_flight_frame, found.first_entry_frame],
        "mask_iou": result.median_iou,
        "refusal": parse.refusal,
    }


def _analyse(
    analyzer: Analyzer, video: Path, first: int | None, last: int | None, number: str | None,
    board_m: float | None, difficulty: float | None,
) -> tuple[DiveParse, dict[str, Any]]:  # fmt: skip
    wall, cpu = time.perf_counter(), time.process_time()
    parse, encoding = analyzer.parse(make_clip(video, first, last))
    scored: dict[str, Any] = {"score": None, "spread": None}
    if number is not None:
        try:
            dive = parse_dive_number(number)
            scoring = analyzer.score(encoding, dive, find_difficulty(dive, board_m, difficulty))
            scored = {"score": scoring.score, "spread": scoring.spread}
        except (ExemplarError, ConfigError):
            pass
    return parse, {**scored, "seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}


def read_results(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of results."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def compare(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> str:
    """Table of two runs on the dives that both have, with 95 % bootstrap intervals of the differences, and of clips."""
    by_id = {row["id"]: row for row in after}
    pairs = [(row, by_id[row["id"]]) for row in before if row["id"] in by_id]
    rendered = [pair for pair in pairs if pair[0]["kind"] == "rendered"]
    parts = []
    if rendered:
        columns = [_Column([pair[side] for pair in rendered]) for side in (0, 1)]
        masked = ~np.isnan(columns[0].mask_iou + columns[1].mask_iou)
        for column in columns:
            column.mask_iou[~masked] = np.nan
        draws = np.random.default_rng(0).integers(len(rendered), size=(_RESAMPLES, len(rendered)))
        rows = []
        for name, measure in _MEASURES.items():
            values = [measure(column, slice(None)) for column in columns]
            changes = [measure(columns[1], draw) - measure(columns[0], draw) for draw in draws]
            low, high = np.quantile(changes, (0.025, 0.975))
            rows.append(
                [name, *(f"{v:.4f}" for v in values), f"{values[1] - values[0]:+.4f}", f"{low:+.4f} to {high:+.4f}"]
            )
        parts.append(
            f"{len(rendered)} rendered test dives\n{text_table(['', 'before', 'after', 'change', '95 % of it'], rows)}"
        )
        moved = np.abs(columns[1].score - columns[0].score)
        if not masked.all():
            parts.append(f"mask IoU on the {masked.sum()} dives that have it in both runs")
        parts.append(f"points a score moves: median {np.median(moved):.2f}, most {moved.max():.2f}")
    real = [[a["id"], _clip(a), _clip(b)] for a, b in pairs if a["kind"] == "real"]
    if real:
        parts.append(text_table(["real clip: frames off, mask IoU, score", "before", "after"], real))
    return "\n\n".join(parts)


class _Column:
    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.score = np.array([row["score"] for row in rows])
        self.true_score = np.array([row["true_score"] for row in rows])
        off = np.array([np.subtract(row["transitions"], row["true_transitions"]) for row in rows])
        self.off = np.abs(off)
        self.mask_iou = np.array([row["mask_iou"] for row in rows], np.float64)
        self.cpu_seconds = np.array([row["cpu_seconds"] for row in rows])


def _rho(column: _Column, rows: Any) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(column.score[rows], column.true_score[rows]).statistic)


_MEASURES: dict[str, Callable[[_Column, Any], float]] = {
    "Spearman rho": _rho,
    "mean error, points": lambda c, rows: float(np.abs(c.score - c.true_score)[rows].mean()),
    "take-off off by, frames": lambda c, rows: float(c.off[rows, 0].mean()),
    "entry off by, frames": lambda c, rows: float(c.off[rows, 1].mean()),
    "transitions off by over 5, share": lambda c, rows: float((c.off[rows] > 5).mean()),
    "mask IoU, whole frame": lambda c, rows: float(np.nanmean(c.mask_iou[rows])),
    "processor seconds a dive": lambda c, rows: float(c.cpu_seconds[rows].mean()),
}


def _clip(row: dict[str, Any]) -> str:
    if "error" in row:
        return str(row["error"])
    true = row["true_transitions"]
    off = f"at {row['transitions']}" if true is None else "{:+d} {:+d}".format(*np.subtract(row["transitions"], true))
    iou = "" if row["mask_iou"] is None else f", IoU {row['mask_iou']:.3f}"
    score = "" if row["score"] is None else f", {row['score']:.2f} ± {row['spread']:.2f}"
    return f"{off}{iou}{score}{', refused' if row['refusal'] else ''}"


if __name__ == "__main__":
    sys.exit(main())

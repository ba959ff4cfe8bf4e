"""What clips of one's own teach masks and transitions: each is left out in turn, the others fine-tune the weights.

    python packaging/benchmarks/leave_one_out.py CLIPS OUT [--epochs N] [--only NAME ...]

CLIPS is a folder of labelled clips, one dive each; what the labels lack, the bundled weights add. The same command goes
on where it was stopped.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from fineparser_core.commands.cli import main as fineparser
from fineparser_core.data.judged_dives import JudgedDive, clip_of, read_dives, read_masks, write_dives
from fineparser_core.evaluation.real_clips import measure_clip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.support.atomic import write_whole

# What learns: the decoder of the masks and both heads of the transitions.
_FROZEN = ["i3d", "static_encoder", "spatial_parser.encoder", "dynamic_stream", "static_stream", "reducers"]
_LEARNED = ["--regression-weight=0", "--mask-weight=1", "--transition-weight=1", "--validation-share=0"]


def run(*command: str) -> None:
    """Run a command of the program.

    Raises: SystemExit, if it fails.
    """
    if status := fineparser(list(command)):
        raise SystemExit(status)


def measured(weights: Path | None, dive: JudgedDive) -> dict[str, float | None]:
    """Return how far the moments are off in frames, and the IoU of the masks where there are any."""
    found = clip_of(dive)
    parse, _ = Analyzer.open(weights=weights).parse(found.clip, found.recording)
    result = measure_clip(parse, dive, truths=None if dive.masks is None else read_masks(dive.masks))
    moments = {"take-off": result.flight_error, "come-out": result.entry_error, "contact": result.contact_error}
    return {name: None if off is None else abs(off) for name, off in moments.items()} | {"mask IoU": result.median_iou}


def left_out(dive: JudgedDive, others: list[JudgedDive], out: Path, epochs: int) -> dict[str, dict[str, float | None]]:
    """Return what the bundled weights find in a clip, and those that the other clips taught."""
    results = out / "results.json"
    if not results.is_file():
        out.mkdir(parents=True, exist_ok=True)
        write_dives(out / "others.json", others)
        taught = ("--data", str(out / "others.json"), "--out", str(out / "run"), "--epochs", str(epochs))
        run("train", "--config", "fine-tune", *taught, "--freeze", *_FROZEN, *_LEARNED, "--resume")
        found = {"bundled": measured(None, dive), "taught": measured(out / "run" / "bundle", dive)}
        write_whole(results, json.dumps(found, indent=1) + "\n")
    return dict(json.loads(results.read_text(encoding="utf-8")))


def main() -> None:
    """Run the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=(), help="clips to leave out; by default each")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    club = args.out / "club.json"
    if not club.is_file():
        run("data", "import", str(args.clips), "--label", "--out", str(club))
    labels = {one.video.name: one for one in read_dives(args.clips) if one.first_water_contact_frame is not None}
    dives = {one.video.name: one for one in read_dives(club) if one.video.name in labels}
    found = []
    for name in args.only or dives:
        others = [one for other, one in dives.items() if other != name]
        found.append(left_out(labels[name], others, args.out / name, args.epochs))
        print(name, found[-1], flush=True)
    for weights in ("bundled", "taught"):
        columns = {name: [one[weights][name] for one in found] for name in found[0][weights]}
        known = {name: [value for value in values if value is not None] for name, values in columns.items()}
        print(weights, *(f"{name} {np.mean(values):.3f} of {len(values)}" for name, values in known.items() if values))


if __name__ == "__main__":
    main()

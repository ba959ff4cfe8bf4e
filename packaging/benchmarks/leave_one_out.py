"""What clips of one's own teach masks and transitions: each is left out in turn, the others fine-tune the weights.

    python packaging/benchmarks/leave_one_out.py CLIPS OUT [--epochs N]

CLIPS is a folder of labelled clips, or a set of judged dives; what their labels lack, the bundled weights add. Of each
clip whose transitions people labelled, the bundled weights and those that the others taught are held against the
labels. The same command goes on where it was stopped.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from fineparser_core.commands.cli import main as fineparser
from fineparser_core.data.judged_dives import JudgedDive, read_dives, read_masks, write_dives
from fineparser_core.evaluation.real_clips import measure_clip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion.clips import find_clip
from fineparser_core.support.atomic import write_whole

# What learns: the decoder of the masks and both heads of the transitions.
_FROZEN = ["i3d", "static_encoder", "spatial_parser.encoder", "dynamic_stream", "static_stream", "reducers"]
_MOMENTS = ("flight_error", "entry_error", "contact_error")


def run(*command: str) -> None:
    """Run a command of the program.

    Raises: SystemExit, if it fails.
    """
    if status := fineparser(list(command)):
        raise SystemExit(status)


def measured(weights: Path | None, dive: JudgedDive) -> dict[str, float | None]:
    """Return the errors of the moments in frames, of both transitions by the network alone too, and the mask IoU."""
    analyzer = Analyzer.open(weights=weights)
    found = find_clip(dive.video)
    parse, _ = analyzer.parse(found.clip, found.recording)
    result = measure_clip(parse, dive, truths=None if dive.masks is None else read_masks(dive.masks))
    return {name: asdict(result)[name] for name in _MOMENTS} | {"mask IoU": result.median_iou}


def fold(dive: JudgedDive, others: list[JudgedDive], out: Path, epochs: int) -> dict[str, dict[str, float | None]]:
    """Return what the bundled weights find in a clip, and those that the other clips taught."""
    out.mkdir(parents=True, exist_ok=True)
    results = out / "results.json"
    if not results.is_file():
        write_dives(out / "others.json", others)
        rows = ["--mask-weight", "1", "--transition-weight", "1", "--validation-share", "0", "--resume"]
        taught = ("--data", str(out / "others.json"), "--out", str(out / "run"), "--epochs", str(epochs))
        run("train", "--config", "fine-tune", *taught, "--freeze", *_FROZEN, *rows)
        found = {"bundled": measured(None, dive), "taught": measured(out / "run" / "bundle", dive)}
        write_whole(results, json.dumps(found, indent=1) + "\n")
    return dict(json.loads(results.read_text(encoding="utf-8")))


def main() -> None:
    """Run the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    club = args.out / "club.json"
    if not club.is_file():
        run("data", "import", str(args.clips), "--label", "--out", str(club))
    labels = {one.video.name: one for one in read_dives(args.clips) if one.first_water_contact_frame is not None}
    dives = [one for one in read_dives(club) if one.video.name in labels]
    rows = {}
    for dive in dives:
        others = [one for one in dives if one is not dive]
        rows[dive.video.stem] = fold(labels[dive.video.name], others, args.out / dive.video.stem, args.epochs)
        print(dive.video.stem, *(f"{name}: {found}" for name, found in rows[dive.video.stem].items()), flush=True)
    for weights in ("bundled", "taught"):
        parts = []
        for name in (*_MOMENTS, "mask IoU"):
            values = [abs(found[weights][name] or 0) for found in rows.values() if found[weights][name] is not None]
            parts.append(f"{name} {np.mean(values):.2f} of {len(values)}" if values else f"{name} of none")
        print(f"{weights}: mean absolute", ", ".join(parts))


if __name__ == "__main__":
    main()

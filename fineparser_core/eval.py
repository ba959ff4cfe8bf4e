"""`python -m fineparser_core.eval`: measures weights on a split of a data set in the FineDiving layout."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core.checkpoints.bundle import read_card, write_card
from fineparser_core.cli import cancel_on_signals, progress_to_stderr, run_guarded
from fineparser_core.data.finediving import load_finediving
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.metrics import aiou, interval_iou, mask_iou, relative_l2, spearman
from fineparser_core.inference.analyzer import Analyzer, bundled_weights, choose_exemplars
from fineparser_core.progress import Progress
from fineparser_core.training.batches import view_masks
from fineparser_core.training.dives import TrainingDive, load_dives, plain_view

_N_EXEMPLARS = 10


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(prog="fineparser eval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in the FineDiving layout, with masks")
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded frames")
    parser.add_argument("--weights", type=Path, help="folder of a bundle (default: the bundled weights)")
    parser.add_argument("--library", type=Path, help="exemplar library (default: the bundled one)")
    parser.add_argument("--split", choices=("train", "test"), default="test")
    parser.add_argument("--limit", type=int, help="the first N dives only")
    parser.add_argument("--write-card", action="store_true", help="record the numbers in the card of the weights")
    args = parser.parse_args(argv)
    if args.limit is not None and args.limit < 1:
        raise ConfigError(f"{args.limit} dives cannot be measured: give --limit at least 1.")
    analyzer = Analyzer.open(weights=args.weights, library=args.library)
    progress = progress_to_stderr(quiet=False)
    with cancel_on_signals() as cancel:
        data = load_finediving(args.data)
        dives = load_dives(data, args.split, analyzer.model.preprocessing, args.cache, cancel, limit=args.limit)
        rows = []
        for done, dive in enumerate(dives, start=1):
            rows.append(_measure(analyzer, dive))
            progress(Progress("evaluate", done, len(dives)))
            cancel.raise_if_cancelled()
    summary = _summary(rows, dives)
    print(json.dumps(summary, indent=2))
    if args.write_card:
        folder = args.weights or bundled_weights()
        write_card(replace(read_card(folder), metrics={f"{args.split} {k}": v for k, v in summary.items()}), folder)
    return 0


def _measure(analyzer: Analyzer, dive: TrainingDive) -> dict[str, float]:
    view = plain_view(dive)
    encoding, masks = analyzer.encoder.encode(dive.frames[view.sampled])
    truth = view_masks(dive, view, np.arange(len(view.sampled))).numpy() >= 0.5
    shown = truth.any(axis=(1, 2))
    found, true = encoding.transition_samples, view.transitions(dive)
    row = {
        "tiou": interval_iou(found, true),
        "first_error": abs(found[0] - true[0]),
        "second_error": abs(found[1] - true[1]),
        "mask_iou": float(np.mean([mask_iou(m, t) for m, t in zip(masks[shown], truth[shown], strict=True)])),
        "mask_mae": float(np.abs(masks[shown].astype(np.float32) - truth[shown]).mean()),
        "empty_mask_mae": float(truth[shown].mean()),
        "score": dive.score,
    }
    candidates = analyzer.library.exemplars(dive.dive_number)
    if candidates:
        chosen, _ = choose_exemplars(candidates, None, _N_EXEMPLARS, seed=0)
        row["predicted"] = float(np.mean([v.vote for v in analyzer.votes(encoding, chosen)]))
        row["floor"] = float(np.mean([e.score for e in chosen]))
    return row


def _summary(rows: list[dict[str, float]], dives: list[TrainingDive]) -> dict[str, float]:
    # The floor for transitions: the median of the set itself, the same for every clip.
    true = np.array([plain_view(d).transitions(d) for d in dives])
    median = tuple(np.median(true, axis=0))
    floor_ious = [interval_iou(median, tuple(t)) for t in true]
    ious = [row["tiou"] for row in rows]
    summary = {
        "dives": len(rows),
        "aiou@0.5": aiou(ious, 0.5),
        "aiou@0.75": aiou(ious, 0.75),
        "aiou@0.5 of median transitions": aiou(floor_ious, 0.5),
        "aiou@0.75 of median transitions": aiou(floor_ious, 0.75),
    }
    for name in ("first_error", "second_error", "mask_iou", "mask_mae", "empty_mask_mae"):
        summary[f"mean {name}"] = float(np.mean([row[name] for row in rows]))
    scored = [row for row in rows if "predicted" in row]
    summary["scored dives"] = len(scored)
    if len(scored) > 1:
        truth = [row["score"] for row in scored]
        for name, key in (("", "predicted"), (" of mean exemplar score", "floor")):
            summary[f"spearman{name}"] = spearman([row[key] for row in scored], truth)
            summary[f"r_l2 x100{name}"] = relative_l2([row[key] for row in scored], truth)
    # A correlation of constants is not a number, which JSON does not have.
    return {name: round(float(value), 4) for name, value in summary.items() if np.isfinite(value)}


if __name__ == "__main__":
    sys.exit(run_guarded(main, sys.argv[1:]))

"""`fineparser eval`: measures weights on a split of a data set, beside what needs no video at all."""

import argparse
import json
import logging
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core import __version__
from fineparser_core.checkpoints.bundle import load_model, write_card
from fineparser_core.commands.cli import cancel_on_signals, positive_int, progress_to_stderr
from fineparser_core.data.dataset import LAYOUTS, load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import Dive
from fineparser_core.data.exemplars import CRITERIA
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import plain_view, view_frames
from fineparser_core.errors import ExportError
from fineparser_core.evaluation.protocol import Protocol, read_pool
from fineparser_core.evaluation.report import worst_dives, write_report
from fineparser_core.evaluation.result_cache import ResultCache
from fineparser_core.evaluation.results import write_predictions
from fineparser_core.evaluation.running import first_usable, prepare
from fineparser_core.evaluation.summary import summarise
from fineparser_core.inference.analyzer import bundled_weights
from fineparser_core.inference.device import PRECISIONS, choose_device, choose_precision
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.training.provenance import data_stamp, measured_by
from fineparser_core.training.selection import metric_values
from fineparser_core.video.atomic import atomic_file

_THUMBNAIL_SAMPLES = (5, 25, 45, 60, 75, 92)


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(prog="fineparser eval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument(
        "--frames", type=Path, help="folder below which its frames and masks are, where that is another"
    )
    parser.add_argument("--frame-pattern", help="where they are below that (default: as the data set hands them out)")
    parser.add_argument("--mask-pattern", help="where masks are (default: every name that FineDiving-HM has had)")
    parser.add_argument("--layout", choices=LAYOUTS, default="auto", help="default: auto, by the annotation files")
    parser.add_argument("--weights", type=Path, help="folder of a bundle (default: the bundled weights)")
    parser.add_argument("--split", choices=("train", "test"), default="test", help="default: test")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for report.html, summary.json and predictions; an interrupted run goes on there",
    )
    parser.add_argument("--cache", type=Path, help="folder for decoded frames (default: the user's cache folder)")
    parser.add_argument(
        "--pairing",
        choices=CRITERIA,
        help="what exemplars share with a dive (default: as in training)",
    )
    parser.add_argument("--exemplars", type=positive_int, help="voters a dive (default: as training measured, or 10)")
    parser.add_argument(
        "--seed", type=int, help="of the choice of exemplars and of the intervals (default: as training measured, or 0)"
    )
    parser.add_argument("--limit", type=positive_int, help="the first N usable dives only")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--precision", help="auto, fp32, bf16 or fp16 (default: as training measured, or auto)")
    parser.add_argument("--write-card", action="store_true", help="record the numbers in the card of the weights")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if args.out is not None:
        _make_folder(args.out)
    folder = args.weights or bundled_weights()
    model, card = load_model(folder)
    device = choose_device(args.device)
    precision = choose_precision(device, args.precision or card.evaluation.get("precision", "auto"))
    model.precision = PRECISIONS[precision]
    to_channels_last(model.to(device))
    progress = progress_to_stderr(quiet=False)
    with cancel_on_signals() as cancel:
        data = load_dataset(
            args.data,
            args.layout,
            frames=args.frames,
            frame_pattern=args.frame_pattern,
            mask_pattern=args.mask_pattern,
        )
        records = first_usable(data, data.split(args.split), args.limit, card.preprocessing, args.cache)
        protocol = Protocol(
            preprocessing=card.preprocessing,
            decoding=card.decoding,
            pairing=args.pairing or card.pairing,
            exemplars=args.exemplars or card.evaluation.get("exemplars", Protocol.exemplars),
            seed=card.evaluation.get("seed", Protocol.seed) if args.seed is None else args.seed,
        )
        pool, pool_text = _pool(data, folder)
        evaluator, dives, medians, stored_as, pool = prepare(
            model,
            data,
            records,
            pool,
            protocol,
            cache=args.cache,
            progress=progress,
            cancel=cancel,
        )
        result_cache = ResultCache(args.out, protocol, measured_by(card.id, precision, data, [*records, *pool]))
        results = evaluator.run(dives, result_cache=result_cache, progress=progress, cancel=cancel)
    summary = summarise(
        results,
        median_transitions=medians,
        exemplars=protocol.exemplars,
        seed=protocol.seed,
    )
    stamp = data_stamp(data, records)
    provenance = {
        "weights": f"{card.id}, trained on {card.trained_on}",
        "data": f"{stamp.name}, {args.split} split, {len(dives)} of {len(records)} dives",
        "labels": stamp.labels,
        "exemplars": f"up to {protocol.exemplars} of {pool_text} by {protocol.pairing}, seed {protocol.seed}",
        "arithmetic": f"{precision} on {device.type}; preprocessing {card.preprocessing}, decoding {card.decoding}",
        "version": __version__,
    }
    print("\n".join(f"{name}: {value}" for name, value in provenance.items()) + f"\n\n{summary.as_text()}")
    if args.out is not None:
        content = {"format": "fineparser.evaluation/2", "provenance": provenance, **summary.as_dict()}
        with atomic_file(args.out / "summary.json") as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        write_predictions(args.out / "predictions.csv", args.out / "predictions.json", results)
        by_id = {dive.record.id: dive for dive in dives}
        shown = {result.id for worst in worst_dives(results) for result in worst}
        thumbnails = {name: _thumbnails(by_id[name], stored_as) for name in sorted(shown)}
        title = f"{card.id} on {stamp.name}"
        write_report(
            args.out / "report.html", summary, results, title=title, provenance=provenance, thumbnails=thumbnails
        )
    result_cache.remove()
    if args.write_card:
        metrics = {f"{args.split} {name}": round(value, 4) for name, value in metric_values(summary).items()}
        write_card(replace(card, metrics={f"{args.split} dives": len(results), **metrics}), folder)
    return 0


def _pool(data: DiveSet, weights: Path) -> tuple[list[DiveRecord], str]:
    """The dives that exemplars are drawn from, and what they are: those of the bundle where the data set has them."""
    recorded = read_pool(weights)
    if recorded is not None and all(key in data.records for key in recorded):
        return [data.records[key] for key in recorded], f"the {len(recorded)} dives that training compared with"
    pool = data.split("train")
    return pool, f"{len(pool)} training dives"


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{path} cannot be made ({error.strerror}): choose another folder for --out.") from None


def _thumbnails(dive: Dive, preprocessing: str) -> list[np.ndarray]:
    return list(view_frames(dive, plain_view(dive, preprocessing), _THUMBNAIL_SAMPLES))

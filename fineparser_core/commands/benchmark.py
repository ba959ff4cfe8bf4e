"""`fineparser benchmark`: what weights reach on rendered dives, contributions included, and on labelled real clips."""

import argparse
import json
import logging
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fineparser_core import __version__
from fineparser_core.checkpoints.bundle import read_card, write_card
from fineparser_core.commands.benchmark_poses import measure_poses
from fineparser_core.commands.cli import cancel_on_signals, positive_int, progress_to_stderr
from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import ConfigError, ExportError, VideoError
from fineparser_core.evaluation.failures import failure_sheet, mask_badness, step_badness, worst
from fineparser_core.evaluation.fidelity import Fidelity, contribution_fidelity, read_qualities
from fineparser_core.evaluation.model_card import CARD_PROSE, model_card
from fineparser_core.evaluation.oracle import Oracle, pose_oracle
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.real_clips import ClipLabels, RealClipResult, measure_clip, read_labels
from fineparser_core.evaluation.result_cache import ResultCache
from fineparser_core.evaluation.results import finite, write_predictions
from fineparser_core.evaluation.running import prepare
from fineparser_core.evaluation.summary import summarise, text_table
from fineparser_core.export.overlay_sheet import overlay_sheet
from fineparser_core.inference.analyzer import Analyzer, bundled_weights
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.device import PRECISIONS
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.synth.twin_table import sample_records
from fineparser_core.synth.twins import plan_twins
from fineparser_core.training.provenance import measured_by
from fineparser_core.types import DiveParse
from fineparser_core.video.atomic import atomic_file

#: Pictures of failures: file, caption, and what is bad.
_FAILURES = (
    (
        "worst_masks.jpg",
        "The rendered test dives with the worst masks: found ones filled, true ones outlined.",
        mask_badness,
    ),
    ("worst_steps.jpg", "The rendered test dives whose transitions are farthest off.", step_badness),
)


def main(argv: list[str] | None = None) -> int:
    """Runs the command; see `--help`."""
    parser = argparse.ArgumentParser(prog="fineparser benchmark", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of rendered dives, measured on their test split")
    parser.add_argument("--real", type=Path, help="folder of real clips with labels.json and NAME_masks.npz")
    parser.add_argument(
        "--oracle", action="store_true", help="also what the true pose at the input's resolution reaches on all twins"
    )
    parser.add_argument(
        "--poses",
        action="store_true",
        help="of rendered dives only how far joints are off and what is read off them, around true masks; printed",
    )
    parser.add_argument("--weights", type=Path, help="folder of a bundle (default: the bundled weights)")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for benchmark.json, predictions and overlay sheets; an interrupted run goes on there",
    )
    parser.add_argument(
        "--write-card",
        type=Path,
        metavar="DIR",
        help="measure nothing; write what DIR, an earlier --out, holds into the card",
    )
    parser.add_argument("--cache", type=Path, help="folder for decoded frames (default: the user's cache folder)")
    parser.add_argument("--exemplars", type=positive_int, default=10, help="voters a dive, default 10")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of exemplars and of the intervals")
    parser.add_argument("--limit", type=positive_int, help="N dives only, drawn from the test split")
    parser.add_argument(
        "--per-number",
        type=positive_int,
        metavar="N",
        help="exemplars only from up to N training dives, drawn, of each number of the test dives: --exemplars of them "
        "are as good as all, and sooner encoded",
    )
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--precision", default="auto", help="auto, fp32, bf16 or fp16")
    args = parser.parse_args(argv)
    if args.write_card is not None:
        write_model_card(args.write_card, args.weights or bundled_weights())
        return 0
    if args.data is None and args.real is None:
        raise ConfigError("Neither --data nor --real is given: name a folder of rendered dives or of real clips.")
    if args.poses and args.data is None:
        raise ConfigError("--poses measures rendered dives: name their folder by --data.")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    if args.out is not None:
        try:
            args.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(f"{args.out} cannot be made ({error.strerror}): choose another folder.") from None
    analyzer = Analyzer.open(weights=args.weights, device=args.device, precision=args.precision)
    identity = analyzer.model
    content: dict[str, Any] = {
        "format": "fineparser.benchmark/2",
        "version": __version__,
        "weights": f"{identity.id}, trained on {identity.trained_on}",
        "arithmetic": f"{identity.precision} on {identity.device}; preprocessing {identity.preprocessing}, "
        f"decoding {identity.decoding}",
    }
    print(f"weights: {content['weights']}\narithmetic: {content['arithmetic']}")
    with cancel_on_signals() as cancel:
        if args.poses:
            data, progress = load_dataset(args.data), progress_to_stderr(quiet=False)
            records = _drawn(data.split("test"), args.limit, args.seed)
            print(measure_poses(analyzer, data, records, cache=args.cache, progress=progress, cancel=cancel))
            return 0
        if args.data is not None:
            content["rendered"] = _rendered(analyzer, args, cancel, progress_to_stderr(quiet=False))
        if args.real is not None:
            content["real"] = _real(analyzer, read_labels(args.real), args.out, cancel)
        if args.oracle:
            oracle = pose_oracle(
                plan_twins(sample_records(args.seed), seed=args.seed),
                progress=progress_to_stderr(quiet=False),
                cancel=cancel,
            )
            content["oracle"] = asdict(oracle)
            print(f"\n{_oracle_text(oracle)}")
    if args.out is not None:
        with atomic_file(args.out / "benchmark.json") as temporary:
            temporary.write_text(json.dumps(finite(content), indent=2) + "\n", encoding="utf-8")
    return 0


def write_model_card(measured: Path, weights: Path) -> None:
    """Puts what a benchmark's folder holds into a bundle: numbers into the card, a page with pictures beside it.

    Raises:
        ConfigError: it is the benchmark of other weights, or not of rendered dives.
        CheckpointError, ExportError: the bundle cannot be read or written.
    """
    try:
        content = json.loads((measured / "benchmark.json").read_text(encoding="utf-8"))
        metrics = {name: m["value"] for name, m in content["rendered"]["metrics"].items() if m is not None}
        fidelity = content["rendered"]["contribution_fidelity"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{measured} holds no benchmark of rendered dives ({error}): give the --out of one with --data."
        ) from None
    card = read_card(weights)
    if not content["weights"].startswith(f"{card.id},"):
        raise ConfigError(
            f"{measured} is of {content['weights'].split(',')[0]}, not of {card.id}: measure these weights."
        )
    if fidelity is not None:
        metrics |= {f"fidelity of {step['step']}": step["value"] for step in fidelity["steps"]}
    metrics = {"test dives": content["rendered"]["n_dives"]} | {f"test {n}": round(v, 4) for n, v in metrics.items()}
    card = replace(card, metrics=metrics)
    pictures = [(name, caption) for name, caption, _ in _FAILURES if (measured / name).is_file()]
    for name, _ in pictures:
        with atomic_file(weights / name) as temporary:
            shutil.copyfile(measured / name, temporary)
    with atomic_file(weights / CARD_PROSE) as temporary:
        temporary.write_text(model_card(card, content, pictures), encoding="utf-8")
    write_card(card, weights)


def _rendered(
    analyzer: Analyzer, args: argparse.Namespace, cancel: CancelToken, progress: ProgressCallback
) -> dict[str, Any]:
    data = load_dataset(args.data)
    records = _drawn(data.split("test"), args.limit, args.seed)
    pool = _exemplars(data.split("train"), records, args.per_number, args.seed)
    identity = analyzer.model
    protocol = Protocol(
        preprocessing=identity.preprocessing, decoding=identity.decoding, exemplars=args.exemplars, seed=args.seed
    )
    model = analyzer.encoder.model
    model.precision = PRECISIONS[identity.precision]
    evaluator, dives, medians, *_ = prepare(
        model, data, records, pool, protocol, cache=args.cache, progress=progress, cancel=cancel
    )
    result_cache = ResultCache(
        args.out, protocol, measured_by(identity.id, identity.precision, data, [*records, *pool])
    )
    results = evaluator.run(dives, result_cache=result_cache, progress=progress, cancel=cancel)
    summary = summarise(
        results,
        median_transitions=medians,
        exemplars=args.exemplars,
        seed=args.seed,
    )
    qualities = read_qualities(data.root)
    fidelity = contribution_fidelity(results, qualities, seed=args.seed) if qualities else None
    what = f"{_name(data)}, test split, {len(dives)} of {len(data.split('test'))} dives, exemplars from {len(pool)}"
    if args.per_number is not None:
        what += f", up to {args.per_number} of a number"
    print(f"\n{what}\n\n{summary.as_text()}")
    print(_fidelity_text(fidelity))
    if args.out is not None:
        write_predictions(args.out / "predictions.csv", args.out / "predictions.json", results)
        for name, _, badness in _FAILURES:
            _write_picture(args.out / name, failure_sheet(evaluator, dives, worst(results, badness)))
    result_cache.remove()
    return {"what": what, **summary.as_dict(), "contribution_fidelity": None if fidelity is None else asdict(fidelity)}


def _drawn(records: list[DiveRecord], count: int | None, seed: int) -> list[DiveRecord]:
    if count is None:
        return records
    chosen = np.random.default_rng(seed).permutation(len(records))[:count]
    return [records[i] for i in sorted(chosen)]


def _exemplars(
    train: list[DiveRecord], test: Sequence[DiveRecord], per_number: int | None, seed: int
) -> list[DiveRecord]:
    if per_number is None:
        return train
    numbers = sorted({record.dive_number for record in test})
    groups = ([record for record in train if record.dive_number == number] for number in numbers)
    return [record for group in groups for record in _drawn(group, per_number, seed)]


def _name(data: DiveSet) -> str:
    return data.root.resolve().name


def _fidelity_text(fidelity: Fidelity | None) -> str:
    if fidelity is None:
        return "contribution fidelity: not available; it takes rendered dives and ten pairs of a dive number"
    rows = [[step.step, f"{step.value:.4f}", f"{step.low:.4f} to {step.high:.4f}"] for step in fidelity.steps]
    table = text_table(["contribution fidelity", "Spearman", "95 % interval"], rows)
    return f"{table}\nmean of {fidelity.n_numbers} dive numbers, {fidelity.n_pairs} pairs"


def _oracle_text(oracle: Oracle) -> str:
    rows = [
        ["true qualities", f"{oracle.noise_rho:.4f}", f"{oracle.noise_r_l2_x100:.4f}"],
        ["true pose", f"{oracle.pose_rho:.4f}", f"{oracle.pose_r_l2_x100:.4f}"],
    ]
    steps = ", ".join(f"{name} {rho:.4f}" for name, rho in zip(STEP_NAMES, oracle.step_rhos, strict=True))
    table = text_table(["oracle, given", "Spearman rho", "R-l2 x100"], rows)
    return f"{table}\n{oracle.n_train} training and {oracle.n_test} test twins; quality of steps from pose: {steps}"


def _real(
    analyzer: Analyzer, clips: Sequence[ClipLabels], out: Path | None, cancel: CancelToken
) -> dict[str, dict[str, Any]]:
    results = {}
    for labels in clips:
        try:
            clip = make_clip(labels.path, labels.in_frame, labels.out_frame)
            parse, _ = analyzer.parse(clip, cancel=cancel)
        except VideoError as error:
            print(f"\n{labels.path.name} is left out: {error}")
            continue
        result = measure_clip(parse, labels)
        results[result.clip] = asdict(result) | {"median_iou": result.median_iou}
        print(f"\n{_clip_text(result, parse)}")
        if out is not None:
            _write_picture(out / f"{labels.path.stem}.png", overlay_sheet(parse, labels.truths))
    return results


def _clip_text(result: RealClipResult, parse: DiveParse) -> str:
    found = parse.transitions
    lines = [f"{result.clip}: flight from frame {found.first_flight_frame}, entry from {found.first_entry_frame}"]
    if result.flight_error_frames is not None and result.entry_error_frames is not None:
        lines.append(f"  off by {result.flight_error_frames:+d} and {result.entry_error_frames:+d} frames")
    if result.mask_ious:
        each = ", ".join(f"{frame}: {iou:.2f}" for frame, iou in result.mask_ious.items())
        lines.append(f"  mask IoU on the whole frame: median {result.median_iou:.3f} ({each})")
    if result.empty_flight_samples is not None:
        lines.append(f"  samples in the air without a mask: {result.empty_flight_samples} of {result.flight_samples}")
    if result.wet_area_px is not None:
        lines.append(f"  largest mask under water: {result.wet_area_px} of 112 x 112 pixels")
    return "\n".join(lines)


def _write_picture(path: Path, image: np.ndarray) -> None:
    _, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    with atomic_file(path) as temporary:
        temporary.write_bytes(data.tobytes())

"""Measurements of `fineparser evaluate`: how they are made, printed and written."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fineparser_core import __version__
from fineparser_core.checkpoints.bundle import load_model, read_card
from fineparser_core.commands.evaluate_options import EvaluateOptions
from fineparser_core.commands.output_paths import make_output_folder
from fineparser_core.commands.own_parts import own_parts
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import running
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import DatasetDive
from fineparser_core.data.judged_dives import JudgedDive, clip_of, read_dives, read_masks
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.stamp import data_stamp
from fineparser_core.data.transforms import plain_view, view_frames
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import AnnotationError, ConfigError, NoDiveError, VideoError
from fineparser_core.evaluation.failures import failure_sheets
from fineparser_core.evaluation.fidelity import Fidelity, contribution_fidelity, read_qualities
from fineparser_core.evaluation.joint_labels import JointLabels, joint_table, measure_joints, read_joint_labels
from fineparser_core.evaluation.model_card import EVALUATION
from fineparser_core.evaluation.protocol import protocol_record
from fineparser_core.evaluation.real_clips import RealClipResult, judge_trim, measure_clip
from fineparser_core.evaluation.real_table import real_table
from fineparser_core.evaluation.report import worst_dives, write_report
from fineparser_core.evaluation.result_cache import ResultCache
from fineparser_core.evaluation.results import DiveResult, finite, write_predictions
from fineparser_core.evaluation.running import card_protocol, exemplar_pool, first_usable, prepare, voters
from fineparser_core.evaluation.summary import METRICS, summarize
from fineparser_core.export.overlay_sheet import overlay_sheet
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.motion.clips import FoundClip
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.records import DiveParse, Scoring
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import to_json
from fineparser_core.support.device import PRECISIONS, choose_device, choose_precision
from fineparser_core.support.text_table import text_table
from fineparser_core.training.provenance import measured_by
from fineparser_core.video.clips import make_clip

_THUMBNAIL_SAMPLES = (5, 25, 45, 60, 75, 92)


def measure(args: EvaluateOptions, weights: Path) -> None:
    """Measure the requested data, print the results, and write them if a folder is named.

    Raises:
        FineParserError: with the sentence for the user.
    """
    if args.out is not None:
        make_output_folder(args.out)
    card = read_card(weights)
    if args.method not in (None, card.method):
        raise ConfigError(
            "--method is {0}, and the weights are of {1}: leave it away.", repr(args.method), repr(card.method)
        )
    # Before anything is printed or loaded: they may not be there.
    data = None if args.data is None else args.dataset(args.data, args.layout)
    clips = () if args.real is None else read_dives(args.real)
    joints = () if args.real is None else read_joint_labels(args.real)
    device = choose_device(args.device)
    precision = choose_precision(device, args.precision or card.evaluation.get("precision", "auto"))
    content: dict[str, Any] = {
        "format": "fineparser.evaluation/3",
        "version": __version__,
        "weights": f"{card.id}, trained on {card.trained_on}",
        "arithmetic": f"{precision} on {device.type}; preprocessing {card.preprocessing}, decoding {card.decoding}",
    }
    say(f"weights: {content['weights']}\narithmetic: {content['arithmetic']}")
    with running() as (progress, cancel):
        if data is not None:
            content["data"] = _measure_data(args, data, weights, precision, content, progress, cancel)
        if args.real is not None:
            own = own_parts(args.static_backbone, args.head)
            analyzer = Analyzer.open(weights=weights, device=args.device, precision=precision, **own)
            content["real"] = _measure_clips(
                analyzer, clips, args.out, "predictions" if data is None else "real_predictions", cancel
            )
            _measure_joints(analyzer, joints, args.out, cancel)
    if args.out is not None:
        write_whole(args.out / EVALUATION, json.dumps(finite(content), indent=2) + "\n")


def _measure_data(
    args: EvaluateOptions,
    data: DiveSet,
    weights: Path,
    precision: str,
    content: dict[str, Any],
    progress: ProgressCallback,
    cancel: CancelToken,
) -> dict[str, Any]:
    """Return and print the metrics of a split of a data set; report, predictions and pictures are written."""
    model, card = load_model(weights, **own_parts(args.static_backbone, args.head))
    model.precision = PRECISIONS[precision]
    to_channels_last(model.to(choose_device(args.device)))
    given = {name: getattr(args, name) for name in ("pairing", "exemplars", "seed")}
    protocol = replace(card_protocol(card), **{name: value for name, value in given.items() if value is not None})
    records = first_usable(data, data.split(args.split), args.limit, card.preprocessing, args.cache)
    pool, pool_text = exemplar_pool(data, weights)
    known = {record.key for record in pool} & {record.key for record in records} if args.split == "test" else set()
    if args.per_number is not None:
        some = _some_of_each(pool, records, args.per_number, protocol.seed)
        if pool and not some:
            raise ConfigError("No training dive has a number of the dives to measure: leave --per-number away.")
        pool = some
        pool_text = f"{len(pool)} of {pool_text}, at most {args.per_number} of a number"
    evaluator, dives, medians, stored_as, pool = prepare(
        model, data, records, pool, protocol, cache=args.cache, progress=progress, cancel=cancel
    )
    cached = ResultCache(args.out, protocol, measured_by(card.id, precision, data, [*records, *pool]))
    results = evaluator.run(dives, result_cache=cached, progress=progress, cancel=cancel)
    summary = summarize(results, median_transitions=medians, exemplars=protocol.exemplars, seed=protocol.seed)
    stamp, qualities = data_stamp(data, records), read_qualities(data.root)
    record = protocol_record(
        records,
        voters(model, results),
        protocol,
        split=args.split,
        split_by=args.split_by,
        labels=stamp.labels,
        left_out=len(records) - len(dives),
        seed=protocol.seed,
        reported=tuple(METRICS),
    )
    content["protocol"] = to_json(record)
    fidelity = contribution_fidelity(results, qualities, seed=protocol.seed) if qualities else None
    measured = {
        "protocol": f"{record.name}/{record.version}",
        "what": f"{stamp.name}, {args.split} split, {len(dives)} of {len(records)} dives",
        **({"no test": f"{len(known)} of them were trained on: give --split-by as in training"} if known else {}),
        "labels": stamp.labels,
        "exemplars": f"up to {protocol.exemplars} of {pool_text} by {protocol.pairing}, seed {protocol.seed}",
    }
    say("\n".join(f"{name}: {value}" for name, value in measured.items()) + f"\n\n{summary.as_text()}")
    if qualities:
        say(_fidelity_text(fidelity))
    if args.out is not None:
        write_predictions(args.out / "predictions.csv", args.out / "predictions.json", results, record)
        by_id = {dive.record.id: dive for dive in dives}
        shown = sorted({result.id for worst_of in worst_dives(results) for result in worst_of})
        write_report(
            args.out / "report.html",
            summary,
            results,
            title=f"{card.id} on {stamp.name}",
            provenance={name: content[name] for name in ("weights", "arithmetic", "version")} | measured,
            thumbnails={name: _thumbnails(by_id[name], stored_as) for name in shown},
        )
        if qualities:
            for name, sheet in failure_sheets(evaluator, dives, results, progress=progress, cancel=cancel).items():
                _write_picture(args.out / name, sheet)
    cached.remove()
    fidelities = None if fidelity is None else asdict(fidelity)
    return {**measured, "split": args.split, **summary.as_dict(), "contribution_fidelity": fidelities}


def _some_of_each(
    pool: Sequence[DiveRecord], wanted: Sequence[DiveRecord], per_number: int, seed: int
) -> list[DiveRecord]:
    """Return up to so many dives of every number that is wanted, drawn."""
    chosen = []
    for number in sorted({record.dive_number for record in wanted}):
        group = [record for record in pool if record.dive_number == number]
        drawn = np.random.default_rng(seed).permutation(len(group))[:per_number]
        chosen += [group[i] for i in sorted(drawn)]
    return chosen


def _thumbnails(dive: DatasetDive, preprocessing: str) -> list[np.ndarray]:
    return list(view_frames(dive, plain_view(dive, preprocessing), _THUMBNAIL_SAMPLES))


def _measure_clips(
    analyzer: Analyzer, clips: Sequence[JudgedDive], out: Path | None, predictions: str, cancel: CancelToken
) -> dict[str, dict[str, Any]]:
    """Measure clips and print the results; pictures, and the predictions of judged dives by that name, are written."""
    results, scored = [], list[DiveResult]()
    for labels in clips:
        try:
            truths = {} if labels.masks is None else read_masks(labels.masks)
            result, parse, scoring = _measure_clip(analyzer, labels, truths, cancel)
        except (AnnotationError, ConfigError, VideoError) as error:
            say(f"{labels.name} is left out: {error}")
            continue
        results.append(result)
        if scoring is not None and labels.points is not None:
            scored.append(_scored_clip(labels.name, scoring, labels.points))
        if out is not None:
            start = "" if labels.start_frame is None or labels.trim else f"-{labels.start_frame}"
            _write_picture(out / f"{labels.video.stem}{start}.png", overlay_sheet(parse, truths))
    if results:
        say(f"\n{real_table(results)}")
    if out is not None and scored:
        write_predictions(out / f"{predictions}.csv", out / f"{predictions}.json", scored)
    return {result.clip: asdict(result) | {"median_iou": result.median_iou} for result in results}


def _measure_joints(analyzer: Analyzer, clips: Sequence[JointLabels], out: Path | None, cancel: CancelToken) -> None:
    """Print the errors of joints in labeled flights, which are parsed whole: they are no whole dives."""
    errors = []
    for labels in clips:
        parse, _ = analyzer.parse(make_clip(labels.path), cancel=cancel)
        if parse.joints is None:
            return
        errors.append(measure_joints(parse, labels))
        if out is not None:
            _write_picture(out / f"{labels.path.stem}.png", overlay_sheet(parse, {}))
    if errors:
        say(f"\n{joint_table(errors)}")


def _measure_clip(
    analyzer: Analyzer, labels: JudgedDive, truths: Mapping[int, np.ndarray], cancel: CancelToken
) -> tuple[RealClipResult, DiveParse, Scoring | None]:
    """Measure a real clip as `score` takes it: the file trimmed, parsed and scored.

    What is not found in it is not a dive.
    """
    began_s, scoring = time.perf_counter(), None
    try:
        found, is_dive = clip_of(labels, cancel=cancel), True
    except NoDiveError:
        found, is_dive = FoundClip(make_clip(labels.video, labels.start_frame, labels.end_frame)), False
    clip = found.clip
    parse, encoding = analyzer.parse(clip, found.recording, cancel=cancel)
    dives = [(clip.in_frame, clip.out_frame), *found.others] if is_dive and parse.refusal is None else []
    given = (labels.start_frame, labels.end_frame) != (None, None) and not labels.trim
    trim = None if given else judge_trim(dives, labels, clip.fps)
    difficulty = labels.known_difficulty
    if labels.dive_number is not None and difficulty is not None and parse.refusal is None:
        dive = parse_dive_number(labels.dive_number)
        scoring = analyzer.score_parse((parse, encoding), dive, difficulty, force=True, cancel=cancel).scoring
    result = measure_clip(
        parse,
        labels,
        truths=truths,
        trim=trim,
        award=None if scoring is None else scoring.award,
        difficulty=None if scoring is None else scoring.difficulty,
        seconds=time.perf_counter() - began_s,
    )
    return result, parse, scoring


def _scored_clip(name: str, scoring: Scoring, points: float) -> DiveResult:
    """Return prediction and truth of a clip as those of a dive of a data set."""
    return DiveResult(
        id=name,
        dive_number=scoring.dive_number,
        difficulty=scoring.difficulty,
        score=points,
        predicted=scoring.score,
        spread=scoring.spread,
        n_exemplars=len(scoring.exemplars),
        exemplar_mean=float(np.mean([vote.score for vote in scoring.exemplars])),
        exemplars=tuple(vote.id for vote in scoring.exemplars),
    )


def _fidelity_text(fidelity: Fidelity | None) -> str:
    if fidelity is None:
        return "contribution fidelity: not available; it takes rendered dives and ten pairs of a dive number"
    rows = [[step.step, f"{step.value:.4f}", f"{step.low:.4f} to {step.high:.4f}"] for step in fidelity.steps]
    table = text_table(["contribution fidelity", "Spearman", "95 % interval"], rows)
    return f"{table}\nmean of {fidelity.n_numbers} dive numbers, {fidelity.n_pairs} pairs"


def _write_picture(path: Path, image: np.ndarray) -> None:
    _, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    write_whole(path, data.tobytes())

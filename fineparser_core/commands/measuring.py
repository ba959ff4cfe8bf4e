"""Measurements of `fineparser evaluate`: how they are made, printed and written."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core import __version__
from fineparser_core.checkpoints.bundle import load_model, read_card
from fineparser_core.commands.evaluate_options import EvaluateOptions
from fineparser_core.commands.output_paths import make_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import running
from fineparser_core.data.exemplars import some_candidates
from fineparser_core.data.judged_dives import JudgedDive, clip_of, read_dives, read_masks
from fineparser_core.data.records import DiveSet, data_stamp
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import AnnotationError, ConfigError, ExemplarError, NoDiveError, VideoError
from fineparser_core.evaluation.awards import APP, EXEMPLARS, LEFT_OUT, NETWORK, OWN, AwardResult, award_report
from fineparser_core.evaluation.dataset_evaluation import FORMAT, lines, network_evaluation
from fineparser_core.evaluation.entry_labels import (
    EntryErrors,
    LabeledEntry,
    entry_summary,
    entry_table,
    measure_entry,
    read_entry_labels,
)
from fineparser_core.evaluation.fidelity import contribution_fidelity, read_qualities
from fineparser_core.evaluation.joint_labels import joint_summary, joint_table, measure_joints, read_joint_labels
from fineparser_core.evaluation.model_card import EVALUATION
from fineparser_core.evaluation.own_scale import scale_errors, scale_text
from fineparser_core.evaluation.real_clips import (
    RealClipResult,
    awards_of,
    judge_trim,
    measure_clip,
    real_summary,
    real_table,
    said_of_entry,
)
from fineparser_core.evaluation.results import DiveResult, ResultCache, finite, write_predictions
from fineparser_core.evaluation.running import card_protocol, exemplar_pool, first_usable, prepare
from fineparser_core.exemplars.judged import judged_id, left_out_awards
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.motion.clips import FoundClip
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.records import Analysis, ClipEncoding, Scoring, Verdict, VerdictCode
from fineparser_core.scoring.learning import JudgedScore, judged_score, unlearnable
from fineparser_core.scoring.measured_stream import moved_quantities
from fineparser_core.scoring.rescore import exclude_exemplars
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.device import PRECISIONS, choose_device, choose_precision
from fineparser_core.support.tables import text_table
from fineparser_core.training.paper import beside_paper
from fineparser_core.training.provenance import measured_by
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe


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
    entries = {} if args.real is None else read_entry_labels(args.real if args.real.is_dir() else args.real.parent)
    device, asked = choose_device(args.device), args.precision or card.evaluation.get("precision", "auto")
    analyzer, precision, arithmetic = None, "", []
    if data is not None:
        precision = choose_precision(device, asked)
        arithmetic.append(precision)
    if args.real is not None:
        analyzer = Analyzer.open(weights=weights, device=args.device, precision=asked)
        arithmetic.append(f"{analyzer.model.precision} of real clips")
    content: dict[str, Any] = {
        "weights": f"{card.id}, trained on {card.trained_on}",
        "arithmetic": f"{', '.join(arithmetic)} on {device.type}; preprocessing {card.preprocessing}, "
        f"decoding {card.decoding}",
    }
    say(f"weights: {content['weights']}\narithmetic: {content['arithmetic']}")
    with running() as (progress, cancel):
        if data is not None:
            content |= _measure_data(args, data, weights, precision, content, progress, cancel)
        if analyzer is not None:
            name = "predictions" if data is None else "real_predictions"
            content |= _measure_clips(analyzer, clips, entries, args.out, name, cancel)
            content["real_summary"] |= _measure_joints(analyzer, joints, cancel)
    if args.out is not None:
        content = {"format": FORMAT, "version": __version__} | content
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
    """Return and print the measurement of a split of a data set; predictions are written."""
    model, card = load_model(weights)
    model.precision = PRECISIONS[precision]
    to_channels_last(model.to(choose_device(args.device)))
    given = {name: getattr(args, name) for name in ("pairing", "exemplars", "seed")}
    protocol = replace(card_protocol(card), **{name: value for name, value in given.items() if value is not None})
    records = first_usable(data, data.split(args.split), args.limit, card.preprocessing, args.cache)
    pool, pool_text = exemplar_pool(data, weights)
    known = {record.key for record in pool} & {record.key for record in records} if args.split == "test" else set()
    if args.per_number is not None:
        some = some_candidates(records, pool, protocol.pairing, args.per_number, protocol.seed)
        if pool and not some:
            raise ConfigError("No training dive has a number of the dives to measure: leave --per-number away.")
        pool = some
        pool_text = f"{len(pool)} of {pool_text}, at most {args.per_number} of a number"
    prepared = prepare(model, data, records, pool, protocol, cache=args.cache, progress=progress, cancel=cancel)
    cached = ResultCache(args.out, protocol, measured_by(card.id, precision, data, [*records, *prepared.pool]))
    results = prepared.evaluator.run(prepared.dives, result_cache=cached, progress=progress, cancel=cancel)
    told = {"split": args.split, "split_by": args.split_by, "pool": pool_text}
    measured = network_evaluation(prepared, records, results, name=card.id, method=content, **told)
    if known:
        measured.facts["no test"] = f"{len(known)} of them were trained on: give --split-by as in training"
    beside = beside_paper(card, data_stamp(data, records).name, measured.summary.values())
    say(f"{lines(measured.facts)}\n\n{measured.summary.as_text()}\n{beside}".rstrip("\n"))
    qualities, fidelity = read_qualities(data.root), None
    if qualities:
        fidelity = contribution_fidelity(results, qualities, seed=protocol.seed)
        say(_fidelity_text(fidelity))
    if args.out is not None:
        measured.write(args.out)
    cached.remove()
    found = measured.to_dict()
    found["data"]["contribution_fidelity"] = fidelity
    return found


def _measure_clips(
    analyzer: Analyzer,
    clips: Sequence[JudgedDive],
    entries: Mapping[str, LabeledEntry],
    out: Path | None,
    predictions: str,
    cancel: CancelToken,
) -> dict[str, Any]:
    """Measure clips and print the results; the predictions of judged dives are written by that name."""
    results, scored, errors, judged = [], list[DiveResult](), list[EntryErrors](), list[JudgedScore]()
    for labels in clips:
        try:
            truths = {} if labels.masks is None else read_masks(labels.masks)
            result, analysis = _measure_clip(analyzer, labels, truths, cancel)
            if (entry := entries.get(labels.video.name)) is not None and analysis.parse.refusal is None:
                errors.append(measure_entry(analysis, entry, probe(labels.video)))
        except (AnnotationError, ConfigError, VideoError) as error:
            say(f"{labels.name} is left out: {error}")
            continue
        results.append(result)
        if result.awards is not None and not result.awards.taught and not unlearnable(analysis):
            judged.append(_judged_score(labels, analysis))
        if analysis.scoring is not None and labels.points is not None:
            scored.append(_scored_clip(labels.name, analysis.scoring, labels.points))
    if results:
        say(f"\n{real_table(results)}")
    if errors:
        say(f"\n{entry_table(errors)}")
    scale = scale_errors(judged)
    if text := scale_text(scale):
        say(f"\n{text}")
    if out is not None and scored:
        write_predictions(out / f"{predictions}.csv", out / f"{predictions}.json", scored)
    each = {result.clip: asdict(result) | {"median_iou": result.median_iou} for result in results}
    summary = real_summary(results) | entry_summary(errors)
    awards = award_report(awards_of(results))
    return {"real": each, "real_awards": awards, "real_scale": scale, "real_summary": summary}


def _judged_score(labels: JudgedDive, analysis: Analysis) -> JudgedScore:
    dive, difficulty = parse_dive_number(labels.dive_number or ""), labels.known_difficulty
    assert difficulty is not None
    return judged_score(labels, analysis, difficulty, moved_quantities(analysis.parse, dive, difficulty))


def _measure_joints(
    analyzer: Analyzer, clips: Sequence[tuple[Path, np.ndarray]], cancel: CancelToken
) -> dict[str, str]:
    """Return and print the errors of joints in labeled flights, which are parsed whole: they are no whole dives."""
    errors = []
    for path, labels in clips:
        try:
            parse, _ = analyzer.parse(make_clip(path), cancel=cancel)
        except (ConfigError, VideoError) as error:
            say(f"{path.name} is left out: {error}")
            continue
        if parse.joints is None:
            return {}
        errors.append(measure_joints(parse, labels))
    if not errors:
        return {}
    say(f"\n{joint_table(errors)}")
    return joint_summary(errors)


def _measure_clip(
    analyzer: Analyzer, labels: JudgedDive, truths: Mapping[int, np.ndarray], cancel: CancelToken
) -> tuple[RealClipResult, Analysis]:
    """Measure a real clip as `score` takes it: the file trimmed, parsed and scored.

    What is not found in it is not a dive.
    """
    began_s = time.perf_counter()
    try:
        found, is_dive = clip_of(labels, find_body=analyzer.find_body, cancel=cancel), True
    except NoDiveError:
        found, is_dive = FoundClip(make_clip(labels.video, labels.start_frame, labels.end_frame)), False
    clip = found.clip
    parsed = analyzer.parse(clip, found.recording, cancel=cancel)
    parse, difficulty = parsed[0], labels.known_difficulty
    dives = [(clip.in_frame, clip.out_frame), *found.others] if is_dive and parse.refusal is None else []
    given = (labels.start_frame, labels.end_frame) != (None, None) and not labels.trim
    trim = None if given else judge_trim(dives, labels, clip.fps, probe(labels.video).n_frames - 1)
    analysis, awards, said = Analysis(parse=parse, scoring=None), None, ""
    if labels.dive_number is not None and difficulty is not None:
        dive = parse_dive_number(labels.dive_number)
        if parse.refusal is None:
            analysis = _without_itself(analyzer.score_parse(parsed, dive, difficulty, cancel=cancel), labels)
            said = said_of_entry(analysis)
        if labels.award is not None:
            awards = _awards(analyzer, parsed[1], analysis, labels, cancel)
    seconds = time.perf_counter() - began_s
    result = measure_clip(parse, labels, truths=truths, trim=trim, seconds=seconds, said=said, awards=awards)
    return result, analysis


def _without_itself(analysis: Analysis, labels: JudgedDive) -> Analysis:
    """Return an analysis in which a dive that is an exemplar, too, has no vote on itself."""
    if analysis.scoring is None:
        return analysis
    try:
        return replace(analysis, scoring=exclude_exemplars(analysis.scoring, {judged_id(labels.event, labels.video)}))
    except ExemplarError as error:
        return replace(analysis, scoring=None, verdict=Verdict(code=VerdictCode.NO_EXEMPLARS, reason=error.phrase))


def _awards(
    analyzer: Analyzer, encoding: ClipEncoding, analysis: Analysis, labels: JudgedDive, cancel: CancelToken
) -> AwardResult:
    """Return the awards of a dive that judges have marked."""
    dive, difficulty = parse_dive_number(labels.dive_number or ""), labels.known_difficulty
    assert difficulty is not None
    predicted, scoring = dict[str, float](), analysis.scoring
    if scoring is not None:
        an_award = 3 * scoring.difficulty
        usual = float(np.mean([vote.score for vote in scoring.exemplars])) / an_award
        network = analyzer.score(encoding, dive, difficulty, cancel=cancel).award
        predicted = {APP: scoring.award, NETWORK: network, EXEMPLARS: usual}
        for stream in ("dynamic", "static", "measured"):
            points = sum(getattr(part, stream) for part in scoring.contributions)
            predicted[f"exemplars and {stream} stream"] = usual + points / an_award
    if analysis.own_award is not None:
        predicted[OWN] = analysis.own_award.award
    left_out, judged = left_out_awards(analyzer.model.id), judged_id(labels.event, labels.video)
    if (award := left_out.get(judged)) is not None:
        predicted[LEFT_OUT] = award
    return AwardResult(
        award=labels.award or 0.0,
        marked_by=labels.judges,
        difficulty=difficulty.value,
        dive_number=str(dive),
        board_m=difficulty.board_m,
        event=labels.event,
        athlete=labels.athlete,
        predicted=predicted,
        reason="" if scoring is not None else analysis.verdict.reason,
        taught=judged in left_out,
    )


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


def _fidelity_text(fidelity: Mapping[str, Any] | None) -> str:
    if fidelity is None:
        return "contribution fidelity: not available; it takes rendered dives and ten pairs of a dive number"
    rows = [
        [step["step"], f"{step['value']:.4f}", f"{step['low']:.4f} to {step['high']:.4f}"] for step in fidelity["steps"]
    ]
    table = text_table(["contribution fidelity", "Spearman", "95 % interval"], rows)
    return f"{table}\nmean of {fidelity['n_numbers']} dive numbers, {fidelity['n_pairs']} pairs"

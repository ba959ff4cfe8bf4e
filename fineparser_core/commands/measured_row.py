"""The row of `fineparser ablate` that is not trained: awards by physics and rules, of what the bundled weights see."""

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.commands.train import RunOptions
from fineparser_core.config import TrainConfig
from fineparser_core.data.frame_cache import DatasetCache, default_cache, load_dives
from fineparser_core.data.records import DatasetDive, DiveRecord, DiveSet, data_stamp
from fineparser_core.data.transforms import plain_view
from fineparser_core.data.video_dives import dive_clip
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.eval_inputs import stored_inputs
from fineparser_core.evaluation.metrics import median_transitions
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.real_clips import full_frame_mask
from fineparser_core.evaluation.result_cache import ResultCache
from fineparser_core.evaluation.results import DiveResult, dive_result, mask_results, write_predictions
from fineparser_core.evaluation.summary import summarize
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.progress import CancelToken
from fineparser_core.records import DiveParse
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.measured_stream import measured
from fineparser_core.support.atomic import temporary_folder, write_whole
from fineparser_core.training.presets import MEASURED
from fineparser_core.training.provenance import measured_by, open_run
from fineparser_core.training.run import PICKED, RESULTS, read_results
from fineparser_core.video.preprocess import FullFrame, get_preprocessing
from fineparser_core.video.probe import probe

logger = logging.getLogger(__name__)


def measured_row(
    config: TrainConfig, data: DiveSet, out: Path, *, settings: RunOptions, cancel: CancelToken
) -> dict[str, Any]:
    """Measure the test dives and write OUT/results.json as a training run does, with OUT/predictions.csv and .json.

    What was measured in OUT before is not measured again, be it all or some of the dives.

    Args:
        config: of it preprocessing, for the masks, and seed are used.

    Returns:
        What OUT/results.json holds.

    Raises:
        FineParserError: with the sentence for the user.
        Cancelled: once the token is set.

    Source: in idea NSAQA (Okamoto and Parmar, CVPRW 2024), by our own measures and rules; no reproduction.
    """
    cache = DatasetCache(settings.cache or default_cache(data), data, config.preprocessing)
    training, test = (cache.usable(data.split(name), settings.limit) for name in ("train", "test"))
    depends_on = {
        "method": MEASURED,
        "preprocessing": config.preprocessing,
        "seed": config.seed,
        "labels": data_stamp(data, [*training, *test]).labels,
        "weights": read_card(bundled_weights()).id,
    }
    with open_run(out, depends_on, resume=True):
        if (finished := read_results(out)) is not None:
            return finished
        dives = load_dives(data, test, cache, cancel, workers=settings.workers)
        analyzer = Analyzer.open(device=settings.device)
        weights = analyzer.model.id
        protocol = Protocol(preprocessing=config.preprocessing, decoding=analyzer.model.decoding, exemplars=0)
        facts = measured_by(weights, analyzer.model.precision, data, [*training, *test])
        known, results = ResultCache(out, protocol, facts), list[DiveResult]()
        with temporary_folder("fineparser") as folder:
            for done, dive in enumerate(dives, start=1):
                cancel.raise_if_cancelled()
                result = known.get(dive.record.id)
                if result is None:
                    try:
                        clip = dive_clip(data, dive.record, Path(folder) / "dive.mp4")
                    except AnnotationError as error:  # of a frame that no network samples
                        logger.warning("%s is left out: %s", dive.record.id, error)
                        continue
                    parse, _ = analyzer.parse(clip, cancel=cancel)
                    result = _result(parse, dive, training, config.preprocessing)
                    known.add(result)
                    logger.info("measured %d of %d dives", done, len(dives))
                results.append(result)
        summary = summarize(results, median_transitions=median_transitions(training), exemplars=0, seed=config.seed)
        content = {
            "weights": weights,
            "data": asdict(data_stamp(data, [])),  # nothing was trained on
            "settings": depends_on,
            PICKED: {"on": "", "epoch": None, "validation": None, "test": summary.as_dict()},
        }
        write_predictions(out / "predictions.csv", out / "predictions.json", results)
        write_whole(out / RESULTS, json.dumps(content, indent=2) + "\n")
        known.remove()
        return content


def _result(parse: DiveParse, dive: DatasetDive, training: list[DiveRecord], preprocessing: str) -> DiveResult:
    record, view, placed, first = dive.record, plain_view(dive, preprocessing), parse.transitions, parse.clip.in_frame
    true = found = None
    if dive.first_flight_frame is not None:
        flight, entry = placed.first_flight_frame - first, placed.first_entry_frame - first
        true = view.transitions(dive)
        found = view.transitions(replace(dive, first_flight_frame=flight, first_entry_frame=entry))
    return dive_result(
        record,
        training,
        predicted=_predicted(parse, record),
        spread=None,
        n_exemplars=0,
        exemplar_mean=None,
        transitions=found,
        true_transitions=true,
        masks=_masks(parse, dive, preprocessing),
    )


def _predicted(parse: DiveParse, record: DiveRecord) -> float | None:
    """Return the points by measures alone; None as by `Analyzer`: for a clip without a dive, and for two divers."""
    if parse.refusal is not None or record.synchro:
        return None
    try:
        dive = parse_dive_number(record.dive_number)
        own = measured(parse, dive, find_difficulty(dive, record.board_m, record.difficulty)).own_award
    except ConfigError:  # a number of no dive, or none from that board
        return None
    return None if own is None else own.score


def _masks(parse: DiveParse, dive: DatasetDive, preprocessing: str) -> dict[str, float] | None:
    """Return the metrics of the masks in whole pictures; None for networks that follow a body."""
    shape, truth = get_preprocessing(preprocessing), stored_inputs(preprocessing)(dive).truth
    if truth is None or not isinstance(shape, FullFrame):
        return None
    view, info = plain_view(dive, preprocessing), probe(parse.clip.path)
    size = info.height_px, info.width_px
    frames = (parse.clip.in_frame + view.sampled).tolist()
    rows = slice(view.first_row, view.first_row + view.side_px)
    found = [shape.resize_mask(full_frame_mask(parse, frame, size))[rows] for frame in frames]
    return mask_results(np.stack(found), truth)

"""Sets up an evaluation: decoded dives, the exemplars that are drawn for them and the evaluator of a network."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from fineparser_core.checkpoints.bundle import WeightsCard
from fineparser_core.data.exemplars import draw_exemplars
from fineparser_core.data.frame_cache import DatasetCache, default_cache, load_dives
from fineparser_core.data.records import DatasetDive, DiveRecord, DiveSet, Key
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.evaluate import Evaluator, athlete_crop_inputs, stored_inputs
from fineparser_core.evaluation.metrics import median_transitions
from fineparser_core.evaluation.protocol import Protocol, read_pool
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.fineparser import FineParser
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.support.device import PRECISIONS
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing

logger = logging.getLogger(__name__)


class Evaluation(NamedTuple):
    """Dives to evaluate, and their evaluator.

    Attributes:
        protocol, data: by which they were prepared, and of which they are.
        median_transitions: medians of the pool, the naive baseline of transitions; None without labels.
        pool: dives from which exemplars are drawn; only those that are drawn have been decoded.
    """

    evaluator: Evaluator
    dives: list[DatasetDive]
    median_transitions: tuple[float, float] | None
    pool: list[DiveRecord]
    protocol: Protocol
    data: DiveSet


def prepare(
    model: AQAModel,
    data: DiveSet,
    records: Sequence[DiveRecord],
    pool: Sequence[DiveRecord],
    protocol: Protocol,
    *,
    cache: Path | None,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> Evaluation:
    """Read dives and their exemplars; every dive passes the same preprocessing as in inference.

    Args:
        model: on its device, with its precision.
        records: dives to measure.
        pool: training dives; those that cannot be used are left out.
        cache: folder for decoded frames; None takes the data set's own.

    Raises:
        ConfigError: the preprocessing crops around the athlete, but the network has no masks.
        AnnotationError, ExportError: see `load_dives`.
        Cancelled: once the token is set.
    """
    if data.lost_masks:
        logger.warning("%s has no masks: what they are measured by is not available", data.root)
    preprocessing = protocol.preprocessing
    inputs = stored_inputs(preprocessing)
    if isinstance(get_preprocessing(preprocessing), AthleteCrop):
        if not isinstance(model, FineParser) or not model.has_masks:
            raise ConfigError(f"Preprocessing '{preprocessing}' needs a network that finds the athlete: use 'whole'.")
        precision = next(name for name, dtype in PRECISIONS.items() if dtype == model.precision)
        inputs = athlete_crop_inputs(data, ClipEncoder(model, next(model.parameters()).device, precision=precision))
        preprocessing = WHOLE.name
    frames = DatasetCache(cache or default_cache(data), data, preprocessing)

    def load(wanted: Sequence[DiveRecord]) -> list[DatasetDive]:
        return load_dives(data, wanted, frames, cancel, progress=progress)

    dives = load(records)
    drawn_from, exemplars = frames.usable(pool), list[DatasetDive]()
    if not drawn_from:
        raise AnnotationError(f"{data.root} has no training dive that can be used. {data.lost_frames}")
    if model.contrastive:
        drawn_from, exemplars = _load_exemplars([dive.record for dive in dives], drawn_from, protocol, load)
    evaluator = Evaluator(model, drawn_from, exemplars, protocol, inputs=inputs)
    return Evaluation(evaluator, dives, median_transitions(drawn_from), drawn_from, protocol, data)


def card_protocol(card: WeightsCard) -> Protocol:
    """Return the protocol by which the weights of a card were measured after training."""
    return Protocol(
        preprocessing=card.preprocessing,
        decoding=card.decoding,
        pairing=card.pairing,
        exemplars=card.evaluation.get("exemplars", Protocol.exemplars),
        seed=card.evaluation.get("seed", Protocol.seed),
    )


def exemplar_pool(data: DiveSet, weights: Path | None) -> tuple[list[DiveRecord], str]:
    """Return the dives that exemplars are drawn from, and their name for a person.

    They are those of a bundle if the data set has them, else all training dives.
    """
    recorded = None if weights is None else read_pool(weights)
    if recorded is not None and all(key in data.records for key in recorded):
        return [data.records[key] for key in recorded], f"the {len(recorded)} dives that training compared with"
    pool = data.split("train")
    return pool, f"{len(pool)} training dives"


def first_usable(
    data: DiveSet, records: Sequence[DiveRecord], limit: int | None, preprocessing: str, cache: Path | None
) -> list[DiveRecord]:
    """Return the first `limit` dives that can be evaluated; without a limit all given dives, usable or not."""
    if limit is None:
        return list(records)
    stored_as = WHOLE.name if isinstance(get_preprocessing(preprocessing), AthleteCrop) else preprocessing
    return DatasetCache(cache or default_cache(data), data, stored_as).usable(records, limit)


def _load_exemplars(
    queries: Sequence[DiveRecord],
    pool: list[DiveRecord],
    protocol: Protocol,
    load: Callable[[Sequence[DiveRecord]], list[DatasetDive]],
) -> tuple[list[DiveRecord], list[DatasetDive]]:
    """Return the pool without dives whose images turn out to be damaged, and the dives that are drawn from it."""
    while True:
        drawn: set[Key] = set()
        for query in queries:
            chosen = draw_exemplars(query, pool, protocol.pairing, protocol.exemplars, protocol.seed)
            drawn |= {record.key for record in chosen}
        wanted = [record for record in pool if record.key in drawn]
        try:
            loaded = load(wanted) if wanted else []
        except AnnotationError:  # all of them are damaged
            loaded = []
        if len(loaded) == len(wanted):
            return pool, loaded
        damaged = drawn - {dive.record.key for dive in loaded}
        pool = [record for record in pool if record.key not in damaged]

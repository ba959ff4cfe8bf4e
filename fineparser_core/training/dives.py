"""The dives of a run: which of a data set it can learn from, how they are split, and their decoded frames."""

import logging
from pathlib import Path

import numpy as np

from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.data.frame_cache import DatasetCache, check_room, default_cache, load_dives
from fineparser_core.data.records import DatasetDive, DiveRecord, DiveSet
from fineparser_core.data.splits import validation_split
from fineparser_core.data.video_dives import IMPORT, VideoDives
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.methods import get_method
from fineparser_core.progress import CancelToken
from fineparser_core.training.validation import Splits, log_progress

logger = logging.getLogger(__name__)

_MOST_NAMED = 20


def split_records(data: DiveSet, config: TrainConfig, settings: RunSettings) -> dict[str, list[DiveRecord]]:
    """Return the records of a run's "train", "validation" and "test" dives.

    Raises:
        ConfigError: see `check_labels`; or the data set cannot be split.
        AnnotationError: see `check_labels`; or no training dive has labels that a dive can have, or can be used.
    """
    check_labels(data, config)
    training, test = _rightly_labeled(data, "train"), _rightly_labeled(data, "test")
    if settings.limit is not None:
        cache = DatasetCache(settings.cache or default_cache(data), data, config.preprocessing)
        training, test = (cache.usable(records, settings.limit) for records in (training, test))
    if not training:
        raise AnnotationError(f"{data.root} has no training dive that can be used. {data.lost_frames}")
    training, validation = validation_split(training, config.validation_share, config.validation_by, config.seed)
    if 0 < config.validation_limit < len(validation):
        drawn = np.random.default_rng(config.seed).choice(len(validation), config.validation_limit, replace=False)
        validation = [validation[place] for place in sorted(drawn)]
    return {"train": training, "validation": validation, "test": test}


def _rightly_labeled(data: DiveSet, split: str) -> list[DiveRecord]:
    """Return the dives of a split but those whose labels no dive can have.

    The log names these, and further oddities.
    """
    records = data.split(split)
    right = [record for record in records if record.fault is None]
    wrong = [f"{record.id}: {record.fault}" for record in records if record.fault is not None]
    way_out = "Correct the annotations, or take these dives out of the split file."
    if wrong and not right and split == "train":
        raise AnnotationError(f"{data.root} has no training dive with right labels, the first: {wrong[0]} {way_out}")
    if wrong:
        more = f" and {len(wrong) - _MOST_NAMED} more." if len(wrong) > _MOST_NAMED else ""
        named = " ".join(wrong[:_MOST_NAMED]) + more
        logger.warning(
            "%d of %d %s dives have wrong labels and are left out: %s", len(wrong), len(records), split, named
        )
        logger.warning(way_out)
    if odd := [f"{record.id}: {text}" for record in right for text in data.defects.get(record.key, ())]:
        logger.warning(
            "%d annotations of %s dives do not fit together and are used, the first: %s", len(odd), split, odd[0]
        )
    return right


def check_labels(data: DiveSet, config: TrainConfig) -> None:
    """Check that a data set has the labels that the network learns from.

    Raises:
        ConfigError: it lacks step labels.
        AnnotationError: it lacks the judges' awards, or should have masks, but they are not found.
    """
    if config.learns_steps and not any(record.has_steps for record in data.records.values()):
        way_out = "use --no-tap, which cuts the phases at fixed shares of a clip"
        if isinstance(data, VideoDives):
            way_out = IMPORT
        raise ConfigError(f"{data.root} has no phase labels for the temporal parser to learn from: {way_out}.")
    if config.learns_masks and data.lost_masks:
        raise AnnotationError(
            f"{data.root} has no masks for the spatial parser to learn from; {data.lost_masks}, or train without: "
            "--mask-weight 0 keeps the parser and drops its loss, --no-sap drops the parser."
        )
    awarded = any(len(record.awards) in (3, 5, 7) for record in data.split("train"))
    if "awards" in get_method(config.method).labels and not awarded:
        raise AnnotationError(f"{data.root} has no judges' awards, which {config.method} learns from: use usdl.")


def split_caches(data: DiveSet, config: TrainConfig, folder: Path) -> dict[str, DatasetCache]:
    """Return the cache of the frames of each split of a run."""
    shifts = {"train": config.temporal_shift, "validation": 0, "test": 0}
    return {name: DatasetCache(folder, data, config.preprocessing, shift) for name, shift in shifts.items()}


def load_splits(
    data: DiveSet, records: dict[str, list[DiveRecord]], config: TrainConfig, settings: RunSettings, cancel: CancelToken
) -> Splits:
    """Return the dives of a run, decoded into the cache.

    Raises:
        AnnotationError, ExportError: see `load_dives`.
        Cancelled: once the token is set.
    """
    folder = settings.cache or default_cache(data)
    caches = split_caches(data, config, folder)
    check_room(folder, [caches[name].plan(which) for name, which in records.items()])

    def load(name: str) -> list[DatasetDive]:
        if not records[name] and name != "train":
            return []
        logger.info("reads %d %s dives; those that are new to %s are decoded", len(records[name]), name, folder)
        return load_dives(data, records[name], caches[name], cancel, workers=settings.workers, progress=log_progress())

    return Splits(train=load("train"), validation=load("validation"), test=load("test"))

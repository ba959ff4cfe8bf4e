"""A whole run of the staged recipe, the one of the bundled weights: data, initial weights, stages, finished bundle."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.config import RunSettings
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.frame_cache import Dive, FrameCache, default_cache, load_dives
from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.errors import ConfigError
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.models.fineparser import FineParser
from fineparser_core.progress import CancelToken
from fineparser_core.synth.ground_truth import GroundTruth
from fineparser_core.training.initial import initial_model
from fineparser_core.training.provenance import data_stamp, joined, open_run
from fineparser_core.training.run import BUNDLE, check_masks, new_card
from fineparser_core.training.staged import train_staged
from fineparser_core.training.staged_config import StagedConfig
from fineparser_core.training.synthetic_labels import load_ground_truths
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing


def run_staged(
    config: StagedConfig,
    data: DiveSet,
    extra_data: Sequence[DiveSet],
    out: Path,
    *,
    settings: RunSettings,
    cancel: CancelToken,
) -> WeightsCard:
    """Trains by stages, on a machine without a GPU, and writes OUT/bundle.

    Args:
        data: of whose training split dives are learned from.
        extra_data: further data sets whose training dives are learned from as well.

    Returns: the card of the weights.

    Raises:
        FineParserError: with the sentence for the user.
        Cancelled: once the token is set.
    """
    check_masks(data)
    training = data.split("train")
    # They are sorted by event, and some stages take the first ones: every event should be among them.
    records = [training[i] for i in np.random.default_rng(config.seed).permutation(len(training))]
    if settings.limit is not None:
        cache = FrameCache(settings.cache or default_cache(data), data, config.preprocessing)
        records = cache.usable(records, settings.limit)
    sets = [(data, records), *((extra, extra.split("train")) for extra in extra_data)]
    _check_distinct(sets)
    stamp = joined([data_stamp(*one) for one in sets])
    start = {"kinetics": str(settings.kinetics or ""), "weights": str(settings.weights or "")}
    open_run(out, {"config": asdict(config), "data": asdict(stamp), "start": start}, resume=settings.resume)
    network = config.network
    model, notices = initial_model(network, weights=settings.weights, kinetics=settings.kinetics)
    assert isinstance(model, FineParser)

    def load(data: DiveSet, preprocessing: str, wanted: Sequence[DiveRecord]) -> list[Dive]:
        cache = FrameCache(settings.cache or default_cache(data), data, preprocessing)
        return load_dives(data, wanted, cache, cancel, workers=settings.workers)

    dives: list[Dive] = []
    truths: dict[Key, GroundTruth] = {}
    for one, wanted in sets:
        loaded = load(one, config.preprocessing, wanted)
        dives += loaded
        truths |= load_ground_truths(one.root, loaded)
    coarse_pass = isinstance(get_preprocessing(config.preprocessing), AthleteCrop) and config.mask_iterations > 0
    some = records[:: -(-len(records) // config.whole_frame_dives)]
    whole_frames = load(data, WHOLE.name, some) if coarse_pass else []
    train_staged(to_channels_last(model), dives, whole_frames, truths, config, out, cancel)
    card = replace(
        new_card(settings, stamp, f"{len(dives)} dives; {config}", config.seed, notices),
        architecture=network.model.architecture,
        model=asdict(network.model),
        preprocessing=config.preprocessing,
        decoding="flight",
    )
    return save_bundle(model.state_dict(), card, out / BUNDLE, eight_bit=True)


def _check_distinct(sets: Sequence[tuple[DiveSet, Sequence[DiveRecord]]]) -> None:
    """Refuses dives of one key in two data sets, whose files in the cache and in the run would be taken for another."""
    of: dict[Key, DiveSet] = {}
    for data, records in sets:
        for record in records:
            if of.setdefault(record.key, data) is not data:
                raise ConfigError(
                    f"{record.id} is in {of[record.key].root} and in {data.root}: give --extra-data a set of other "
                    "dives, such as twins of another --variant."
                )

"""A whole training run: data, initial weights, end-to-end training, and the finished bundle with its numbers."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from fineparser_core.checkpoints.bundle import (
    WeightsCard,
    card_of_method,
    load_model,
    read_card,
    save_bundle,
    write_card,
)
from fineparser_core.checkpoints.kinetics import KINETICS_NOTICE
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.records import DataStamp, DiveRecord, DiveSet, data_stamp
from fineparser_core.evaluation.protocol import write_pool
from fineparser_core.evaluation.running import prepare
from fineparser_core.evaluation.summary import Summary, summarize
from fineparser_core.models.aqa_model import AQAModel, to_channels_last
from fineparser_core.progress import CancelToken, ignore_progress
from fineparser_core.resources import bundled_weights
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.device import PRECISIONS, choose_precision
from fineparser_core.training.dives import load_splits, split_records
from fineparser_core.training.initial import C3D_NOTICE, initial_model, startable
from fineparser_core.training.loop import CHECKPOINT, Trainer, load_best
from fineparser_core.training.plan import describe
from fineparser_core.training.presets import get_config
from fineparser_core.training.provenance import commit, open_run, trained_on
from fineparser_core.training.ranks import Ranks
from fineparser_core.training.validation import Splits, best_on_test, picked_epoch, protocol_of, run_by_number

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

RESULTS = "results.json"
#: Key of the results of the bundle's weights.
PICKED = "picked"
BUNDLE = "bundle"

_KERNELS = "Kernels are stored as float16, the rest as float32; what is measured are these rounded weights."
BLAZEPOSE_NOTICE = "Joints in the air: BlazePose (pose_landmark_lite) of MediaPipe, Apache-2.0, The MediaPipe Authors."


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """Outcome of a finished run.

    Attributes:
        bundle: folder of the weights, for `load_model` and `fineparser evaluate`.
        card: of these weights.
        epoch: number of the chosen epoch, from 1.
        results: content of OUT/results.json.
        summary: of the test split; None where the data set has no test dives.
    """

    bundle: Path
    card: WeightsCard
    epoch: int
    results: dict[str, Any]
    summary: Summary | None


def train(
    config: TrainConfig | str,
    data: str | Path | DiveSet,
    out: str | Path,
    *,
    settings: RunSettings | None = None,
    cancel: CancelToken | None = None,
    device: torch.device | None = None,
    ranks: Ranks | None = None,
) -> FinishedRun:
    """Train with a configuration and write OUT/bundle and OUT/results.json.

    Args:
        config: what to compute, or the name of a preset.
        data: the data set, or its folder.
        out: folder for checkpoints, events, results and the finished bundle.
        settings: where to start from, and what to use of the machine.
        cancel: checked between iterations; the run can then be resumed.
        device: where the network learns; None is the CPU.
        ranks: the processes that learn together, see `join_ranks`, in place of the device; the first writes.

    Raises:
        FineParserError: with the sentence for the user.
        Cancelled: once the token is set.

    Example:
        >>> config = replace(get_config("usdl"), epochs=1, batch_size=1, window_count=1, validation_share=0.0)
        >>> run = train(config, data, "run")
        >>> run.card.name, run.epoch, run.summary.n_scored
        ('usdl', 1, 1)
    """
    config = get_config(config) if isinstance(config, str) else config
    data, out = data if isinstance(data, DiveSet) else load_dataset(data, config.layout), Path(out)
    settings, cancel = settings or RunSettings(), cancel or CancelToken()
    ranks = ranks or Ranks(device=device or torch.device("cpu"))
    settings = starting_weights(config, settings)
    records = split_records(data, config, settings)
    recorded = _recorded(config, data, records, settings)
    if not ranks.is_main:
        ranks.wait()  # for the first, which decodes
        _learn(config, data, out, settings, records, cancel, ranks)
        ranks.wait()  # for the first, which measures
        results = json.loads((out / RESULTS).read_text(encoding="utf-8"))
        bundle, epoch = out / BUNDLE, results[PICKED]["epoch"]
        return FinishedRun(bundle=bundle, card=read_card(bundle), epoch=epoch, results=results, summary=None)
    with open_run(out, recorded, resume=settings.resume):
        finished = _train(config, data, out, settings, records, DataStamp(**recorded["data"]), cancel, ranks)
        ranks.wait()
        return finished


def _learn(
    config: TrainConfig,
    data: DiveSet,
    out: Path,
    settings: RunSettings,
    records: dict[str, list[DiveRecord]],
    cancel: CancelToken,
    ranks: Ranks,
) -> tuple[Trainer, list[str]]:
    """Train to the end; return the trainer, and notices for the card."""
    logger.info("%s", describe(config, ranks.device))
    model, notices = initial_model(config, settings)
    begun = (out / CHECKPOINT).exists()
    if not begun and settings.weights is None and not {KINETICS_NOTICE, C3D_NOTICE} & {*notices}:
        ways = " or ".join(f"--{name}" for name in ("kinetics", "c3d", "weights") if startable(config).get(name, True))
        logger.warning("all weights start random: give %s for a run that is to learn", ways)
    to_channels_last(model)
    splits = load_splits(data, records, config, settings, cancel)
    if ranks.is_main:
        ranks.wait()
    with _switched(config, settings):
        trainer = Trainer(model, splits, config, out, settings=settings, cancel=cancel, ranks=ranks)
        trainer.run()
    return trainer, notices


def _train(
    config: TrainConfig,
    data: DiveSet,
    out: Path,
    settings: RunSettings,
    records: dict[str, list[DiveRecord]],
    stamp: DataStamp,
    cancel: CancelToken,
    ranks: Ranks,
) -> FinishedRun:
    trainer, notices = _learn(config, data, out, settings, records, cancel, ranks)
    model, splits, history, device = trainer.objective.model, trainer.splits, trainer.history, ranks.device
    load_best(model, out)
    precision = choose_precision(device, config.precision)
    first = None if settings.weights is None else read_card(settings.weights)
    card = WeightsCard(
        decoding=config.decoding,
        preprocessing=config.preprocessing,
        pairing=config.pairing,
        evaluation={"exemplars": config.exemplars, "seed": config.seed, "precision": precision},
        trained_on=settings.trained_on or trained_on(stamp, first),
        synthetic=stamp.rendered and (first is None or first.synthetic),
        training=f"end to end, {len(splits.train)} dives; {config}",
        seed=config.seed,
        commit=commit(),
        notices=(*notices, _KERNELS),
        **card_of_method(config.model, rendered=stamp.rendered, name=settings.name),
    )
    bundle = out / BUNDLE
    card = save_bundle(model.state_dict(), card, bundle)
    write_pool(bundle, [dive.record for dive in splits.train])
    picked = picked_epoch(history, config.pick_on)
    results: dict[str, Any] = {"weights": card.id, "data": asdict(stamp), "settings": asdict(config)}
    results[PICKED] = {
        "on": config.pick_on if any(config.pick_on in entry for entry in history) else "the last epoch",
        "epoch": picked,
        "validation": next(entry for entry in history if entry["epoch"] == picked).get("validation"),
    }
    results["best epoch on test, per metric (the release's way)"] = best_on_test(history) or None
    summary = None
    if splits.test:
        # The bundle, as anyone would load it: its weights are rounded.
        model = load_model(bundle)[0]
        summary = _test(model, data, splits, config, settings, cancel, device)
        results[PICKED]["test"] = summary.as_dict()
        card = replace(card, metrics={f"test {name}": value for name, value in summary.values().items()})
        write_card(card, bundle)
    write_whole(out / RESULTS, json.dumps(results, indent=2) + "\n")
    return FinishedRun(bundle=bundle, card=card, epoch=picked, results=results, summary=summary)


def _recorded(
    config: TrainConfig, data: DiveSet, records: dict[str, list[DiveRecord]], settings: RunSettings
) -> dict[str, Any]:
    """Return the settings that must match for a run to be resumed."""
    start = {name: str(getattr(settings, name) or "") for name in ("weights", "kinetics", "c3d", "imagenet")}
    stamps = {"data": asdict(data_stamp(data, records["train"])), "test": data_stamp(data, records["test"]).labels}
    return {"config": asdict(config), **stamps, "start": start}


def starting_weights(config: TrainConfig, settings: RunSettings) -> RunSettings:
    """Return the settings with the weights to start from."""
    if config.start != "bundled" or settings.weights is not None:
        return settings
    if settings.kinetics is not None and not config.looks_through_bundle:
        return settings
    return replace(settings, weights=bundled_weights())


@contextmanager
def _switched(config: TrainConfig, settings: RunSettings) -> Iterator[None]:
    """Set torch's switches for speed, or for equal numbers, while the context lasts."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, torch.are_deterministic_algorithms_enabled()
    matmul.allow_tf32, cudnn.allow_tf32 = config.tf32 == "on", config.tf32 != "off"
    cudnn.benchmark = settings.cudnn_benchmark
    torch.use_deterministic_algorithms(settings.deterministic, warn_only=True)
    if settings.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else cuBLAS has no deterministic algorithms
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = before[:3]
        torch.use_deterministic_algorithms(before[3])


def _test(
    model: AQAModel,
    data: DiveSet,
    splits: Splits,
    config: TrainConfig,
    settings: RunSettings,
    cancel: CancelToken,
    device: torch.device,
) -> Summary:
    """Return the test split by the weights of the finished bundle, exactly as `fineparser evaluate` measures it."""
    to_channels_last(model.to(device))
    model.precision = PRECISIONS[choose_precision(device, config.precision)]
    evaluation = prepare(
        model,
        data,
        [dive.record for dive in splits.test],
        [dive.record for dive in splits.train],
        protocol_of(config),
        cache=settings.cache,
        progress=ignore_progress,
        cancel=cancel,
    )
    results = run_by_number(evaluation.evaluator, evaluation.dives, cancel=cancel)
    return summarize(
        results, median_transitions=evaluation.median_transitions, exemplars=config.exemplars, seed=config.seed
    )

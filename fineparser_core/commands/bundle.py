"""`fineparser train --config bundle`: the bundle that the app runs, from Kinetics weights and rendered dives alone.

`make_bundle` is the recipe, from top to bottom; every stage keeps its result in the output folder, where the same
command goes on after any interruption.
"""

import json
import logging
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import cv2
import numpy as np
import torch
from scipy.stats import spearmanr

from fineparser_core import __version__
from fineparser_core.checkpoints.bundle import (
    Provenance,
    WeightsCard,
    card_of_method,
    load_model,
    read_card,
    save_bundle,
    write_card,
)
from fineparser_core.commands.calibrate import CalibrateOptions, calibrate
from fineparser_core.commands.evaluate_options import EvaluateOptions
from fineparser_core.commands.exemplars import (
    COMMONEST,
    RECORDS,
    SAMPLE_DRAWS,
    build_library,
    draws,
    encode_library,
    write_sample,
)
from fineparser_core.commands.measuring import measure
from fineparser_core.commands.options import Seed, Weights, Workers, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import log_to_stderr, running
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.constants import Device
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.records import DataStamp, data_stamp
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.evaluation.model_card import write_model_card
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.store import FILE_NAME
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.resources import bundled_weights
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.device import PRECISIONS, choose_device, choose_precision
from fineparser_core.support.documents import read_document
from fineparser_core.support.files import file_sha256
from fineparser_core.synth.dataset import NUMBER_SHARES, SynthConfig, synthesize
from fineparser_core.synth.render import DiveSpec
from fineparser_core.training.initial import initial_model
from fineparser_core.training.loop import Loop
from fineparser_core.training.parts import (
    Draws,
    Iterations,
    MaskPart,
    Part,
    PosePart,
    StepsPart,
    TrackPart,
    Views,
    encode_dives,
    gate_dives,
    track,
)
from fineparser_core.training.provenance import commit, open_run
from fineparser_core.training.ranks import Ranks
from fineparser_core.training.rendered_dives import store_crops
from fineparser_core.training.run import BLAZEPOSE_NOTICE, BUNDLE
from fineparser_core.training.simulated_joints import simulate
from fineparser_core.training.streams import DynamicPart, StaticPart, weigh_streams

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_EXEMPLARS = "exemplars"
_RANDOM = "No Kinetics weights were given: the I3D networks start from random weights, which see little."
_SIMULATED = "{0:,} dives rendered by this program, and {1:,} more of which only the joints were simulated"
_BLAZEPOSE = "joints in the air are also found by BlazePose, which learned from photographs of people; no judged dive"
_ALL_BUT_POSE = ", but for the pose backbone, which was made before"
_POSE = "The pose backbone is that of {0}, as it was; of its making is known: trained on {1}. {2}"
_CHOICES = (
    "The two streams were weighed on rendered dives kept aside, and the interval and what counts as a whole dive were "
    "measured on rendered test dives. On the labelled real clips, which are not part of this repository, were chosen: "
    "the share of gated features that PSNet learns without; the least evidence of a dive; how a free fall, the feet, "
    "the opening and the water contact are read; the constants of the moments; and what tells a logo, clock, score bar "
    "or border. Whatever is measured on these clips is flattered by that."
)
_KERNELS = "Large kernels are stored in 8 bits, others as float16; what is measured are these rounded weights."
#: One of so many dives measures the parts and weighs the streams, and teaches none of them.
_ASIDE = 10
#: Fewest exemplars by which the streams are compared.
_LEAST_COMPARED = 20
#: Settings that all parts share.
_PART = TrainConfig(
    method="fineparser-pose",
    preprocessing="follow",
    decoding="flight",
    batch_norm="train",
    epochs=1,
    grad_accum_steps=1,
    warmup_epochs=0.03,
    warmup_lr=1e-5,
    final_lr=3e-5,
    clip_norm=5.0,
    precision="auto",
)
#: Peak learning rates of the parts; that of the masks' I3D, which starts from Kinetics, is a tenth.
_RATES = {"pose": 2e-3, "masks": 1e-3, "tracks": 1e-3, "steps": 1e-3, "static": 2e-3, "dynamic": 1e-3}


@dataclass(frozen=True, kw_only=True)
class Size:
    """Numbers of dives, iterations and exemplars of a run.

    Attributes:
        train, test: rendered dives to learn from, and to measure the bundle on.
        numbers: of these dives; empty as competitions have them.
        simulated: dives of which the joints alone are simulated.
        views: encoded of each dive.
        learned: by part, the iterations and the frames, windows, clips or dives of each.
        exemplars: by number, of club dives half of them from either board.
        exemplar_numbers: numbers that have exemplars; empty for all.
        calibrated: test dives that thresholds are measured on.
        voters: exemplars of a number, of the training dives, that test dives are compared with.
    """

    train: int
    test: int
    numbers: tuple[str, ...] = ()
    simulated: int
    views: int
    learned: Mapping[str, tuple[int, int]]
    exemplars: int
    exemplar_numbers: tuple[str, ...] = ()
    calibrated: int = 40
    voters: int = 10

    def minutes(self) -> dict[str, float]:
        """Return the planned minutes of each stage on two cores."""
        units = {
            "dives": self.train + self.test,
            "crops": self.train,
            "encode": self.train * self.views,
            "gate": self.train * self.views,
            "simulate": self.simulated,
            "bundle": 1,
            "exemplars": len(self.drawn_exemplars(0)),
            "measure": self.test + min(self.train, len(NUMBER_SHARES) * self.voters),
            "calibrate": 1.25 * self.calibrated,
            **{name: iterations * size for name, (iterations, size) in self.learned.items()},
        }
        return {name: units[name] * seconds / _TWO_CORES / 60 for name, seconds in _SECONDS.items()}

    def drawn_exemplars(self, seed: int) -> list[tuple[str, DiveSpec, int]]:
        """Return id, spec and seed of each exemplar."""
        return list(draws(self.exemplars, seed, numbers=self.exemplar_numbers))


#: Seconds of one core for a dive, view, frame, window or clip of each stage, in bfloat16, measured beside other work;
#: and how many times as fast two cores are.
_SECONDS = {
    "dives": 1.4,
    "crops": 0.25,
    "pose": 0.0145,
    "masks": 0.56,
    "encode": 0.7,
    "tracks": 0.004,
    "simulate": 0.02,
    "static": 0.02,
    "gate": 1.1,
    "steps": 0.011,
    "dynamic": 0.02,
    "bundle": 5.0,
    "exemplars": 4.5,
    "measure": 3.0,
    "calibrate": 2.5,
}
_TWO_CORES = 1.6
SIZES: Mapping[str, Size] = {
    "tiny": Size(
        train=3,
        test=1,
        numbers=("207C",),
        simulated=6,
        views=1,
        learned={
            "pose": (2, 2),
            "masks": (2, 1),
            "tracks": (2, 2),
            "steps": (2, 2),
            "static": (2, 4),
            "dynamic": (2, 4),
        },
        exemplars=1,
        exemplar_numbers=("207C",),
        calibrated=1,
        voters=1,
    ),
    "small": Size(
        train=300,
        test=40,
        simulated=3000,
        views=1,
        learned={
            "pose": (1000, 32),
            "masks": (200, 3),
            "tracks": (500, 16),
            "steps": (500, 16),
            "static": (800, 24),
            "dynamic": (800, 24),
        },
        exemplars=3,
        exemplar_numbers=COMMONEST,
    ),
    "medium": Size(
        train=1500,
        test=150,
        simulated=20000,
        views=1,
        learned={
            "pose": (4000, 48),
            "masks": (2400, 4),
            "tracks": (1500, 24),
            "steps": (2000, 24),
            "static": (2000, 36),
            "dynamic": (800, 36),
        },
        exemplars=10,
    ),
    "full": Size(
        train=3000,
        test=300,
        simulated=30000,
        views=2,
        learned={
            "pose": (12500, 48),
            "masks": (4000, 4),
            "tracks": (3000, 24),
            "steps": (3000, 24),
            "static": (3000, 36),
            "dynamic": (800, 36),
        },
        exemplars=10,
    ),
}


@dataclass(frozen=True, kw_only=True)
class BundleOptions:
    """Makes the bundle that the app runs: renders dives, trains the parts one after the other, and measures them.

    The same command goes on after any interruption. The same seed gives the same bundle, but for rounding on other
    machines.

    Attributes:
        config: bundle.
        out: folder of the run; the bundle is in OUT/bundle, its exemplars in OUT/exemplars, the sample in OUT/sample.
        size: tiny walks the whole way in a minute or two and learns nothing, small takes an hour or two, full a night.
        dives: folder where dives of this seed are rendered already, or shall be; by default OUT/dives.
        kinetics: file that `fineparser convert kinetics` wrote; without it the I3D networks start random.
        pose: bundle whose pose backbone is taken as it is, in place of the stage that trains one.
        seed: of everything that is drawn.
        workers: processes that render, and threads that crop; the result does not depend on it.
        device: where the network learns; by default on the best that there is.
    """

    config: Literal["bundle"] = "bundle"
    out: Path
    size: Literal["tiny", "small", "medium", "full"] = "full"
    dives: Path | None = None
    kinetics: Path | None = None
    pose: Weights | None = None
    seed: Seed = 10086
    workers: Workers = 2
    device: Device = "auto"


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(BundleOptions, "train", argv)
    check_output_folder(args.out)
    log_to_stderr()
    digest = "" if args.kinetics is None else _digest(args.kinetics)
    pose = None if args.pose is None else read_card(args.pose).id
    settings = {"config": args.config, "size": args.size, "seed": args.seed, "kinetics": digest, "pose": pose}
    with running() as (progress, cancel), open_run(args.out, settings, resume=True):
        card = make_bundle(args, Stages(args, digest, choose_device(args.device), progress, cancel))
    say(f"{card.id} written to {args.out / BUNDLE}, its exemplars to {args.out / _EXEMPLARS}")
    return 0


def make_bundle(args: BundleOptions, run: "Stages") -> WeightsCard:
    """Make the bundle, its exemplars, its card and the page beside it: the recipe.

    Raises:
        FineParserError: with the sentence for the user.
        Cancelled: once the token is set; the same command goes on.
    """
    out, size, seed, network = args.out, run.size, args.seed, run.network
    rendered, bundle, exemplars = args.dives or out / "dives", out / BUNDLE, out / _EXEMPLARS
    shown: Any = {"progress": run.progress, "cancel": run.cancel}

    # Material: rendered dives, of which some measure the parts and teach nothing.
    plan = SynthConfig(train=size.train, test=size.test, seed=seed, numbers=size.numbers)
    run.stage("dives", lambda: synthesize(rendered, plan, workers=args.workers, **shown))
    data = load_dataset(rendered)
    records = sorted(data.split("train"), key=lambda record: record.key[1])
    dives = run.stage("crops", lambda: store_crops(data, records, out / "crops", workers=args.workers, **shown))
    n_aside = max(1, len(dives) // _ASIDE)
    learned, aside = dives[:-n_aside], dives[-n_aside:]

    # Eyes: joints in single frames, and masks.
    if args.pose is None:
        run.learn(PosePart(network, run.config("pose"), learned, aside), "pose")
    masks = replace(run.config("masks"), freeze=MaskPart.FROZEN, mask_encoder_lr=_RATES["masks"] / 10)
    run.learn(MaskPart(network, masks, learned, aside), "masks")
    views = Views(dives=dives, count=size.views, seed=seed, precision=run.precision, **shown)
    both = run.stage("encode", lambda: encode_dives(network, views, out / "poses"))
    of_learned, of_aside = both.split(len(learned) * size.views, size.views)
    run.learn(TrackPart(network, run.config("tracks"), of_learned, of_aside), "tracks")
    of_learned, of_aside = track(network, of_learned), track(network, of_aside)

    # Judgement: both streams and transitions, from joints with the errors of the eyes, and from features.
    simulated = run.stage("simulate", lambda: simulate(size.simulated, seed, out / "simulated", **shown))
    static = StaticPart(network, run.config("static"), of_learned, of_aside, simulated)
    run.learn(static, "static")
    gated = run.stage("gate", lambda: gate_dives(network, views, out / "gated"))
    of_learned = of_learned._replace(gated=gated[: len(of_learned.seen)])
    of_aside = of_aside._replace(gated=gated[len(of_learned.seen) :: size.views])
    run.learn(StepsPart(network, run.config("steps"), of_learned, of_aside, simulated), "steps")
    dynamic = DynamicPart(network, run.config("dynamic"), of_learned, of_aside)
    run.learn(dynamic, "dynamic")
    weighed = weigh_streams(static, dynamic)

    # Bundle: weights, exemplars, and the card that states what they reach.
    stamp = data_stamp(data, records)
    unmeasured = run.card(stamp, weighed)
    run.stage("bundle", lambda: save_bundle(network.state_dict(), unmeasured, bundle, eight_bit=True), once=True)
    run.stage("exemplars", lambda: _make_exemplars(run, bundle, exemplars, out / "sample"), once=True)
    of_tests: Any = {"data": rendered, "weights": bundle, "device": args.device}
    measured = EvaluateOptions(**of_tests, out=out / "measured", cache=out / "frames", per_number=size.voters)
    run.stage("measure", lambda: measure(measured, bundle), once=True)
    known: Any = {"library": exemplars / FILE_NAME, "predictions": out / "measured" / "predictions.json"}
    calibrated = CalibrateOptions(**of_tests, **known, limit=size.calibrated)
    run.stage("calibrate", lambda: calibrate(calibrated, bundle), once=True)
    card = replace(read_card(bundle), streams=_streams(bundle, exemplars), provenance=run.provenance(stamp))
    write_card(card, bundle)
    write_model_card(out / "measured", bundle)
    return read_card(bundle)


class Stages:
    """The stages of a run: which are finished, how long they took, and what is left.

    Attributes:
        network: starts from Kinetics where its weights are given.
        pose: card of the weights whose pose backbone it has; None where a stage trains one.
        finished: by stage its minutes and what was measured of it, as OUT/recipe.json keeps them.
    """

    def __init__(
        self, args: BundleOptions, kinetics: str, device: torch.device, progress: ProgressCallback, cancel: CancelToken
    ) -> None:
        self.args, self.size, self.device, self.progress, self.cancel = args, SIZES[args.size], device, progress, cancel
        self.planned = {name: m for name, m in self.size.minutes().items() if name != "pose" or args.pose is None}
        self._path, self._inputs = args.out / "recipe.json", {"kinetics sha256": kinetics or "none"}
        self.finished: dict[str, dict[str, float]] = {}
        if self._path.is_file():
            self.finished = read_document(self._path, dict[str, Any], self._refused)
        start = replace(_PART, seed=args.seed)
        network, notices = initial_model(start, RunSettings(kinetics=args.kinetics))
        assert isinstance(network, FineParserPose)
        self.notices, self.pose = notices or [_RANDOM], None
        if args.pose is not None:
            self.pose = _take_pose(network, args.pose)
            self.notices += [_POSE.format(self.pose.id, self.pose.trained_on, self.pose.training)]
            self._inputs["pose backbone"] = self.pose.id
        self.network = to_channels_last(network.to(device))
        self.precision = PRECISIONS[choose_precision(device)]
        logger.info("%s Planned for two cores: %s.", self.notices[0], _hours(sum(self.planned.values())))

    def stage(self, name: str, act: Callable[[], Result], *, once: bool = False) -> Result:
        """Run a stage and keep its minutes, those before Ctrl+C too; a finished one that only writes files is skipped.

        Raises: what the stage raises.
        """
        self.cancel.raise_if_cancelled()
        if name in self.finished:
            return None if once else act()  # type: ignore[return-value]
        names = list(self.planned)
        left = sum(minutes for other, minutes in self.planned.items() if other not in self.finished)
        told = names.index(name) + 1, len(names), name, _hours(self.planned[name]), _hours(left * self._pace())
        logger.info("stage %d of %d, %s: planned %s; about %s left in all", *told)
        cut, began_s = f"{name}, interrupted", time.monotonic()
        before = self.finished.get(cut, {"minutes": 0.0})["minutes"]

        def minutes() -> dict[str, float]:
            return {"minutes": round(before + (time.monotonic() - began_s) / 60, 2)}

        try:
            result = act()
        except Cancelled:
            self._finish(cut, minutes())
            raise
        self.finished.pop(cut, None)
        self._finish(name, minutes())
        return result

    def learn(self, part: Part, name: str) -> None:
        """Train a part by the loop, from its last checkpoint on; a finished one is only loaded."""
        iterations = Iterations(part.config, self.size.learned[name][0])
        batches = Draws(part.draw, part.config.seed + list(_SECONDS).index(name))
        settings = RunSettings(loaders=int(self.args.workers > 1 and sys.platform == "linux"))
        known: Any = {"settings": settings, "cancel": self.cancel, "ranks": Ranks(device=self.device)}
        loop = Loop(part, batches, iterations, part.config, self._folder(name), **known)
        loop.name = name
        found = self.stage(name, loop.run)[-1]["held out"]
        if not self.finished[name].keys() & found.keys():
            self._finish(name, self.finished[name] | found)
            logger.info("%s: %s", name, ", ".join(f"{what} {value:.3g}" for what, value in found.items()))

    def config(self, name: str) -> TrainConfig:
        """Return the settings of a part."""
        return replace(_PART, seed=self.args.seed, batch_size=self.size.learned[name][1], lr=_RATES[name])

    def card(self, stamp: DataStamp, weighed: Mapping[str, float]) -> WeightsCard:
        """Return the card of the weights before they are measured."""
        self._finish("streams", dict(weighed))
        command = f"fineparser train --config bundle --size {self.args.size} --seed {self.args.seed}"
        for name, given in (("--kinetics", self.args.kinetics), ("--pose", self.args.pose)):
            if given is not None:
                command += f" {name} {'bundled' if given == bundled_weights() else given.name}"
        before = _BLAZEPOSE if self.pose is None else f"the pose backbone learned from {self.pose.trained_on}"
        synthetic = self.pose is None or self.pose.synthetic
        return WeightsCard(
            preprocessing=_PART.preprocessing,
            decoding=_PART.decoding,
            trained_on=f"{_SIMULATED.format(stamp.dives, self.size.simulated)}; {before}",
            synthetic=synthetic,
            training=f"Made by `{command}`{'' if self.pose is None else _ALL_BUT_POSE}.",
            choices=_CHOICES,
            license="apache-2.0",
            seed=self.args.seed,
            commit=commit(),
            notices=(*self.notices, _KERNELS, BLAZEPOSE_NOTICE),
            provenance=self.provenance(stamp),
            **card_of_method(_PART.model, rendered=synthetic),
        )

    def provenance(self, stamp: DataStamp) -> Provenance:
        """Return how the weights are made, as far as the stages are finished."""
        versions = {"fineparser": __version__, "python": platform.python_version(), "torch": torch.__version__}
        versions |= {"numpy": np.__version__, "opencv": cv2.__version__}
        machine = f"{self.device.type}, {torch.get_num_threads()} threads, {self.precision}".replace("torch.", "")
        inputs = self._inputs | {"labels of the rendered dives": stamp.labels}
        return Provenance(machine=machine, versions=versions, inputs=inputs, stages=self.finished)

    def _refused(self, reason: str) -> ConfigError:
        way_out = "delete it, and the stages that it lists are looked through again"
        return ConfigError(f"{self._path} is damaged ({reason}): {way_out}.")

    def _pace(self) -> float:
        """Return how many times as long as planned the stages took that had something to do."""
        known = [name for name in self.planned if name in self.finished]
        done = [name for name in known if self.finished[name]["minutes"] > self.planned[name] / 10]
        planned = sum(self.planned[name] for name in done)
        return sum(self.finished[name]["minutes"] for name in done) / planned if planned else 1.0

    def _finish(self, name: str, values: dict[str, float]) -> None:
        self.finished[name] = values
        write_whole(self._path, json.dumps(self.finished, indent=1) + "\n")

    def _folder(self, name: str) -> Path:
        folder = self.args.out / "parts" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _take_pose(network: FineParserPose, folder: Path) -> WeightsCard:
    """Give a network the pose backbone of other weights, but for the tracker, and return their card."""
    other, card = load_model(folder)
    if not isinstance(other, FineParserPose):
        raise ConfigError(f"{card.id} has no pose backbone: give --pose weights of 'fineparser-pose'.")
    other.static_encoder.backbone.track = network.static_encoder.backbone.track
    network.static_encoder.backbone = other.static_encoder.backbone
    return card


def _make_exemplars(run: Stages, bundle: Path, folder: Path, sample: Path) -> None:
    """Render the exemplars and the sample, and encode the exemplars."""
    chosen = run.size.drawn_exemplars(run.args.seed)
    (folder / RECORDS).mkdir(parents=True, exist_ok=True)
    build_library(folder, chosen, run.progress, run.cancel)
    encode_library(folder, bundle, run.progress, run.cancel)
    most = min(SAMPLE_DRAWS, run.size.exemplars)  # what has one exemplar has learned nothing to score by
    write_sample(sample, run.args.seed, folder / FILE_NAME, bundle, most=most, cancel=run.cancel)


def _streams(bundle: Path, exemplars: Path) -> dict[str, float]:
    """Return Spearman's rho of the streams over the exemplars, for the card; none where they are few."""
    analyzer = Analyzer.open(weights=bundle, library=exemplars / FILE_NAME, precision="fp32")
    with analyzer.library as library:
        found = library.exemplars()
        if len(found) < _LEAST_COMPARED:
            return {}
        rhos = stream_rhos(analyzer, found)
    names = {"both streams": "both", "static stream alone": "static", "dynamic stream alone": "dynamic"}
    return {"dives": len(found)} | {names[name]: round(rho, 3) for name, rho in rhos.items()}


def _digest(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        way_out = "give the file that `fineparser convert kinetics` wrote"
        raise ConfigError(f"{path} cannot be read ({error.strerror}): {way_out}.") from None


def _hours(minutes: float) -> str:
    return f"{minutes / 60:.1f} hours" if minutes >= 90 else f"{minutes:.3g} minutes"


def stream_rhos(analyzer: Analyzer, exemplars: Sequence[Exemplar]) -> Mapping[str, float]:
    """Return Spearman's rho between true and predicted differences, for both streams together and for each alone.

    Awards (points divided by the difficulty) are compared, since points would separate hard dives from easy dives;
    differences are compared, since with few dives each dive shifts the mean of the others.
    """
    encodings = {exemplar.id: analyzer.exemplar_encoding(exemplar) for exemplar in exemplars}
    rows = []
    for query in exemplars:
        same = [one for one in exemplars if (one.dive_number, one.board_m) == (query.dive_number, query.board_m)]
        others = [one for one in same if one.id != query.id]
        if not others:
            continue
        relative = analyzer.encoder.compare(encodings[query.id], [encodings[one.id] for one in others])
        dynamic, static = (float(part.sum(dim=-1).mean()) for part in relative)
        difficulty = find_difficulty(parse_dive_number(query.dive_number), query.board_m).value
        points = np.array([query.score, np.mean([one.score for one in others]), dynamic, static])
        rows.append(points / (3 * difficulty))
    true, others_mean, dynamic_points, static_points = np.array(rows).T
    predictions = {
        "both streams": dynamic_points + static_points,
        "static stream alone": static_points,
        "dynamic stream alone": dynamic_points,
    }
    return {name: float(spearmanr(points, true - others_mean).statistic) for name, points in predictions.items()}

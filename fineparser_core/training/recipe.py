"""The recipe of the bundled weights: from the Kinetics file to a finished bundle, within a number of minutes.

1. dives: are rendered, with the ground truth of their joints, qualities, splash and masks.
2. masks: the spatial parser, from Kinetics with a frozen stem, on single windows, with an auxiliary loss on joints.
   sharpen: its mask sharpener, on stored windows.
3. frames: the pose backbone on single frames: joints, step, water and splash. tracks: the tracker of these joints.
   refiner, refiner-tracks: joints detected again in upright crops, and their tracker.
4. steps: the transition head, on poses. static: the static stream, on poses of rendered and of simulated dives.
5. parse: PSNet, the dynamic stream and the last blocks of the I3D, on what the static stream leaves of the differences.

Stages depend on those before them alone; what a stage learned is frozen in the next ones. The minutes decide how many
dives and iterations a stage has (`training.budget`). What is finished is on disk, where a run that was killed goes on.
"""

import hashlib
from dataclasses import asdict, replace
from pathlib import Path

import torch

from fineparser_core import __version__
from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import ConfigError
from fineparser_core.inference.device import choose_device, choose_precision, device_names
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.progress import CancelToken
from fineparser_core.training.budget import Budget
from fineparser_core.training.initial import start_from_kinetics
from fineparser_core.training.loop import Stage, run_stage
from fineparser_core.training.mask_stages import mask_stage, sharpen_stage
from fineparser_core.training.parse_stage import parse_stage
from fineparser_core.training.pose_stages import pose_stage, track_stage
from fineparser_core.training.provenance import data_stamp, open_run
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.recipe_dives import RecipeDives, render_dives
from fineparser_core.training.refiner_stage import refiner_stage
from fineparser_core.training.run import BUNDLE, new_card
from fineparser_core.training.static_stages import static_stage, steps_stage
from fineparser_core.training.stored_views import refine_poses, store_fronts, store_poses
from fineparser_core.training.stored_windows import store_windows
from fineparser_core.training.synthetic_labels import load_ground_truths
from fineparser_core.training.synthetic_poses import synthesize_poses

#: Shares of the minutes, in the order of the stages.
SHARES = {
    "dives": 0.21,
    "masks": 0.18,
    "windows": 0.02,
    "sharpen": 0.04,
    "frames": 0.12,
    "coarse-poses": 0.06,
    "tracks": 0.03,
    "refiner": 0.12,
    "refined-poses": 0.06,
    "refiner-tracks": 0.03,
    "steps": 0.02,
    "simulated": 0.02,
    "static": 0.04,
    "fronts": 0.01,
    "parse": 0.03,
    "bundle": 0.01,
}
# Dives of which a stage stores something, at least, however short the time; simulated ones at least.
_LEAST, _LEAST_SIMULATED = 2, 16
_NETWORK = TrainConfig(method="fineparser-pose")


def make_bundle(
    kinetics: Path,
    out: Path,
    *,
    minutes: float,
    config: RecipeConfig,
    workers: int = 1,
    resume: bool = False,
    cancel: CancelToken | None = None,
) -> WeightsCard:
    """Makes OUT/bundle; the same seed gives the same weights where the minutes suffice for the sizes of the recipe.

    Args:
        kinetics: file that `fineparser convert kinetics` wrote.
        out: folder for dives, checkpoints, events and the bundle.
        minutes: of the whole run, over all of its processes.
        config: seed, device and sizes.
        workers: processes that render.
        resume: go on with the run in the output folder, or start it.
        cancel: asked between iterations and dives; the run can then be resumed.

    Returns: the card of the weights.

    Raises:
        FineParserError: with the sentence for the user.
        Cancelled: once the token is set.
    """
    cancel = cancel or CancelToken()
    torch.manual_seed(config.seed)
    model = FineParserPose(_NETWORK.model.step_weights)
    notices = [start_from_kinetics(model, kinetics)]
    with kinetics.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    open_run(out, {"config": asdict(config), "minutes": minutes, "kinetics": digest}, resume=resume)
    budget = Budget(out / "budget.json", minutes, SHARES)
    to_channels_last(model.to(config.device))
    rendered = render_dives(out, config, budget, workers, cancel)
    _run_stages(model, rendered, config, out, budget, cancel)
    stamp = data_stamp(rendered.data, rendered.records)
    trained_on = (
        f"{len(rendered.dives)} dives rendered by this program, and {budget.units['simulated']} more of which only the "
        "joints were simulated; no real dive"
    )
    machine = f"{device_names()[config.device]}, {torch.get_num_threads()} threads, {config.precision}"
    training = (
        f"fineparser {__version__}, `fineparser train --config bundle --minutes {minutes:g} --seed {config.seed}`: "
        f"{budget.spent_s / 60:.1f} minutes on {config.device} ({machine}). Dives or iterations of each stage: "
        f"{', '.join(f'{name} {units}' for name, units in budget.units.items())}."
    )
    card = replace(
        new_card(RunSettings(), stamp, training, config.seed, notices),
        architecture=_NETWORK.model.architecture,
        model=asdict(_NETWORK.model),
        preprocessing=config.preprocessing,
        decoding="flight",
        trained_on=trained_on,
    )
    return save_bundle(model.state_dict(), card, out / BUNDLE, eight_bit=True)


def _run_stages(
    model: FineParserPose, rendered: RecipeDives, config: RecipeConfig, out: Path, budget: Budget, cancel: CancelToken
) -> None:
    """Runs the stages after the rendering; finished ones are loaded from disk, an interrupted one goes on."""
    dives, stored = rendered.dives, out / "stored"
    truths = load_ground_truths(rendered.data.root, dives)
    backbone = model.static_encoder.backbone

    def run(stage: Stage) -> None:
        run_stage(stage, out, cancel, budget=budget)

    run(mask_stage(model, dives, rendered.whole_frames, truths, config))
    windows = []
    if "sharpen" not in budget.units:  # else nobody asks for them
        of = budget.take("windows", dives[: config.windows], _LEAST)
        windows = store_windows(model, of, config, out / "windows", cancel)
    run(sharpen_stage(model, windows, config))
    del windows  # half a megabyte a dive
    run(pose_stage(model, dives, truths, config))
    backbone.start_refiner()
    of = budget.take("coarse-poses", dives[: config.posed_dives], _LEAST)
    coarse = store_poses(model, of, config, stored, cancel)
    run(track_stage(model, coarse, truths, config, refined=False))
    run(refiner_stage(model, coarse, truths, config))
    posed = refine_poses(model, budget.take("refined-poses", coarse, _LEAST), config, stored, cancel)
    run(track_stage(model, posed, truths, config, refined=True))
    run(steps_stage(model, posed, config))
    numbers = budget.take("simulated", range(config.simulated_dives), _LEAST_SIMULATED)
    simulated = synthesize_poses(dives, numbers, config.seed, out / "simulated.npz", cancel)
    run(static_stage(model, simulated, dives, posed, truths, config))
    encoded = []
    if "parse" not in budget.units:
        encoded = store_fronts(
            model, budget.take("fronts", posed[: config.parse_dives], _LEAST), config, stored, cancel
        )
    run(parse_stage(model, encoded, truths, config))


def recipe_device(name: str) -> tuple[str, str]:
    """The device and the precision of a run; "auto" is CUDA if available, else the CPU.

    Raises:
        ConfigError: the device is not available, or not one that the stages are made for.
    """
    device = choose_device(name).type
    if device == "mps" and name == "auto":
        device = "cpu"
    if device not in ("cpu", "cuda"):
        raise ConfigError(f"The stages of the recipe run on cpu and cuda, not on {device}: give --device cpu.")
    precision = choose_precision(torch.device(device))
    return device, "fp32" if precision == "fp16" else precision  # half precision would need scaled losses

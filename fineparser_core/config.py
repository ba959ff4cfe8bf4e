"""Settings of training and evaluation: a flat, frozen record with named presets; no files, no torch."""

import math
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_origin, get_type_hints

from fineparser_core.constants import N_SAMPLES, N_WINDOWS, WINDOW_LENGTH, WINDOW_STRIDE, Precision
from fineparser_core.errors import ConfigError
from fineparser_core.methods import get_method

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: Static backbones of Table 5.
StaticBackbone = Literal["resnet18", "resnet34", "resnet50", "vit_s_16"]
Layout = Literal["auto", "finediving", "mtl-aqa", "unlv-dive", "dives"]
PreprocessingName = Literal["release", "whole", "follow"]
DecodingName = Literal["release", "joint", "flight"]
Pairing = Literal["dive-number", "difficulty", "random"]

STATIC_BACKBONES: tuple[StaticBackbone, ...] = get_args(StaticBackbone)
#: Processes a GPU that make batches, by default.
_LOADERS = 4
_RATES = ("lr", "i3d_lr", "psnet_lr", "mask_encoder_lr")
_COUNTS = ("epochs", "batch_size", "grad_accum_steps", "exemplars", "evaluate_every", "evaluate_late_every")


def check_choices(config: "DataclassInstance") -> None:
    """Check the fields of closed lists. Raises: ConfigError for a field of a closed list that has another value."""
    for name, kind in get_type_hints(type(config)).items():
        if get_origin(kind) is Literal and (value := getattr(config, name)) not in get_args(kind):
            allowed = ", ".join(str(choice) for choice in get_args(kind))
            raise ConfigError(f"{name} is {value!r}: use one of {allowed}.")


def check_numbers(config: "DataclassInstance", positive: tuple[str, ...]) -> None:
    """Check the numbers. Raises: ConfigError for a number that is negative or not finite, or among `positive` and 0."""
    for name in positive:
        if not getattr(config, name) > 0:
            raise ConfigError(f"{name} is {getattr(config, name)}: it must be above 0.")
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(value, int | float) and not 0 <= value < math.inf:
            raise ConfigError(f"{field.name} is {value}: it must be finite and not negative.")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which network: the method, and for the paper's FineParser its modules (Tables 3 to 5).

    Attributes:
        method: FineParser, fineparser-pose, a baseline, or your own as package.module:factory, see methods.md; the
            settings below are FineParser's.
        sap: spatial parser: the gate and the masks.
        sve: static stream.
        tap: temporal parser: predicted transitions; without it steps are cut at fixed shares of the clip.
        static_backbone: of the static stream (Table 5).
        step_duration: tokens of the static stream per step (Table 4).
        step_weights: lambda of Eq. 6, the weights of take-off, flight and entry in the regression.
        window_count: windows of 16 samples per clip; other than 9 only for a method that averages their features.
        window_stride: samples from the start of a window to that of the next; other than 10 likewise.
    """

    method: str = "fineparser"
    sap: bool = True
    sve: bool = True
    tap: bool = True
    static_backbone: StaticBackbone = "resnet34"
    step_duration: Literal[2, 4, 8] = 4
    step_weights: tuple[float, float, float] = (3.0, 5.0, 2.0)
    window_count: int = N_WINDOWS
    window_stride: int = WINDOW_STRIDE

    def __post_init__(self) -> None:
        check_choices(self)
        method = get_method(self.method)
        if len(self.step_weights) != 3 or min(self.step_weights) < 0 or not 0 < sum(self.step_weights) < math.inf:
            raise ConfigError(f"step_weights is {self.step_weights}: give three numbers, not negative and not all 0.")
        for field in fields(ModelConfig)[1:]:
            if field.name not in method.settings and getattr(self, field.name) != field.default:
                raise ConfigError(f"A '{self.method}' does not depend on {field.name}: leave {field.name} away.")
        self._check_windows()

    def _check_windows(self) -> None:
        count, stride = self.window_count, self.window_stride
        if count < 1 or stride < 1 or (count - 1) * stride + WINDOW_LENGTH > N_SAMPLES:
            raise ConfigError(
                f"{count} windows of {WINDOW_LENGTH} samples, {stride} apart, do not lie within {N_SAMPLES} samples: "
                "give a smaller --window-count or --window-stride, each at least 1."
            )

    @property
    def has_i3d(self) -> bool:
        """Whether the network sees windows through an I3D."""
        return get_method(self.method).backbone == "i3d"

    @property
    def has_parts(self) -> bool:
        """Whether the static backbone of the network can be chosen."""
        return "static_backbone" in get_method(self.method).settings

    @property
    def architecture(self) -> str:
        """One word for it; two configurations whose weights do not fit each other differ in it."""
        if not self.has_parts:
            return "-".join(filter(None, (self.method, get_method(self.method).backbone)))
        parts = [self.method, "i3d"]
        if self.sve:
            parts += [self.static_backbone, *([f"duration{self.step_duration}"] if self.step_duration != 4 else [])]
        return "-".join([*parts, *(f"no-{name}" for name in ("sap", "sve", "tap") if not getattr(self, name))])


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Start of a training run and its use of the machine; what it computes is in `TrainConfig`.

    Attributes:
        kinetics: file that `fineparser convert kinetics` wrote, for the I3Ds.
        c3d: state dict with the layers conv1 to fc7, for the baselines on C3D; it is read as data.
        imagenet: state dict of torchvision, for the static backbone, or of timm for its ViT-S/16; it is read as data.
        weights: bundle to start from; without it and `kinetics`, see `TrainConfig.start`.
        cache: folder for decoded frames (default: the user's cache folder).
        workers: threads that decode frames into the cache.
        loaders: processes that make batches ahead of the network; by default none on a CPU, and up to four a GPU. The
            batches are the same.
        checkpoint_every: iterations between checkpoints; a checkpoint of FineParser takes 616 MB.
        cudnn_benchmark: let cuDNN try which algorithms are the fastest.
        deterministic: take the algorithms that give equal numbers in every run; torch warns of operations without any,
            for example the 3D pooling of I3D on a GPU.
        limit: use the first so many usable training dives and test dives only, and decode no others.
        name: of the weights (default: the method's).
        trained_on: a sentence for whoever sees a score (default: from the data set).
        resume: go on with the run in the output folder, or start it.
        tensorboard: write losses and metrics for TensorBoard, too, which has to be installed.
    """

    kinetics: Path | None = None
    c3d: Path | None = None
    imagenet: Path | None = None
    weights: Path | None = None
    cache: Path | None = None
    workers: int = 2
    loaders: int | None = None
    checkpoint_every: int = 500
    cudnn_benchmark: bool = False
    deterministic: bool = False
    limit: int | None = None
    name: str | None = None
    trained_on: str | None = None
    resume: bool = False
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for name in ("kinetics", "c3d", "imagenet", "weights", "cache"):
            if isinstance(path := getattr(self, name), str):
                object.__setattr__(self, name, Path(path))
        check_numbers(self, ("workers", "checkpoint_every"))
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"limit is {self.limit}: it must be at least 1.")

    def loaders_of(self, device: str) -> int:
        """Return the number of processes that make batches for a device, "cpu" or "cuda"."""
        if self.loaders is not None:
            return self.loaders
        return 0 if device == "cpu" else min(_LOADERS, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class TrainConfig(ModelConfig):
    """Settings that decide what a training run computes, besides the data and the initial weights.

    Attributes:
        layout: of the data set, "finediving", "mtl-aqa", "unlv-dive", "dives", or "auto" to see by its files.
        preprocessing: how frames become network inputs, as a weights card names it.
        decoding: how transitions are read from their probabilities, as a weights card names it.
        pairing: what an exemplar shares with its query: the "dive-number", the "difficulty" (DD, the criterion of CoRe
            on MTL-AQA), or nothing ("random").
        lone_pairs: pair a training dive without any partner with itself, as released, in place of leaving it out.
        all_pairs: every ordered pair within a batch of dives, instead of an exemplar per query.
        exemplars: E, the voters of a test dive.
        flip: probability of mirroring a clip.
        temporal_shift: the end of the sampled range is drawn from so many frames earlier (release: 3).
        seed: of the initial weights, the splits and every draw.
        epochs: passes over the training dives.
        batch_size: pairs per batch and process; dives where `all_pairs`, and for a method that scores dives alone.
        grad_accum_steps: batches whose gradients are summed before the optimiser updates the weights. Deviation: the
            release's counter is off by one, so its first update sees a single batch.
        optimizer: "adam" (the paper's) or "adamw".
        lr: peak learning rate of every parameter that no other setting names.
        i3d_lr: peak of the temporal parser's I3D.
        psnet_lr: peak of PSNet.
        mask_encoder_lr: peak of the spatial parser's I3D.
        schedule: of the rates after the warm-up: "cosine" from the peak to `final_lr`, or "constant" at the peak.
        warmup_epochs: length of the linear warm-up.
        warmup_lr: learning rate at which the warm-up starts.
        final_lr: learning rate at which the cosine ends.
        weight_decay: of the optimiser; 0 in the paper.
        clip_norm: gradients are clipped to this norm; 0 is off.
        batch_norm: whose statistics are fixed: "release" those of the temporal parser's I3D only, "fixed" all, "train"
            none; those of frozen layers always are.
        freeze: prefixes of parameter names that are not trained.
        precision: of the encoders' passes, "auto", "fp32", "bf16" or "fp16"; the small heads and the losses are always
            float32.
        tf32: which products an NVIDIA GPU rounds to ten bits, for speed: "off" none, "convolutions" (PyTorch's default,
            and so the release's), "on" those of matrices, too.
        teacher_forcing: share of the epochs in which the static stream is cut at labels; the dynamic stream always is.
        mask_weight: of L_SAP in the total (Eq. 7: 1).
        transition_weight: of L_TAP (Eq. 7: 1).
        regression_weight: of L_Reg (Eq. 7: 1).
        focal_alpha: alpha_t of Eq. 9 for pixels of the athlete, 1 - alpha for the others; none, as released, weighs
            both alike.
        focal_gamma: gamma of Eq. 9.
        start: what the network starts from where neither weights nor `kinetics` are given: "random", the "bundled"
            weights, or nothing else than "kinetics", without which training is refused.
        initialization: of the rest: "ours", or as in the "release": mask decoder, and the variances of Kinetics as they
            are beneath a smaller eps.
        sve_weights: what the static backbone starts from where no weights are given: "random", or "imagenet", which
            torchvision fetches (version 1).
        validation_share: share of the training dives that are kept aside to pick the epoch by.
        validation_by: how they are drawn: by "number", the release's way of splitting (events occur on both sides), or
            whole "event"s.
        validation_limit: so many of them pick the epoch, drawn; 0 is all.
        per_number: their exemplars come from so many training dives of each number, drawn, which are encoded once for
            all of them; 0 is all.
        evaluate_every: epochs between evaluations.
        evaluate_late_from: first epoch, from 1, with another number of epochs between evaluations; 0 is never.
        evaluate_late_every: that number.
        test_epochs: evaluate the test split as often, to report the release's way of picking the best epoch on it.
        pick_on: what picks the epoch whose weights are the bundle: "validation", or the "test" split as in the
            release, which overstates what they can do.
    """

    layout: Layout = "auto"
    preprocessing: PreprocessingName = "release"
    decoding: DecodingName = "release"
    pairing: Pairing = "dive-number"
    lone_pairs: bool = False
    all_pairs: bool = False
    exemplars: int = 10
    flip: float = 0.5
    temporal_shift: int = 3

    seed: int = 10086
    epochs: int = 400
    batch_size: int = 2
    grad_accum_steps: int = 2
    optimizer: Literal["adam", "adamw"] = "adam"
    lr: float = 1e-3
    i3d_lr: float = 1e-4
    psnet_lr: float = 1e-3
    mask_encoder_lr: float = 1e-3
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_epochs: float = 5.0
    warmup_lr: float = 1e-4
    final_lr: float = 1e-4
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    batch_norm: Literal["release", "fixed", "train"] = "release"
    freeze: tuple[str, ...] = ()
    precision: Precision = "fp32"
    tf32: Literal["off", "convolutions", "on"] = "off"

    teacher_forcing: float = 1.0
    mask_weight: float = 1.0
    transition_weight: float = 1.0
    regression_weight: float = 1.0
    focal_alpha: float | None = None
    focal_gamma: float = 2.0

    start: Literal["random", "kinetics", "bundled"] = "random"
    initialization: Literal["ours", "release"] = "ours"
    sve_weights: Literal["random", "imagenet"] = "random"
    validation_share: float = 0.1
    validation_by: Literal["number", "event"] = "number"
    validation_limit: int = 0
    per_number: int = 10
    evaluate_every: int = 1
    evaluate_late_from: int = 0
    evaluate_late_every: int = 1
    test_epochs: bool = False
    pick_on: Literal["validation", "test"] = "validation"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, (*_COUNTS, *_RATES))
        if self.all_pairs and self.batch_size < 2:
            raise ConfigError(
                f"A batch of {self.batch_size} has no pairs: give --batch-size at least 2 with --all-pairs."
            )
        if self.validation_share >= 1:
            raise ConfigError("validation_share must be below 1.")
        if self.pick_on == "test" and not self.test_epochs:
            raise ConfigError("The epoch is to be picked on the test split: add --test-epochs, which measures it.")
        for name in ("flip", "teacher_forcing", "focal_alpha"):
            if (getattr(self, name) or 0) > 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: use a share of 1.")
        if self.preprocessing == "follow" and not (get_method(self.method).whole and self.sap):
            raise ConfigError("Preprocessing 'follow' needs a network that finds the athlete: use 'whole'.")

    def evaluates(self, epoch: int) -> bool:
        """Return True if the network is measured after an epoch, from 1; it always is after the last one."""
        late = 0 < self.evaluate_late_from <= epoch
        return epoch % (self.evaluate_late_every if late else self.evaluate_every) == 0

    @property
    def contrastive(self) -> bool:
        """Whether the method compares dives; the others score each alone."""
        return get_method(self.method).contrastive

    @property
    def learns_steps(self) -> bool:
        """Whether the network has a temporal parser, which needs step labels."""
        return "steps" in get_method(self.method).labels and self.tap

    @property
    def learns_masks(self) -> bool:
        """Whether the network has a spatial parser that learns from true masks."""
        return "masks" in get_method(self.method).labels and self.sap and self.mask_weight > 0

    @property
    def looks_through_bundle(self) -> bool:
        """Whether a baseline sees through frozen parts of the bundled weights, whatever its own start from."""
        return self.start == "bundled" and bool(self.freeze) and not get_method(self.method).whole

    @property
    def model(self) -> ModelConfig:
        """The part of it that makes the network."""
        return ModelConfig(**{field.name: getattr(self, field.name) for field in fields(ModelConfig)})

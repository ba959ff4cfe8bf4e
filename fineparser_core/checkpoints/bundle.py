"""Our weights format, a folder as on the Hugging Face Hub: model.safetensors, config.json with the card, README.md.

Data only, nothing that could run.
"""

import errno
import hashlib
import json
import math
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.overrides import TorchFunctionMode

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.constants import CARD_NAME, CARD_PAGE, MOST_CARD_BYTES
from fineparser_core.errors import CheckpointError, ConfigError, ExportError
from fineparser_core.methods import get_method, is_own_method
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.resources import weights_folder
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import from_json
from fineparser_core.support.documents import read_document
from fineparser_core.support.files import file_sha256
from fineparser_core.video.preprocess import get_preprocessing

FORMAT = "fineparser.weights/2"
WHOLE_NETWORK = ModelConfig()
WEIGHTS_NAME = "model.safetensors"
#: Weights that are about to replace those of `WEIGHTS_NAME`.
_NEXT_NAME = "model.next.safetensors"
#: Maximum number of parameters read for a smaller network: four times those of the largest network here.
MOST_PARAMETERS = 200_000_000
_MOST_HEADER_BYTES = 10_000_000
_LONGEST_NAME = 100
_MOST_DIMENSIONS = 8
_DTYPES = ("F32", "F16", "I8")
# Version of the encoding: raised when the same weights encode clips differently than before, see `identify`.
_ENCODED = "2"
# Large kernels may be stored as whole numbers from -127 to 127, and the float32 scale (n,) of each output channel.
_SCALE = ":scale"
_CONVOLUTION_DIMS, _LARGE_KERNEL = (4, 5), 4096
#: Limit of weights that saw rendered dives alone.
_RENDERED = (
    "Trained on rendered dives whose qualities and scores come from a made-up rubric: no number of them says how well "
    "it scores real dives."
)

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Record of how the recipe made weights.

    Attributes:
        versions: of the packages, by name.
        inputs: digests, by what they are of.
        stages: of each stage, its "minutes" and what was measured of it.
    """

    machine: str
    versions: Mapping[str, str]
    inputs: Mapping[str, str]
    stages: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class WeightsCard:
    """Description of weights, for people and for the code that must treat clips as training did.

    Attributes:
        id: name and a hash of the weights and of how they are used; made anew when the card is read.
        preprocessing: name in `fineparser_core.video.preprocess`.
        architecture: of the network, as `ModelConfig` calls it.
        model: settings of the network that differ from the whole FineParser's, by their names in `ModelConfig`.
        decoding: "release", "joint" or "flight", how transitions are read from the probabilities.
        pairing: what an exemplar shares with its query, as training chose it.
        trained_on: sentence shown beside each score.
        synthetic: True where every training dive was rendered.
        evaluation: how training measured `metrics`: "exemplars", "seed" and "precision", the defaults of evaluating
            these weights again; empty where training did not.
        metrics: numbers by name, with the data they were measured on in the name.
        real: measures of real clips with labels and their values, as `evaluate --real` prints them.
        calibration: what `fineparser calibrate` fitted, see `evaluation.calibration`; empty before.
        activations: largest output of each unit of the I3Ds in a usual dive, by its name, for precision "int8"; empty
            where `fineparser calibrate` did not measure it.
        streams: Spearman's rho of the bundled exemplars, each scored by the others, by "both" streams, by the "static"
            stream alone and by the "dynamic" stream alone, and the number of "dives"; empty where it was not measured.
        provenance: None for weights that the recipe did not make.
        inputs, intended_use, limitations: sentences of the method, see `Method`.
        choices: on which dives the constants were chosen that training did not learn.
        notices: origins and licenses of what the weights were initialized from.
        license: of the weights, as the Hub names it, "apache-2.0"; "" where whoever trained them has named none.
        sha256: of the file of the weights.
    """

    name: str
    id: str = ""
    format: str = FORMAT
    architecture: str = WHOLE_NETWORK.architecture
    model: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: str = "whole"
    decoding: str = "joint"
    pairing: str = "dive-number"
    trained_on: str
    synthetic: bool
    training: str = ""
    seed: int = 0
    commit: str = ""
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    real: Mapping[str, str] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    activations: Mapping[str, float] = field(default_factory=dict)
    streams: Mapping[str, float] = field(default_factory=dict)
    provenance: Provenance | None = None
    choices: str = ""
    inputs: str = ""
    intended_use: str = ""
    limitations: str = ""
    notices: tuple[str, ...] = ()
    license: str = ""
    sha256: str = ""

    @property
    def method(self) -> str:
        """Return the name of the method, FineParser's where the model names none."""
        return str(self.model.get("method", WHOLE_NETWORK.method))


def card_of_method(config: ModelConfig, *, rendered: bool, name: str | None = None) -> dict[str, Any]:
    """Return the fields of a card that follow from the method: name, network, inputs, intended use and limits.

    Args:
        rendered: True if the weights saw rendered dives alone.
        name: in place of the method's.
    """
    method = get_method(config.method)
    return {
        "name": name or method.name.rpartition(":")[2],  # of your own method, the function of its path
        "architecture": config.architecture,
        "model": asdict(config),
        "inputs": method.inputs,
        "intended_use": method.intended_use,
        "limitations": " ".join(filter(None, [_RENDERED if rendered else "", method.limitations])),
    }


def _store(state: Mapping[str, Tensor], half: bool, eight_bit: bool) -> dict[str, Tensor]:
    stored = {}
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):  # bookkeeping of batch norm, unused in inference
            continue
        if eight_bit and value.ndim in _CONVOLUTION_DIMS and value.numel() >= _LARGE_KERNEL:
            kernel = value.detach().float().cpu()
            scale = kernel.flatten(1).abs().amax(dim=1).clamp(min=1e-12) / 127
            whole = (kernel / scale.view(-1, *[1] * (kernel.ndim - 1))).round().to(torch.int8)
            stored[name], stored[name + _SCALE] = whole.contiguous(), scale
            continue
        # Only kernels are halved: variances can be too small for fp16, and vectors weigh nothing.
        dtype = torch.float16 if half and value.ndim > 1 else torch.float32
        stored[name] = value.detach().to("cpu", dtype).contiguous()
    return stored


def save_bundle(
    state: Mapping[str, Tensor], card: WeightsCard, folder: Path, *, half: bool = True, eight_bit: bool = False
) -> WeightsCard:
    """Write weights, card and page into a folder, all or nothing; an older bundle there is replaced.

    The new weights are written beside the older ones and take their name after the card has been replaced, atomically:
    a reader finds either the older or the newer bundle, also after a kill.

    Args:
        half: kernels as float16.
        eight_bit: large kernels of convolutions in 8 bits, with a scale for each output channel.

    Returns: the card with its id and the weights' hash.
    Raises: ExportError where the folder cannot be written.
    """
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _finish_replacing(folder)
    except OSError as error:
        raise ExportError("{0} cannot be written: {1}. Choose another folder.", folder, error.strerror) from None
    try:
        data = save(_store(state, half, eight_bit))
        card = replace(card, sha256=hashlib.sha256(data).hexdigest())
        card = replace(card, id=identify(card))
        if not _holds(folder / WEIGHTS_NAME, data):
            write_whole(folder / _NEXT_NAME, data)
        write_card(card, folder)
    except BaseException:
        with suppress(OSError):
            (folder / _NEXT_NAME).unlink(missing_ok=True)
        if new:
            with suppress(OSError):
                folder.rmdir()
        raise
    _finish_replacing(folder)
    write_whole(folder / CARD_PAGE, short_page(card))
    return card


def _holds(path: Path, data: bytes) -> bool:
    """Return True if a file is there whole: on Windows a file that is open elsewhere cannot be replaced."""
    with suppress(OSError):
        return not path.is_symlink() and path.read_bytes() == data
    return False


def _finish_replacing(folder: Path) -> None:
    """Give weights that the card names already their name; others beside it are of a writer that was killed."""
    path = folder / _NEXT_NAME
    with suppress(OSError, CheckpointError):  # Windows keeps files that are being read; the next writer does it
        if path.is_file() and file_sha256(path) == read_card(folder).sha256:
            path.replace(folder / WEIGHTS_NAME)


def metadata(card: WeightsCard) -> str:
    """Return the head of a bundle's page by which the Hub lists it, in YAML."""
    tags = ["action-quality-assessment", "diving", card.method]
    lines = [f"license: {card.license}"] if card.license else []
    lines += ["library_name: fineparser", "pipeline_tag: video-classification", f"tags: {json.dumps(tags)}"]
    return "\n".join(["---", *lines, "---"])


def short_page(card: WeightsCard) -> str:
    """Return the page of a bundle that was not measured yet, in Markdown; `write_model_card` writes the whole one."""
    sentences = f"Trained on {card.trained_on}.", card.inputs, card.intended_use, card.limitations, *card.notices
    return "\n\n".join([metadata(card), f"# {card.id}", *filter(None, sentences)]) + "\n"


def identify(card: WeightsCard) -> str:
    """Return the id of weights. Encodings are kept by it, so whatever changes them changes it."""
    content = [card.sha256, card.architecture, card.preprocessing, card.decoding, _ENCODED]
    digest = hashlib.sha256("\n".join(content).encode()).hexdigest()
    return f"{card.name}-{digest[:8]}"


def write_card(card: WeightsCard, folder: Path) -> None:
    """Replace the card of a bundle, all or nothing.

    Raises: ExportError where it cannot be written.
    """
    write_whole(folder / CARD_NAME, json.dumps(asdict(card), indent=2) + "\n")


def read_card(folder: Path) -> WeightsCard:
    """Read the card of a bundle; its id is computed from its content, so that no weights can claim the id of others.

    Raises: CheckpointError where there is no bundle, or its card cannot be read.
    """
    path = folder / CARD_NAME
    if not path.exists():
        inside = folder / "bundle"
        hint = f", such as {inside}" if (inside / CARD_NAME).is_file() else ""
        raise CheckpointError("{0} holds no weights (no {1}): give the folder of a bundle{2}.", folder, CARD_NAME, hint)

    def refuse(reason: str) -> CheckpointError:
        return CheckpointError("{0} cannot be read: {1}. Fetch the weights again.", path, reason)

    raw = read_document(path, dict[str, Any], refuse, most_bytes=MOST_CARD_BYTES)
    if raw.get("format") != FORMAT:
        raise CheckpointError("{0} is not a '{1}' card. Update the program or fetch other weights.", path, FORMAT)
    try:
        card = _read_whole(raw, WeightsCard)
    except ValueError as error:
        raise CheckpointError(
            "{0} has a missing, unknown or wrong field {1}. Fetch the weights again.", path, str(error)[:80]
        ) from None
    names = (card.name, card.architecture, card.preprocessing, card.decoding, card.pairing, *card.model)
    names += tuple(card.model.values())
    shown = [name for name in names if isinstance(name, str)]
    fitting = all(name.isprintable() and 0 < len(name) <= _LONGEST_NAME for name in shown)
    if not fitting or not card.trained_on.isprintable():
        raise CheckpointError("{0} has a name that cannot be shown. Fetch the weights again.", path)
    method = card.model.get("method")
    if isinstance(method, str) and ":" in method:
        try:
            get_method(method)
        except ConfigError:
            raise CheckpointError(
                "{0} is of your own method {1}: name it again (--method {1}).", path, method
            ) from None
    try:
        try:
            config = _read_whole(card.model, ModelConfig)
        except ValueError as error:
            raise ConfigError("Its model has an unknown or wrong setting {0}.", str(error)[:80]) from None
        if card.architecture != config.architecture:
            raise ConfigError("Its architecture is '{0}', not '{1}'.", card.architecture, config.architecture)
        get_preprocessing(card.preprocessing)
        if card.decoding not in DECODERS:
            raise ConfigError("Unknown decoding '{0}': use {1}.", card.decoding, " or ".join(DECODERS))
    except ConfigError as error:
        raise CheckpointError(
            "{0} cannot be used: {1} Update the program or fetch other weights.", path, error
        ) from None
    return replace(card, id=identify(card), model={name: getattr(config, name) for name in card.model})


def _read_whole(values: Mapping[str, Any], kind: type[Result]) -> Result:
    """Convert to a record that holds no other fields. Raises: ValueError."""
    if unknown := sorted(values.keys() - get_type_hints(kind)):
        raise ValueError(repr(unknown[0]))
    return from_json(values, kind)


def load_bundle(folder: Path, most_parameters: int = MOST_PARAMETERS) -> tuple[dict[str, Tensor], WeightsCard]:
    """Load state dict (float32) and card of a bundle, the file checked against the card's hash.

    Args:
        most_parameters: more are refused before they are read.

    Raises: CheckpointError for anything missing or damaged, or numbers that are not finite.
    """
    return _by_the_card(folder, lambda card: (_load_weights(folder, card, most_parameters), card))


def _by_the_card(folder: Path, read: Callable[[WeightsCard], Result]) -> Result:
    """Read a bundle by its card; once more where the bundle was replaced meanwhile."""
    card = read_card(folder)
    while True:
        try:
            return read(card)
        except CheckpointError:
            before, card = card, read_card(folder)
            if card.sha256 == before.sha256:
                raise


def _load_weights(folder: Path, card: WeightsCard, most_parameters: int) -> dict[str, Tensor]:
    """Load the weights that a card names, which may not have their name yet."""
    with suppress(CheckpointError):
        return _load_file(folder / _NEXT_NAME, card, most_parameters)
    return _load_file(folder / WEIGHTS_NAME, card, most_parameters)


def _load_file(path: Path, card: WeightsCard, most_parameters: int) -> dict[str, Tensor]:
    try:
        if _count_parameters(path, most_parameters) > most_parameters:
            raise CheckpointError(
                "{0} has more than {1:,} parameters. Fetch the weights again.", path.parent, most_parameters
            )
        if file_sha256(path) != card.sha256:
            raise CheckpointError("{0} is damaged (its checksum differs from the card). Fetch the weights again.", path)
        with safe_open(path, framework="pt") as file:
            stored = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise CheckpointError(
            "{0} cannot be read: {1}. Fetch the weights again.", path, error.strerror or error
        ) from None
    except SafetensorError as error:
        raise CheckpointError(
            "{0} is not a safetensors file: {1}. Fetch the weights again.", path, ascii(str(error)[:200])
        ) from None
    return _from_stored(stored, path.parent)


def _count_parameters(path: Path, most: int) -> int:
    """Count the numbers that the header of a file declares, and check that the file is as long.

    Raises:
        OSError: it is no file, or longer than `most` of them.
        SafetensorError: it holds no weights.
    """
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is not a file")
    if state.st_size > 4 * most + _MOST_HEADER_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {most:,} parameters")
    with path.open("rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
    if n_header > _MOST_HEADER_BYTES:
        raise SafetensorError("its header is too large")
    n_parameters = 0
    with safe_open(path, framework="pt") as weights:
        if not weights.keys():
            raise SafetensorError("it holds no weights")
        for key in weights.keys():  # noqa: SIM118
            tensor = weights.get_slice(key)
            if tensor.get_dtype() not in _DTYPES or len(tensor.get_shape()) > _MOST_DIMENSIONS:
                raise SafetensorError(f"{key!r:.80} is of another type, {tensor.get_dtype()}, or shape")
            n_parameters += math.prod(tensor.get_shape())
    return n_parameters


def _from_stored(stored: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Return tensors as float32, kernels of 8 bits times their scales.

    Raises: CheckpointError where a scale is missing or does not fit, or a number is not finite.
    """
    state = {}
    for name, value in stored.items():
        # Stored values are fewer bytes to check; numbers of 8 bits are finite, but not with every scale.
        if value.is_floating_point() and not (value * 128 if name.endswith(_SCALE) else value).isfinite().all():
            raise CheckpointError(
                "{0} holds numbers that are not finite, in {1}: fetch other weights.", folder, repr(name)[:80]
            )
        if name.endswith(_SCALE):
            continue
        state[name] = value.float()
        if value.dtype == torch.int8:
            scale = stored.get(name + _SCALE)
            if scale is None or scale.shape != value.shape[:1] or not value.ndim:
                raise CheckpointError("{0} lacks the scale of {1}. Fetch the weights again.", folder, repr(name)[:80])
            state[name] = state[name] * scale.view(-1, *[1] * (value.ndim - 1))
    return state


def load_into(model: torch.nn.Module, state: Mapping[str, Tensor], source: Path) -> None:
    """Load a state dict strictly, but for batch norm's bookkeeping, which bundles do not keep.

    Raises: CheckpointError naming the first tensor that is missing, unknown, or of another shape.
    """
    state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    own = {k: v.shape for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    wrong = sorted(own.keys() ^ state.keys()) or [k for k in own if own[k] != state[k].shape]
    if wrong:
        raise CheckpointError(
            "{0} is of another architecture: {1} does not fit ({2} tensors).", source, repr(wrong[0])[:80], len(wrong)
        )
    model.load_state_dict(state, strict=False)


def load_model(folder: str | Path | None = None) -> tuple[AQAModel, WeightsCard]:
    """Return the network of a bundle, on CPU, in evaluation mode, and the card.

    Args:
        folder: of the bundle; None or "bundled" for the bundled weights.

    Raises: CheckpointError for anything missing or damaged.

    Example:
        >>> network, card = load_model("bundled")
        >>> card.method, network.contrastive
        ('fineparser-pose', True)
    """
    folder = weights_folder(folder)

    def read(card: WeightsCard) -> AQAModel:
        try:
            model = ModelConfig(**card.model)
            # Modules of others may draw until the values fit.
            with _Undrawn() if is_own_method(model.method) else nullcontext():
                network = build_model(model)
        except ConfigError as error:
            raise CheckpointError("{0} cannot be loaded: {1}", folder, error) from None
        load_into(network, _load_weights(folder, card, most_parameters(network)), folder)
        return network.eval()

    return _by_the_card(folder, lambda card: (read(card), card))


class _Undrawn(TorchFunctionMode):
    """Builds the program's own networks without drawing their weights, which takes a third of the time of loading.

    Whole functions of torch.nn.init are left out. Methods of tensors run, as torch draws by them until the values fit.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init" and func.__name__.endswith(("uniform_", "normal_")):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def most_parameters(network: torch.nn.Module) -> int:
    """Return the number of parameters that `load_bundle` reads at most for a network."""
    return max(MOST_PARAMETERS, 2 * sum(int(value.numel()) for value in network.state_dict().values()))


def load_fineparser(folder: Path) -> tuple[FineParser, WeightsCard]:
    """Load a model, see `load_model`, that gives masks, steps and contributions.

    Raises: CheckpointError as well for a network that lacks some of them.
    """
    card = read_card(folder)
    config = ModelConfig(**card.model)
    if get_method(config.method).whole and config.sap and config.sve and config.tap:
        network, card = load_model(folder)
        if isinstance(network, FineParser):
            return network, card
    raise CheckpointError(
        "{0} holds a '{1}', which does not give masks, phases and contributions: "
        "give the weights of a whole FineParser.",
        folder,
        card.architecture,
    )

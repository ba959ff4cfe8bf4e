"""Our weights format: a folder with safetensors shards and a JSON card; data only, nothing that could run."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from fineparser_core.checkpoints.build import BackboneFactory, build_model
from fineparser_core.config import FINEPARSERS, ModelConfig
from fineparser_core.errors import CheckpointError, ConfigError, ExportError
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.temporal_parser import DECODERS
from fineparser_core.resources import resource
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.preprocess import get_preprocessing

FORMAT = "fineparser.weights/1"
CARD_NAME = "card.json"
WHOLE_NETWORK = ModelConfig()
#: Hosting services refuse or warn about larger files.
MAX_SHARD_BYTES = 44_000_000
# Counted up where the same weights encode clips otherwise than they did, see `identify`.
_ENCODED = "2"
_SCALE = ":scale"
_CONVOLUTION_DIMS = (4, 5)
_LARGE_KERNEL = 4096


@dataclass(frozen=True, kw_only=True)
class WeightsCard:
    """What the weights are: read by people, and by the code that must treat clips as training did.

    Attributes:
        id: name and a hash of the weights and of how they are used; set when the bundle is written.
        preprocessing: name in `fineparser_core.video.preprocess`.
        architecture: of the network, as `ModelConfig` calls it.
        model: settings of the network that differ from the whole FineParser's, by their names in `ModelConfig`.
        decoding: "release", "joint" or "flight", how transitions are read from the probabilities.
        pairing: what an exemplar shares with its query, as training chose it.
        trained_on: one sentence for whoever sees a score.
        synthetic: True where every training dive was rendered.
        evaluation: how training measured `metrics`: "exemplars", "seed" and "precision", the defaults of evaluating
            these weights again; empty where training did not.
        metrics: numbers by name, with the data they were measured on in the name.
        calibration: what `fineparser calibrate` fitted, see `inference.calibration`; empty before.
        streams: Spearman's rho of the bundled exemplars, each scored by the others, by "both" streams, the "static" one
            and the "dynamic" one alone, and the number of "dives"; empty where it was not measured.
        choices: on which dives the constants were chosen that training did not learn.
        notices: origins and licences of what the weights were initialised from.
        shards: file name to sha256.
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
    calibration: Mapping[str, Any] = field(default_factory=dict)
    streams: Mapping[str, float] = field(default_factory=dict)
    choices: str = ""
    intended_use: str = ""
    limitations: str = ""
    notices: tuple[str, ...] = ()
    shards: Mapping[str, str] = field(default_factory=dict)


def _store(state: Mapping[str, Tensor], half: bool, eight_bit: bool) -> dict[str, Tensor]:
    stored = {}
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):  # bookkeeping of batch norm, unused in inference
            continue
        if eight_bit and value.ndim in _CONVOLUTION_DIMS and value.numel() >= _LARGE_KERNEL:
            stored[name], stored[name + _SCALE] = _to_eight_bit(value.detach().float().cpu())
            continue
        # Only kernels are halved: variances can be too small for fp16, and vectors weigh nothing.
        dtype = torch.float16 if half and value.ndim > 1 else torch.float32
        stored[name] = value.detach().to("cpu", dtype).contiguous()
    return stored


def _to_eight_bit(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers from -127 to 127, and the float32 scale (n,) of each of the kernel's first dimension."""
    scale = kernel.flatten(1).abs().amax(dim=1).clamp(min=1e-12) / 127
    rows = scale.view(-1, *[1] * (kernel.ndim - 1))
    return (kernel / rows).round().to(torch.int8).contiguous(), scale


def _from_stored(stored: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Tensors as float32, kernels of 8 bits times their scales.

    Raises: CheckpointError where a scale is missing or does not fit.
    """
    state = {}
    for name, value in stored.items():
        if name.endswith(_SCALE):
            continue
        state[name] = value.float()
        if value.dtype == torch.int8:
            scale = stored.get(name + _SCALE)
            if scale is None or scale.shape != value.shape[:1]:
                raise CheckpointError(f"{folder} lacks the scale of '{name}'. Fetch the weights again.")
            state[name] = state[name] * scale.view(-1, *[1] * (value.ndim - 1))
    return state


def _shards(state: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in state.items():
        if size + value.nbytes > MAX_SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = value
        size += value.nbytes
    return shards


def save_bundle(
    state: Mapping[str, Tensor], card: WeightsCard, folder: Path, *, half: bool = True, eight_bit: bool = False
) -> WeightsCard:
    """Writes weights and card as a folder, all or nothing; an older bundle of that name is replaced.

    Args:
        half: kernels as float16.
        eight_bit: large kernels of convolutions in 8 bits, with a scale for each output channel: half the download
            again. Measure what is loaded from it, not what was saved.

    Returns: the card with its id and shard hashes.
    Raises: ExportError where the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror}. Choose another folder.") from None
    try:
        shards = _shards(_store(state, half, eight_bit))
        hashes = {}
        for i, shard in enumerate(shards, start=1):
            name = f"model-{i:02d}-of-{len(shards):02d}.safetensors"
            data = save(shard)
            hashes[name] = hashlib.sha256(data).hexdigest()
            _write_synced(temporary / name, data)
        card = replace(card, shards=hashes)
        card = replace(card, id=identify(card))
        _write_synced(temporary / CARD_NAME, (json.dumps(asdict(card), indent=2) + "\n").encode())
        temporary.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            os.replace(folder, old / "bundle")
            os.replace(temporary, folder)
            shutil.rmtree(old)
        else:
            os.replace(temporary, folder)
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror}. Choose another folder.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return card


def identify(card: WeightsCard) -> str:
    """The id of weights. Encodings are kept by it, so whatever changes them changes it."""
    content = [*card.shards.values(), card.architecture, card.preprocessing, card.decoding, _ENCODED]
    digest = hashlib.sha256("\n".join(content).encode()).hexdigest()
    return f"{card.name}-{digest[:8]}"


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_card(card: WeightsCard, folder: Path) -> None:
    """Replaces the card of a bundle, all or nothing.

    Raises: ExportError where it cannot be written.
    """
    with atomic_file(folder / CARD_NAME) as temporary:
        temporary.write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")


def read_card(folder: Path) -> WeightsCard:
    """The card of a bundle.

    Raises: CheckpointError where there is no bundle, or its card cannot be read.
    """
    path = folder / CARD_NAME
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        inside = folder / "bundle"
        hint = f", such as {inside}" if (inside / CARD_NAME).is_file() else ""
        raise CheckpointError(
            f"{folder} holds no weights (no {CARD_NAME}): give the folder of a bundle{hint}."
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Fetch the weights again.") from None
    known = {f.name for f in fields(WeightsCard)}
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a '{FORMAT}' card. Update the program or fetch other weights.")
    unknown = sorted(set(raw) - known)
    absent = sorted({"name", "trained_on", "synthetic", "shards"} - set(raw))
    if unknown or absent:
        raise CheckpointError(f"{path} has unknown fields {unknown} or lacks {absent}. Fetch the weights again.")
    shards, notices = raw["shards"], raw.get("notices", [])
    if not isinstance(shards, dict) or not all(isinstance(value, str) for value in shards.values()):
        raise CheckpointError(f"{path} lists no shards with their checksums. Fetch the weights again.")
    if not isinstance(notices, list):
        raise CheckpointError(f"{path} has notices that are no list. Fetch the weights again.")
    model = raw.get("model", {})
    if not isinstance(model, dict):
        raise CheckpointError(f"{path} has a model that is no object. Fetch the weights again.")
    model = {name: tuple(value) if isinstance(value, list) else value for name, value in model.items()}
    card = WeightsCard(**{**raw, "model": model, "notices": tuple(notices)})
    try:
        known_as = ModelConfig(**card.model).architecture
        if card.architecture != known_as:
            raise ConfigError(f"Its architecture is '{card.architecture}', not '{known_as}'.")
        get_preprocessing(card.preprocessing)
        if card.decoding not in DECODERS:
            raise ConfigError(f"Unknown decoding '{card.decoding}': use {' or '.join(DECODERS)}.")
    except (ConfigError, TypeError) as error:  # an unhashable value or an unknown setting is a TypeError
        raise CheckpointError(f"{path} cannot be used: {error} Update the program or fetch other weights.") from None
    return card


def load_bundle(folder: Path) -> tuple[dict[str, Tensor], WeightsCard]:
    """State dict (float32) and card of a bundle, its shards checked against the card's hashes.

    Raises: CheckpointError for anything missing or damaged.
    """
    card = read_card(folder)
    state: dict[str, Tensor] = {}
    for name, expected in card.shards.items():
        path = folder / Path(name).name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror}. Fetch the weights again.") from None
        if hashlib.sha256(data).hexdigest() != expected:
            raise CheckpointError(f"{path} is damaged (its checksum differs from the card). Fetch the weights again.")
        try:
            state.update(load(data))
        except SafetensorError as error:
            raise CheckpointError(f"{path} is not a safetensors file: {error}. Fetch the weights again.") from None
    return _from_stored(state, folder), card


def load_into(model: torch.nn.Module, state: Mapping[str, Tensor], source: Path) -> None:
    """Loads a state dict strictly, but for batch norm's bookkeeping, which bundles do not keep.

    Raises: CheckpointError naming the first tensor that is missing, unknown, or of another shape.
    """
    state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    own = {k: v.shape for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    wrong = sorted(own.keys() ^ state.keys()) or [k for k in own if own[k] != state[k].shape]
    if wrong:
        raise CheckpointError(f"{source} is of another architecture: '{wrong[0]}' does not fit ({len(wrong)} tensors).")
    model.load_state_dict(state, strict=False)


def load_model(
    folder: str | Path | None = None, *, static_backbone: BackboneFactory | None = None
) -> tuple[AQAModel, WeightsCard]:
    """The network of a bundle (default: the bundled weights), on CPU, in evaluation mode, and the card.

    Args:
        static_backbone: makes the static backbone where training was given one; a card says that it takes one, and its
            name, but never where it is from.

    Raises: CheckpointError for anything missing or damaged, or where that function is missing.
    """
    folder = resource("weights", "fineparser") if folder is None else Path(folder)
    state, card = load_bundle(folder)
    try:
        method = build_model(ModelConfig(**card.model), static_backbone)
    except ConfigError as error:
        raise CheckpointError(f"{folder} cannot be loaded: {error}") from None
    load_into(method, state, folder)
    return method.eval(), card


def load_fineparser(folder: Path) -> tuple[FineParser, WeightsCard]:
    """As `load_model`, for those who need masks, steps and contributions.

    Raises: CheckpointError as well for a network that lacks some of them.
    """
    card = read_card(folder)
    config = ModelConfig(**card.model)
    if not (config.method in FINEPARSERS and config.sap and config.sve and config.tap):
        raise CheckpointError(
            f"{folder} holds a '{card.architecture}', which does not give masks, phases and contributions: "
            "give the weights of a whole FineParser."
        )
    network, card = load_model(folder)
    assert isinstance(network, FineParser)
    return network, card

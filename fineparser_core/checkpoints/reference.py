"""The authors' checkpoint layout: fourteen state dicts in a `torch.save`d dict, renamed to our modules."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fineparser_core.errors import CheckpointError

ENTRIES = (
    *("base_model", "psnet_model", "decoder1", "decoder2", "decoder3", "decoder4"),
    *("regressor_delta1", "regressor_delta2", "regressor_delta3", "video_encoder"),
    *("dim_reducer1", "dim_reducer2", "dim_reducer3", "segmenter"),
)

#: Tensors that no forward path of the release uses: the third regressor and ResNet's classifier.
_UNUSED = re.compile(r"regressor_delta3/.*|video_encoder/backbone\.fc\..*")

#: Streams by the release's numbering: decoders 1 and 3 are static, 2 and 4 dynamic; 3 and 4 are the last step's.
_DECODERS = {
    "decoder1": "static_stream.first",
    "decoder2": "dynamic_stream.first",
    "decoder3": "static_stream.last",
    "decoder4": "dynamic_stream.last",
}
#: The parts of a decoder's block.
_BLOCK = {
    **{"norm_q": "norm_q", "norm_v": "norm_v", "norm2": "norm_mlp"},
    **{f"attn.{part}": part for part in ("q_map", "k_map", "v_map", "proj")},
    **{f"mlp.{part}": part for part in ("fc1", "fc2")},
}
#: The release stores the reducers of steps 1, 2, 3 under the names 3, 1, 2.
_REDUCERS = {"dim_reducer3": 0, "dim_reducer1": 1, "dim_reducer2": 2}

#: Pickled types of the numbers beside the tensors, for example the best epoch's metrics.
_NUMPY_SCALARS: list[Any] = [
    *((np.float64(0).__reduce__()[0], f"numpy.{core}.multiarray.scalar") for core in ("_core", "core")),
    np.dtype,
    *{type(np.dtype(code)) for code in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"},
]


def _prefixes() -> dict[str, str]:
    """Return the release's prefix of a tensor's name to ours; the first that fits holds."""
    table = {"base_model/backbone.": "i3d."}
    for i in range(4):
        table[f"segmenter/side_prep{i + 1}."] = f"spatial_parser.decoder.side.{i}."
        table[f"segmenter/score_dsn{i + 1}."] = f"spatial_parser.decoder.score.{i}."
        table[f"segmenter/upsample{i + 1}_."] = f"spatial_parser.decoder.upsample_score.{i}."
        table[f"segmenter/upsample{i + 1}."] = f"spatial_parser.decoder.upsample_side.{i}."
        table[f"psnet_model/down{i + 4}.mpconv.1.conv."] = f"psnet.down.{i}.conv."
    table["segmenter/fuse."] = "spatial_parser.decoder.fuse."
    table["segmenter/"] = "spatial_parser.encoder."
    table["psnet_model/inc1.conv.conv."] = "psnet.inc."
    table["psnet_model/tas."] = "psnet."
    for decoder, stream in _DECODERS.items():
        for block in range(3):
            for theirs, ours in _BLOCK.items():
                table[f"{decoder}/model.{block}.{theirs}."] = f"{stream}.blocks.{block}.{ours}."
    table["regressor_delta1/"] = "dynamic_stream.regressor."
    table["regressor_delta2/"] = "static_stream.regressor."
    for reducer, step in _REDUCERS.items():
        table[f"{reducer}/inc.conv.conv."] = f"reducers.{step}.inc."
        table[f"{reducer}/down1.conv."] = f"reducers.{step}.down."
        for layer in range(3):
            table[f"{reducer}/layer{layer}."] = f"reducers.{step}.layers.{layer}."
    for i in range(3):
        projection = f"static_encoder.projections.{i}"
        table[f"video_encoder/inc{i + 1}.conv.conv."] = f"{projection}.0."
        for j in range(1, 4):
            table[f"video_encoder/down{i + 1}{j}.mpconv.1.conv."] = f"{projection}.{j}.conv."
    table["video_encoder/backbone."] = "static_encoder.backbone."
    return table


_OURS = _prefixes()


def our_name(entry: str, key: str) -> str | None:
    """Return our parameter name for a tensor of the release; None where nothing uses it.

    Raises:
        CheckpointError: for a tensor that the release does not have.
    """
    full = f"{entry}/{key}"
    if _UNUSED.fullmatch(full):
        return None
    for prefix, ours in _OURS.items():
        if full.startswith(prefix):
            return ours + full[len(prefix) :]
    raise CheckpointError(f"'{full}' is not a tensor of the FineParser release.")


def from_reference(entries: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the release's entries (state dicts by entry name; extra entries are ignored) as our state dict.

    Every occurrence of "module." in a key is dropped, as the release's loader does for multi-GPU checkpoints.

    Raises:
        CheckpointError: where an entry is missing, or a tensor is unknown to the release or not finite.
    """
    missing = [name for name in ENTRIES if name not in entries]
    if missing:
        raise CheckpointError(f"Not a FineParser checkpoint: it lacks {', '.join(missing)}.")
    for entry in ENTRIES:
        values = entries[entry]
        if not isinstance(values, Mapping) or not all(isinstance(value, Tensor) for value in values.values()):
            raise CheckpointError(f"Not a FineParser checkpoint: '{entry}' does not hold tensors by name.")
    state: dict[str, Tensor] = {}
    for entry in ENTRIES:
        for key, value in entries[entry].items():
            name = our_name(entry, str(key).replace("module.", ""))
            if name is not None:
                if not value.isfinite().all():
                    raise CheckpointError(f"'{entry}/{key}' holds numbers that are not finite: get other weights.")
                state[name] = value
    return state


def load_reference(path: Path) -> dict[str, Tensor]:
    """Read an authors' checkpoint file as our state dict, without running any code it may hold.

    Raises:
        CheckpointError: for a file that is missing, damaged, of another layout, or holds objects beyond tensors and
            numbers.
    """
    try:
        with torch.serialization.safe_globals(_NUMPY_SCALARS):
            entries = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist: give the path of the authors' checkpoint.") from None
    except pickle.UnpicklingError:
        # torch's own text advises to load it anyway, with whatever code it may hold.
        raise CheckpointError(
            f"{path} was refused: it is no checkpoint of the authors, or holds more than tensors and numbers. Fetch it "
            "again."
        ) from None
    except Exception as error:  # torch's reader fails in as many ways as a file can be damaged
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {reason}. Fetch it again.") from None
    if not isinstance(entries, dict):
        raise CheckpointError(f"{path} is not a FineParser checkpoint: it holds a {type(entries).__name__}.")
    try:
        return from_reference(entries)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None

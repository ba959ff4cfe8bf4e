"""The network on a CUDA device: no tensor is left on the CPU, and the numbers are those of the CPU."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch

from fineparser_core.errors import ConfigError
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.models.folding import fold_batch_norms
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.support.device import choose_device, choose_precision

SIZE_PX = 112
_OF_CUDNN = ("allow_tf32", "benchmark", "deterministic")
CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def frames():
    rng = np.random.default_rng(5)
    return rng.integers(0, 255, (96, SIZE_PX, SIZE_PX, 3), np.uint8)


def network():
    torch.manual_seed(6)
    return fold_batch_norms(FineParserPose())


@torch.no_grad()
def test_every_tensor_of_the_network_is_on_its_device(monkeypatch):
    """Without a GPU: what is made on the CPU does not mix with tensors of the device without values."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # which does not know that device
    with torch.device("meta"):
        model = FineParserPose().eval()
    parsed = model.parse(torch.empty(1, 3, 96, SIZE_PX, SIZE_PX, device="meta"))
    features = parsed.frame_features
    assert {tensor.device.type for tensor in (parsed.gated, parsed.mask_logits, features)} == {"meta"}
    with pytest.raises(RuntimeError, match="device"):
        features + torch.zeros(features.shape)


@pytest.fixture
def arithmetic():
    """The settings of CUDA's arithmetic, which are as they were afterwards."""
    cudnn = torch.backends.cudnn
    settings = [(torch.backends.cuda.matmul, "allow_tf32"), *((cudnn, name) for name in _OF_CUDNN)]
    before = [getattr(owner, name) for owner, name in settings]
    yield settings
    for (owner, name), value in zip(settings, before, strict=True):
        setattr(owner, name, value)


def test_float32_on_cuda_is_neither_tf32_nor_a_matter_of_chance(monkeypatch, arithmetic):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for owner, name in arithmetic:
        setattr(owner, name, name != "deterministic")
    assert choose_device().type == "cuda"
    assert [getattr(owner, name) for owner, name in arithmetic] == [False, False, False, True]


@pytest.mark.cuda
@CUDA
def test_float32_gives_the_numbers_of_the_cpu():
    cuda, video = choose_device("cuda"), frames()
    here = ClipEncoder(network(), torch.device("cpu")).encode(video)
    there = ClipEncoder(network(), cuda).encode(video)
    for name in ("gated", "probabilities"):
        expected = getattr(here.encoding, name)
        assert np.abs(getattr(there.encoding, name) - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(there.masks.astype(np.float32) - here.masks).max() <= 2e-3


@pytest.mark.cuda
@CUDA
def test_a_clip_gives_the_same_numbers_twice():
    cuda, video = choose_device("cuda"), frames()
    encoder = ClipEncoder(network(), cuda, precision=choose_precision(cuda))
    first, second = encoder.encode(video), encoder.encode(video)
    assert np.array_equal(first.encoding.gated, second.encoding.gated)
    assert np.array_equal(first.masks, second.masks)


def test_mps_is_chosen_only_where_it_runs_the_network(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)

    def no_kernel(*args):
        raise NotImplementedError("max_pool3d is not implemented for MPS")

    zeros = torch.zeros
    monkeypatch.setattr(torch, "zeros", lambda *shape, device=None: zeros(*shape))
    assert choose_device().type == "mps"
    monkeypatch.setattr(torch.nn.functional, "max_pool3d", no_kernel)
    assert choose_device().type == "cpu"
    with pytest.raises(ConfigError, match="no device 'mps' that runs the network"):
        choose_device("mps")

"""The released losses and gradients for one pair (case A), reproduced."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "golden"))

import golden_kit
from golden_kit import golden, model, video

from fineparser_core.checkpoints.reference import our_name
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.training.losses import mask_loss, regression_loss, transition_loss, transition_target
from fineparser_core.video.sampling import WINDOWS


def test_losses_and_gradient_norms_of_a_pair():
    network, g, rule = to_channels_last(model(0)), golden(0), golden_kit.rule
    network.zero_grad(set_to_none=True)
    names, windows_index = ("query", "ex0"), torch.tensor(WINDOWS)
    labels = [rule.LABELS[name] for name in names]
    gated, tokens, logits, truth = [], [], [], []
    for name, label in zip(names, labels, strict=True):
        clip = video(0, name)[0]
        windows = clip[:, windows_index].transpose(0, 1).contiguous(memory_format=torch.channels_last_3d)
        mask_logits, mask_feature = network.spatial_parser(windows)
        gated.append(network.gate(network.i3d(windows), mask_feature))
        features = network.static_encoder.frame_features(clip.transpose(0, 1))
        tokens.append(network.static_encoder.step_tokens(features[None], [label])[0])
        logits.append(mask_logits)
        truth.append(torch.from_numpy(rule.make_mask(0, name))[0, 0][windows_index])
    gated, tokens = torch.stack(gated), torch.stack(tokens)
    forward = network.compare((gated[:1], gated[1:]), (tokens[:1], tokens[1:]), ([labels[0]], [labels[1]]))
    backward = network.compare((gated[1:], gated[:1]), (tokens[1:], tokens[:1]), ([labels[1]], [labels[0]]))
    difference = torch.tensor([rule.QUERY_SCORE - rule.EXEMPLAR_SCORES[0]])
    aqa = regression_loss(forward.delta, difference) + regression_loss(backward.delta, -difference)
    tas = transition_loss(network.psnet(gated), transition_target(torch.tensor(labels)))
    mask = mask_loss(torch.cat(logits), torch.cat(truth))
    ours = [float(aqa.detach()), float(tas.detach()), float(mask.detach())]
    np.testing.assert_allclose(ours, g["trainA_losses"], rtol=1e-3)

    (aqa + tas + mask).backward()
    parameters = dict(network.named_parameters())
    with np.load(golden_kit.FOLDER / "golden_grad_seed0.npz") as data:
        stored = dict(zip(data["names"].tolist(), data["grad_norm_f64"].tolist(), strict=True))
    # In float32 a ReLU at zero may fall on either side: single norms move by a percent, the median by a hundredth.
    errors = []
    for full, norm in stored.items():
        name = our_name(*full.split("/", 1))
        if name is None:
            assert norm < 0  # nothing reaches the third regressor or the classifier
            continue
        ours_norm = float(parameters[name].grad.norm())
        assert ours_norm == pytest.approx(norm, rel=2e-2, abs=1e-7), full
        errors.append(abs(ours_norm / norm - 1))
    assert len(errors) > 800
    assert np.median(errors) < 5e-4
    network.zero_grad(set_to_none=True)

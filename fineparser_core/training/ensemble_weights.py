"""Fits the weights of ensembles on held-out dives: of PSNet and the pose transition head, and of the two streams.

Deviation: the paper has one transition head, and does not weight the streams after training.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from torch import nn

from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.training.batches import by_number, ordered_pairs
from fineparser_core.training.losses import transition_loss, transition_target
from fineparser_core.training.stored_views import EncodedDive

# The pose transition head is almost perfect on rendered dives and would get all of the weight. On filmed dives the
# errors of both differ, so the factors are limited to 0.5 to 2.
_FACTORS = tuple(0.25 * n for n in range(2, 9))


@torch.no_grad()
def fit_transition_weights(
    model: FineParser, encoded: Sequence[EncodedDive], width: float, *, keeps_psnet: bool = False
) -> tuple[float, float]:
    """Scale the logits of PSNet and of the pose transition head, whose mean is decoded, to minimise L_TAP.

    Args:
        encoded: held-out dives; without any, nothing is scaled.
        width: width of the targets, `StagedConfig.transition_width`.
        keeps_psnet: do not scale PSNet, because it was scaled before and has not been trained since.

    Returns:
        The factors of PSNet and of the pose transition head, 0.5 to 2.
    """
    if not encoded or not isinstance(model, FineParserPose):
        return 1.0, 1.0
    model.eval()
    windows = model.psnet.logits(torch.from_numpy(np.stack([e.gated for e in encoded])))
    poses = model.pose_steps(torch.from_numpy(np.stack([e.frame_features for e in encoded])))
    target = transition_target(torch.tensor([e.transitions for e in encoded]), width=width)

    def loss(factors: tuple[float, float]) -> float:
        return float(transition_loss(((factors[0] * windows + factors[1] * poses) / 2).sigmoid(), target))

    best = min(product((1.0,) if keeps_psnet else _FACTORS, _FACTORS), key=loss)
    _scale(model.psnet.layer3, best[0])
    _scale(model.pose_steps.out, best[1])
    return best


@torch.no_grad()
def fit_stream_weights(
    model: FineParser, encoded: Sequence[EncodedDive], *, keeps_dynamic: bool = False
) -> tuple[float, float]:
    """Scale the two streams by a least-squares fit of score differences between held-out dives.

    Args:
        encoded: held-out dives; without two of one number, nothing is scaled.
        keeps_dynamic: do not scale the dynamic stream, because it was scaled before and has not been trained since.

    Returns:
        The factors of the dynamic and of the static stream, 0 to 2.
    """
    model.eval()
    parts, differences = [], []
    for group in by_number([e.dive.dive_number for e in encoded], 2):
        chosen = [encoded[i] for i in group]
        cuts = [e.transitions for e in chosen]
        gated = torch.from_numpy(np.stack([e.gated for e in chosen]))
        features = model.static_encoder.to_feature(torch.from_numpy(np.stack([e.frame_features for e in chosen])))
        tokens = model.static_encoder.step_tokens(features, cuts)
        query, exemplar = ordered_pairs(len(chosen))
        transitions = [cuts[i] for i in query], [cuts[i] for i in exemplar]
        found = model.compare((gated[query], gated[exemplar]), (tokens[query], tokens[exemplar]), transitions)
        scores = torch.tensor([e.dive.score for e in chosen])
        parts.append(torch.stack([found.dynamic.sum(dim=-1), found.static.sum(dim=-1)], dim=1))
        differences.append(scores[query] - scores[exemplar])
    if not parts:
        return 1.0, 1.0
    predicted, kept, factors = torch.cat(parts), int(keeps_dynamic), torch.ones(2)
    rest = torch.cat(differences) - predicted[:, :kept].sum(dim=1)
    factors[kept:] = torch.linalg.lstsq(predicted[:, kept:], rest[:, None]).solution[:, 0].clamp(0.0, 2.0)
    for stream, factor in zip((model.dynamic_stream, model.static_stream), factors, strict=True):
        _scale(stream.regressor.layer3, float(factor))
    return float(factors[0]), float(factors[1])


def _scale(last: nn.Module, factor: float) -> None:
    for parameter in last.parameters():
        parameter.mul_(factor)

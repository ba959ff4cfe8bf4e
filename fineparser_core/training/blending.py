"""How much each of two ways of telling the same thing should count, by dives that neither has learned from.

Not in the paper, which has one way to tell transitions, and leaves the streams as they come out of training.
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

# Poses tell the transitions of rendered dives almost without a fault, and would silence PSNet. On filmed ones both
# err, and not alike: each keeps at least half of its say.
_FACTORS = tuple(0.25 * n for n in range(2, 9))


@torch.no_grad()
def blend_steps(
    model: FineParser, encoded: Sequence[EncodedDive], width: float, *, keeps_psnet: bool = False
) -> tuple[float, float]:
    """Scales the logits of PSNet and of the poses' step finder, whose mean tells the transitions, to the least L_TAP.

    Args:
        encoded: held-out dives. Without any both stay as they are.
        width: of the targets, `StagedConfig.transition_width`.
        keeps_psnet: PSNet has been weighed before and not learned since, so that another half would be a quarter.

    Returns: the factors of PSNet and of the step finder, between 0.5 and 2.
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
def blend_streams(
    model: FineParser, encoded: Sequence[EncodedDive], *, keeps_dynamic: bool = False
) -> tuple[float, float]:
    """Scales the two streams by the least squares of score differences between dives that neither has learned from.

    Args:
        encoded: held-out dives. Without two of a number the streams stay as they are.
        keeps_dynamic: the dynamic stream has been weighed before and not learned since, and stays as it is.

    Returns: the factors of the dynamic and of the static stream, between 0 and 2.
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
    told, kept, factors = torch.cat(parts), int(keeps_dynamic), torch.ones(2)
    rest = torch.cat(differences) - told[:, :kept].sum(dim=1)
    factors[kept:] = torch.linalg.lstsq(told[:, kept:], rest[:, None]).solution[:, 0].clamp(0.0, 2.0)
    for stream, factor in zip((model.dynamic_stream, model.static_stream), factors, strict=True):
        _scale(stream.regressor.layer3, float(factor))
    return float(factors[0]), float(factors[1])


def _scale(last: nn.Module, factor: float) -> None:
    for parameter in last.parameters():
        parameter.mul_(factor)

"""Second looks at the poses of a clip in which a transition hardly shows. Not in the paper."""

import torch
from torch import Tensor

from fineparser_core.models.joint_maps import seen_through

#: A transition hardly shows where no sample is likelier than this to be it; of whole dives 1 to 2 % have such a one.
HARDLY_SHOWN = 0.25
#: Nearer, farther and beside what was seen: (size of what is seen, way to the right and down), in halves of a frame.
STRAYED = ((0.9, 0.0, 0.0), (1.1, 0.0, 0.0), (1.0, -0.06, 0.0), (1.0, 0.06, 0.0), (1.0, 0.0, -0.06), (1.0, 0.0, 0.06))
_LEAST = 1e-6


def hardly_shown(probabilities: Tensor) -> bool:
    """Whether one of the transitions with probabilities (96, 2) is nowhere likely."""
    return bool((probabilities.amax(dim=0) < HARDLY_SHOWN).any())


def strayed(frames: Tensor, view: tuple[float, float, float]) -> Tensor:
    """Frames (N, 3, H, W) in one of the views `STRAYED`; their edges go on where it reaches over."""
    size, right, down = view
    place = torch.tensor([[size, 0.0, right], [0.0, size, down]], device=frames.device)
    return seen_through(place.expand(len(frames), 2, 3), frames)


def mean_logits(logits: Tensor) -> Tensor:
    """Logits (n, ...) of several looks to those of their mean probability: one that sees it counts against the rest."""
    return torch.logit(logits.sigmoid().mean(dim=0), eps=_LEAST)

"""CoRe: the difference to an exemplar, first roughly by a group of differences, then exactly within it."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE
from fineparser_core.errors import ConfigError
from fineparser_core.models.aqa_model import VideoEncoding
from fineparser_core.models.baselines.pooled import POINTS, PooledModel

DEPTH = 5
N_GROUPS = 2 ** (DEPTH - 1)
_HIDDEN = 256


class RegressionTree(nn.Module):
    """A binary tree of depth 5: every node has features and sends a pair left or right, every leaf has a position.

    A level is a grouped convolution over its nodes, so that no node sees the features of another branch.
    """

    def __init__(self, n_in: int) -> None:
        super().__init__()
        levels = [2**level for level in range(DEPTH - 1)]
        self.root = nn.Linear(n_in, _HIDDEN)
        self.turns = nn.ModuleList(nn.Conv1d(n * _HIDDEN, 2 * n, 1, groups=n) for n in levels)
        self.descend = nn.ModuleList(nn.Conv1d(n * _HIDDEN, 2 * n * _HIDDEN, 1, groups=n) for n in levels)
        self.leaf = nn.Conv1d(N_GROUPS * _HIDDEN, N_GROUPS, 1, groups=N_GROUPS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Send pairs (P, n_in) to the leaves.

        Returns:
            (P, 16) log probability of each group, and (P, 16) in (0, 1), where in each group the difference lies if it
            is that group's.
        """
        nodes = F.relu(self.root(x))[..., None]
        log_probability = x.new_zeros(len(x), 1)
        for turn, descend in zip(self.turns, self.descend, strict=True):
            branches = F.log_softmax(turn(nodes).reshape(len(x), -1, 2), dim=-1)
            log_probability = (log_probability[..., None] + branches).flatten(1)
            nodes = F.relu(descend(nodes))
        return log_probability, torch.sigmoid(self.leaf(nodes)[..., 0])


class CoRe(PooledModel):
    """Contrastive regression of the score difference by a group-aware regression tree.

    The features of query and exemplar and the exemplar's score go down a tree of depth 5 whose 16 leaves are
    intervals of the score difference, equally frequent in training; the prediction is the most probable interval's
    start and the leaf's share of its width.

    Source: Yu et al., "Group-aware Contrastive Regression for Action Quality Assessment", ICCV 2021.
    Choices of ours: 256 features a node; the groups are cut at the quantiles of all differences and their negatives,
    so that they are symmetric about 0 as the ordered pairs are.

    Attributes:
        edges: (17,) points, ascending, of the groups. They are part of the weights.
    """

    contrastive = True
    edges: Tensor

    def __init__(self, **windows: int) -> None:
        super().__init__(**windows)
        self.tree = RegressionTree(2 * FEATURE_SIZE + 1)
        self.register_buffer("edges", torch.linspace(-POINTS, POINTS, N_GROUPS + 1))

    def set_groups(self, differences: np.ndarray) -> None:
        """Cut the groups so that each holds as many differences; before, groups are equally wide.

        Args:
            differences: (n,) points, of the training pairs; a single direction of each pair is enough.

        Raises:
            ConfigError: `differences` is empty.
        """
        if not differences.size:
            raise ConfigError("No two training dives may be compared: train on more dives, or with --pairing random.")
        both = np.concatenate([differences, -differences])
        edges = np.quantile(both, np.linspace(0, 1, N_GROUPS + 1))
        # Antisymmetric to the last bit, whatever the interpolation rounded.
        self.edges.copy_(torch.from_numpy((edges - edges[::-1]) / 2))

    def locate(self, difference: Tensor) -> tuple[Tensor, Tensor]:
        """Map differences (P,) in points to their groups (P,) int64 and positions (P,) in [0, 1].

        A difference beyond all of training lies at the end of the outermost group; a difference on an edge begins a
        group.
        """
        group = torch.bucketize(difference, self.edges[1:-1], right=True)
        start, width = self.edges[group], self.edges[group + 1] - self.edges[group]
        # Only an empty group has no width, and the last group where all differences are equal.
        return group, ((difference - start) / width.clamp(min=1e-6)).clamp(0, 1)

    def difference(self, group: Tensor, position: Tensor) -> Tensor:
        """Return the inverse of `locate`: (P,) points."""
        return torch.lerp(self.edges[group], self.edges[group + 1], position)

    def compare(self, query: Tensor, exemplar: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
        """Send features (P, 1024) of queries and exemplars down the tree, see `RegressionTree.forward`.

        Args:
            score: (P,) of the exemplars, points.
        """
        leaves: tuple[Tensor, Tensor] = self.tree(torch.cat([query, exemplar, score[:, None] / POINTS], dim=1))
        return leaves

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict the difference to the exemplar's score and add that, see `AQAModel.predict_scores`."""
        feature, score = exemplars["feature"], exemplars["score"]
        log_probability, position = self.compare(query["feature"].expand_as(feature), feature, score)
        best = log_probability.argmax(dim=1)
        return self.difference(best, position.gather(1, best[:, None])[:, 0]) + score

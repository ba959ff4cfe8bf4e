"""The streams of `fineparser-pose`, the last parts that learn: each compares dives of a number."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import lsq_linear
from scipy.stats import spearmanr
from torch import Tensor, nn

from fineparser_core.config import TrainConfig
from fineparser_core.constants import TOKENS_PER_STEP
from fineparser_core.models.regression import DYNAMIC_TOKENS, STEP_WEIGHTS
from fineparser_core.models.step_pooling import moved_cut, pair_boundaries
from fineparser_core.pose.fineparser_pose import CUTS_MOVED, FineParserPose
from fineparser_core.training.parts import Batches, Encoded, Part, errors_of, features_of
from fineparser_core.training.simulated_joints import Joints, with_errors

#: Mean and scatter of qualities, weight of the points' losses against that of the qualities, and dropout.
_QUALITY, _QUALITY_SCATTER, _POINTS_WEIGHT, _DROPOUT = 7.0, 1.8, 0.02, 0.1
#: Of ridge regression: penalty, that of noise of three deviations on a thousand dives; folds; and fewest dives.
_PENALTY, _FOLDS, _LEAST_FITTED = 1e4, 10, 50
#: Standard deviation of the noise on gated features, in their own.
_NOISE = 1.0
#: Maximum number of pairs of a batch: their tokens are what costs time.
_MOST_PAIRS = 64
#: Minimum number of pairs by which the streams are weighed, and the least factor of a stream.
_LEAST_PAIRS, _LEAST_SHARE = 20, 0.1


class StreamPart(Part):
    """A stream that learns the points of each step between dives of a number, and the qualities of the steps.

    Deviation: the paper has scores alone; of a rendered dive the qualities of its steps are known, too.
    """

    def __init__(
        self,
        network: FineParserPose,
        modules: Sequence[str],
        config: TrainConfig,
        aside: Encoded,
        tokens: int,
        token_size: int = 64,
    ) -> None:
        super().__init__(network, modules, config)
        self._aside = aside
        self.quality = nn.ModuleList(nn.Linear(tokens * token_size, 1) for _ in STEP_WEIGHTS)

    @abstractmethod
    def points(self, batch: Batches) -> tuple[Tensor, Tensor]:
        """Return the points (P, 3) of pairs, and tokens (N, 3, n, 64) of dives that tell the qualities "of"."""

    @abstractmethod
    def inputs(self, chosen: Encoded, rng: np.random.Generator | None) -> Batches:
        """Return what the stream sees of rendered dives."""

    def losses(self, batch: Batches) -> Batches:
        """Return the losses of qualities, of points of the steps and of the whole difference."""
        points, tokens = self.points(batch)
        guessed = torch.cat([head(tokens[:, i].flatten(1)) for i, head in enumerate(self.quality)], dim=1)
        off = points - batch["true"]
        return {
            "quality": F.mse_loss(guessed, batch["qualities"][batch["of"]]),
            "contributions": _POINTS_WEIGHT * 3 * off.square().mean(),
            "regression": _POINTS_WEIGHT * off.sum(dim=-1).square().mean(),
        }

    def pairs_of(self, seen: Joints, rng: np.random.Generator | None) -> Batches:
        """Return ordered pairs of dives of the same number, their true points, and cuts; some and moved where drawn."""
        same = seen.numbers[:, None] == seen.numbers[None, :]
        query, exemplar = np.nonzero(same & ~np.eye(len(seen), dtype=bool))
        if rng is not None:
            some = rng.permutation(len(query))[:_MOST_PAIRS]
            query, exemplar = query[some], exemplar[some]
        shares = np.array(STEP_WEIGHTS) / sum(STEP_WEIGHTS)
        true = 3 * seen.difficulty[query, None] * shares * (seen.qualities[query] - seen.qualities[exemplar])
        moved = (
            np.zeros((len(seen), 2), int) if rng is None else rng.integers(-CUTS_MOVED, CUTS_MOVED + 1, (len(seen), 2))
        )
        cuts = [moved_cut((int(st), int(ed)), *by) for (st, ed, _), by in zip(seen.cuts, moved.tolist(), strict=True)]
        arrays = {
            "query": query,
            "exemplar": exemplar,
            "true": true.astype(np.float32),
            "cuts": np.array(cuts),
            "qualities": ((seen.qualities - _QUALITY) / _QUALITY_SCATTER).astype(np.float32),
        }
        return {name: torch.from_numpy(value) for name, value in arrays.items()}

    @torch.no_grad()
    def pairs_aside(self) -> tuple[np.ndarray, np.ndarray]:
        """Return predicted and true differences (P,) in points, of the pairs among the dives kept aside."""
        batch = self.on_device({**self.inputs(self._aside, None), **self.pairs_of(self._aside.seen, None)})
        if not len(batch["query"]):
            return np.zeros(0), np.zeros(0)
        self.eval()
        return self.points(batch)[0].sum(dim=-1).cpu().numpy(), batch["true"].sum(dim=-1).cpu().numpy()

    def measured(self) -> dict[str, float]:
        """Return Spearman's rho of the pairs among the dives kept aside."""
        predicted, true = self.pairs_aside()
        if len(true) < _LEAST_PAIRS:
            return {}
        return {"rho": float(spearmanr(predicted, true).statistic), "pairs": float(len(true))}


class StaticPart(StreamPart):
    """The static stream, on groups of simulated dives of a number and as many groups of rendered ones."""

    def __init__(
        self, network: FineParserPose, config: TrainConfig, encoded: Encoded, aside: Encoded, simulated: Joints
    ) -> None:
        names = [f"static_encoder.{name}" for name in ("to_feature", "projections", "moments")]
        super().__init__(network, [*names, "static_stream"], config, aside, TOKENS_PER_STEP)
        self._encoded, self._simulated, self._errors = encoded, simulated, errors_of(encoded)

    def draw(self, rng: np.random.Generator) -> Batches:
        """Draw the groups."""
        rows = _drawn_groups(self._simulated.numbers, self.config.batch_size, rng)
        other = with_errors(self._simulated.rows(rows), self._encoded.seen, self._errors, rng)
        chosen = self._encoded.seen.rows(_drawn_groups(self._encoded.seen.numbers, self.config.batch_size, rng))
        seen = Joints(**{name: np.concatenate([value, getattr(chosen, name)]) for name, value in vars(other).items()})
        return {"features": features_of(seen, rng), **self.pairs_of(seen, rng)}

    def inputs(self, chosen: Encoded, rng: np.random.Generator | None) -> Batches:
        """Return pose features."""
        return {"features": features_of(chosen.seen, rng)}

    def points(self, batch: Batches) -> tuple[Tensor, Tensor]:
        """Return the points of pairs by static tokens, and the tokens of all dives."""
        static, cuts = self.network.static_encoder, [(int(st), int(ed)) for st, ed in batch["cuts"].tolist()]
        frames = static.to_feature(batch["features"])
        if self.training:
            tokens = F.dropout(static.project(static.step_features(frames, cuts), frames, cuts), _DROPOUT)
        else:
            tokens = static.step_tokens(frames, cuts)
        batch["of"] = torch.arange(len(tokens), device=tokens.device)
        stream = self.network.static_stream(tokens[batch["query"]], tokens[batch["exemplar"]])
        return stream * self.network.step_weights, tokens


class DynamicPart(StreamPart):
    """The dynamic stream, on the gated features of groups of rendered dives of a number.

    Deviation: it learns `linear_guesses` in place of the qualities. These features tell little of a take-off or a
    flight, and a network of this size overfits a thousand dives.
    """

    def __init__(self, network: FineParserPose, config: TrainConfig, encoded: Encoded, aside: Encoded) -> None:
        super().__init__(network, ["reducers", "dynamic_stream"], config, aside, DYNAMIC_TOKENS)
        seen = Joints(**(vars(encoded.seen) | {"qualities": linear_guesses(network, encoded)}))
        self._encoded, self._scatter = encoded._replace(seen=seen), encoded.gated.std(axis=0)

    def draw(self, rng: np.random.Generator) -> Batches:
        """Draw the groups."""
        chosen = self._encoded.rows(_drawn_groups(self._encoded.seen.numbers, self.config.batch_size, rng))
        return {**self.inputs(chosen, rng), **self.pairs_of(chosen.seen, rng)}

    def inputs(self, chosen: Encoded, rng: np.random.Generator | None) -> Batches:
        """Return gated features, with noise where there is a generator."""
        gated = chosen.gated
        if rng is not None:
            gated = gated + _NOISE * self._scatter * rng.standard_normal(gated.shape, np.float32)
        return {"gated": torch.from_numpy(gated)}

    def points(self, batch: Batches) -> tuple[Tensor, Tensor]:
        """Return the points of pairs by dynamic tokens, and the tokens of the queries."""
        gated, query, exemplar = batch["gated"], batch["query"], batch["exemplar"]
        cuts = [(int(st), int(ed)) for st, ed in batch["cuts"].tolist()]
        pairs = zip(query.tolist(), exemplar.tolist(), strict=True)
        boundaries = [pair_boundaries(cuts[q], cuts[e]) for q, e in pairs]
        tokens, context = (self.network.dynamic_tokens(gated[side], boundaries) for side in (query, exemplar))
        batch["of"] = query
        return self.network.dynamic_stream(tokens, context) * self.network.step_weights, tokens


def linear_guesses(network: FineParserPose, encoded: Encoded) -> np.ndarray:
    """Return the qualities (N, 3) that the gated features of the steps tell by ridge regression.

    Those of each dive are told by what was fitted on other dives; few dives keep their own.
    """
    qualities, n = encoded.seen.qualities, len(encoded.seen)
    if n < _LEAST_FITTED:
        return qualities
    cuts = [(int(st), int(ed)) for st, ed in encoded.seen.cuts[:, :2].tolist()]
    rows = network.step_rows(torch.from_numpy(encoded.gated), [pair_boundaries(cut, cut) for cut in cuts]).numpy()
    rows = ((rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-3)).reshape(n, -1)
    products, guesses = rows @ rows.T, np.empty_like(qualities)
    for fold in np.array_split(np.arange(n), _FOLDS):
        others = np.setdiff1d(np.arange(n), fold)
        mean = qualities[others].mean(axis=0)
        penalized = products[np.ix_(others, others)] + _PENALTY * np.eye(len(others))
        guesses[fold] = mean + products[np.ix_(fold, others)] @ np.linalg.solve(penalized, qualities[others] - mean)
    return guesses


def _drawn_groups(numbers: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw dives until there are about so many, in groups of dives of a number that has several; all where none has."""
    rows: list[np.ndarray] = []
    names, counts = np.unique(numbers, return_counts=True)
    several = counts > 1
    while several.any() and sum(map(len, rows)) < size:
        shares = counts * several
        of = np.flatnonzero(numbers == rng.choice(names, p=shares / shares.sum()))
        rows.append(rng.permutation(of)[: max(size // 3, 2)])
    return np.unique(np.concatenate(rows)) if rows else np.arange(len(numbers))


@torch.no_grad()
def weigh_streams(static: StaticPart, dynamic: DynamicPart) -> dict[str, float]:
    """Scale both streams, each of which learned the whole difference, so that their sum is nearest to it.

    By least squares over the pairs kept aside, or halves where these are few; no factor is less than a tenth, as both
    streams are FineParser's. The factors go into the last layers of the regressors.
    """
    (of_static, true), (of_dynamic, _) = static.pairs_aside(), dynamic.pairs_aside()
    shares = np.array([0.5, 0.5])
    if len(true) >= _LEAST_PAIRS:
        told = np.stack([of_static, of_dynamic], axis=1).astype(float)
        shares = lsq_linear(told, true.astype(float), bounds=(_LEAST_SHARE, np.inf), method="bvls").x
    streams = static.network.static_stream, dynamic.network.dynamic_stream
    for stream, share in zip(streams, shares.tolist(), strict=True):
        for parameter in stream.get_submodule("regressor.layer3").parameters():
            parameter.mul_(share)
    found = {"share of static": float(shares[0]), "share of dynamic": float(shares[1])}
    if len(true) >= _LEAST_PAIRS:
        both = shares[0] * of_static + shares[1] * of_dynamic
        found["rho of both"] = float(spearmanr(both, true).statistic)
    return found

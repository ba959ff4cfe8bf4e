"""FineParser: composes the spatial and temporal parsers, the static encoder and the regression (paper section 3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.config import POSE_BACKBONES
from fineparser_core.constants import N_SAMPLES, TOKENS_PER_STEP, WINDOW_STRIDE
from fineparser_core.models.i3d import I3D
from fineparser_core.models.method import Decoder, Encoding, Method, Observation, to_windows
from fineparser_core.models.pose_backbone import PoseSteps
from fineparser_core.models.regression import STEP_WEIGHTS, StepReducer, StepStream
from fineparser_core.models.spatial_parser import SpatialParser
from fineparser_core.models.static_encoder import StaticEncoder
from fineparser_core.models.step_pooling import DYNAMIC_LENGTH, dynamic_matrix, pair_boundaries
from fineparser_core.models.temporal_parser import PSNet

Pairs = Sequence[tuple[int, int]]

#: Samples of the transitions where none are predicted or labelled: 0.29 and 0.64 of the clip, as is usual of dives.
FIXED_TRANSITIONS = (round(0.29 * (N_SAMPLES - 1)), round(0.64 * (N_SAMPLES - 1)))


class RelativeScore(NamedTuple):
    """Per-step points of a query relative to an exemplar.

    Attributes:
        dynamic: (B, 3) lambda-weighted R_V, in points.
        static: (B, 3) lambda-weighted R_S, in points.
    """

    dynamic: Tensor
    static: Tensor

    @property
    def delta(self) -> Tensor:
        """(B,) predicted score difference: the sum of all contributions."""
        return (self.dynamic + self.static).sum(dim=-1)


class Parsed(NamedTuple):
    """Videos after the encoders and PSNet; None for what the network lacks or was not asked for.

    Attributes:
        gated: (B, 9, 1024).
        probabilities: (B, 96, 2) of the transitions.
        mask_logits: (B, 9, heads, 16, H, W): the side maps and the fused one, or the fused one alone.
        frame_features: (B, 96, 512), longer where poses are seen, see `StaticEncoder`.
    """

    gated: Tensor
    probabilities: Tensor | None
    mask_logits: Tensor | None
    frame_features: Tensor | None


class FineParser(Method):
    """The whole network. Encodings of a video never depend on its partner, so each is computed once.

    Args:
        sap: spatial parser; without it features are not gated and there are no masks.
        sve: static stream; without it the score is the dynamic stream's alone.
        tap: PSNet; without it steps are cut at fixed shares of the clip. The I3D and the dynamic stream are always
            there: Table 3 does not say what would score a dive without them.
        static_backbone: of `StaticEncoder`.
        step_duration: of `StaticEncoder`.
        refined_masks: of `MaskDecoder`.
        mixed_features: of `StaticEncoder`.
    """

    def __init__(
        self,
        *,
        sap: bool = True,
        sve: bool = True,
        tap: bool = True,
        static_backbone: str = "resnet34",
        step_duration: int = TOKENS_PER_STEP,
        refined_masks: bool = False,
        mixed_features: bool = False,
    ) -> None:
        super().__init__()
        self.has_masks, self.has_static, self.has_steps = sap, sve, tap
        self.i3d = I3D()
        if sap:
            self.spatial_parser = SpatialParser(refined_masks)
        if tap:
            self.psnet = PSNet()
            self.pose_steps = PoseSteps() if sve and static_backbone in POSE_BACKBONES else None
        if sve:
            self.static_encoder = StaticEncoder(static_backbone, step_duration, mixed=mixed_features)
        self.reducers = nn.ModuleList(StepReducer() for _ in range(3))
        self.dynamic_stream = StepStream()
        if sve:
            self.static_stream = StepStream()
        weights = torch.tensor(STEP_WEIGHTS)
        self.register_buffer("step_weights", weights / ((2 if sve else 1) * weights.sum()), persistent=False)

    def parse(self, video: Tensor, *, masks: str = "all", sides: int = 1) -> Parsed:
        """Videos (B, 3, 96, H, W) float32, ImageNet-normalised, through the encoders and PSNet.

        Args:
            masks: "all" maps, the "fused" one, or "none".
            sides: parts of the batch whose statistics the batch norms of PSNet and of the static encoder take apart.
                As released, queries and exemplars (2) pass these one after the other, but the I3Ds together.
        """
        windows, seen, frame_features, logits = to_windows(video), None, None, None
        with self.encoders(video.device):
            gated = self.i3d(windows).float()
            if self.has_masks:
                taps = self.spatial_parser.taps(windows)
                if masks != "none":
                    decoder = self.spatial_parser.decoder
                    logits = decoder(taps, windows) if masks == "all" else decoder.fused(taps, windows)[:, None]
                    logits = logits.float().unflatten(0, (len(video), -1))
                gated = self.gate(gated, self.spatial_parser.encoder.end(taps[3]).float())
            if self.has_static:
                frames = video.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
                seen = torch.cat([self.static_encoder.backbone(side) for side in frames.chunk(sides)])
                frame_features = self.static_encoder.to_feature(seen).float().unflatten(0, (len(video), -1))
                seen = seen.float().unflatten(0, (len(video), -1))
        gated = gated.unflatten(0, (len(video), -1))
        probabilities = self.step_probabilities(gated, seen, sides) if self.has_steps else None
        return Parsed(gated, probabilities, logits, frame_features)

    def step_probabilities(self, gated: Tensor, seen: Tensor | None, sides: int = 1) -> Tensor:
        """(B, 96, 2) that a step begins at a sample (Eq. 4): PSNet's, or where poses are seen what both of them say.

        Args:
            gated: (B, 9, 1024).
            seen: (B, 96, n) features of the static backbone; only those of one that sees poses are used.
            sides: as in `parse`.
        """
        logits = torch.cat([self.psnet.logits(side) for side in gated.chunk(sides)])
        if self.pose_steps is not None and seen is not None:
            logits = (logits + self.pose_steps(seen)) / 2
        return torch.sigmoid(logits)

    def observe(self, video: Tensor, decode: Decoder) -> Observation:
        """As `Method.observe`; transitions without TAP are `FIXED_TRANSITIONS`, which are no prediction."""
        parsed = self.parse(video, masks="fused")
        transitions = [FIXED_TRANSITIONS] * len(video)
        if parsed.probabilities is not None:
            transitions = [decode(p) for p in parsed.probabilities.cpu().numpy()]
        encoding = {"gated": parsed.gated, "transitions": torch.tensor(transitions)}
        if parsed.frame_features is not None:
            encoding["static_tokens"] = self.static_encoder.step_tokens(parsed.frame_features, transitions)
        return Observation(
            encoding=encoding,
            probabilities=parsed.probabilities,
            transitions=transitions if self.has_steps else None,
            mask_probability=None if parsed.mask_logits is None else _mean_mask(parsed.mask_logits[:, :, -1].sigmoid()),
        )

    def votes(self, query: Encoding, exemplars: Encoding) -> Tensor:
        """Eq. 12 for each exemplar: predicted difference plus its score."""
        return self.relative_to(query, exemplars).delta + exemplars["score"]

    def relative_to(self, query: Encoding, exemplars: Encoding) -> RelativeScore:
        """`compare` for one query (batch of 1) and each of E exemplars, as `observe` encodes them."""
        n = len(exemplars["gated"])
        both = {name: (query[name].expand(n, *query[name].shape[1:]), exemplars[name]) for name in query}
        transitions = tuple([(int(st), int(ed)) for st, ed in side] for side in both["transitions"])
        return self.compare(both["gated"], both.get("static_tokens"), (transitions[0], transitions[1]))

    @staticmethod
    def gate(i3d_feature: Tensor, mask_feature: Tensor) -> Tensor:
        """X_V = B(X) * sigmoid(B5(X)), both (.., 1024) (paper section 3.2)."""
        return i3d_feature * torch.sigmoid(mask_feature)

    def dynamic_tokens(self, gated: Tensor, boundaries: Pairs) -> Tensor:
        """Gated features (B, 9, 1024), cut at the pairs' window boundaries (a, b), to tokens (B, 3, 12, 64)."""
        matrix = torch.from_numpy(np.stack([dynamic_matrix(a, b) for a, b in boundaries]))
        pieces = (matrix.to(gated) @ gated).split(DYNAMIC_LENGTH, dim=1)
        return torch.stack([reducer(piece) for reducer, piece in zip(self.reducers, pieces, strict=True)], dim=1)

    def compare(
        self,
        gated: tuple[Tensor, Tensor],
        static_tokens: tuple[Tensor, Tensor] | None,
        transitions: tuple[Pairs, Pairs],
    ) -> RelativeScore:
        """Points of queries relative to exemplars (Eq. 6 without y_Z).

        Args:
            gated: (B, 9, 1024) of the queries and of the exemplars.
            static_tokens: (B, 3, 4, 64) of the queries and of the exemplars; None without SVE.
            transitions: (st, ed) samples of the queries and of the exemplars.
        """
        boundaries = [pair_boundaries(q, e) for q, e in zip(*transitions, strict=True)]
        query, exemplar = (self.dynamic_tokens(side, boundaries) for side in gated)
        return self.relate((query, exemplar), static_tokens)

    def relate(
        self, dynamic_tokens: tuple[Tensor, Tensor], static_tokens: tuple[Tensor, Tensor] | None
    ) -> RelativeScore:
        """The regression (Eq. 6 without y_Z) alone: tokens of the queries and of the exemplars, row by row."""
        dynamic = self.dynamic_stream(*dynamic_tokens) * self.step_weights
        if static_tokens is None:
            return RelativeScore(dynamic, torch.zeros_like(dynamic))
        return RelativeScore(dynamic, self.static_stream(*static_tokens) * self.step_weights)


def _mean_mask(windows: Tensor) -> Tensor:
    """Mask probabilities (B, 9, 16, H, W) to samples (B, 96, H, W): the mean over the windows that cover one."""
    batch, n_windows, length, height, width = windows.shape
    total = windows.new_zeros(batch, N_SAMPLES, height, width)
    count = windows.new_zeros(N_SAMPLES, 1, 1)
    for i in range(n_windows):
        part = slice(i * WINDOW_STRIDE, i * WINDOW_STRIDE + length)
        total[:, part] += windows[:, i]
        count[part] += 1
    return total / count

"""FineParser: composes the spatial and temporal parsers, the static encoder and the regression (paper section 3)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES, TOKENS_PER_STEP, WINDOW_LENGTH, WINDOW_STRIDE
from fineparser_core.models.aqa_model import AQAModel, Decoder, EncodedVideo, VideoEncoding, to_windows
from fineparser_core.models.i3d import I3D
from fineparser_core.models.regression import STEP_WEIGHTS, StepReducer, StepStream
from fineparser_core.models.spatial_parser import MaskDecoder, SpatialParser
from fineparser_core.models.static_encoder import StaticEncoder, make_backbone
from fineparser_core.models.step_pooling import DYNAMIC_LENGTH, dynamic_matrix, pair_boundaries
from fineparser_core.models.temporal_parser import PSNet, decode_release

Pairs = Sequence[tuple[int, int]]
AnyMasks = TypeVar("AnyMasks")

#: Windows that pass together where a caller watches: as fast as all nine, and none is left alone, see `Conv3d`.
WINDOWS_AT_ONCE = 3
#: Samples of the transitions where none are predicted or labeled: 0.29 and 0.64 of the clip, as is usual of dives.
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
    """Videos after the encoders and PSNet; None for outputs that the network lacks or that were not requested.

    Attributes:
        gated: (B, 9, 1024).
        probabilities: (B, 96, 2) of the transitions.
        mask_logits: (B, 9, heads, 16, H, W): the side maps and the fused map, or the fused map alone.
        frame_features: (B, 96, 512 + n), see `StaticEncoder`.
    """

    gated: Tensor
    probabilities: Tensor | None
    mask_logits: Tensor | None
    frame_features: Tensor | None

    def rows(self, which: slice) -> "Parsed":
        """Return the selected videos as a new Parsed."""
        probabilities, logits, features = (None if part is None else part[which] for part in self[1:])
        return Parsed(self.gated[which], probabilities, logits, features)


class PairedVideos(NamedTuple):
    """Outputs of Figure 2 of the paper for pairs of videos.

    Attributes:
        relative: points of the queries relative to their exemplars.
        query, exemplar: masks, transition probabilities and features of both.
        transitions: (st, ed) samples of both at which steps are cut.
    """

    relative: RelativeScore
    query: Parsed
    exemplar: Parsed
    transitions: tuple[Pairs, Pairs]


class FineParser(AQAModel):
    """The whole network. Encodings of a video never depend on its partner, so each is computed once.

    Args:
        sap: spatial parser; without it features are not gated and there are no masks.
        sve: static stream; without it the score is the dynamic stream's alone.
        tap: PSNet; without it steps are cut at fixed shares of the clip. The I3D and the dynamic stream are always
            there: Table 3 does not define a score without them.
        static_backbone: of the static encoder, a backbone of Table 5.
        step_duration: of the static encoder (Table 4).
        step_weights: lambda_l of Eq. 6; only their ratios count.
        static_encoder: replaces the default encoder; `static_backbone` and `step_duration` are then ignored.
        mask_decoder: of the spatial parser; by default the paper's.
    """

    def __init__(
        self,
        *,
        sap: bool = True,
        sve: bool = True,
        tap: bool = True,
        static_backbone: str = "resnet34",
        step_duration: int = TOKENS_PER_STEP,
        step_weights: Sequence[float] = STEP_WEIGHTS,
        static_encoder: StaticEncoder | None = None,
        mask_decoder: MaskDecoder | None = None,
    ) -> None:
        super().__init__()
        self.has_masks, self.has_static, self.has_steps = sap, sve, tap
        self.i3d = I3D()
        if sap:
            self.spatial_parser = SpatialParser(mask_decoder)
        if tap:
            self.psnet = PSNet()
        if sve:
            if static_encoder is None:
                static_encoder = StaticEncoder(*make_backbone(static_backbone), step_duration=step_duration)
            self.static_encoder = static_encoder
        self.reducers = nn.ModuleList(StepReducer() for _ in range(3))
        self.dynamic_stream: nn.Module = StepStream()
        if sve:
            self.static_stream: nn.Module = StepStream()
        weights = torch.tensor(step_weights, dtype=torch.float32)
        self.register_buffer("step_weights", weights / ((2 if sve else 1) * weights.sum()), persistent=False)

    def forward(  # type: ignore[override]
        self, query: Tensor, exemplar: Tensor, *, transitions: tuple[Pairs, Pairs] | None = None
    ) -> PairedVideos:
        """Map videos of queries and exemplars to masks, transitions and relative scores (Figure 2 of the paper).

        Args:
            query, exemplar: (B, 3, 96, H, W) float32, ImageNet-normalized.
            transitions: (st, ed) samples of both at which steps are cut, as training gives them; by default those that
                the network predicts, searched in their halves of the dive as released.

        Raises:
            ConfigError: by `check_video`.
        """
        self.check_video(query)
        self.check_video(exemplar)
        parsed = self.parse(torch.cat([query, exemplar]), bn_groups=2)
        if transitions is None:
            found = [FIXED_TRANSITIONS] * (2 * len(query))
            if parsed.probabilities is not None:
                found = [decode_release(p) for p in parsed.probabilities.detach().cpu().numpy()]
            transitions = found[: len(query)], found[len(query) :]
        first, second = parsed.rows(slice(None, len(query))), parsed.rows(slice(len(query), None))
        tokens = None
        if first.frame_features is not None and second.frame_features is not None:
            tokens = (
                self.static_encoder.step_tokens(first.frame_features, transitions[0]),
                self.static_encoder.step_tokens(second.frame_features, transitions[1]),
            )
        relative = self.compare((first.gated, second.gated), tokens, transitions)
        return PairedVideos(relative, first, second, transitions)

    def parse(self, video: Tensor, *, masks: bool = True, bn_groups: int = 1) -> Parsed:
        """Pass videos (B, 3, 96, H, W) float32, ImageNet-normalized, through the encoders and PSNet.

        Args:
            masks: whether to compute the maps of masks.
            bn_groups: parts of the batch whose statistics the batch norms of PSNet and of the static encoder take
                apart. As released, queries and exemplars (2) pass these in turn, but the I3Ds together.
        """
        with self.encoders(video.device):
            parser = None
            if self.has_masks:
                parser = self.spatial_parser if masks else self.spatial_parser.embed
            gated, logits = self._encode_windows(to_windows(video), parser)
            static_features, frame_features, _ = self._encode_frames(video, bn_groups)
        gated = self.refine(gated.unflatten(0, (len(video), -1)))
        if logits is not None:
            logits = logits.float().unflatten(0, (len(video), -1))
        probabilities = self.step_probabilities(gated, static_features, bn_groups) if self.has_steps else None
        return Parsed(gated, probabilities, logits, frame_features)

    def _encode_windows(
        self, windows: Tensor, parser: Callable[[Tensor], tuple[AnyMasks, Tensor]] | None
    ) -> tuple[Tensor, AnyMasks | None]:
        """Encode windows (N, 3, 16, H, W) to features (N, 1024) float32, gated where there is a parser."""
        feature = self.i3d(windows).float()
        if parser is None:
            return feature, None
        masks, embedding = parser(windows)
        return self.gate(feature, embedding.float()), masks

    def _encode_frames(
        self, video: Tensor, bn_groups: int = 1
    ) -> tuple[Tensor | None, Tensor | None, dict[str, Tensor]]:
        """Return features (B, 96, n) of the static backbone and of the static encoder, float32, None without SVE.

        And what else the backbone estimates of every sample, (B, 96, ...) by name.
        """
        if not self.has_static:
            return None, None, {}
        frames = video.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        groups = [self.static_encoder.encode_frames(group) for group in frames.chunk(bn_groups)]
        features = torch.cat([found for found, _ in groups])
        frame_features = self.static_encoder.to_feature(features).float().unflatten(0, (len(video), -1))
        estimates = {
            name: torch.cat([further[name] for _, further in groups]).unflatten(0, (len(video), -1))
            for name in groups[0][1]
        }
        return features.float().unflatten(0, (len(video), -1)), frame_features, estimates

    def step_probabilities(self, gated: Tensor, static_features: Tensor | None, bn_groups: int = 1) -> Tensor:
        """Return the probabilities (B, 96, 2) that the second and the third step begin at a sample (Eq. 4).

        Args:
            gated: (B, 9, 1024).
            static_features: (B, 96, n) of the static backbone, for networks that also use these; FineParser does not.
            bn_groups: as in `parse`.
        """
        return torch.cat([self.psnet(group) for group in gated.chunk(bn_groups)])

    def encode(
        self,
        video: Tensor,
        decode: Decoder,
        *,
        masks: bool = True,
        between_batches: Callable[[int], None] | None = None,
    ) -> EncodedVideo:
        """Encode videos, see `AQAModel.encode`; without TAP the transitions are `FIXED_TRANSITIONS`, no prediction.

        Args:
            masks: whether to compute masks, which no score depends on.
            between_batches: called with the number of windows after every `WINDOWS_AT_ONCE` of them, to report progress
                or, by raising, to cancel.
        """
        self.check_video(video)
        windows, parser = to_windows(video), None
        if self.has_masks:
            parser = self.spatial_parser.infer if masks else self.spatial_parser.embed
        with self.encoders(video.device):
            parts = []
            for part in windows.split(WINDOWS_AT_ONCE if between_batches else len(windows)):
                parts.append(self._encode_windows(part, parser))
                if between_batches:
                    between_batches(len(part))
            found = self._finish_masks([part for _, part in parts if part is not None], video)
            static_features, frame_features, estimates = self._encode_frames(video)
        gated = self.refine(torch.cat([part for part, _ in parts]).unflatten(0, (len(video), -1)))
        probabilities = self.step_probabilities(gated, static_features) if self.has_steps else None
        transitions = [FIXED_TRANSITIONS] * len(video)
        if probabilities is not None:
            transitions = [decode(p) for p in probabilities.cpu().numpy()]
        encoding = {"gated": gated, "transitions": torch.tensor(transitions)}
        if frame_features is not None:
            encoding["static_tokens"] = self.static_encoder.step_tokens(frame_features, transitions)
        return EncodedVideo(
            encoding=encoding,
            probabilities=probabilities,
            transitions=transitions if self.has_steps else None,
            mask_probability=found,
            frame_features=frame_features,
            estimates=estimates,
        )

    def _finish_masks(self, parts: Sequence[tuple[Tensor, Tensor | None]], video: Tensor) -> Tensor | None:
        """Return the mask probability (B, 96, H, W) by the output of `SpatialParser.infer` for the windows."""
        if not parts:
            return None
        logits, known = zip(*parts, strict=True)
        of_samples, n_videos = None, len(video)
        if known[0] is not None:
            of_samples = mean_over_windows(torch.cat(known).transpose(1, 2), n_videos).transpose(1, 2)
        coarse = mean_over_windows(torch.cat(logits).float().sigmoid(), n_videos).logit(eps=1e-6)
        return self.spatial_parser.decoder.finish(coarse, of_samples, video).float().sigmoid()

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict scores by Eq. 12: for each exemplar the predicted difference plus its score.

        Deviation: Eq. 12 adds the exemplar's score to F, which holds it already by Eq. 6; as released it counts once.
        """
        return self.relative_to(query, exemplars).delta + exemplars["score"]

    def relative_to(self, query: VideoEncoding, exemplars: VideoEncoding) -> RelativeScore:
        """Compare a query (batch of 1) with each of E exemplars, as encoded by `encode`."""
        n = len(exemplars["gated"])
        both = {name: (query[name].expand(n, *query[name].shape[1:]), exemplars[name]) for name in query}
        transitions = tuple([(int(st), int(ed)) for st, ed in side] for side in both["transitions"])
        return self.compare(both["gated"], both.get("static_tokens"), (transitions[0], transitions[1]))

    @staticmethod
    def gate(i3d_feature: Tensor, mask_feature: Tensor) -> Tensor:
        """Compute X_V = B(X) * sigmoid(B5(X)), both (.., 1024) (paper section 3.2)."""
        return i3d_feature * torch.sigmoid(mask_feature)

    def refine(self, gated: Tensor) -> Tensor:
        """Map outputs of `gate` for all windows (B, 9, n) to (B, 9, 1024), where a network sees windows together."""
        return gated

    def dynamic_tokens(self, gated: Tensor, boundaries: Pairs) -> Tensor:
        """Map gated features (B, 9, 1024), cut at the pairs' window boundaries (a, b), to tokens (B, 3, 12, 64)."""
        return self.reduce_rows(self.step_rows(gated, boundaries))

    def reduce_rows(self, rows: Tensor) -> Tensor:
        """Map rows of the steps (B, 12, 1024), see `step_rows`, to tokens (B, 3, 12, 64)."""
        pieces = rows.split(DYNAMIC_LENGTH, dim=1)
        return torch.stack([reducer(piece) for reducer, piece in zip(self.reducers, pieces, strict=True)], dim=1)

    def step_rows(self, gated: Tensor, boundaries: Pairs) -> Tensor:
        """Cut the same to four rows of each step in order, (B, 12, 1024)."""
        matrix = torch.from_numpy(np.stack([dynamic_matrix(a, b) for a, b in boundaries]))
        return matrix.to(gated) @ gated

    def compare(
        self,
        gated: tuple[Tensor, Tensor],
        static_tokens: tuple[Tensor, Tensor] | None,
        transitions: tuple[Pairs, Pairs],
    ) -> RelativeScore:
        """Return the points of queries relative to exemplars (Eq. 6 without y_Z).

        Args:
            gated: (B, 9, 1024) of the queries and of the exemplars.
            static_tokens: (B, 3, 4, 64) of the queries and of the exemplars; None without SVE.
            transitions: (st, ed) samples of the queries and of the exemplars.
        """
        boundaries = [pair_boundaries(q, e) for q, e in zip(*transitions, strict=True)]
        query, exemplar = (self.dynamic_tokens(side, boundaries) for side in gated)
        return self.regress((query, exemplar), static_tokens)

    def regress(
        self, dynamic_tokens: tuple[Tensor, Tensor], static_tokens: tuple[Tensor, Tensor] | None
    ) -> RelativeScore:
        """Return the regression (Eq. 6 without y_Z) alone: tokens of the queries and of the exemplars, row by row."""
        dynamic = self.dynamic_stream(*dynamic_tokens) * self.step_weights
        if static_tokens is None:
            return RelativeScore(dynamic, torch.zeros_like(dynamic))
        return RelativeScore(dynamic, self.static_stream(*static_tokens) * self.step_weights)


def mean_over_windows(values: Tensor, n_videos: int = 1) -> Tensor:
    """Average maps (9 B, T, ...) of the windows of B videos, T a divisor of 16, over time, to (B, 6 T, ...)."""
    windows, length = values.unflatten(0, (n_videos, -1)), values.shape[1]
    total = values.new_zeros(n_videos, N_SAMPLES * length // WINDOW_LENGTH, *values.shape[2:])
    count = values.new_zeros(total.shape[1], *(1 for _ in values.shape[2:]))
    for i in range(windows.shape[1]):
        start = i * WINDOW_STRIDE * length // WINDOW_LENGTH
        total[:, start : start + length] += windows[:, i]
        count[start : start + length] += 1
    return total / count

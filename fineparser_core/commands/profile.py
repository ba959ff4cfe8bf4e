"""`fineparser profile`: a parse by stages; what encoding once saves in scoring, layout and precision in training; the
streams' shares."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch

from fineparser_core.checkpoints.bundle import load_fineparser
from fineparser_core.commands.options import Count, Positional, parse, whole
from fineparser_core.commands.printing import say
from fineparser_core.commands.profile_parsing import profile_parsing
from fineparser_core.commands.profile_streams import profile_streams
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExemplarError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import select_by_board
from fineparser_core.inference.analyzer import Analyzer, bundled_weights
from fineparser_core.inference.device import PRECISIONS, choose_precision, device_names
from fineparser_core.inference.encoder import ClipEncoder, normalise
from fineparser_core.inference.samples import Samples, read_samples
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.resources import resource
from fineparser_core.training.throughput import (
    our_iteration,
    relative_differences,
    seconds_per_iteration,
    straightforward_iteration,
    synthetic_batch,
    with_all_pairs,
)
from fineparser_core.types import Clip
from fineparser_core.video.clips import make_clip
from fineparser_core.video.sampling import WINDOWS


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """Scores one clip: encoded once, or pair by pair as the release does.

    Attributes:
        clip: a clip; by default one of the exemplars.
        dive_number: of the exemplars that it is compared with.
        exemplars: how many.
    """

    clip: Positional[Path | None] = None
    dive_number: str = "207C"
    exemplars: Count = 10


@dataclass(frozen=True, kw_only=True)
class Parsing:
    """Times a parse by stages, from decoding to the encoding, beside the bound of its floating-point operations.

    Attributes:
        clip: a clip; by default the sample dive.
        repeats: parses to time; the fastest is printed.
    """

    clip: Positional[Path | None] = None
    repeats: Count = 3


@dataclass(frozen=True, kw_only=True)
class Training:
    """Times a training iteration on noise: ours, or float32 pair by pair.

    Attributes:
        pairs: the paper's pairs in an iteration.
        repeats: iterations of each kind to time.
        size: width and height of a frame; a multiple of 16.
    """

    pairs: Annotated[int, whole(1, 64)] = 2
    repeats: Count = 3
    size: Annotated[int, whole(16, 1024)] = 112


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Prints how much of the score each stream makes, on the bundled exemplars."""


class PairByPair:
    """The straightforward path of the release: every pair encodes both of its clips, then compares.

    Args:
        encoder: gives model, device, precision and decoding, so that only the path differs.
        contiguous: float32 kernels in torch's default layout instead.
    """

    def __init__(self, encoder: ClipEncoder, decoding: str, *, contiguous: bool) -> None:
        self.model = encoder.model
        self._encoder = encoder
        self._decode = DECODERS[decoding]
        self._contiguous = contiguous

    @torch.inference_mode()
    def delta(self, query: Samples, exemplar: Samples) -> float:
        """Predicted score difference of two clips."""
        (gated_q, tokens_q, cut_q), (gated_e, tokens_e, cut_e) = self._encode(query), self._encode(exemplar)
        relative = self.model.compare((gated_q, gated_e), (tokens_q, tokens_e), ([cut_q], [cut_e]))
        return float(relative.delta)

    def _encode(self, samples: Samples) -> tuple[torch.Tensor, torch.Tensor, tuple[int, int]]:
        if not self._contiguous:
            encoding = self._encoder.encode(samples.frames, seconds=samples.seconds).encoding
            gated = torch.from_numpy(encoding.gated)[None].to(self._encoder.device)
            features = torch.from_numpy(encoding.frame_features)[None].to(self._encoder.device)
            tokens = self.model.static_encoder.step_tokens(features, [encoding.transition_samples])
            return gated, tokens, encoding.transition_samples
        video = normalise(torch.from_numpy(samples.frames).to(self._encoder.device)).contiguous()
        windows = video[torch.tensor(WINDOWS)].transpose(1, 2).contiguous()
        _, mask_feature = self.model.spatial_parser.infer(windows)
        gated = self.model.gate(self.model.i3d(windows), mask_feature)[None]
        static_features = self.model.static_encoder.backbone(video)[None]
        probabilities = self.model.step_probabilities(gated, static_features)
        transitions = self._decode(probabilities[0].cpu().numpy(), samples.seconds)
        features = self.model.static_encoder.to_feature(static_features)
        return gated, self.model.static_encoder.step_tokens(features, [transitions]), transitions


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    args = parse(Parsing | Scoring | Training | Streams, "profile", argv)  # type: ignore[arg-type]
    if isinstance(args, Parsing):
        analyzer = Analyzer.open()
        clip = make_clip(args.clip or resource("samples", "sample.mp4"))
        say(f"CPU: {_cpu_name()}; device {analyzer.model.device}")
        profile_parsing(analyzer, clip, args.repeats)
    elif isinstance(args, Scoring):
        _profile_scoring(args.clip, str(parse_dive_number(args.dive_number)), args.exemplars)
    elif isinstance(args, Streams):
        profile_streams()
    else:
        if args.size % 16:
            raise ConfigError(f"--size {args.size} does not fit the network: choose a multiple of 16.")
        _profile_training(args.pairs, args.repeats, args.size)
    return 0


def _profile_scoring(path: Path | None, dive_number: str, n_exemplars: int) -> None:
    analyzer = Analyzer.open()
    candidates = analyzer.library.exemplars(dive_number)
    chosen, _ = select_by_board(candidates, None, n_exemplars, seed=0)
    if not chosen:
        raise ExemplarError(f"No exemplars for {dive_number}: choose another dive number.")
    clip = make_clip(path) if path else _clip(chosen[0])
    say(f"CPU: {_cpu_name()}, {torch.get_num_threads()} threads; device {analyzer.model.device}")
    say(f"one query against {len(chosen)} exemplars of {dive_number}, decoding of video not counted")
    _compare(analyzer, clip, chosen)


def _compare(analyzer: Analyzer, clip: Clip, chosen: Sequence[Exemplar]) -> None:
    identity = analyzer.model
    query = read_samples(clip, identity.preprocessing, analyzer.encoder)
    others = [read_samples(_clip(e), identity.preprocessing, analyzer.encoder) for e in chosen]
    encoder = analyzer.encoder
    for exemplar in chosen:
        analyzer.exemplar_encoding(exemplar)
    encoder.encode(query.frames)  # warm up

    start = time.perf_counter()
    encoding = encoder.encode(query.frames, seconds=query.seconds).encoding
    votes = analyzer.compare(encoding, chosen)
    ours_s = time.perf_counter() - start
    say(f"encode once, {identity.precision} channels last: {ours_s:.2f} s")

    same = PairByPair(encoder, identity.decoding, contiguous=False)
    plain = PairByPair(_contiguous_encoder(analyzer), identity.decoding, contiguous=True)
    for name, path in ((f"pair by pair, {identity.precision} channels last", same), ("pair by pair, fp32", plain)):
        start = time.perf_counter()
        scores = [e.score + path.delta(query, samples) for e, samples in zip(chosen, others, strict=True)]
        pair_s = time.perf_counter() - start
        worst = max(abs(a - v.vote) for a, v in zip(scores, votes, strict=True))
        say(f"{name}: {pair_s:.2f} s, {pair_s / ours_s:.1f} times; largest difference of a vote {worst:.2g} points")


def _contiguous_encoder(analyzer: Analyzer) -> ClipEncoder:
    model, card = load_fineparser(bundled_weights())
    encoder = ClipEncoder(model, analyzer.encoder.device, precision="fp32", decoding=card.decoding)
    for parameter in encoder.model.parameters():
        parameter.data = parameter.data.contiguous()
    return encoder


def _profile_training(n_pairs: int, repeats: int, size: int) -> None:
    model, _ = load_fineparser(bundled_weights())
    precision = choose_precision(torch.device("cpu"))
    batch = synthetic_batch(n_pairs, size=size)
    ours = f"ours, {precision}"
    steps = {
        "straightforward": straightforward_iteration(model, batch),
        "ours, fp32": our_iteration(model, batch, torch.float32),
        ours: our_iteration(model, batch, PRECISIONS[precision]),
        "all pairs": our_iteration(model, with_all_pairs(batch), PRECISIONS[precision]),
    }
    say(f"CPU: {_cpu_name()}, {torch.get_num_threads()} threads")
    say(
        f"{n_pairs} pairs, {len(batch.video)} videos of {size} x {size} an iteration; batch norm fixed; forward, "
        f"backward and update; median of {repeats}"
    )
    seconds, losses = seconds_per_iteration(steps, repeats)
    plain_s = seconds["straightforward"]
    say(f"straightforward, fp32 contiguous, pair by pair: {plain_s:.2f} s an iteration")
    for name in dict.fromkeys(("ours, fp32", ours)):
        say(
            f"{name} channels last, one batch: {seconds[name]:.2f} s an iteration, "
            f"{plain_s / seconds[name]:.2f} times faster"
        )
        differences = relative_differences(losses[name], losses["straightforward"])
        terms = ", ".join(f"{term} {value:.1e}" for term, value in differences.items())
        say(f"  relative difference of each loss: {terms}")
    ratio = plain_s / seconds[ours]
    say(f"bound 2 times: {'met' if ratio >= 2 else 'missed'} ({ratio:.2f})")
    paired, every = (steps[name].pairs / seconds[name] for name in (ours, "all pairs"))
    say(
        f"apart, all pairs on the same {len(batch.video)} videos: {steps['all pairs'].pairs} instead of "
        f"{steps[ours].pairs} ordered pairs an iteration, {every:.2f} instead of {paired:.2f} a second "
        f"({every / paired:.1f} times); its pairs share videos, so each adds less information"
    )


def _clip(exemplar: Exemplar) -> Clip:
    return make_clip(exemplar.clip_path, exemplar.in_frame, exemplar.out_frame)


def _cpu_name() -> str:
    return f"{device_names()['cpu']} ({torch.backends.cpu.get_cpu_capability()})"

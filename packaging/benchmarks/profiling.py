"""A parse by stages, and how much of the score each stream makes.

`python packaging/benchmarks/profiling.py parsing|streams`; `--help` after each names its options.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from fineparser_core.commands.bundle import stream_rhos
from fineparser_core.commands.cli import run_guarded
from fineparser_core.commands.options import Count, Positional, parse
from fineparser_core.commands.printing import say
from fineparser_core.constants import Precision
from fineparser_core.inference import pipeline, samples
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion import clips
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.records import Clip
from fineparser_core.resources import resource
from fineparser_core.support.device import device_names
from fineparser_core.support.tables import text_table
from fineparser_core.video.clips import make_clip

#: Rows and columns of the matrices whose product is timed for the matrix rate, and the number of timed products.
_SIZE, _PRODUCTS = 2048, 8


@dataclass
class Spent:
    """Cost of a stage: seconds of time and of the processor, and floating-point operations in units of 1e9."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gflop: float = 0.0


def profile_parsing(analyzer: Analyzer, clip: Clip, repeats: int) -> None:
    """Print what each stage of a parse takes: the fastest of so many parses, and the bound of its operations."""
    precision = analyzer.model.precision
    with FlopCounterMode(display=False) as counter:  # slows down what it counts, and warms up
        counted = _spent(analyzer, clip, lambda: counter.get_total_flops() / 1e9)
    runs = [_spent(analyzer, clip, lambda: 0.0) for _ in range(repeats)]
    best = min(runs, key=lambda run: run["whole"].wall_s)
    rate = matrix_rate(analyzer.encoder.device, analyzer.encoder.model.precision)
    seconds = (clip.out_frame - clip.in_frame) / clip.fps
    say(f"{clip.path.name}: {clip.out_frame - clip.in_frame + 1} frames, {seconds:.1f} s; the fastest of {repeats}")
    say(
        f"{precision}: {rate:,.0f} GFLOP/s a core in products of {_SIZE} x {_SIZE} matrices; "
        f"{torch.get_num_threads()} threads"
    )
    rows = []
    for name, spent in best.items():
        gflop = counted[name].gflop
        bound = f"{gflop / rate:.2f}" if gflop else ""
        rows.append((name, f"{spent.wall_s:.2f}", f"{spent.cpu_s:.2f}", f"{gflop:.0f}" if gflop else "", bound))
    say(text_table(("stage", "s", "CPU s", "GFLOP", "bound CPU s"), rows, left=(0,)))


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Measure the rate of products of matrices in 1e9 floating-point operations a second, the best of several.

    Seconds of the processor are counted, which other programs of a shared machine hardly change.
    """
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    matrix = torch.randn(_SIZE, _SIZE, device=device).to(dtype)
    fastest = float("inf")
    for _ in range(_PRODUCTS):
        began = clock()
        (matrix @ matrix)[0, 0].item()  # waits for the device
        fastest = min(fastest, clock() - began)
    return 2 * _SIZE**3 / fastest / 1e9


def _spent(analyzer: Analyzer, clip: Clip, gflop: Callable[[], float]) -> dict[str, Spent]:
    """Return the cost by stage, in the order in which they begin; then of the rest, and of the whole."""
    spent: dict[str, Spent] = {}
    with _measured(_stages(analyzer), spent, gflop), _measured([(analyzer, "parse", "whole")], spent, gflop):
        analyzer.parse(clip)
    whole = spent.pop("whole")
    parts = list(spent.values())
    rest = Spent(
        *(getattr(whole, name) - sum(getattr(part, name) for part in parts) for name in ("wall_s", "cpu_s", "gflop"))
    )
    return {**spent, "rest": rest, "whole": whole}


def _stages(analyzer: Analyzer) -> list[tuple[Any, str, str]]:
    """Return owner, name and stage of the functions that make up a parse, none of which calls another."""
    encoder, model = analyzer.encoder, analyzer.encoder.model
    stages: list[tuple[Any, str, str]] = [
        (clips, "find_dives", "decode; what moves"),
        (clips, "follow_diver", "follow who falls"),
        (samples, "coarse_pass", "coarse pass"),
        (samples, "crop_frames", "crops"),
        (encoder, "keypoints", "keypoints, for the crop"),
        (model.i3d, "forward", "I3D of the temporal parser"),
    ]
    if model.has_masks:
        parser = model.spatial_parser
        stages += [
            (owner, name, "I3D of the spatial parser") for owner, name in ((parser, "taps"), (parser.encoder, "end"))
        ]
        stages += [(parser.decoder, name, "mask decoder") for name in ("coarse", "finish")]
    stages.append((pipeline, "find_joints", "joints, by BlazePose and masks"))
    stages.append((analyzer.blazepose, "masks", "masks, by BlazePose"))
    if isinstance(backbone := model.static_encoder.backbone, PoseBackbone):
        stages.append((backbone, "features_and_keypoints", "poses"))
    return stages


@contextmanager
def _measured(
    stages: list[tuple[Any, str, str]], spent: dict[str, Spent], gflop: Callable[[], float]
) -> Iterator[None]:
    """Add the time of functions to their stage while the context lasts."""
    before = [(owner, name, owner.__dict__.get(name)) for owner, name, _ in stages]
    for owner, name, stage in stages:
        setattr(owner, name, _timed(getattr(owner, name), stage, spent, gflop))
    try:
        yield
    finally:
        for owner, name, own in before:
            if own is None:
                delattr(owner, name)
            else:
                setattr(owner, name, own)


def _timed(
    function: Callable[..., Any], stage: str, spent: dict[str, Spent], gflop: Callable[[], float]
) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **named: Any) -> Any:
        began = time.perf_counter(), time.process_time(), gflop()
        try:
            return function(*args, **named)
        finally:
            into = spent.setdefault(stage, Spent())
            into.wall_s += time.perf_counter() - began[0]
            into.cpu_s += time.process_time() - began[1]
            into.gflop += gflop() - began[2]

    return timed


def profile_streams() -> None:
    """Print Spearman's rho of both streams and of each alone, over the bundled exemplars.

    Each exemplar is left out in turn and compared with the others of its number and board: the mean points that the
    streams give it relative to them, beside the true difference. Encodings are those that the library holds.
    """
    analyzer = Analyzer.open(precision="fp32")
    exemplars = analyzer.library.exemplars()
    rhos = stream_rhos(analyzer, exemplars)
    analyzer.library.close()
    say(f"weights {analyzer.model.id}: {len(exemplars)} exemplars, each left out in turn and compared with the others")
    say(text_table(["points from", "Spearman rho"], [[name, f"{rho:.3f}"] for name, rho in rhos.items()]))


@dataclass(frozen=True, kw_only=True)
class Parsing:
    """Times a parse by stages, from decoding to the encoding, beside the bound of its floating-point operations.

    Attributes:
        clip: a clip; by default the sample dive.
        repeats: parses to time; the fastest is printed.
        precision: as for `fineparser score`.
    """

    clip: Positional[Path | None] = None
    repeats: Count = 3
    precision: Precision = "auto"


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Prints how much of the score each stream makes, on the bundled exemplars."""


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(Parsing | Streams, "profiling", argv)  # type: ignore[arg-type]
    if isinstance(args, Parsing):
        analyzer = Analyzer.open(precision=args.precision)
        clip = make_clip(args.clip or resource("samples", "sample.mp4"))
        capability = torch.backends.cpu.get_cpu_capability()
        say(f"CPU: {device_names()['cpu']} ({capability}); device {analyzer.model.device}, {analyzer.model.precision}")
        profile_parsing(analyzer, clip, args.repeats)
    else:
        profile_streams()
    return 0


if __name__ == "__main__":
    sys.exit(run_guarded(main, sys.argv[1:]))

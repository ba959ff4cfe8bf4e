"""`fineparser profile parsing`: where the time of a parse goes, beside the bound that the matrix rate sets."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from fineparser_core.commands.printing import say
from fineparser_core.inference import pipeline, samples
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion import clips
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.records import Clip
from fineparser_core.support.device import PRECISIONS
from fineparser_core.support.text_table import text_table

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
    rate = matrix_rate(analyzer.encoder.device, PRECISIONS[precision])
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

"""`fineparser profile`: a parse by stages, training by its two sides, and how much of the score each stream makes."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from fineparser_core.commands.options import Count, CountFromZero, DatasetOptions, Positional, parse
from fineparser_core.commands.printing import say
from fineparser_core.commands.profile_parsing import profile_parsing
from fineparser_core.commands.profile_streams import profile_streams
from fineparser_core.commands.profile_training import profile_training
from fineparser_core.commands.terminal import log_to_stderr
from fineparser_core.config import RunSettings
from fineparser_core.constants import Device, Precision
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.resources import resource
from fineparser_core.support.device import choose_device, device_names
from fineparser_core.training.presets import get_config
from fineparser_core.video.clips import make_clip


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
class Streams:
    """Prints how much of the score each stream makes, on the bundled exemplars."""


@dataclass(frozen=True, kw_only=True)
class Training(DatasetOptions):
    """Prints batches a second of the data path and of the network in training, and which side waits.

    Attributes:
        data: folder of the data set, or a file of judged dives.
        config: preset, as for `fineparser train`.
        batch_size: as there; by default the preset's.
        precision, compile: likewise.
        loaders: processes that make batches; by default none on a CPU, and up to four a GPU.
        iterations: batches to time.
        limit: use the first N dives only.
        cache: folder for decoded frames; by default the user's cache folder.
        device: where the network runs; by default on the best that there is.
    """

    data: Path
    config: str = "release"
    batch_size: Count | None = None
    precision: Precision | None = None
    compile: bool = False
    loaders: CountFromZero | None = None
    iterations: Count = 8
    limit: Count | None = None
    cache: Path | None = None
    device: Device = "auto"


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(Parsing | Streams | Training, "profile", argv)  # type: ignore[arg-type]
    if isinstance(args, Parsing):
        analyzer = Analyzer.open()
        clip = make_clip(args.clip or resource("samples", "sample.mp4"))
        capability = torch.backends.cpu.get_cpu_capability()
        say(f"CPU: {device_names()['cpu']} ({capability}); device {analyzer.model.device}")
        profile_parsing(analyzer, clip, args.repeats)
    elif isinstance(args, Training):
        config = get_config(args.config)
        sizes = {"batch_size": args.batch_size or config.batch_size, "precision": args.precision or config.precision}
        config = replace(config, **sizes, compile=args.compile, validation_share=0.0)  # type: ignore[arg-type]
        settings = RunSettings(loaders=args.loaders, limit=args.limit, cache=args.cache)
        log_to_stderr()
        data = args.dataset(args.data, config.layout)
        profile_training(data, config, settings, choose_device(args.device), args.iterations, args.cache)
    else:
        profile_streams()
    return 0

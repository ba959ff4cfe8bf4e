"""`fineparser profile`: a parse by stages, and how much of the score each stream makes."""

from dataclasses import dataclass
from pathlib import Path

import torch

from fineparser_core.commands.options import Count, Positional, parse
from fineparser_core.commands.printing import say
from fineparser_core.commands.profile_parsing import profile_parsing
from fineparser_core.commands.profile_streams import profile_streams
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.device import device_names
from fineparser_core.resources import resource
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


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    args = parse(Parsing | Streams, "profile", argv)  # type: ignore[arg-type]
    if isinstance(args, Parsing):
        analyzer = Analyzer.open()
        clip = make_clip(args.clip or resource("samples", "sample.mp4"))
        capability = torch.backends.cpu.get_cpu_capability()
        say(f"CPU: {device_names()['cpu']} ({capability}); device {analyzer.model.device}")
        profile_parsing(analyzer, clip, args.repeats)
    else:
        profile_streams()
    return 0

"""`fineparser profile`: a parse by stages, training by its two sides, and how much of the score each stream makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from fineparser_core.commands.options import Count, CountFromZero, DatasetOptions, Positional, parse
from fineparser_core.commands.printing import say
from fineparser_core.commands.profile_parsing import profile_parsing
from fineparser_core.commands.profile_training import profile_training
from fineparser_core.commands.terminal import log_to_stderr
from fineparser_core.config import RunSettings
from fineparser_core.constants import Device, Precision
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.resources import resource
from fineparser_core.support.device import choose_device, device_names
from fineparser_core.support.text_table import text_table
from fineparser_core.training.presets import get_config
from fineparser_core.video.clips import make_clip


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


def stream_rhos(analyzer: Analyzer, exemplars: Sequence[Exemplar]) -> Mapping[str, float]:
    """Return Spearman's rho between true and predicted differences, for both streams together and for each alone.

    Awards (points divided by the difficulty) are compared, since points would separate hard dives from easy dives;
    differences are compared, since with few dives each dive shifts the mean of the others.
    """
    encodings = {exemplar.id: analyzer.exemplar_encoding(exemplar) for exemplar in exemplars}
    rows = []
    for query in exemplars:
        same = [one for one in exemplars if (one.dive_number, one.board_m) == (query.dive_number, query.board_m)]
        others = [one for one in same if one.id != query.id]
        if not others:
            continue
        relative = analyzer.encoder.compare(encodings[query.id], [encodings[one.id] for one in others])
        dynamic, static = (float(part.sum(dim=-1).mean()) for part in relative)
        difficulty = find_difficulty(parse_dive_number(query.dive_number), query.board_m).value
        points = np.array([query.score, np.mean([one.score for one in others]), dynamic, static])
        rows.append(points / (3 * difficulty))
    true, others_mean, dynamic_points, static_points = np.array(rows).T
    predictions = {
        "both streams": dynamic_points + static_points,
        "static stream alone": static_points,
        "dynamic stream alone": dynamic_points,
    }
    return {name: float(spearmanr(points, true - others_mean).statistic) for name, points in predictions.items()}


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

"""`fineparser calibrate`: measures weights on held-out rendered dives and writes what they state into their card."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.checkpoints.bundle import read_card, write_card
from fineparser_core.commands.options import Count, Seed, WeightsOptions, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import remark, say, say_written
from fineparser_core.commands.terminal import running
from fineparser_core.constants import CARD_NAME, MIN_FRAMES
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.records import DiveRecord, DiveSet
from fineparser_core.data.video_dives import dive_clip
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import AnnotationError, ConfigError, ExemplarError
from fineparser_core.evaluation.calibration import MIN_DIVES, check_level, fit_domain, fit_interval, read_scored
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.int8 import largest_activations
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.records import ClipEncoding, ClipEvidence, IntervalRule
from fineparser_core.resources import bundled_weights
from fineparser_core.support.atomic import temporary_folder
from fineparser_core.video.clips import make_clip

#: Minimum number of exemplars, where there are so many, that activations are measured by.
_WATCHED = 12
#: A wrong clip of every fourth dive: what they show differs more by their kind than by the dive.
_EVERY = 4


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions(WeightsOptions):
    """Measures weights on held-out rendered dives and writes the results into their card.

    Three things: the largest activations of the I3Ds, by exemplars, with which precision int8 computes; and by --data
    or --predictions an interval around the score that holds a stated share of the dives, and how little evidence of a
    dive a clip may show and still be scored. Wrong clips are cut from the same dives: without the take-off, without
    the entry, the approach alone, the water alone.

    A card is written, so --weights must be named, unless with --dry-run.

    Attributes:
        data: folder of rendered dives, of whose test split dives are drawn.
        predictions: predictions.json of an evaluation, to fit the interval on more dives.
        library: exemplar library; by default the bundled library.
        limit: dives to measure on.
        level: share of dives that the interval holds.
        seed: of the choice of dives and of the folds.
        dry_run: print what was fitted and leave the card as it is.
    """

    data: Path | None = None
    predictions: Path | None = None
    library: Path | None = None
    limit: Count = 80
    level: float = 0.8
    seed: Seed = 0
    dry_run: bool = False


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(CalibrateOptions, "calibrate", argv)
    check_level(args.level)
    if args.data is not None and args.limit < MIN_DIVES:
        raise ConfigError(f"--limit {args.limit} is too few dives for thresholds: measure at least {MIN_DIVES}.")
    if args.weights is None and not args.dry_run:
        raise ConfigError("A card is written: name the folder of its weights by --weights, or give --dry-run.")
    folder = args.weights or bundled_weights()
    if not args.dry_run:
        check_output_folder(folder)
    calibrate(args, folder)
    return 0


def calibrate(args: CalibrateOptions, folder: Path) -> None:
    """Measure the weights of a folder and write what they state into their card; nothing by too few dives."""
    card = read_card(folder)
    known = None if args.predictions is None else read_scored(args.predictions)
    data = None if args.data is None else load_dataset(args.data)
    with running() as (progress, cancel):
        activations = usual_activations(folder, args.library, cancel, progress)
    say(f"activations: of {len(activations)} units")
    stored: dict[str, Any] = dict(card.calibration)
    source = "" if args.predictions is None else f"{args.predictions.resolve().parent.name}, exemplars from training"
    if data is not None and args.data is not None:
        with running() as (progress, cancel):
            analyzer = Analyzer.open(weights=folder, library=args.library, device=args.device, precision=args.precision)
            whole, wrong, scored = measure(analyzer, data, args, cancel, progress)
        if len(whole) < MIN_DIVES:
            say(f"no thresholds: {len(whole)} dives are fewer than {MIN_DIVES}")
        else:
            domain = fit_domain(whole, wrong, seed=args.seed)
            say(_domain_text(domain))
            stored["domain"] = domain
        if known is None and len(scored) >= MIN_DIVES:
            known = np.array(scored)
            source = f"{args.data.resolve().name}, exemplars of the library"
    if known is None and args.data is None:
        pass
    elif known is None or len(known) < MIN_DIVES:
        say(f"no interval: fewer than {MIN_DIVES} of the dives have a score by exemplars; give --predictions of more")
    else:
        rule, interval = fit_interval(known, args.level, seed=args.seed)
        say(_interval_text(rule, interval, source))
        stored["interval"] = {**interval, "source": source}
    if not args.dry_run:
        write_card(replace(card, calibration=stored, activations=activations), folder)
        say_written(folder / CARD_NAME)


def usual_activations(
    folder: Path, library: Path | None, cancel: CancelToken, progress: ProgressCallback
) -> dict[str, float]:
    """Return the largest output of each unit of the I3Ds, the median over exemplars of different numbers."""
    analyzer = Analyzer.open(weights=folder, library=library, precision="fp32")
    with analyzer.library as store:
        of_numbers = {exemplar.dive_number: exemplar for exemplar in store.exemplars()}
        chosen = list(of_numbers.values())[:: max(1, len(of_numbers) // _WATCHED)]
    found: dict[str, list[float]] = defaultdict(list)
    for done, exemplar in enumerate(chosen, start=1):
        with largest_activations(analyzer.encoder.model) as largest:
            analyzer.parse(make_clip(exemplar.clip_path, exemplar.in_frame, exemplar.out_frame), cancel=cancel)
        for name, value in largest.items():
            found[name].append(value)
        progress(Progress("calibrate", done, len(chosen)))
    return {name: round(float(np.median(values)), 4) for name, values in found.items()}


def measure(
    analyzer: Analyzer, data: DiveSet, args: CalibrateOptions, cancel: CancelToken, progress: ProgressCallback
) -> tuple[list[ClipEvidence], dict[str, list[ClipEvidence]], list[tuple[float, float, float]]]:
    """Analyze the drawn dives, and wrong clips of every fourth, as any video file.

    Returns:
        The evidence of whole dives, that of wrong clips by their kind, and (error, spread, DD) of the scored dives.
    """
    records = [record for record in data.split("test") if record.has_steps]
    chosen = np.random.default_rng(args.seed).permutation(len(records))[: args.limit]
    whole, scored = list[ClipEvidence](), list[tuple[float, float, float]]()
    wrong: dict[str, list[ClipEvidence]] = defaultdict(list)
    with temporary_folder("fineparser") as folder:
        for done, i in enumerate(sorted(chosen.tolist())):
            record = records[i]
            try:
                clip = dive_clip(data, record, Path(folder) / "dive.mp4")
            except AnnotationError as error:
                remark(f"{record.id} is left out: {error}")
                continue
            parse, encoding = analyzer.parse(clip, cancel=cancel)
            if parse.evidence is not None:
                whole.append(parse.evidence)
            if (score := _score(analyzer, record, encoding, cancel)) is not None:
                scored.append(score)
            if done % _EVERY == 0:
                kinds = list(wrong_cuts(record))
                if kinds:
                    kind, first, last = kinds[done // _EVERY % len(kinds)]
                    cut = make_clip(clip.path, clip.in_frame + first, clip.in_frame + last)
                    parse, _ = analyzer.parse(cut, cancel=cancel)
                    if parse.evidence is not None:
                        wrong[kind].append(parse.evidence)
            progress(Progress("calibrate", done + 1, len(chosen)))
    return whole, wrong, scored


def wrong_cuts(record: DiveRecord) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, first, last frame) of the wrong clips of `MIN_FRAMES` frames or more to cut from a dive."""
    flight, entry = record.first_flight_frame, record.first_entry_frame
    assert flight is not None
    assert entry is not None
    last, air = record.n_frames - 1, entry - flight
    cuts = {
        "no take-off": (flight + air // 3, last),
        "no entry": (0, entry - air // 3),
        "approach alone": (0, flight - 2),
        # The time from the come-out to the water is about a third of the flight.
        "water alone": (entry + air // 2, last),
    }
    for kind, (begin, end) in cuts.items():
        if end - begin + 1 >= MIN_FRAMES:
            yield kind, begin, end


def _score(
    analyzer: Analyzer, record: DiveRecord, encoding: ClipEncoding, cancel: CancelToken
) -> tuple[float, float, float] | None:
    """Return (error, spread, DD) of a dive; None without exemplars of its number."""
    dive = parse_dive_number(record.dive_number)
    try:
        difficulty = find_difficulty(dive, record.board_m, record.difficulty)
        scoring = analyzer.score(encoding, dive, difficulty, cancel=cancel)
    except (ExemplarError, ConfigError):
        return None
    return scoring.score - record.score, scoring.spread, record.difficulty


def _domain_text(domain: Mapping[str, Any]) -> str:
    least = ", ".join(f"{name} {value:g}" for name, value in domain.items() if isinstance(value, float))
    caught = ", ".join(f"{kind} {text}" for kind, text in domain["caught"].items())
    return f"whole dives: {domain['dives']}; least evidence and share refused: {least}\nwrong clips refused: {caught}"


def _interval_text(rule: IntervalRule, card: Mapping[str, Any], source: str) -> str:
    return (
        f"interval: ±({rule.base:.2f} + {rule.per_spread:.2f} spread + {rule.per_difficulty:.2f} DD) for "
        f"{rule.level:.0%} of dives; {card['dives']} dives ({source}); mean width {card['mean_width']:.1f}; "
        f"coverage by cross-validation {card['coverage']:.1%}"
    )

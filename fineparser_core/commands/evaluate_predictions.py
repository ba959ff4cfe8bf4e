"""`fineparser evaluate --predictions`: anybody's predictions against the labels of a data set. No torch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

from fineparser_core import __version__
from fineparser_core.commands.evaluate_options import EvaluateOptions
from fineparser_core.commands.output_paths import check_output_files, make_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import running
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.charts import figure
from fineparser_core.evaluation.comparison import Comparison, compare
from fineparser_core.evaluation.naive_baselines import median_transitions
from fineparser_core.evaluation.predictions import Predictions, check_ids, predicted_results, read_predictions
from fineparser_core.evaluation.protocol import ProtocolRecord, protocol_record
from fineparser_core.evaluation.report import charts_of, paired_charts, write_report
from fineparser_core.evaluation.results import DiveResult, finite, write_predictions
from fineparser_core.evaluation.summary import METRICS, Summary, summarize
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import to_json
from fineparser_core.support.text_table import text_table
from fineparser_core.training.provenance import data_stamp

_FORMAT = "fineparser.evaluation/3"
#: Options that mean something without a network.
_USED = (
    *("data", "layout", "split", "split_by", "frames", "frame_pattern", "mask_pattern", "out", "seed"),
    *("predictions", "against", "force"),
)
_OUTPUTS = ("evaluation.json", "report.html", "figure.svg", "predictions.csv", "predictions.json")


class _Measured(NamedTuple):
    predictions: Predictions
    results: list[DiveResult]
    summary: Summary
    facts: dict[str, Any]


def measure_predictions(args: EvaluateOptions, path: Path) -> None:
    """Measure a file of predictions, print the results, and write them if a folder is named.

    Raises:
        FineParserError: with the sentence for the user.
    """
    for option in fields(args):
        if getattr(args, option.name) != option.default and option.name not in _USED:
            raise ConfigError(
                f"--{option.name.replace('_', '-')} is of a network, and --predictions needs none: leave it away."
            )
    if args.data is None:
        raise ConfigError("--data is not given: name the folder of the data set whose dives are predicted.")
    files = [path] if args.against is None else [path, args.against]
    if args.out is not None:
        make_output_folder(args.out)
        outputs = [args.out / name for name in _OUTPUTS]
        check_output_files(outputs, dict.fromkeys(files, "the file of predictions that is measured"))
    given = [read_predictions(file) for file in files]
    data, seed = args.dataset(args.data, args.layout), args.seed or 0
    records, pool, left_out = _usable(data, args.split)
    for one in given:
        check_ids(one, [*records, *left_out], args.split, data)
    if not args.force:
        _check_protocols(given)
    stamp = data_stamp(data, records)
    protocol = protocol_record(
        records,
        split=args.split,
        split_by=args.split_by,
        labels=stamp.labels,
        left_out=len(left_out),
        seed=seed,
        reported=tuple(METRICS),
    )
    facts = {
        "protocol": f"{protocol.name}/{protocol.version}",
        "what": f"{stamp.name}, {args.split} split, {len(records)} dives",
        "labels": stamp.labels,
        "split": args.split,
        "split by": args.split_by,
        "baselines from": f"{len(pool)} training dives",
        "seed": seed,
        **(
            {"left out": f"{len(left_out)} dives with labels of no dive, the first {left_out[0].id}"}
            if left_out
            else {}
        ),
    }
    with running() as (progress, cancel):
        measured = [_measure(one, data, (records, pool), seed, progress, cancel) for one in given]
    say("\n".join(f"{name}: {value}" for name, value in facts.items()))
    for n, each in enumerate(measured):
        say("\n" + "\n".join(f"{name}: {value}" for name, value in each.facts.items()))
        say(f"\n{each.summary.as_text() if n == 0 else text_table(*each.summary.metric_table(), left=(0, 4))}")
    comparison = None
    if args.against is not None:
        comparison = compare(_names(files), measured[0].results, measured[1].results, seed=seed)
        header, rows = comparison.table()
        say("\n" + (text_table(header, rows) if rows else "The two files predict nothing of the same dives."))
    if args.out is not None:
        _write(args.out, measured, comparison, facts, protocol)


def _usable(data: DiveSet, split: str) -> tuple[list[DiveRecord], list[DiveRecord], list[DiveRecord]]:
    """Return the dives to measure, those for the baselines, and those to measure whose labels are those of no dive.

    Raises:
        AnnotationError: there is no dive to measure.
    """
    every = data.split(split)
    records = [record for record in every if record.fault is None]
    if not records:
        raise AnnotationError(
            f"{data.root} has no dive with usable labels in the {split} split: choose another --split, or see "
            "`fineparser data check`."
        )
    pool = [record for record in data.split("train") if record.fault is None]
    return records, pool, [record for record in every if record.fault is not None]


def _measure(
    given: Predictions,
    data: DiveSet,
    dives: tuple[Sequence[DiveRecord], Sequence[DiveRecord]],
    seed: int,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> _Measured:
    records, pool = dives
    results, unmeasured = predicted_results(given, data, records, pool, progress=progress, cancel=cancel)
    medians = median_transitions(pool) if pool else None
    summary = summarize(results, median_transitions=medians, exemplars=0, seed=seed)
    there = {one.id for one in given.dives.values() if (one.predicted, one.transitions) != (None, None)} | given.masked
    missing = [record.id for record in records if record.id not in there]
    facts = {
        "predictions": f"{given.path.name}, {len(there)} dives",
        "sha256": given.sha256,
        **(
            {"missing": _some(missing, f" of {len(records)} dives are not predicted and not measured")}
            if missing
            else {}
        ),
        **({"masks not measured": _some(unmeasured, " dives")} if unmeasured else {}),
        **({"not read": ", ".join(given.ignored[:20])} if given.ignored else {}),
    }
    return _Measured(given, results, summary, facts)


def _check_protocols(given: Sequence[Predictions]) -> None:
    """Raise ConfigError where two files were measured by different protocols before."""
    known = [one for one in given if one.protocol is not None]
    if len(known) == 2 and known[0].protocol is not None and known[1].protocol is not None:
        first, second = known[0].protocol, known[1].protocol
        if different := first.differences(second):
            name = different[0]
            raise ConfigError(
                f"{known[0].path} and {known[1].path} were measured by different protocols, of which {name} is "
                f"{getattr(first, name)!r} and {getattr(second, name)!r}: --force compares them all the same."
            )


def _some(names: Sequence[str], what: str) -> str:
    return f"{len(names)}{what}, the first {names[0]}"


def _names(files: Sequence[Path]) -> tuple[str, str]:
    """Return the names of two files, with their folders where they are equal."""
    first, second = files
    if first.name != second.name:
        return first.name, second.name
    return f"{first.absolute().parent.name}/{first.name}", f"{second.absolute().parent.name}/{second.name}"


def _write(
    out: Path,
    measured: Sequence[_Measured],
    comparison: Comparison | None,
    facts: Mapping[str, Any],
    protocol: ProtocolRecord,
) -> None:
    first = measured[0]
    content: dict[str, Any] = {
        "format": _FORMAT,
        "version": __version__,
        "protocol": to_json(protocol),
        "predictions": first.facts,
        "data": {**facts, **first.summary.as_dict()},
    }
    charts = charts_of(first.results)
    if comparison is not None:
        content["against"] = {
            "predictions": measured[1].facts,
            **measured[1].summary.as_dict(),
            "differences": {name: asdict(each) for name, each in comparison.differences.items()},
        }
        charts += paired_charts(comparison.names, first.results, measured[1].results)
    files = out / "predictions.csv", out / "predictions.json"
    write_predictions(*files, first.results, first.predictions.protocol or protocol)
    write_report(
        out / "report.html",
        first.summary,
        first.results,
        title=f"{first.predictions.path.name} on {facts['what']}",
        provenance={name: str(value) for name, value in {**first.facts, **facts, "version": __version__}.items()},
        thumbnails={},
        comparison=comparison,
        charts=charts,
    )
    if charts:
        write_whole(out / "figure.svg", figure(charts))
    write_whole(out / "evaluation.json", json.dumps(finite(content), indent=2) + "\n")

"""A method measured on a data set: tables and files; the face for Python. No torch where it runs no network."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fineparser_core import __version__
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.records import DataStamp, DiveRecord, DiveSet, data_stamp
from fineparser_core.data.splits import split_by_event
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.metrics import median_transitions
from fineparser_core.evaluation.predictions import Predictions, check_ids, predicted_results, read_predictions
from fineparser_core.evaluation.protocol import Protocol, ProtocolRecord, interval_unit, protocol_record
from fineparser_core.evaluation.results import DiveResult, finite, result_row, write_predictions
from fineparser_core.evaluation.summary import (
    METRICS,
    Intervals,
    Statistic,
    Summary,
    is_parsed,
    is_scored,
    score_statistics,
    step_values,
    summarize,
)
from fineparser_core.progress import CancelToken, ignore_progress
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import to_json
from fineparser_core.support.tables import Columns, columns_of, text_table

if TYPE_CHECKING:  # they load torch
    from fineparser_core.evaluation.running import Evaluation
    from fineparser_core.models.aqa_model import AQAModel

#: Format of evaluation.json.
FORMAT = "fineparser.evaluation/4"
#: Files that `DatasetEvaluation.write` writes.
OUTPUTS = ("evaluation.json", "predictions.csv", "predictions.json")
Split = Literal["train", "test"]
SplitBy = Literal["data", "event"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A metric of two methods over the n dives that both have predicted.

    Attributes:
        first, second: the metric of either.
        value: first - second.
        low, high: 95 % interval of the difference; each draw takes the same dives or events of both.
    """

    first: float
    second: float
    value: float
    low: float
    high: float
    n: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.low > 0 or self.high < 0


def differences_table(names: Sequence[str], differences: Mapping[str, Difference]) -> tuple[list[str], list[list[str]]]:
    """Return the header and cells of the differences of two methods, a row a metric.

    Args:
        names: what the methods are called.
    """
    rows = []
    for name, each in differences.items():
        label, more = METRICS[name]
        better = names[0 if (each.value > 0) == more else 1] if each.is_clear else "not told apart"
        numbers = [f"{number:.4f}" for number in (each.first, each.second)]
        interval = f"{each.low:+.4f} to {each.high:+.4f}"
        rows.append([label, *numbers, f"{each.value:+.4f}", interval, str(each.n), better])
    return ["metric", *names, "difference", "95 % interval", "dives", "better"], rows


def compare(first: Sequence[DiveResult], second: Sequence[DiveResult], *, seed: int = 0) -> dict[str, Difference]:
    """Return the difference of two methods by metric, in the order of `METRICS`, on the dives that both have predicted.

    Args:
        first, second: results on the same labels.
        seed: of the bootstrap.
    """
    by_id = {result.id: result for result in second}
    pairs = [(result, by_id[result.id]) for result in first if result.id in by_id]
    kinds: tuple[
        tuple[Callable[[DiveResult], bool], Callable[[Sequence[DiveResult]], Mapping[str, Statistic]]], ...
    ] = ((is_scored, score_statistics), (is_parsed, partial(_means, step_values)))
    found: dict[str, Difference] = {}
    intervals = Intervals(interval_unit([result.id for result, _ in pairs]), seed)
    for has, statistics in kinds:
        both = [pair for pair in pairs if has(pair[0]) and has(pair[1])]
        if both:
            one, other = (statistics(side) for side in zip(*both, strict=True))
            dives = [pair[0] for pair in both]
            found |= {name: _difference(one[name], other[name], dives, intervals) for name in one}
    return {name: found[name] for name in METRICS if name in found and np.isfinite(found[name].value)}


def _means(
    values_of: Callable[[Sequence[DiveResult]], Mapping[str, np.ndarray]], results: Sequence[DiveResult]
) -> dict[str, Statistic]:
    return {name: partial(_mean, values) for name, values in values_of(results).items()}


def _mean(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    found: np.ndarray = values[draws].mean(axis=-1)
    return found


def _difference(one: Statistic, other: Statistic, dives: Sequence[DiveResult], intervals: Intervals) -> Difference:
    every = np.arange(len(dives))[None]
    first, second = float(one(every)[0]), float(other(every)[0])
    low, high = intervals(lambda draws: one(draws) - other(draws), dives)
    return Difference(first=first, second=second, value=first - second, low=low, high=high, n=len(dives))


@dataclass(frozen=True, kw_only=True)
class DatasetEvaluation:
    """Metrics of a method on a split of a data set.

    Attributes:
        name: of the file of predictions, of the weights, or of the class of the network.
        method: facts on the method, by their keys in evaluation.json.
        facts: data set, split, labels, baselines and seed, for a person.
        protocol: what an evaluation must have in common with this one to be compared.
        results: of every measured dive.
        summary: metrics with intervals and naive baselines; tables by step, dive number and event.
        against: the same of the file that it is compared with.
        differences: to that by metric, with paired intervals; empty without it.
        given: the file of predictions; None for a network.
    """

    name: str
    method: dict[str, Any]
    facts: dict[str, Any]
    protocol: ProtocolRecord
    results: tuple[DiveResult, ...]
    summary: Summary
    against: "DatasetEvaluation | None" = None
    differences: Mapping[str, Difference] = field(default_factory=dict)
    given: Predictions | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the content of evaluation.json, of plain JSON types."""
        content: dict[str, Any] = {"format": FORMAT, "version": __version__, "protocol": to_json(self.protocol)}
        content |= self.method | {"data": {**self.facts, **self.summary.as_dict()}}
        if self.against is not None:
            differences = {name: asdict(each) for name, each in self.differences.items()}
            content["against"] = {**self.against.method, **self.against.summary.as_dict(), "differences": differences}
        plain: dict[str, Any] = finite(content)
        return plain

    def tables(self) -> dict[str, Columns]:
        """Return "metrics", "steps", "numbers", "events", "dives" and "differences", each as its columns.

        `pandas.DataFrame(tables["metrics"])` makes a data frame of one. A table without rows has no columns.
        """
        metrics = [
            {"metric": name, **{key: value for key, value in asdict(metric).items() if key != "baselines"}}
            | {f"baseline: {which}": value for which, value in metric.baselines.items()}
            for name, metric in self.summary.metrics.items()
        ]
        rows: dict[str, Sequence[dict[str, Any]]] = {
            "metrics": metrics,
            "steps": self.summary.by_step,
            "numbers": self.summary.by_number,
            "events": self.summary.by_event,
            "dives": [result_row(result) for result in self.results],
            "differences": [{"metric": name, **asdict(each)} for name, each in self.differences.items()],
        }
        return {name: columns_of(each) for name, each in rows.items()}

    def as_text(self) -> str:
        """Format all tables, as `fineparser evaluate --predictions` prints them."""
        blocks = [lines(self.facts)]
        for one in (self, self.against):
            if one is not None:
                blocks.append(lines(one.method.get("predictions", one.method)))
                whole = one is self
                blocks.append(one.summary.as_text() if whole else text_table(*one.summary.metric_table(), left=(0, 4)))
        if self.against is not None:
            names = self.name, self.against.name
            header, rows = differences_table(names, self.differences)
            none = f"{' and '.join(names)} on the same dives: nothing is measured."
            blocks.append(text_table(header, rows) if rows else none)
        return "\n\n".join(blocks)

    def write(self, out: str | Path) -> None:
        """Write evaluation.json, predictions.csv and predictions.json into a folder.

        Raises:
            ExportError: a file cannot be written.
        """
        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        carried = None if self.given is None else self.given.protocol
        files = out / "predictions.csv", out / "predictions.json"
        write_predictions(*files, self.results, carried or self.protocol)
        write_whole(out / "evaluation.json", json.dumps(self.to_dict(), indent=2) + "\n")


def evaluate(
    method: "str | Path | AQAModel",
    data: str | Path | DiveSet,
    *,
    against: str | Path | None = None,
    split: Split = "test",
    split_by: SplitBy = "data",
    seed: int | None = None,
    force: bool = False,
    protocol: Protocol | None = None,
) -> DatasetEvaluation:
    """Measure predictions or a network on a data set.

    Args:
        method: a file of predictions (CSV or JSON, see packaging/docs/predictions.md), which needs no torch;
            the folder of a bundle of weights; or a network on its device.
        data: the data set, its folder, or its file of judged dives.
        against: another file of predictions, to compare with.
        split: of the data set.
        split_by: "data" for its own test split, "event" for whole events.
        seed: of the intervals and the choice of exemplars; None: that of the protocol, or 0.
        force: compare two files although they were measured by different protocols.
        protocol: how a network is run; None: as its card says, or without a card as the release was.

    Raises:
        FineParserError: with a sentence, for files, data or options that cannot be used.

    Example:
        >>> found = evaluate(predictions, data)
        >>> found.summary.n_dives, sorted(found.summary.metrics)
        (1, ['score_error'])
    """
    data = data if isinstance(data, DiveSet) else load_dataset(data)
    if split_by == "event":
        data = split_by_event(data)
    if split not in ("train", "test"):
        raise ConfigError("split is {0}: use train or test.", repr(split))
    if not isinstance(method, str | Path) or Path(method).is_dir():
        if against is not None:
            raise ConfigError(
                "against compares two files of predictions: give the first of them in place of a network."
            )
        return _evaluate_network(method, data, split, split_by, seed, protocol)
    if protocol is not None:
        raise ConfigError("protocol is of a network: leave it away for predictions.")
    given = read_predictions(method)
    other = None if against is None else read_predictions(against)
    if not force:
        check_protocols([given, other])
    return evaluate_predictions(given, data, other, split=split, split_by=split_by, seed=seed or 0)


def evaluate_predictions(
    given: Predictions, data: DiveSet, against: Predictions | None = None, *, split: Split, split_by: SplitBy, seed: int
) -> DatasetEvaluation:
    """Measure predictions on a data set that is already split.

    Args:
        given: predictions of a method.
        against: those of another method.

    Raises:
        AnnotationError: there is no dive to measure, or a file names others.
    """
    records, pool, left_out = _usable(data, split)
    every = [given, *([] if against is None else [against])]
    for one in every:
        check_ids(one, [*records, *left_out], split, data)
    stamp = data_stamp(data, records)
    facts_of_split: dict[str, Any] = {"split": split, "split_by": split_by, "labels": stamp.labels, "seed": seed}
    protocol = protocol_record(records, **facts_of_split, left_out=len(left_out), reported=tuple(METRICS))
    facts = _facts(protocol, stamp, f"{len(records)} dives", f"{len(pool)} training dives")
    if left_out:
        facts["left out"] = f"{len(left_out)} dives with labels of no dive, the first {left_out[0].id}"
    medians, names, measured = median_transitions(pool) if pool else None, _names([one.path for one in every]), []
    for one, name in zip(every, names, strict=True):
        results = predicted_results(one, records, pool)
        measured.append(
            DatasetEvaluation(
                name=name,
                method={"predictions": _facts_of(one, name, records)},
                facts=facts,
                protocol=protocol,
                results=tuple(results),
                summary=summarize(results, median_transitions=medians, exemplars=0, seed=seed),
                given=one,
            )
        )
    first, second = measured[0], measured[-1]
    if against is None:
        return first
    return replace(first, against=second, differences=compare(first.results, second.results, seed=seed))


def _evaluate_network(
    method: "str | Path | AQAModel",
    data: DiveSet,
    split: Split,
    split_by: SplitBy,
    seed: int | None,
    protocol: Protocol | None,
) -> DatasetEvaluation:
    # Imported late: they load torch.
    from fineparser_core.checkpoints.bundle import load_model
    from fineparser_core.evaluation.running import card_protocol, exemplar_pool, prepare
    from fineparser_core.models.aqa_model import AQAModel, to_channels_last

    folder, facts, fallback = None, dict[str, Any](), Protocol(preprocessing="release", decoding="release")
    if not isinstance(method, AQAModel | str | Path):
        raise ConfigError("method is {0}: give a file, a folder or a network.", type(method).__name__)
    if isinstance(method, AQAModel):
        network, name = method, type(method).__name__
    else:
        folder = Path(method)
        network, card = load_model(folder)
        to_channels_last(network)
        name, fallback = card.id, card_protocol(card)
        facts["weights"] = f"{card.id}, trained on {card.trained_on}"
    protocol = protocol or fallback
    protocol = protocol if seed is None else replace(protocol, seed=seed)
    records, (pool, pool_text) = data.split(split), exemplar_pool(data, folder)
    prepared = prepare(
        network, data, records, pool, protocol, cache=None, progress=ignore_progress, cancel=CancelToken()
    )
    results = prepared.evaluator.run(prepared.dives)
    facts["network"] = f"preprocessing {protocol.preprocessing}, decoding {protocol.decoding}"
    told = {"split": split, "split_by": split_by, "pool": pool_text}
    return network_evaluation(prepared, records, results, name=name, method=facts, **told)


def network_evaluation(
    prepared: "Evaluation",
    records: Sequence[DiveRecord],
    results: Sequence[DiveResult],
    *,
    name: str,
    method: dict[str, Any],
    split: str,
    split_by: str,
    pool: str,
) -> DatasetEvaluation:
    """Return the evaluation of what a network gave for the dives that were prepared.

    Args:
        records: dives that were to be measured.
        pool: the dives that exemplars are drawn from, for a person.
    """
    protocol, stamp = prepared.protocol, data_stamp(prepared.data, records)
    record = protocol_record(
        records,
        {result.id: result.exemplars for result in results},
        protocol,
        split=split,
        split_by=split_by,
        labels=stamp.labels,
        seed=protocol.seed,
        left_out=len(records) - len(results),
        reported=tuple(METRICS),
    )
    facts = _facts(record, stamp, f"{len(results)} of {len(records)} dives", pool)
    if record.pairing:
        facts["exemplars"] = f"up to {protocol.exemplars} of {pool} by {protocol.pairing}, seed {protocol.seed}"
    summary = summarize(
        results, median_transitions=prepared.median_transitions, exemplars=protocol.exemplars, seed=protocol.seed
    )
    return DatasetEvaluation(
        name=name, method=method, facts=facts, protocol=record, results=tuple(results), summary=summary
    )


def _facts(protocol: ProtocolRecord, stamp: DataStamp, dives: str, pool: str) -> dict[str, Any]:
    return {
        "protocol": f"{protocol.name}/{protocol.version}",
        "what": f"{stamp.name}, {protocol.split} split, {dives}",
        "labels": protocol.labels,
        "split": protocol.split,
        "split by": protocol.split_by,
        "baselines from": pool,
        "seed": protocol.seed,
    }


def _facts_of(given: Predictions, name: str, records: Sequence[DiveRecord]) -> dict[str, Any]:
    there = {one.id for one in given.dives.values() if (one.predicted, one.transitions) != (None, None)}
    facts: dict[str, Any] = {"predictions": f"{name}, {len(there)} dives", "sha256": given.sha256}
    if missing := [record.id for record in records if record.id not in there]:
        told = f"{len(missing)} of {len(records)} dives are not predicted and not measured"
        facts["missing"] = f"{told}, the first {missing[0]}"
    if given.ignored:
        facts["not read"] = ", ".join(given.ignored[:20])
    return facts


def lines(facts: Mapping[str, Any]) -> str:
    """Return facts as lines for a person."""
    return "\n".join(f"{name}: {value}" for name, value in facts.items())


def _usable(data: DiveSet, split: str) -> tuple[list[DiveRecord], list[DiveRecord], list[DiveRecord]]:
    """Return the dives to measure, those for the baselines, and those to measure whose labels are those of no dive.

    Raises:
        AnnotationError: there is no dive to measure.
    """
    every = data.split(split)
    records = [record for record in every if record.fault is None]
    if not records:
        raise AnnotationError(
            f"{data.root} has no dive with usable labels in the {split} split: choose another --split."
        )
    pool = [record for record in data.split("train") if record.fault is None]
    return records, pool, [record for record in every if record.fault is not None]


def check_protocols(given: Sequence[Predictions | None]) -> None:
    """Raise ConfigError where two files were measured by different protocols before."""
    known = [(one.path, one.protocol) for one in given if one is not None and one.protocol is not None]
    for path, protocol in known[1:]:
        if different := known[0][1].differences(protocol):
            name = different[0]
            raise ConfigError(
                f"{known[0][0]} and {path} were measured by different protocols, of which {name} is "
                f"{getattr(known[0][1], name)!r} and {getattr(protocol, name)!r}: force (--force) compares them even "
                "so."
            )


def _names(paths: Sequence[Path]) -> list[str]:
    """Return the names of files, with as many of their folders as tell them apart."""
    parts = [path.absolute().parts for path in paths]
    names, n = [path.name for path in paths], 1
    while len(set(names)) < len(set(parts)):
        n += 1
        names = ["/".join(each[-n:]) for each in parts]
    return names

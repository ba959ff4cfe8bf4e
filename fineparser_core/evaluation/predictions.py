"""Anybody's predictions on a data set, as CSV or JSON, see packaging/docs/predictions.md. No torch."""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.records import DiveRecord, DiveSet
from fineparser_core.data.transforms import labeled_transitions
from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.protocol import ProtocolRecord
from fineparser_core.evaluation.results import PREDICTIONS_FORMAT, DiveResult, dive_result
from fineparser_core.support.codec import from_json, shown
from fineparser_core.support.files import MOST_JSON_BYTES, file_sha256, parse_json, read_bounded
from fineparser_core.support.tables import table_rows

#: Maximum number of dives read from a file; FineDiving has 3,000.
MOST_DIVES = 100_000
#: Longest id, in characters: the longest name of an event, a slash and a number.
_LONGEST_ID = 300
#: Largest prediction, in points: ten times the best dive, so that no square overflows.
_MOST_POINTS = 1000.0
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TRANSITIONS = ("transitions_first", "transitions_second")
_VALUES = ("predicted", "spread", "transitions")
_Points = Annotated[float, Meta(ge=-_MOST_POINTS, le=_MOST_POINTS)]
_Sample = Annotated[float, Meta(ge=0, le=N_SAMPLES)]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Predictions of a dive; None where there is none.

    Attributes:
        id: "event/index".
        predicted: score, points.
        spread: standard deviation that the method gives to its score, points.
        transitions: first sample of the flight and of the entry, of 96 from the first frame to the last.
    """

    id: Annotated[str, Meta(min_length=1, max_length=_LONGEST_ID)]
    predicted: _Points | None = None
    spread: Annotated[float, Meta(ge=0, le=_MOST_POINTS)] | None = None
    transitions: tuple[_Sample, _Sample] | None = None

    def __post_init__(self) -> None:
        """Check the values. Raises: ValueError, for transitions out of order."""
        if self.transitions is not None and self.transitions[0] > self.transitions[1]:
            first, second = self.transitions
            raise ValueError(f"transitions: {first:g} and {second:g} are not in order")


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Content of a file of predictions.

    Attributes:
        path: the file.
        sha256: of the file.
        dives: by id.
        ignored: columns or keys of the file that are not read.
        protocol: by which they were measured before, as `predictions.json` tells it.
    """

    path: Path
    sha256: str
    dives: Mapping[str, Prediction]
    ignored: tuple[str, ...] = ()
    protocol: ProtocolRecord | None = None


def read_predictions(path: str | Path) -> Predictions:
    """Read a file of predictions; its kind is told by the end of its name: .csv or .json.

    Raises:
        AnnotationError: it cannot be read, predicts nothing, or something in it is wrong; the text names the first such
            row.
    """
    path = Path(path)
    read = {".csv": _from_csv, ".json": _from_json}.get(path.suffix.lower())
    if read is None:
        raise AnnotationError(f"{path} is no file of predictions by its name: give a .csv or .json file.")
    try:
        found = read(path)
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror or error}): check the path.") from None
    if all(getattr(one, name) is None for one in found.dives.values() for name in _VALUES):
        raise _fault(path, "its dives", "none has a prediction", "give at least one a score or transitions")
    return found


def check_ids(predictions: Predictions, records: Collection[DiveRecord], split: str, data: DiveSet) -> None:
    """Check that predictions are of the dives of a split.

    Raises:
        AnnotationError: a dive is in another split, or in none of the data set.
    """
    wanted = {record.id for record in records}
    others = {record.id: record.split for record in data.records.values()}
    unknown = [dive for dive in predictions.dives if dive not in wanted]
    if not unknown:
        return
    first = unknown[0]
    more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    if other := others.get(first):
        raise AnnotationError(
            f"{predictions.path}: {first} is of the {other} split{more}: leave it out, or give --split {other}."
        )
    example = min(wanted)
    raise AnnotationError(
        f"{predictions.path}: {data.root} has no dive {shown(first)} in the {split} split{more}: give each dive by its "
        f"event and index, as {example}."
    )


def predicted_results(
    predictions: Predictions, records: Sequence[DiveRecord], pool: Sequence[DiveRecord]
) -> list[DiveResult]:
    """Hold predictions against the labels of the dives to measure.

    Args:
        pool: training dives, for the naive baselines.
    """
    results = []
    for record in records:
        given = predictions.dives.get(record.id, Prediction(id=record.id))
        true = labeled_transitions(record)
        result = dive_result(
            record,
            pool,
            predicted=given.predicted,
            spread=given.spread,
            n_exemplars=0,
            exemplar_mean=None,
            transitions=None if given.transitions is None or true is None else _plain(given.transitions),
            true_transitions=true,
        )
        results.append(result)
    return results


def _plain(transitions: tuple[float, float]) -> tuple[float, float]:
    """Return samples as whole numbers where they are."""
    first, second = (int(each) if each.is_integer() else each for each in transitions)
    return first, second


def _from_csv(path: Path) -> Predictions:
    content = read_bounded(path, MOST_JSON_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise _fault(path, f"row {row}", "it is not text in UTF-8", "save the table as UTF-8") from None
    rows = ((row, [cell.strip() for cell in cells]) for row, cells in table_rows(text))
    try:
        head_row, head = next(((row, cells) for row, cells in rows if any(cells)), (1, list[str]()))
        if not head:
            raise _fault(path, "row 1", "the file is empty", "write a row of columns, and a row a dive below it")
        known = ("id", "predicted", "spread", *_TRANSITIONS)
        for name in known:
            if head.count(name) > 1:
                raise _fault(path, f"row {head_row}", f"there are {head.count(name)} columns {name}", "keep one")
        if "id" not in head or not set(head) & {"predicted", _TRANSITIONS[0]}:
            raise _fault(
                path,
                f"row {head_row}",
                f"the columns are {shown(', '.join(head))}",
                f"name one id and one predicted, or {' and '.join(_TRANSITIONS)}",
            )
        if (_TRANSITIONS[0] in head) != (_TRANSITIONS[1] in head):
            raise _fault(
                path, f"row {head_row}", "there is a column of one transition", f"give {' and '.join(_TRANSITIONS)}"
            )
        filled = ((f"row {row}", cells) for row, cells in rows if any(cells))
        dives = _collected(path, filled, partial(_csv_values, head))
    except csv.Error as error:
        raise _fault(path, "its rows", error, "write it as comma-separated values") from None
    ignored = tuple(name for name in head if name not in known)
    return Predictions(path=path, sha256=file_sha256(path), dives=dives, ignored=ignored)


def _csv_values(head: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """Return the values of a row. Raises: ValueError."""
    if len(cells) != len(head):
        raise ValueError(f"{len(cells)} cells where the first row has {len(head)}")
    by_name = dict(zip(head, cells, strict=True))
    first, second = (_csv_number(name, by_name.get(name, "")) for name in _TRANSITIONS)
    if (first is None) != (second is None):
        raise ValueError("one of the two transitions is missing")
    return {
        "id": by_name["id"],
        "predicted": _csv_number("predicted", by_name.get("predicted", "")),
        "spread": _csv_number("spread", by_name.get("spread", "")),
        "transitions": None if first is None else (first, second),
    }


def _csv_number(name: str, text: str) -> float | None:
    if text and not _NUMBER.fullmatch(text):
        raise ValueError(f"{name}: {shown(text)} is not a number")
    return float(text) if text else None


def _from_json(path: Path) -> Predictions:
    try:
        content = parse_json(read_bounded(path, MOST_JSON_BYTES))
    except ValueError as error:
        raise AnnotationError(f"{path} is no JSON ({error!s:.200}): correct it.") from None
    rows = content.get("dives") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(rows, list):
        raise AnnotationError(
            f'{path} is no file of predictions: give {{"format": "{PREDICTIONS_FORMAT}", "dives": [...]}}.'
        )
    _check_format(path, content.get("format"))
    dives = _collected(path, ((f"dive {n}", values) for n, values in enumerate(rows, start=1)), _json_values)
    keys = dict.fromkeys(key for values in rows for key in values)
    try:
        protocol = content.get("protocol") and from_json(content["protocol"], ProtocolRecord)
    except ValueError as error:
        raise _fault(path, "protocol", error, "leave it out") from None
    ignored = tuple(key for key in keys if key not in ("id", *_VALUES))
    return Predictions(path=path, sha256=file_sha256(path), dives=dives, ignored=ignored, protocol=protocol or None)


def _json_values(values: Any) -> Any:
    if not isinstance(values, dict):
        raise ValueError(f"{shown(values)} where an object belongs")
    return values


def _collected(
    path: Path, rows: Iterable[tuple[str, Any]], values_of: Callable[[Any], dict[str, Any]]
) -> dict[str, Prediction]:
    """Return the predictions of rows by id.

    Args:
        rows: where each stands in its file, and what stands there.
        values_of: a row's values by field; raises ValueError.

    Raises:
        AnnotationError: values that cannot be, an id that is there twice, or too many rows.
    """
    found: dict[str, Prediction] = {}
    places: dict[str, str] = {}
    for place, row in rows:
        if len(found) == MOST_DIVES:
            raise _fault(path, place, f"more than {MOST_DIVES} dives", "leave out those that are not to be measured")
        try:
            one = from_json(values_of(row), Prediction)
        except ValueError as error:
            raise _fault(path, place, error) from None
        if one.id in found:
            raise _fault(path, place, f"{shown(one.id)} is already in {places[one.id]}", "keep one of them")
        found[one.id], places[one.id] = one, place
    return found


def _check_format(path: Path, found: Any) -> None:
    """Check the format. Raises: AnnotationError for another one."""
    if found != PREDICTIONS_FORMAT:
        name = "no format" if found is None else f"the format {shown(found)}"
        raise AnnotationError(f'{path} names {name}: write "{PREDICTIONS_FORMAT}", which is read here.')


def _fault(path: Path, place: str, reason: object, way_out: str = "correct it") -> AnnotationError:
    return AnnotationError(f"{path}, {place}: {str(reason)[:300].rstrip('.')}: {way_out}.")

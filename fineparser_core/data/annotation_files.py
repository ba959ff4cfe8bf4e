"""Finding the annotation files of a data set, and what every data set's records are checked for."""

from collections.abc import Callable, Iterator, Mapping
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.data.records import Defect, DiveRecord, Key
from fineparser_core.data.restricted_pickle import load_pickle
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import counted_award, total_award
from fineparser_core.errors import AnnotationError, ConfigError

# Scores are published to hundredths; awards and DD may have been rounded before they were multiplied.
_SCORE_TOLERANCE = 0.06
#: Exceptions that reading a file raises whose content is not what its name says.
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
_SHOWN, _NAMED = 200, 20
T = TypeVar("T")


def read_dives(path: Path, data_set: str, read: Callable[[Any, Any], T]) -> list[T]:
    """Return what `read` makes of each key of a pickle and its values.

    Raises:
        AnnotationError: the file is damaged or of another kind; or `read` refuses dives by an exception in
            `UNREADABLE`: the text names them.
    """
    found: list[T] = []
    wrong: list[str] = []
    try:
        for key, values in load_pickle(path).items():
            try:
                found.append(read(key, values))
            except UNREADABLE as error:
                wrong.append(f"{key!r:.{_SHOWN}}: {error!r:.{_SHOWN}}")
    except UNREADABLE as error:
        wrong.append(f"{error!r:.{_SHOWN}}")
    if wrong:
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise AnnotationError(
            f"{path} is not an annotation file of {data_set} ({'; '.join(wrong[:_NAMED])}{more}): get it again, or "
            "correct these dives."
        )
    return found


def find_file(root: Path, name: str) -> Path | None:
    """Return the file of that name in `root` or up to two folders below it, the nearest first.

    None where it is in none.
    """
    nearest_first = (path for pattern in (name, f"*/{name}", f"*/*/{name}") for path in sorted(root.glob(pattern)))
    return next((path for path in nearest_first if path.is_file()), None)


def read_splits(root: Path, files: Mapping[str, str]) -> dict[tuple[str | int, int], str]:
    """Return the split of every key that a split file lists, with the keys as the files have them.

    Args:
        files: file name by name of the split.

    Raises:
        AnnotationError: a file is missing or damaged, or is not a list of keys.
    """
    paths = {name: find_file(root, file) for name, file in files.items()}
    if missing := [files[name] for name, path in paths.items() if path is None]:
        raise AnnotationError(f"{root} lacks {' and '.join(missing)}: put it beside the other annotation files.")
    splits = {}
    for name, path in paths.items():
        assert path is not None
        try:
            keys = [(event, int(index)) for event, index in load_pickle(path)]
            if any(isinstance(event, str) and len(event) > LONGEST_NAME for event, _ in keys):
                raise ValueError("an event with a long name")
            splits.update(dict.fromkeys(keys, name))
        except UNREADABLE as error:
            raise AnnotationError(f"{path} is not a list of (event, index): get it again.") from error
    return splits


def refuse_unknown_keys(splits: Mapping[Key, str], records: Mapping[Key, DiveRecord], path: Path) -> None:
    """Check the keys of a split.

    Raises: AnnotationError, where a split names a dive that the annotations in `path` lack.
    """
    if missing := sorted(splits.keys() - records.keys()):
        raise AnnotationError(f"{path} lacks {missing[0]}, which is in a split: use files of one release.")


def record_defects(record: DiveRecord) -> Iterator[Defect]:
    """Yield an impossible dive number, an impossible score or DD, or a score that contradicts the awards."""
    try:
        parse_dive_number(record.dive_number)
    except ConfigError as error:
        yield Defect(key=record.key, kind="dive number", text=str(error))
    if isnan(record.score):  # labels without a score are whole
        return
    if wrong := record.score_fault or contradicts_awards(record):
        yield Defect(key=record.key, kind="score", text=wrong)


def contradicts_awards(record: DiveRecord) -> str | None:
    """Return why the recorded score is not what awards and DD give; None where it is, or there are no awards."""
    if not record.awards:
        return None
    award = counted_award if len(record.awards) in (3, 5) else total_award
    try:
        expected = award(record.awards) * record.difficulty
    except ConfigError as error:
        return str(error)
    if abs(expected - record.score) <= _SCORE_TOLERANCE:
        return None
    return f"score {record.score:g}, but awards times DD {record.difficulty:g} give {expected:.2f}."

"""Dive details taken from file names, or from the lines of a list."""

from collections.abc import Sequence

from fineparser_core.diving.name_parsing import ParsedName, parse_file_name
from fineparser_gui.model.dive import Dive


def names_of_files(dives: Sequence[Dive]) -> list[ParsedName | None]:
    """Details parsed from the file name of each dive."""
    return [parse_file_name(dive.path.stem) for dive in dives]


def fillings(dives: Sequence[Dive], said: Sequence[ParsedName | None], *, replace: bool) -> dict[str, ParsedName]:
    """Changes by key of the dive; dives without a change are left out.

    Args:
        said: parsed details in the order of the dives; there may be fewer or more.
        replace: overwrite details that are known already.
    """
    changes = {}
    for dive, naming in zip(dives, said, strict=False):
        if naming is None:
            continue

        def new(value: object, known: object) -> bool:
            return value is not None and value != known and (replace or not known)

        change = ParsedName(
            diver=naming.diver if new(naming.diver, dive.diver) else None,
            dive_number=naming.dive_number if new(naming.dive_number, dive.dive_number) else None,
            board_m=naming.board_m if new(naming.board_m, dive.board_m) else None,
        )
        if not change.is_empty:
            changes[dive.key] = change
    return changes

"""Dive details taken from file names."""

from collections.abc import Sequence

from fineparser_core.diving.name_parsing import ParsedName, parse_file_name
from fineparser_gui.dives.dive import Dive


def fillings(dives: Sequence[Dive], *, replace: bool) -> dict[str, ParsedName]:
    """Return the changes that the file names of dives suggest, by key; dives without a change are left out.

    Args:
        replace: overwrite details that are known already.
    """
    changes = {}
    for dive in dives:
        naming = parse_file_name(dive.path.stem)

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

"""Notes about dive numbers and boards that two places name differently, naming which of them counts."""

from collections.abc import Iterator

from fineparser_core.diving.dive_number import known_number
from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_core.export.results import AskedClip


def named_otherwise(asked: AskedClip, typed: str | None = None, board_m: float | None = None) -> Iterator[str]:
    """Yield a sentence for each number and board that counts for a clip, and that another place contradicts.

    Args:
        asked: what counts for the clip: of a list, or as it was typed.
        typed, board_m: what was typed for all clips of a list.
    """
    named = parse_file_name(asked.path.stem)
    for place, number, height_m in (("its name", named.dive_number, named.board_m), ("the command", typed, board_m)):
        for counts, other in ((_number(asked.dive_number), _number(number)), (_board(asked.board_m), _board(height_m))):
            if counts and other and counts != other:
                yield f"{asked.path.name}: {place} says {other}, and {counts} counts."


def _number(text: str | None) -> str:
    number = known_number(text or "")
    return "" if number is None else str(number)


def _board(board_m: float | None) -> str:
    return "" if board_m is None else f"{board_m:g} m"

"""Parses diver, dive number and board from a file name.

A name is split at spaces, tabs, `_`, `,`, `;`, brackets, and at a `-` that does not join two words. The parts may come
in any order:

    dive number   107B, 5253b, 207 C (digits and position may be separated)
    board         10m, 7.5m, 7,5 m, 3M
    diver         the words before the dive number or, if there are none, those after it, without words that are common
                  in names of videos ("IMG", "dive", "take", "final", …) and without anything that has a digit

    Anna_207C_10m_3.mp4           Anna, 207C, 10 m
    5253B 3m.mov                  5253B, 3 m
    2024-06-12 Li Na 407C.mp4     Li Na, 407C
    IMG_2071.MOV                  nothing

Two different dive numbers in a name are ambiguous, so no number is taken from it; boards likewise.
"""

import re
from functools import lru_cache

from fineparser_core.constants import BOARDS_M
from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.dive_number import known_number
from fineparser_core.printable import ascii_forms

#: Texts that mean "empty" in a table.
PLACEHOLDERS = ("", "-", "–", "?")

_SEPARATORS = re.compile(r"[\s_;()\[\]{}–—]+|,(?!\d)|(?<!\d),|(?<![^\W\d])-|-(?![^\W\d])")
_SPLIT_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\d{3,4})[\s_]+([A-Da-d])(?![A-Za-z])")
_SPLIT_BOARD = re.compile(r"(?<![0-9A-Za-z])(\d{1,2}(?:[.,]\d)?)[\s_]+[mM](?![0-9A-Za-z])")
_NUMBER_WITH_BOARD = re.compile(r"(\d{3,4}[A-Da-d])[.,x@]?(\d{1,2}(?:[.,]\d)?[mM])")
_NUMBER = re.compile(r"\d{3,4}[A-Da-d]")
_BOARD = re.compile(r"(\d{1,2}(?:[.,]\d)?)[mM]")
_WORD = re.compile(r"[^\W\d]+(?:['’.-][^\W\d]+)*\.?")
_VIDEO_WORDS = """
    img dsc dscf dscn mvi mov vid video clip gopr gp gx gh pxl wa screen recording movie film camera mp4 avi mkv
    dive dives diver diving jump take try attempt round rd heat run nr no final finals semi semifinal prelim prelims
    training practice comp competition meet event board springboard platform tower metre meter m
    dd slow slowmo slomo side front back above copy edit edited cut trim trimmed of the and at from
"""
_NOT_A_NAME = frozenset(_VIDEO_WORDS.split())


@lru_cache(maxsize=4096)  # called for every row whenever any row changes
def parse_file_name(name: str) -> DiveDetails:
    """Parse a file name, given without folder and suffix.

    An athlete is returned only together with a dive number, as other names of videos contain words that are no names.
    """
    found = _parse(name)
    return found if found.dive_number is not None else DiveDetails(board_m=found.board_m)


def parts_of(text: str) -> list[str]:
    """Split a name or line into parts.

    Digits and position of a dive number stay joined, as do a height and its unit.
    """
    joined = _SPLIT_NUMBER.sub(r"\1\2", ascii_forms(text))
    joined = _SPLIT_BOARD.sub(r"\1m", joined)
    return [part for part in _SEPARATORS.split(_NUMBER_WITH_BOARD.sub(r"\1 \2", joined)) if part]


def is_name(part: str) -> bool:
    """Return True if a part may belong to the name of a person."""
    return _WORD.fullmatch(part) is not None and part.lower().rstrip(".") not in _NOT_A_NAME


def _parse(text: str) -> DiveDetails:
    numbers: set[str] = set()
    boards: set[float] = set()
    before: list[str] = []
    after: list[str] = []
    for part in parts_of(text):
        if number := _dive_number(part):
            numbers.add(number)
        elif board := board_in(part):
            boards.add(board)
        elif is_name(part):
            (after if numbers else before).append(part)
    return DiveDetails(
        athlete=" ".join(before or after),
        dive_number=numbers.pop() if len(numbers) == 1 else None,
        board_m=boards.pop() if len(boards) == 1 else None,
    )


def _dive_number(part: str) -> str | None:
    number = known_number(part) if _NUMBER.fullmatch(part) else None
    return None if number is None else str(number)


def board_in(part: str) -> float | None:
    """Return the height of a board, "10m", in meters; None if it is none."""
    if (found := _BOARD.fullmatch(part)) is None:
        return None
    board_m = float(found[1].replace(",", "."))
    return board_m if board_m in BOARDS_M else None

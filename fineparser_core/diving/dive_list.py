"""Lists of dives as people write them, and as CSV.

A table has a row of names, see `LIST_COLUMNS`. Anything else is read line by line, whatever parts it:

    Anna Muster<TAB>107B<TAB>3<TAB>2.4    a row of a spreadsheet; the first words are the athlete
    107B 3m Anna                          in any order; the board is a number that is a height, a DD has a decimal
    Anna: 103B, 403B, 5132D (1 m)         several dives in a line, and a board that is theirs all
    Anna;103B;1;1.6;6;6.5;6               awards of 3, 5, 7, 9 or 11 judges, after board and DD
    Anna                                  the athlete of the lines below that name none
    R2 Ben 205C                           "R2", "round 2": a round
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from fineparser_core.constants import BOARDS_M, LONGEST_NAME
from fineparser_core.diving.dive_number import known_number
from fineparser_core.diving.judging import MOST_AWARDS, PANELS, DiveOutcome, read_called
from fineparser_core.diving.meet import LONGEST_NUMBER, MOST_ROWS, ListedDive, numbered, running, standings
from fineparser_core.diving.name_parsing import PLACEHOLDERS, board_in, is_name, parts_of
from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase
from fineparser_core.printable import ascii_forms
from fineparser_core.support.documents import read_table_text
from fineparser_core.support.tables import csv_table, plain_name, table_rows

#: Names of columns in people's tables of dives by field, made plain by `plain_name`, besides the field's own name.
LIST_COLUMNS = {
    "dive_number": "dive number diveno divecode sprung sprungnummer plongeon salto tuffo",
    "position": "pos haltung ausfuhrung",
    "board_m": "board height heightm boardheight brett hohe turm hauteur altura altezza",
    "difficulty": "dd degreeofdifficulty tariff schwierigkeit schwierigkeitsgrad coefficient coeficiente coefficiente",
    "awards": "marks judges judgesawards wertungen noten",
    "athlete": "diver name springer springerin athlet athletin plongeur saltador tuffatore",
    "event": "competition meet wettkampf gara competition competicion",
}
#: Name of a judge's column.
JUDGE_COLUMN = re.compile(r"(?:j|judge|richter|kampfrichter|wertung|award|mark|juge|juez|giudice)0?(\d{1,2})")
#: Maximum size of a list, in bytes of a file or characters that were pasted.
_MOST_BYTES = 400_000
#: Fields of `ListedDive` in the order of columns.
FIELDS = ("event", "round", "athlete", "dive_number", "board_m", "difficulty", "awards", "outcome")
_NAMES = LIST_COLUMNS | {"round": "rd runde durchgang ronda giro manche tour", "outcome": "remark"}
_KNOWN = {plain_name(name): field for field, names in _NAMES.items() for name in (field, *names.split())}
_ROUND = re.compile(r"(?<![^\W_])(?:r|rd|round|runde|durchgang|ronda|giro|manche|tour)[\s._]*(\d{1,2})(?![\w.,])", re.I)
#: Three or four digits, and perhaps a letter: what is meant as a dive number, though it may be none.
_NUMBER = re.compile(r"\d{3,4}[A-Za-z]?")
_DECIMAL = re.compile(r"\d{1,2}(?:[.,]\d{1,2})?")


#: Rows, and a sentence for each line or cell without a dive.
ReadRows = tuple[tuple[ListedDive, ...], list[Phrase]]


def read_dive_list(path: Path) -> ReadRows:
    """Return the list in a file: CSV, or plain lines.

    Raises:
        ConfigError: it cannot be read, is no text, or names no dive.
    """

    def refuse(reason: str) -> ConfigError:
        return ConfigError("{0} cannot be read ({1}): save the sheet as CSV in UTF-8 and give that file.", path, reason)

    rows, problems = parse_dive_list(read_table_text(path, _MOST_BYTES, refuse))
    if not rows:
        raise ConfigError("{0} names no dive: give a row such as Anna,107B,3 for each.", path)
    return rows, problems


def parse_dive_list(listed: str) -> ReadRows:
    """Parse the list in a text; parts that are no dive are reported, and the rest of their line is kept."""
    listed = ascii_forms(listed)
    is_cut = len(listed) > _MOST_BYTES
    if is_cut:
        listed = listed[: _MOST_BYTES + 1]
        listed = listed[: max(listed.rfind("\n"), listed.rfind("\r"), 0)]
    try:
        table = [(n, row) for n, row in table_rows(listed.strip("\ufeff\n\r")) if any(map(str.strip, row))]
    except csv.Error:
        table = []
    fields = (
        [_KNOWN.get(plain_name(name)) or JUDGE_COLUMN.fullmatch(plain_name(name)) for name in table[0][1]]
        if table
        else []
    )
    if "dive_number" in fields and sum(map(bool, fields)) > 1:
        read, problems = _of_table(fields, table[1:])
    else:
        # Commas may divide cells, or the parts of a name and of a number.
        whole = len(table) > 1 and len({len(row) for _, row in table}) == 1
        whole = whole and all(any(_NUMBER.fullmatch(cell.strip()) for cell in row) for _, row in table)
        lines = [(n, "\t".join(row)) for n, row in table] if whole else list(enumerate(listed.splitlines(), start=1))
        read, problems = _of_lines(lines)
    if is_cut:
        problems.append(Phrase("The list is too long: what follows line {0} is left out.", len(listed.splitlines())))
    if len(read) > MOST_ROWS:
        problems.append(Phrase("A list holds at most {0} dives: the others are left out.", MOST_ROWS))
    return numbered([_without_listed_difficulty(row) for row in read[:MOST_ROWS]]), problems


def dive_list_csv(rows: Sequence[ListedDive]) -> bytes:
    """Return a table that `read_dive_list` reads again, with the points and places."""
    places = {ListedDive(event=one.event, athlete=one.athlete).same_athlete: one.place for one in standings(rows)}
    table = [
        {
            **{name: getattr(row, name) for name in FIELDS},
            "round": row.round or None,
            "difficulty": row.known_difficulty,
            "awards": " ".join(f"{award:g}" for award in row.awards),
            "points": row.points,
            "total": total,
            "place": places.get(row.same_athlete),
        }
        for row, total in zip(rows, running(rows), strict=True)
    ]
    return csv_table((*FIELDS, "points", "total", "place"), table, decimals=2)


def spelled(number: str) -> str:
    """Return a dive number in the usual spelling, or as it was typed where it is none."""
    return str(known_number(number) or number.strip()[:LONGEST_NUMBER])


def read_cell(field: str, typed: str, n_judges: int = 0) -> Any:
    """Return a cell's value as the field of `ListedDive` holds it.

    Raises:
        ConfigError: it cannot be.
    """
    typed = typed.strip()
    if field in ("event", "athlete"):
        return typed[:LONGEST_NAME]
    typed = ascii_forms(typed)
    if field == "dive_number":
        return spelled(typed) or None
    if field == "awards":
        return read_called(typed, n_judges) if typed else ()
    if field == "outcome":
        return typed if typed in get_args(DiveOutcome) else ""
    if not typed:
        return 0 if field == "round" else None
    number = re.fullmatch(r"(\d{1,2}(?:[.,]\d{1,3})?)\s*(?:m|\.)?", typed, re.I)
    value = float(number[1].replace(",", ".")) if number else -1.0
    if field == "board_m" and value in BOARDS_M:
        return value
    if field == "difficulty" and 0.1 <= value <= 9.9:
        return value
    if field == "round" and 1 <= value <= 99 and value.is_integer():
        return int(value)
    wanted = {
        "board_m": Phrase("1, 3, 5, 7.5 or 10 m"),
        "difficulty": Phrase("a DD such as 2.4, or nothing for that of the tables"),
        "round": Phrase("a round from 1 to 99"),
    }
    raise ConfigError("'{0}' where {1} belongs.", typed[:40], wanted[field])


def _of_table(
    fields: Sequence[Any], rows: Sequence[tuple[int, Sequence[str]]]
) -> tuple[list[ListedDive], list[Phrase]]:
    problems: list[Phrase] = []
    read: list[ListedDive] = []
    for n, cells in rows:
        said: dict[str, str] = {}
        judges = []
        for field, cell in zip(fields, cells, strict=False):
            if isinstance(field, re.Match):
                judges.append((int(field[1]), cell))
            elif field:
                said.setdefault(field, cell.strip())
        if judges and not said.get("awards"):
            said["awards"] = " ".join(cell.strip() for _, cell in sorted(judges)[:MOST_AWARDS])
        position = said.pop("position", "")
        if said.get("dive_number", "").isdigit():
            said["dive_number"] += position
        if said.get("dive_number"):
            read.append(_row(n, said, problems))
        else:
            problems.append(Phrase("No dive number in line {0}.", n))
    return read, problems


def _row(n: int, said: Mapping[str, str], problems: list[Phrase]) -> ListedDive:
    values = {}
    for field, cell in said.items():
        try:
            values[field] = read_cell(field, cell)
        except ConfigError as error:
            problems.append(Phrase("Line {0}: {1}", n, error))
    return ListedDive(**values)


def _without_listed_difficulty(row: ListedDive) -> ListedDive:
    """Drop the DD of a row if it is that of the tables; a sheet may repeat every DD."""
    listed = replace(row, difficulty=None)
    return listed if row.difficulty == listed.known_difficulty else row


def _of_lines(lines: Sequence[tuple[int, str]]) -> tuple[list[ListedDive], list[Phrase]]:
    problems: list[Phrase] = []
    rows: list[ListedDive] = []
    athlete = ""
    for n, line in lines:
        own, dives, has_rest = _line(line)
        if has_rest:
            problems.append(Phrase("Line {0}: numbers that are no awards of 3, 5, 7, 9 or 11 judges are left out.", n))
        if not dives and own:
            athlete = own
        elif not dives and line.strip() not in PLACEHOLDERS:
            problems.append(Phrase("No dive number in line {0}.", n))
        rows += [replace(dive, athlete=own or athlete) for dive in dives]
    return rows, problems


def _meant(part: str) -> bool:
    """Return True if a part is meant as a dive number: it ends in a letter, or would be a number with a letter."""
    return part[-1].isalpha() or ListedDive(dive_number=f"{part}C").number is not None


def _awards_after(numbers: Sequence[str]) -> tuple[float, ...]:
    """Return the awards at the end of the numbers after a dive, which may begin with its board and its DD."""
    n_board = int(numbers[:1] != [] and float(numbers[0]) in BOARDS_M)
    n_difficulty = sum("." in one and 0.9 <= float(one) <= 4.9 for one in numbers[n_board : n_board + 1])
    for n_before in (n_board + n_difficulty, n_board, 0):
        awards = tuple(map(float, numbers[n_before:]))
        if len(awards) in PANELS and all(award <= 10 and (2 * award).is_integer() for award in awards):
            return awards
    return ()


def _line(line: str) -> tuple[str, list[ListedDive], bool]:
    """Return the athlete that a line names, or "", its dives, without an athlete, and whether numbers are left."""
    told = _ROUND.search(line)
    line = _ROUND.sub(" ", line)
    words: list[str] = []
    dives: list[ListedDive] = []
    meters: list[tuple[int, float]] = []  # each with how many dives come before it in the line
    bare: list[tuple[int, str]] = []
    for cell in re.split(r"[\t;]", line):
        named = bool(words)  # another cell with words is the club
        for part in parts_of(cell.replace(":", " ")):
            if board := board_in(part):
                meters.append((len(dives), board))
            elif _NUMBER.fullmatch(part) and _meant(part):
                dives.append(ListedDive(round=int(told[1]) if told else 0, dive_number=spelled(part)))
            elif _DECIMAL.fullmatch(part):
                bare.append((len(dives), part.replace(",", ".")))
            elif not named and is_name(part):
                words.append(part)
    has_rest = False
    for at, dive in enumerate(dives, start=1):
        after = [part for place, part in bare if place == at]
        if awards := _awards_after(after):
            dives[at - 1] = replace(dive, awards=awards)
            before = [(place, part) for place, part in bare if place <= at]
            bare = before[: len(before) - len(awards)] + bare[len(before) :]
        has_rest = has_rest or len(after) > len(awards) + 2
    decimals = [(at, float(part)) for at, part in bare if "." in part]
    if not meters:
        meters = [(at, float(part)) for at, part in bare if "." not in part and float(part) in BOARDS_M]
        if len(meters) > 1 and meters[0][0] == 0:  # the first number counts the lines
            del meters[0]
    if not meters:  # a spreadsheet may write 3.0
        meters = [one for one in decimals if one[1] in BOARDS_M and (one[1] > 4.9 or len(decimals) > 1)][:1]
        decimals = [one for one in decimals if one not in meters]
    for at, difficulty in decimals:
        if dives and 0.9 <= difficulty <= 4.9:
            dives[max(at - 1, 0)] = replace(dives[max(at - 1, 0)], difficulty=difficulty)
    leads = bool(meters) and (meters[0][0] == 0 or len(meters) == 1)
    ends = [at for at, _ in meters]
    spans = (
        zip([0, *ends[1:]], [*ends[1:], len(dives)], strict=True) if leads else zip([0, *ends[:-1]], ends, strict=True)
    )
    for (_, board_m), (first, last) in zip(meters, spans, strict=True) if meters else ():
        dives[first:last] = [replace(dive, board_m=board_m) for dive in dives[first:last]]
    return " ".join(words)[:LONGEST_NAME], dives, has_rest

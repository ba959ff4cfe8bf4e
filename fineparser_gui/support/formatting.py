"""Numbers as text in the user's language: points with their sign, boards, speeds."""

import re
from collections.abc import Sequence
from fractions import Fraction

from PySide6.QtCore import QDate, QLocale, Qt

from fineparser_core.constants import BOARDS_M
from fineparser_core.diving.judging import NOT_MARKED
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.export.notes import note_text
from fineparser_core.language import text, translated
from fineparser_core.records import ProfileIdentity
from fineparser_core.scoring.measured_stream import calibrated_notes
from fineparser_core.video.alignment import Alignment

#: Follows the name of a rendered dive.
RENDERED_MARK = " ◇"
_RENDERED_PREFIX = "rendered-"
# Ending that the library appends to the name of a file to make it unique.
_MADE_UNIQUE = re.compile("-[0-9a-f]{6}$")


def decimal(value: float, digits: int = 1) -> str:
    """Return a number as the user's language writes it, without groups of thousands; U+2212 as minus."""
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    return locale.toString(round(float(value), digits) + 0.0, "f", digits).replace("-", "−")  # −0.0 + 0.0 is 0.0


def shortest(value: float) -> str:
    """Return a number with as many digits as it needs, at most six: 3.2, 104.55."""
    return decimal(value, len(f"{value:.6g}".partition(".")[2]))


def awards_text(awards: Sequence[float | None]) -> str:
    """Return awards as a person writes them: 6.5 6 7, with - for a missing award."""
    return " ".join(NOT_MARKED if award is None else shortest(award) for award in awards)


def calibrated_text(profile: ProfileIdentity | None) -> str:
    """Return a sentence on the profile that made a score; "" for the scale as shipped."""
    return " ".join(translated(note_text(note)) for note in calibrated_notes(profile))


def percent(share: float) -> str:
    """Return a share as the user's language writes it: 40 %."""
    return text("{0} %", decimal(100 * share, 0))


def seen_text(dive_number: str, probability: float) -> str:
    """Return a dive number with its probability: 103B 84 %."""
    return f"{dive_number} {percent(probability)}"


def time_text(time_s: float, digits: int) -> str:
    """Return a time as minutes and seconds: 0:05.120."""
    minutes, seconds = divmod(round(time_s, digits), 60)
    return f"{int(minutes)}:{decimal(seconds, digits).zfill(3 + digits if digits else 2)}"


def day_text(day: str | None) -> str:
    """Return a day, YYYY-MM-DD, as the system writes it; "" for no day."""
    return QLocale().toString(QDate.fromString(day or "", Qt.DateFormat.ISODate), day_format())


def day_format() -> str:
    """Return the system's short format of days, with all digits of the year."""
    short = QLocale().dateFormat(QLocale.FormatType.ShortFormat)
    return short if "yyyy" in short else short.replace("yy", "yyyy")


def typed_day(typed: str) -> str:
    """Return a day that was typed as the system or ISO 8601 writes it, as YYYY-MM-DD; "" for none.

    Raises:
        ValueError: it is no day.
    """
    typed, locale = typed.strip(), QLocale()
    for found in (QDate.fromString(typed, Qt.DateFormat.ISODate), locale.toDate(typed, day_format())):
        if found.isValid():
            return found.toString(Qt.DateFormat.ISODate)
    if typed:
        raise ValueError(typed)
    return ""


def signed(points: float, digits: int = 2) -> str:
    """Return points with their sign, for example +1.25 or −0.40 (U+2212 as minus)."""
    text = decimal(points, digits)
    return text if text.startswith("−") else f"+{text}"


def exemplar_name(exemplar_id: str, *, rendered: bool, diver: str = "", dived_on: str | None = None) -> str:
    """Return a short name of an exemplar for people: its diver and day, or else the file that it was made from.

    A rendered exemplar has a mark instead of the prefix of its id.
    """
    if rendered:
        return exemplar_id.removeprefix(_RENDERED_PREFIX) + RENDERED_MARK
    return " ".join(filter(None, (diver or _MADE_UNIQUE.sub("", exemplar_id), dived_on)))


def name_of(exemplar: Exemplar) -> str:
    """Return the name of an exemplar for people."""
    return exemplar_name(exemplar.id, rendered=exemplar.synthetic, diver=exemplar.diver, dived_on=exemplar.dived_on)


def board_text(board_m: float | None) -> str:
    """Return the height of a board, 10 m or 7.5 m, or "" if it is not known."""
    return f"{decimal(board_m, 0 if board_m == int(board_m) else 1)} m" if board_m is not None else ""


def number_text(dive_number: str | None, board_m: float | None) -> str:
    """Return a dive number and its board, 103B 3 m, or as much of them as is known."""
    return " ".join(filter(None, (dive_number, board_text(board_m))))


def board_entries(none: str) -> list[tuple[str, float | None]]:
    """Return the boards to choose from, after a text for no board."""
    return [(none, None), *((board_text(board_m), board_m) for board_m in BOARDS_M)]


def alignment_text(alignment: Alignment) -> str:
    """Return the name of an alignment: the moments of compared dives that coincide."""
    return {
        Alignment.STEPS: text("by phase"),
        Alignment.TAKE_OFF: text("from take-off"),
        Alignment.COME_OUT: text("from come-out"),
        Alignment.CONTACT: text("from contact"),
        Alignment.MANUAL: text("manual offset"),
    }[alignment]


def speed_text(speed: float) -> str:
    """Return a speed as text: ⅛×, ½×, 2×."""
    names = {Fraction(1, 8): "⅛", Fraction(1, 4): "¼", Fraction(1, 2): "½"}
    return names.get(Fraction(speed), shortest(speed)) + "×"

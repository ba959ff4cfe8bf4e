"""Text as it enters and leaves the program: one form for what reads the same, and nothing that no reader can show.

A file name with bytes that are not valid Unicode holds lone surrogates, which no encoding writes and which crash
OpenCV; control characters steer a terminal.
"""

import logging
import os
import re
import unicodedata
from pathlib import Path

# From "!" to the full-width character of its meaning.
_FULL_WIDTH = 0xFEE0
_SURROGATE = re.compile("[\ud800-\udfff]")
# All but the stray bytes of a file name (PEP 383).
_NO_FILE_NAME = re.compile("[\ud800-\udc7f\udd00-\udfff]")
# Controls (Cc), line and paragraph separators, what turns the direction of the text around it, lone surrogates (Cs).
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object, *, keep: str = "") -> str:
    r"""Return the text with an escape in place of every character that cannot be shown.

    Args:
        text: what is shown; `str` is taken of it.
        keep: control characters that stay as they are, for example "\n" in a text of several lines.

    Returns:
        Text that every Unicode encoding can write: "\x1b" for an escape character, "\xff" for a byte of a file name
        that is not valid Unicode, "\ud800" for another lone surrogate.
    """
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), str(text))


def without_surrogates(text: str, *, file_name: bool = False) -> str:
    """Return the text of an untrusted file, in Unicode that can be written again: U+FFFD for every lone surrogate.

    Args:
        file_name: keep those by which Python carries the stray bytes of a file name.
    """
    return (_NO_FILE_NAME if file_name else _SURROGATE).sub("\N{REPLACEMENT CHARACTER}", text)


def one_form(name: str) -> str:
    """Return a name as it is kept: letters composed with their accents (NFC), without invisible characters."""
    if name.isascii():
        return name
    return "".join(one for one in unicodedata.normalize("NFC", name) if unicodedata.category(one) != "Cf")


def ascii_forms(text: str) -> str:
    """Return a text with ASCII in place of full-width characters and of digits of other scripts."""
    return text if text.isascii() else "".join(map(_ascii_form, one_form(text)))


def _ascii_form(character: str) -> str:
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    return chr(ord(character) - _FULL_WIDTH) if "\uff01" <= character <= "\uff5e" else character


def folded(text: str) -> str:
    """Return the text without case, accents and vowel signs, to be compared or searched."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if unicodedata.category(one)[0] != "M")


def without_home(text: str) -> str:
    """Return the text with "~" in place of the user's folder, which often has the name of a person.

    Used for texts that leave the computer: reports, and the files that a crash leaves.
    """
    home = Path(os.path.expanduser("~"))
    if not home.is_absolute() or home == Path(home.anchor):
        return text
    written = {form for path in (home, home.resolve()) for form in (str(path), path.as_posix())}
    written |= {form.replace("\\", "\\\\") for form in written}  # as `repr` writes them
    either = "|".join(re.escape(form) for form in sorted(written, key=len, reverse=True))
    return re.sub(rf"(?:{either})(?![\w-])", "~", text, flags=re.IGNORECASE if os.name == "nt" else 0)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # as Python carries a stray byte of a file name (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii") if code > 0x7F else f"\\x{code:02x}"


class PrintableFormatter(logging.Formatter):
    """Formats records of a log as printable lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, its traceback included; lines stay lines."""
        return printable(super().format(record), keep="\n\t")

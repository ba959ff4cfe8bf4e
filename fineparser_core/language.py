"""The language of what people read: the code says everything in English, a catalog has the translations.

A text is known by its English template, with {0}, {1} … or {0:.1f} for its values, as in gettext.
`resources/translations/texts.json` holds rows of a template and its text in each of the languages that the first row
names, a list of plural forms where a count decides: a single file for all languages, as a `.po` for each would repeat
the English. The text of a menu needs no further row without its key and "…", see `plain_texts`. Whatever has no
translation stays English. A process has a single language.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from gettext import c2py
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from fineparser_core.printable import printable
from fineparser_core.resources import resource

ENGLISH = "en"
#: Languages by their codes, which `QLocale` knows, each with its name for itself.
LANGUAGES = {
    ENGLISH: "English",
    "de": "Deutsch",
    "zh_CN": "简体中文",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "ru": "Русский",
}
#: Between an English text and the remark that distinguishes it from the same words with another meaning.
REMARK = " // "
#: Which plural form goes with a count n, as gettext writes it (whole numbers), where it is not as in English.
_PLURALS = {
    "zh_CN": "0",
    "fr": "n > 1",
    "ru": "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
}
_POINT = frozenset({ENGLISH, "zh_CN"})
#: Variable of the environment, so that it holds in every process of a program: "feet" for lengths in feet.
UNITS, FEET = "FINEPARSER_UNITS", "feet"
_FEET_OF_METER = 1 / 0.3048
# Templates come back from files: no more than this is done with a value.
_PLACE = re.compile(r"\{(\d+)(?::(\+?,?(?:\.\d)?[fg]?))?\}")

#: Length of all texts within a text, relative to it: of phrases in phrases.
_MOST_NESTED = 8
#: Numbers from here on are not written out by a phrase of a file; other numbers are short.
_LARGEST = 1e15

_rule = cache(c2py)
_language = ENGLISH


class Phrase(str):
    """A text for people, in English, with the template and values that it is made of; see `translated`.

    Errors and results hold phrases; values may be phrases, or errors, whose phrases are used.

    Source: `Message` of zope.i18nmessageid.
    """

    template: str
    values: tuple["int | float | Phrase | str", ...]

    def __new__(cls, template: str, *values: object) -> "Phrase":
        kept = tuple(map(_plain, values))
        phrase = super().__new__(cls, _filled(template.partition(REMARK)[0], kept, in_english=True))
        phrase.template, phrase.values = template, kept
        return phrase

    def __reduce__(self) -> tuple[Any, ...]:
        return Phrase, (self.template, *self.values)

    def to_json(self) -> list[Any]:
        """Return the template and the values, of plain JSON types."""
        return [self.template, *(one.to_json() if isinstance(one, Phrase) else one for one in self.values)]

    @classmethod
    def from_json(cls, parts: list[Any], most: int = 100_000) -> "Phrase":
        """Return the inverse of `to_json`.

        Args:
            most: maximum length of the English text. Templates that repeat their values, nested, would grow without
                bound; the length is known before a text is made.

        Raises:
            ValueError: the text is longer.
        """
        left = _MOST_NESTED * most

        def made(parts: list[Any]) -> Phrase:
            nonlocal left
            template, *values = str(parts[0]), *(made(one) if isinstance(one, list) else one for one in parts[1:])
            lengths = [len(one) if isinstance(one, str) else _number_length(one) for one in values]
            places = [int(place[1]) for place in _PLACE.finditer(template[: most + 1])]
            length = sum(lengths[place] for place in places if place < len(lengths))
            left -= length
            if max(length, len(template)) > most or left < 0:
                raise ValueError("a sentence is longer than it says")
            return cls(template, *values)

        return made(parts)


def use_language(code: str) -> None:
    """Choose the language of this process; codes missing in `LANGUAGES` mean English."""
    global _language
    _language = code if code in LANGUAGES else ENGLISH


def language() -> str:
    """Return the code of the language of this process."""
    return _language


def text(english: str, *values: object) -> str:
    """Return a text in the language of this process.

    Args:
        english: a template of the catalog, or "text // remark".
        values: for its places.
    """
    chosen = translation(english) or english.partition(REMARK)[0]
    return _filled(chosen, values)


def translated(said: object) -> str:
    """Translate a `Phrase`, an error of this program, or a text without values to the language of this process."""
    said = getattr(said, "phrase", said)
    if isinstance(said, Phrase):
        return text(said.template, *said.values)
    return translation(str(said)) or str(said)


def together(phrases: Iterable[str]) -> Phrase:
    """Join several sentences."""
    several = tuple(phrases)
    template = " ".join(f"{{{place}}}" for place in range(len(several)))
    return Phrase(template, *several)


def translation(english: str, *, count: int = 2) -> str | None:
    """Return a text of the catalog in the language of this process, its values not filled in.

    None without a translation.

    Args:
        count: decides between plural forms.
    """
    if _language == ENGLISH:
        return None
    chosen = _catalog().get(english, {}).get(_language)
    return chosen[_rule(plural_rule(_language))(count)] if isinstance(chosen, list) else chosen


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Return a number with a fixed count of digits behind the decimal mark of the language; U+2212 as minus."""
    return _number(value, f"{'+' if signed else ''}.{digits}f", point=_language in _POINT)


def short_number(value: float) -> str:
    """Format a number with as many digits as it needs, for example a board's height."""
    return _number(value, "g", point=_language in _POINT)


def length_unit() -> tuple[float, str]:
    """Return the unit that lengths are read in, by how many of it are a meter, and its symbol."""
    return (_FEET_OF_METER, "ft") if os.environ.get(UNITS) == FEET else (1.0, "m")


def length_text(meters: float) -> str:
    """Return a length in the unit that lengths are read in, "1.4 m" or "4.6 ft"."""
    per_meter, unit = length_unit()
    said = number(meters * per_meter, 1)
    return text("{0} ft", said) if unit == "ft" else text("{0} m", said)


def plural_rule(code: str) -> str:
    """Return which of a language's plural forms goes with a count n, as gettext writes it."""
    return _PLURALS.get(code, "n != 1")


def _number_length(value: object) -> int:
    if isinstance(value, Real) and not abs(value) < _LARGEST:  # type: ignore[operator]
        raise ValueError("a number of a sentence is too large")
    return 1


def _plain(value: object) -> "int | float | Phrase | str":
    value = getattr(value, "phrase", value)
    if isinstance(value, Phrase):
        return value
    if isinstance(value, Real):  # those of numpy as well
        return int(value) if isinstance(value, Integral) else float(value)
    return printable(value)


def _filled(template: str, values: tuple[object, ...], *, in_english: bool = False) -> str:
    point = in_english or _language in _POINT

    def said(place: re.Match[str]) -> str:
        value = values[int(place[1])] if int(place[1]) < len(values) else place[0]
        if isinstance(value, float) or (isinstance(value, int) and place[2]):
            return _number(value, place[2] or "", point=point)
        return translated(value) if isinstance(value, Phrase) and not in_english else str(value)

    return _PLACE.sub(said, template) if values else template


def _number(value: float, form: str, *, point: bool) -> str:
    written = format(value, form)
    if form.endswith("f") and not written.strip("+-0."):  # rounded to nothing, it has no sign
        written = format(0.0, form)
    if form.endswith("f"):  # what was measured; other numbers stand as they were typed
        written = written.replace("-", "\N{MINUS SIGN}")
    return written if point else written.replace(".", ",")


@cache
def _catalog() -> Mapping[str, Mapping[str, Any]]:
    table = read_texts(resource("translations", "texts.json"))
    return plain_texts(table) | table


def without_mnemonic(text: str) -> str:
    """Return a text without the mark "&" of its key, and without the key in brackets that Chinese writes."""
    return re.sub(r"\(&\w\)", "", text).replace("&", "")


def plain_texts(table: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the texts of menus in a table of translations without their mnemonics, and without a final "…" too."""
    found: dict[str, dict[str, Any]] = {}
    for english, known in table.items():
        said = {ENGLISH: english} | {code: one for code, one in known.items() if isinstance(one, str)}
        marked = {code: without_mnemonic(one) for code, one in said.items()}
        for plain in (marked, {code: one.removesuffix("…") for code, one in marked.items()}):
            if plain[ENGLISH] != english:
                found[plain.pop(ENGLISH)] = plain
    return found


def read_texts(path: Path) -> dict[str, dict[str, Any]]:
    """Return the texts of a table of translations by template and language; of what is not translated, none."""
    (_, *languages), *rows = json.loads(path.read_text(encoding="utf-8"))
    return {english: {code: one for code, one in zip(languages, said, strict=True) if one} for english, *said in rows}

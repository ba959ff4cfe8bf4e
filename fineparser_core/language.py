"""The language of what people read: the code says everything in English, a table has the translations.

`resources/translations/texts.json` holds two parts. `texts` are looked up as they are: {English: {language: text}}, a
list of plural forms where a count decides. `sentences` are those that carry values, errors above all: what the code
says has its numbers and names in it already, so the sentence is matched with the English templates, and the values go
into the translated one. Whatever has no translation stays English. A process has one language.
"""

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

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
#: Between an English text and the remark that tells it from the same words with another meaning.
REMARK = " // "
_N_PLURALS = {"zh_CN": 1, "ru": 3}
_POINT = frozenset({ENGLISH, "zh_CN"})
_DECIMAL = re.compile(r"[-+−]?\d+\.\d+")
_PLACE = re.compile(r"\{\d+\}")

_language = ENGLISH


def use_language(code: str) -> None:
    """Choose the language of this process; one that is not in `LANGUAGES` is English."""
    global _language
    _language = code if code in LANGUAGES else ENGLISH


def language() -> str:
    """Code of the language of this process."""
    return _language


def text(english: str, *values: object, remark: str = "") -> str:
    """A text in the language of this process.

    Args:
        english: as the table has it, with {0}, {1} … for the values.
        remark: tells the text from the same words with another meaning.
    """
    chosen = translation(english, remark=remark) or english
    return chosen.format(*values) if values else chosen


def translation(english: str, *, remark: str = "", count: int | None = None) -> str | None:
    """A text of the table in the language of this process, its values not filled in; None without a translation.

    Args:
        count: decides between plural forms.
    """
    if _language == ENGLISH:
        return None
    texts = _table()["texts"]
    found = (texts.get(f"{english}{REMARK}{remark}") if remark else None) or texts.get(english) or {}
    chosen = found.get(_language)
    if isinstance(chosen, list):
        return chosen[min(plural_form(_language, 2 if count is None else count), len(chosen) - 1)] or None
    return chosen or None


def sentence(english: str) -> str:
    """A sentence that holds its values already, such as an error's, in the language of this process."""
    if _language == ENGLISH or not english:
        return english
    for template, pattern in _patterns():
        if found := pattern.fullmatch(english):
            chosen = _table()["sentences"][template].get(_language)
            return chosen.format(*map(_value, found.groups())) if chosen else english
    return translation(english) or english


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with a fixed count of digits behind the decimal mark of the language; U+2212 as minus."""
    written = f"{value:{'+' if signed else ''}.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return written if _language in _POINT else written.replace(".", ",")


def short_number(value: float) -> str:
    """A number with as many digits as it needs, such as a board's height."""
    written = f"{value:g}"
    return written if _language in _POINT else written.replace(".", ",")


def n_plural_forms(code: str) -> int:
    """How many plural forms a language has."""
    return _N_PLURALS.get(code, 2)


def plural_form(code: str, count: int) -> int:
    """Which of a language's plural forms goes with a count (Unicode's plural rules, whole numbers)."""
    if code == "zh_CN":
        return 0
    if code == "fr":
        return int(count > 1)
    if code == "ru":
        if count % 10 == 1 and count % 100 != 11:
            return 0
        return 1 if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else 2
    return int(count != 1)


def pattern_of(template: str) -> re.Pattern[str]:
    """Matches what a template becomes with any values in place of {0}, {1} …"""
    return re.compile("(.*?)".join(map(re.escape, _PLACE.split(template))), re.DOTALL)


def _value(found: str) -> str:
    if _DECIMAL.fullmatch(found):
        return found if _language in _POINT else found.replace(".", ",")
    return sentence(found)


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    return json.loads(resource("translations", "texts.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Those that say most first, so that none takes what belongs to a longer one."""
    templates = sorted(_table()["sentences"], key=lambda template: -len(_PLACE.sub("", template)))
    return tuple((template, pattern_of(template)) for template in templates)


def phrase(english: str) -> str:
    """Marks a part of a sentence that holds values, for the table; it is translated with the sentence around it."""
    return english


def marked(english: str) -> str:
    """Marks a text for the table that is translated where it is shown."""
    return english

"""Names and notes that are not valid Unicode, or that steer a terminal, in everything that writes text."""

import pytest
from text_writers import WRITERS

CORPUS = "texts"
# By what is odd about them; the first two are tried in every run.
TEXTS = {
    "a name of stray bytes and escapes": "a\udcff\x1b[31m",
    "a note of surrogates": "\n＝\ud800\x9b\udfff",
    "empty": "",
    "a high surrogate": "\ud800",
    "a low surrogate": "\udfff",
    "a pair the wrong way round": "\ude00\ud83d",
    "Latin-1 bytes": "M\udcfcller",
    "Shift-JIS bytes": "\udc94\udcf2\udc8d\udc9e",
    "a title for the terminal": "\x1b]0;owned\x07\x1b[2J\x1b[H",
    "C1 controls": "\x9b31m\x85\x90",
    "NUL": "a\0b",
    "lines": "a\nfineparser: all is well.\r\nb\x0bc\u2028d",
    "turned around": "a\u202e4pm.exe\u2066b",
    "a formula after a line": "\n=1+1",
    "a full-width formula": "＝cmd|' /C calc'!A0",
    "markup": "<script>alert(1)</script>&[red]{{7*7}}{% raw %}",
    "a quarter of a kilobyte": "n" * 251,
    "long, and nothing to break it at": "W" * 20_000,
    "accents that are put together": "e\u0301" * 30 + "\u0301" * 200,
    "emoji": "👩‍👩‍👧‍👦🏊🏽‍♀️",
    "every script": "Ωмأ中あ한ไทยहिन्दी",
    "no character": "\uffff\ufffe\U0010ffff\ufdd0",
    "braces": "{0}{name!r}%s%(x)s\\x1b\\",
}


_CASES = [
    pytest.param(text, writer, marks=() if place < 2 else pytest.mark.hostile)
    for place, text in enumerate(TEXTS)
    for writer in WRITERS
]


@pytest.mark.parametrize(("text", "writer"), _CASES)
def test_text_that_cannot_be_shown(text, writer, sandbox, tally, small_video):
    outcome = sandbox.run("text_writers:write", small_video, writer=writer, text=TEXTS[text])
    assert tally.add(CORPUS, f"{text}, {writer}", outcome).kind == "right", outcome

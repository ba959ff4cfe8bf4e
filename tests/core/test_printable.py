import logging

import pytest
from platforms import needs_links

from fineparser_core.errors import VideoError
from fineparser_core.printable import PrintableFormatter, printable, without_home


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Aňa 中文 😀 ‰.mp4", "Aňa 中文 😀 ‰.mp4"),
        ("a\udcff.mp4", r"a\xff.mp4"),
        ("\ud800 note", r"\ud800 note"),
        ("a\nb\tc\rd\0e\x7f\x9b", r"a\x0ab\x09c\x0dd\x00e\x7f\x9b"),
        ("gpj\u202e4pm.exe\u2066\u2028", r"gpj\u202e4pm.exe\u2066\u2028"),
    ],
)
def test_what_cannot_be_shown_becomes_its_escape(text, shown):
    assert printable(text) == shown
    assert printable(shown) == shown
    assert shown.encode("utf-8")


def test_an_error_shows_the_name_it_is_about():
    assert str(VideoError("a\udcff\x1b[2J.mp4: there is no such file.")) == r"a\xff\x1b[2J.mp4: there is no such file."


def test_a_log_keeps_the_lines_of_a_traceback_and_no_control_characters():
    try:
        raise ValueError("a\udcff\x1b[2J")
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "read %s", "args": ("b\x1b",), "exc_info": (ValueError, error, None)})
    lines = PrintableFormatter("%(message)s").format(record).splitlines()
    assert lines[0] == r"read b\x1b"
    assert lines[-1] == r"ValueError: a\xff\x1b[2J"


@needs_links
def test_the_users_folder_is_a_tilde_wherever_it_stands(tmp_path, monkeypatch):
    home, link = tmp_path / "real" / "ada", tmp_path / "ada"
    home.mkdir(parents=True)
    link.symlink_to(home, target_is_directory=True)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(link))
    text = f"{link}/a.mp4, {home}/b.mp4 in {link}. '{link}' {link}x {link}-2 /nowhere{link}/c"
    assert without_home(text) == f"~/a.mp4, ~/b.mp4 in ~. '~' {link}x {link}-2 /nowhere~/c"


@pytest.mark.parametrize("home", ["/", "relative", ""])
def test_a_home_that_is_no_folder_of_a_person_changes_nothing(monkeypatch, home):
    monkeypatch.setenv("HOME", home)
    assert without_home("/home/ada/a.mp4 and relative/b") == "/home/ada/a.mp4 and relative/b"

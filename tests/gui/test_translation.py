"""Another language reaches everything that is read in the window."""

import re
from datetime import date
from math import ceil

import numpy as np
import pytest
from answers_kit import answer_dive, open_queued, open_scored
from PySide6.QtCore import QCoreApplication, QLocale, Qt, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDialog, QLabel, QLineEdit, QTableView, QWidget

from fineparser_core.errors import VideoError
from fineparser_core.language import (
    LANGUAGES,
    REMARK,
    language,
    number,
    plain_texts,
    read_texts,
    translated,
    use_language,
)
from fineparser_core.resources import resource
from fineparser_gui.history.plot import DayAxis, day_number
from fineparser_gui.support.formatting import board_text, decimal, signed
from fineparser_gui.support.translation import TableTranslator, install_language
from fineparser_gui.timeline.time_plot import TimeAxis

_WORD = re.compile(r"[A-Za-z]{3,}")
#: What is called the same in every language, comes from the dive, or is a note that these tests made up.
_NOT_TRANSLATED = re.compile(r"FineParser|small|frame 00000|Only 2 exemplars\.")


def pseudo(english):
    """A text in a language that is a third longer, and in brackets."""
    return f"⟦{english}{'~' * ceil(0.3 * len(english))}⟧"


class _Pseudo(TableTranslator):
    """With the texts of Qt and of pyqtgraph, which the table does not have."""

    def translate(self, context, text, disambiguation=None, n=-1):
        of_others = re.match(r"Q|GraphicsScene|ViewBox|PlotItem|AxisItem", context)
        return super().translate(context, text, disambiguation, n) or (pseudo(text) if of_others else None)


@pytest.fixture
def marked(qapp, monkeypatch):
    """Everything that the table of translations has is in that language."""
    table = read_texts(resource("translations", "texts.json"))
    made = {one: {"xx": pseudo(one.partition(REMARK)[0])} for one in plain_texts(table) | table}
    monkeypatch.setattr("fineparser_core.language._language", "xx")
    monkeypatch.setattr("fineparser_core.language._catalog", lambda: made)
    translator = _Pseudo(qapp)
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)
    translator.deleteLater()


@pytest.fixture
def marked_studio(marked, idle_studio):
    """The program in that language."""
    return idle_studio


def texts(window):
    """All that widgets and actions of a window say."""
    for action in window.findChildren(QAction):
        yield action.text()
    for widget in window.findChildren(QWidget):
        yield from (widget.accessibleName(), widget.accessibleDescription(), widget.toolTip())
        if isinstance(widget, (QLabel, QAbstractButton)):
            yield widget.text()
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(place) for place in range(widget.count()))
        elif isinstance(widget, QLineEdit):
            yield widget.placeholderText()
        elif isinstance(widget, QTableView):
            model = widget.model()
            for column in range(model.columnCount()):
                yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")


def untranslated(window):
    """What has words outside of brackets, and is no mark-up."""
    bare = {text: re.sub(r"<[^<>]*>|&\w+;", "", text) for text in texts(window)}
    bare = {text: re.sub(r"⟦[^⟦⟧]*⟧", "", re.sub(r"⟦[^⟦⟧]*⟧", "", rest)) for text, rest in bare.items()}
    left = {text for text, rest in bare.items() if _WORD.search(rest) and not _NOT_TRANSLATED.search(rest)}
    return left - set(LANGUAGES.values())


def test_nothing_of_the_window_is_left_in_english(marked_studio, qtbot, small_video, tmp_path):
    session, window = marked_studio.session, marked_studio.window
    assert not untranslated(window)
    open_scored(marked_studio, qtbot, small_video, tmp_path)
    assert session.current.analysis.scoring is not None
    assert not untranslated(window)
    table = window.exemplars.table
    assert [table.horizontalHeaderItem(5 + step).text() for step in range(3)] == [
        pseudo("take-off"),
        pseudo("flight"),
        pseudo("entry"),
    ]


def test_nothing_of_a_dialog_is_left_in_english(marked_studio, qtbot, small_video, tmp_path):
    window = marked_studio.window
    open_queued(marked_studio, qtbot, small_video)
    answer_dive(marked_studio, tmp_path)
    for action_id in ("preferences", "about", "export"):
        action = window.actions_by_id[action_id]
        action.setEnabled(True)
        action.trigger()
        opened = [one for one in window.findChildren(QDialog) if one.isVisible()]
        assert opened, action_id
        assert not untranslated(window), action_id
        for dialog in opened:
            dialog.close()


@pytest.fixture
def installed(qapp):
    """To be filled; taken out again at the end, and the language of before is back."""
    made: list[QTranslator] = []
    before = QLocale()
    yield made
    for translator in made:
        qapp.removeTranslator(translator)
        translator.deleteLater()
    use_language("en")
    QLocale.setDefault(before)


def test_the_window_and_qt_speak_the_language_of_the_system(qapp, installed):
    installed += install_language(qapp, system=QLocale("de_AT"))
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    assert QCoreApplication.translate("actions", "&File") == "&Datei"
    assert QCoreApplication.translate("actions", "no such text") == "no such text"


def test_english_knows_one_thing_from_several(qapp, installed):
    installed += install_language(qapp, "en", system=QLocale("en_US"))

    def said(n):
        counted = [
            english
            for english, known in read_texts(resource("translations", "texts.json")).items()
            if isinstance(known["de"], list)
        ]
        return [QCoreApplication.translate("any", one, None, n).format(n) for one in counted]

    assert "3 dives" in said(3)
    assert not [one for one in said(1) if re.search(r"\b1 (file )?\w+s\b", one)]
    assert "1 dive" in said(1)


def test_a_chosen_language_brings_its_numbers_along(qapp, installed):
    installed += install_language(qapp, "fr", system=QLocale("en_US"))
    assert (language(), decimal(1.5)) == ("fr", "1,5")


@pytest.mark.parametrize(
    ("system", "code"),
    [("en_GB", "en"), ("ar_EG", "en"), ("zh_CN", "zh_CN"), ("zh_SG", "zh_CN"), ("zh_TW", "en"), ("ru_KZ", "ru")],
)
def test_the_language_that_a_system_gets(qapp, installed, system, code):
    installed += install_language(qapp, system=QLocale(system))
    assert language() == code
    assert qapp.layoutDirection() == Qt.LayoutDirection.LeftToRight


def test_sentences_of_core_are_translated_with_their_values(qapp, installed):
    installed += install_language(qapp, "de")
    error = VideoError("{0} is empty (0 bytes): copy it again or choose another clip.", "/videos/a.mp4")
    assert translated(error).startswith("/videos/a.mp4 ist leer")
    assert translated("Something new happened.") == "Something new happened."


def test_numbers_and_days_are_those_of_the_language():
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    try:
        assert (decimal(1234.56), decimal(-0.4, 2), signed(1.25), signed(-0.4)) == ("1234,6", "−0,40", "+1,25", "−0,40")
        assert (decimal(-0.004, 2), signed(-0.004), number(-0.004, 2)) == ("0,00", "+0,00", "0.00")
        assert (board_text(7.5), board_text(10.0)) == ("7,5 m", "10 m")
        axis = TimeAxis("bottom")
        axis.set_times(np.arange(100) / 25)
        assert axis.tickStrings([25], 1, 0.5) == ["1,0 s"]
        assert DayAxis("bottom").tickStrings([day_number(date(2026, 5, 3))], 1, 1) == ["03.05.26"]
    finally:
        QLocale.setDefault(before)

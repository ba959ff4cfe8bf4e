"""Window of help: the user guide, the app, the model card and the licences, one document at a time."""

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from PySide6.QtGui import QTextTable
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QPushButton, QVBoxLayout, QWidget

from fineparser_core import __version__
from fineparser_core.constants import CARD_NAME, CARD_PAGE, STEP_NAMES
from fineparser_core.language import ENGLISH, language, text
from fineparser_core.measures.records import RECORDS
from fineparser_core.resources import LICENSE_PAGE, LICENSE_TEXTS, bundled_weights, made, resource
from fineparser_core.support.files import read_bounded
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.shell.window_state import HelpPage
from fineparser_gui.support.actions import Command, native_text
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.widgets import TextPage, closing_buttons, lay_out, resize_within_screen

_MOST_BYTES = 2_000_000
_SIZE, _CONTENTS_W, _CELL_PX = (1000, 720), 260, 6
#: Mark in the guide that is replaced by a paragraph for each measure.
_MEASURES = "<!-- measures -->"
_CODE = re.compile("`([^`\n]+)`")
_HEADING = "## "
#: Head of a page of weights, which is for machines.
_METADATA = re.compile(rb"\A---\n.*?\n---\n", re.DOTALL)


def guide_file(code: str) -> Path:
    """Return the guide in a language, or in English if there is none."""
    path = resource("guide", f"{code}.md")
    return path if path.is_file() else resource("guide", f"{ENGLISH}.md")


def with_native_keys(markdown: str, keys: Collection[str]) -> str:
    """Return a text with its keys, code in portable notation, as the user's system and language write them."""
    return _CODE.sub(lambda found: f"`{native_text((found[1],))}`" if found[1] in keys else found[0], markdown)


def measures_text() -> str:
    """Return a paragraph for each measure, by phase, in the words of its tool tip."""
    paragraphs = []
    for step in STEP_NAMES:
        paragraphs.append(f"**{step_text(step)}**")
        paragraphs += [f"- {text(one.title)}: {text(one.about)}" for one in RECORDS.values() if one.step == step]
        paragraphs.append("")
    return "\n".join(paragraphs)


class HelpDialog(QDialog):
    """Contents on the left, the chosen chapter of the guide or other document on the right; not modal.

    It keeps its size, and what is shown, while it is closed.

    Args:
        open_logs: opens the folder of the log.
    """

    def __init__(
        self,
        preferences: PreferenceStore,
        commands: Sequence[Command],
        open_logs: Callable[[], None],
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        resize_within_screen(self, *_SIZE)
        self._preferences = preferences
        keys = {key for one in commands for key in one.keys}
        markdown = guide_file(language()).read_text(encoding="utf-8")
        self._guide = with_native_keys(markdown, keys).replace(_MEASURES, measures_text())
        chapters = [line.removeprefix(_HEADING) for line in markdown.splitlines() if line.startswith(_HEADING)]
        self._documents = [(self.tr("User guide"), lambda: self._guide)]
        self._documents += [
            (self.tr("FineParser Studio {0}").format(__version__), self._about),
            (self.tr("Model card"), self._model_card),
            (self.tr("Licences"), self._licenses),
        ]
        self.page = TextPage()
        self._shown: HelpPage | None = None
        self.contents = QListWidget(accessibleName=self.tr("Contents"))
        self.contents.setFixedWidth(_CONTENTS_W)
        self.contents.addItems([*chapters, *(title for title, _ in self._documents[1:])])
        self._n_chapters = len(chapters)
        self.contents.currentRowChanged.connect(self._on_row)
        self.contents.itemClicked.connect(lambda item: self._on_row(self.contents.row(item)))
        self.search = QLineEdit(
            placeholderText=self.tr("Find in the guide"), accessibleName=self.tr("Find in the guide")
        )
        self.search.setFixedWidth(_CONTENTS_W)
        self.search.returnPressed.connect(self.find_next)
        logs = QPushButton(self.tr("Open the log folder"), autoDefault=False, clicked=lambda: open_logs())
        buttons = closing_buttons(self)
        buttons.button(buttons.StandardButton.Close).setAutoDefault(False)  # Enter finds
        left = lay_out(QVBoxLayout(), self.search, self.contents)
        lay_out(
            QVBoxLayout(self), (lay_out(QHBoxLayout(), left, self.page), 1), lay_out(QHBoxLayout(), logs, None, buttons)
        )

    def open_page(self, page: HelpPage) -> None:
        """Open at a document."""
        self._show(page)
        self.show()
        self.activateWindow()
        self.page.setFocus()

    def find_next(self) -> None:
        """Select the next place that has the words of the field, after the last from the top."""
        if not self.page.find(self.search.text()):
            self.page.moveCursor(self.page.textCursor().MoveOperation.Start)
            self.page.find(self.search.text())

    def _on_row(self, row: int) -> None:
        self._show(HelpPage(max(row - self._n_chapters + 1, HelpPage.GUIDE)))
        if row < self._n_chapters:
            block = self.page.document().begin()
            while block.isValid() and block.text() != self.contents.item(row).text():
                block = block.next()
            self.page.setTextCursor(type(self.page.textCursor())(block))
            bar = self.page.verticalScrollBar()
            bar.setValue(bar.value() + self.page.cursorRect().top())

    def _show(self, page: HelpPage) -> None:
        if page is self._shown and page is HelpPage.GUIDE:
            return
        self._shown = page
        title, make = self._documents[page]
        self.page.folder = resource("guide") if page is HelpPage.GUIDE else None
        self.page.setAccessibleName(title)
        self.page.setMarkdown(make())
        for frame in self.page.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                table = frame.format().toTableFormat()
                table.setBorderCollapse(True)
                table.setCellPadding(_CELL_PX)
                frame.setFormat(table)

    def _about(self) -> str:
        return self.tr(
            "Divides a dive into its three phases, masks the diver, and predicts a score relative to other "
            "dives.\n\nVideos leave this computer only where you send them to a phone. A predicted score does not "
            "replace judges: the model card says what the weights were trained on and what they must not be used "
            "for.\n\n"
            "Apache Licence 2.0."
        )

    def _model_card(self) -> str:
        """Return the prose of the weights in use, and below it their card."""
        weights = self._preferences.now.weights
        folder = self.page.folder = Path(weights) if weights else bundled_weights()
        try:
            prose = read_bounded(folder / CARD_PAGE, _MOST_BYTES) if (folder / CARD_PAGE).is_file() else b""
            return b"\n\n".join(
                (_METADATA.sub(b"", prose), b"```", read_bounded(folder / CARD_NAME, _MOST_BYTES), b"```")
            ).decode(errors="replace")
        except OSError:
            unread = self.tr("{0} cannot be read. Choose another folder of weights in the preferences.")
            return unread.format(folder / CARD_NAME)

    def _licenses(self) -> str:
        """Return what building the app has made; elsewhere each installed package brings its license."""
        page, texts = made(LICENSE_PAGE), made(LICENSE_TEXTS)
        page = page if page.is_file() else resource("licences", "notes.md")
        texts = texts if texts.is_file() else resource("licences", "GPL-2.txt")
        link = self.tr("Licence texts")
        return f"{page.read_text(encoding='utf-8')}\n\n[{link}]({texts.as_uri()})"

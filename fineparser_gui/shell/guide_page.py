"""Page of the user guide: its text in the language of the window, beside a table of its contents."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMargins, QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextBlock, QTextCursor, QTextFrameFormat, QTextTable
from PySide6.QtWidgets import QLineEdit, QSplitter, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.language import ENGLISH, language, text
from fineparser_core.measures.records import RECORDS
from fineparser_core.resources import resource
from fineparser_gui.shell.window_state import FIXED
from fineparser_gui.support.actions import Command, native_text
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.theme import mix
from fineparser_gui.support.widgets import TextPage, label, lay_out, literal

_FOLDER = "guide"
#: Mark in the guide that is replaced by a paragraph for each measure.
_MEASURES = "<!-- measures -->"
_CONTENTS_W, _PAGE_W = 280, 700
#: Headings of the table of contents.
_LEVELS = (2, 3)
_LINE_PERCENT = 125
#: Above headings, by level.
_SPACE_PX = {2: 26, 3: 16}
_CELL_PX = 6
#: Share of the borders' color in the ground of keys and in the rules of tables.
_GROUND_SHARE, _RULE_SHARE = 0.18, 0.35
_PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}"
_CODE = re.compile("`([^`\n]+)`")


def guide_file(code: str) -> Path:
    """Return the guide in a language, or in English if there is none."""
    path = resource(_FOLDER, f"{code}.md")
    return path if path.is_file() else resource(_FOLDER, f"{ENGLISH}.md")


def with_native_keys(markdown: str, keys: Collection[str]) -> str:
    """Return a text with its keys, code in portable notation, as the user's system and language write them."""

    def native(found: re.Match[str]) -> str:
        return f"`{native_text((found[1],))}`" if found[1] in keys else found[0]

    return _CODE.sub(native, markdown)


def measures_text() -> str:
    """Return a paragraph for each measure, by phase, in the words of its tool tip."""
    paragraphs = []
    for step in STEP_NAMES:
        paragraphs.append(f"**{step_text(step)}**")
        paragraphs += [f"- {text(one.title)}: {text(one.about)}" for one in RECORDS.values() if one.step == step]
        paragraphs.append("")
    return "\n".join(paragraphs)


class GuidePage(TextPage):
    """The text of the guide, in the colors of the window."""

    def __init__(self, path: Path, keys: Collection[str]) -> None:
        super().__init__(path.parent)
        markdown = path.read_text(encoding="utf-8")
        self._colors: list[str] = []  # those that links, tables and the grounds of keys were made with
        self._markdown = with_native_keys(markdown, keys).replace(_MEASURES, measures_text())
        self._fill()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._colors not in ([], self._palette_colors()):
            at = self.verticalScrollBar().value()
            self._fill()
            self.verticalScrollBar().setValue(at)

    def headings(self) -> list[QTextBlock]:
        """Return the headings of the table of contents."""
        found, block = [], self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() in _LEVELS:
                found.append(block)
            block = block.next()
        return found

    def show_block(self, block: QTextBlock) -> None:
        """Scroll a paragraph to the top, and put the cursor there."""
        cursor = QTextCursor(block)
        self.setTextCursor(cursor)
        above_px = self.document().documentMargin()
        self.verticalScrollBar().setValue(
            round(self.verticalScrollBar().value() + self.cursorRect(cursor).top() - above_px)
        )

    def find_next(self, words: str) -> bool:
        """Select the next place with some words, after the last from the top; return True if there is a place."""
        if self.find(words):
            return True
        before = self.textCursor()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        if self.find(words):
            return True
        self.setTextCursor(before)
        return False

    def _palette_colors(self) -> list[str]:
        shown = self.palette()
        return [brush.color().name() for brush in (shown.base(), shown.mid(), shown.text(), shown.link())]

    def _fill(self) -> None:
        self._colors = self._palette_colors()
        self.setMarkdown(self._markdown)
        document = self.document()
        base, mid, *_ = self._colors
        ground, rule = mix(base, mid, _GROUND_SHARE), mix(base, mid, _RULE_SHARE)
        block = document.begin()
        while block.isValid():
            cursor = QTextCursor(block)
            shape = block.blockFormat()
            if shape.headingLevel() in _SPACE_PX:
                shape.setTopMargin(_SPACE_PX[shape.headingLevel()])
            elif not block.text().startswith(_PICTURE):
                shape.setLineHeight(_LINE_PERCENT, shape.LineHeightTypes.ProportionalHeight.value)
            cursor.setBlockFormat(shape)
            for part in block:
                fragment = part.fragment()
                kind = fragment.charFormat()
                if kind.fontFixedPitch():
                    kind.setBackground(ground)
                    cursor.setPosition(fragment.position())
                    cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                    cursor.setCharFormat(kind)
            block = block.next()
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                table = frame.format().toTableFormat()
                table.setBorderCollapse(True)
                table.setBorder(1)
                table.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                table.setBorderBrush(rule)
                table.setCellPadding(_CELL_PX)
                frame.setFormat(table)


class Guide(QWidget):
    """The guide with its contents and a search."""

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        keys = {key for one in (*commands, *FIXED) for key in one.keys}
        self.page = GuidePage(guide_file(language()), keys)
        self.page.setAccessibleName(self.tr("User guide"))
        self.contents = QTreeWidget(
            accessibleName=self.tr("Contents"), headerHidden=True, rootIsDecorated=False, itemsExpandable=False
        )
        self._items: list[QTreeWidgetItem] = []
        for block in self.page.headings():
            item = QTreeWidgetItem([block.text()])
            item.setToolTip(0, literal(block.text()))  # a long heading is cut off
            if block.blockFormat().headingLevel() == _LEVELS[0]:
                self.contents.addTopLevelItem(item)
            else:
                self.contents.topLevelItem(self.contents.topLevelItemCount() - 1).addChild(item)
            self._items.append(item)
        self.contents.expandAll()
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find in the guide"))
        self.search.setAccessibleName(self.tr("Find in the guide"))
        self.search.setClearButtonEnabled(True)
        self.message = label(role="error")
        self.message.hide()
        left = QWidget()
        lay_out(QVBoxLayout(left, contentsMargins=QMargins()), self.search, self.message, self.contents)
        parts = QSplitter(childrenCollapsible=False)
        parts.addWidget(left)
        parts.addWidget(self.page)
        parts.setStretchFactor(1, 1)
        parts.setSizes([_CONTENTS_W, _PAGE_W])
        lay_out(QVBoxLayout(self, contentsMargins=QMargins()), parts)
        self.search.returnPressed.connect(self.find_next)
        self.search.textChanged.connect(self.message.hide)
        self.contents.currentItemChanged.connect(self.show_heading)
        self.contents.itemClicked.connect(self.show_heading)
        self.page.verticalScrollBar().valueChanged.connect(self._follow)
        normal = self.page.font()
        for key, act in (
            (QKeySequence.StandardKey.Find, self._begin_search),
            (QKeySequence.StandardKey.FindNext, self.find_next),
            (QKeySequence.StandardKey.ZoomIn, self.page.zoomIn),
            (QKeySequence("Ctrl+="), self.page.zoomIn),
            (QKeySequence.StandardKey.ZoomOut, self.page.zoomOut),
            (QKeySequence("Ctrl+0"), lambda: self.page.setFont(normal)),
        ):
            QShortcut(key, self, activated=act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._follow()

    def show_heading(self, item: QTreeWidgetItem | None) -> None:
        """Scroll to the heading of an entry of the contents."""
        if item is not None:
            self.page.show_block(self.page.headings()[self._items.index(item)])
            with QSignalBlocker(self.contents):
                self.contents.setCurrentItem(item)  # the last headings cannot be scrolled to the top

    def find_next(self) -> None:
        """Go to the next place that has the words of the field."""
        words = self.search.text().strip()
        if words and not self.page.find_next(words):
            self.message.setText(self.tr("The guide does not say “{0}”.").format(words))
            self.message.show()

    def _begin_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _follow(self) -> None:
        """Mark the heading that the top of the page belongs to."""
        at = self.page.cursorForPosition(QPoint(0, 2 * self.page.fontMetrics().height())).blockNumber()
        passed = [block for block in self.page.headings() if block.blockNumber() <= at]
        with QSignalBlocker(self.contents):
            self.contents.setCurrentItem(self._items[len(passed) - 1] if passed else None)

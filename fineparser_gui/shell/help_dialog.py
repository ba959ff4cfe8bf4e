"""Dialog of help: guide, version, model card, licences, and a report of a crash where there is one."""

import html
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QTabWidget, QVBoxLayout, QWidget

from fineparser_core import __version__
from fineparser_core.constants import CARD_NAME
from fineparser_core.language import text
from fineparser_core.resources import LICENSE_PAGE, LICENSE_TEXTS, bundled_weights, made, resource
from fineparser_core.support.files import parse_json, read_bounded
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.shell.guide_page import Guide
from fineparser_gui.shell.window_state import HelpPage
from fineparser_gui.support.actions import Command
from fineparser_gui.support.widgets import TextPage, closing_buttons, lay_out, resize_within_screen
from fineparser_gui.worker.protocol import Ready

PROSE_NAME = "MODEL_CARD.md"
#: Fields of a card that are shown first, in this order.
_FIRST = ("name", "id", "trained_on", "intended_use", "limitations", "metrics", "training")
_MOST_BYTES = 2_000_000
_HIDDEN = ("shards", "format", "model", "synthetic")
_SIZE = (1000, 720)


class HelpDialog(QDialog):
    """Guide and pages of text, each of which is filled when it is shown first; not modal.

    It keeps its size and the place in the guide when it is closed; the other pages are filled anew.

    Args:
        model: returns the loaded model, whose device and precision its card names.
        open_logs: opens the folder of the log.
    """

    def __init__(
        self,
        preferences: PreferenceStore,
        model: Callable[[], Ready | None],
        commands: Sequence[Command],
        open_logs: Callable[[], None],
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        resize_within_screen(self, *_SIZE)
        self._preferences, self._model = preferences, model
        self._reports: Sequence[Path] = ()
        self.guide = Guide(commands)
        self.pages = QTabWidget(documentMode=True)
        self.pages.setUsesScrollButtons(False)
        self.pages.addTab(self.guide, self.guide.page.accessibleName())
        self._fills: dict[int, Callable[[TextPage], None]] = {}
        for title, fill in (
            (self.tr("FineParser Studio {0}").format(__version__), self._fill_about),
            (self.tr("Model card"), self._fill_model_card),
            (self.tr("Licences"), self._fill_licenses),
            (self.tr("Licence texts"), self._fill_license_texts),
            (self.tr("Crash report"), self._fill_report),
        ):
            page = TextPage()
            page.setAccessibleName(title)
            self._fills[self.pages.addTab(page, title)] = fill
        self.copy = QPushButton(self.tr("Copy"), autoDefault=False, clicked=self._on_copy)
        logs = QPushButton(self.tr("Open the log folder"), autoDefault=False, clicked=lambda: open_logs())
        buttons = closing_buttons(self)
        buttons.button(buttons.StandardButton.Close).setAutoDefault(False)  # Enter finds
        lay_out(QVBoxLayout(self), (self.pages, 1), lay_out(QHBoxLayout(), self.copy, logs, None, buttons))
        self.pages.currentChanged.connect(self.show_page)

    @property
    def page(self) -> TextPage:
        """The shown page."""
        shown = self.pages.currentWidget()
        return self.guide.page if shown is self.guide else shown

    def open_page(self, place: HelpPage, reports: Sequence[Path] = ()) -> None:
        """Open at a page, for example the model card; without reports of crashes there is no page of them."""
        self._reports = reports
        self._unfilled = dict(self._fills)
        self.pages.setTabVisible(HelpPage.CRASH_REPORT, True)
        self.show_page(place)
        self.pages.setTabVisible(HelpPage.CRASH_REPORT, bool(reports))  # hiding the shown one would show another
        self.show()
        self.activateWindow()
        self.page.setFocus()

    def show_page(self, place: int) -> None:
        """Show a page."""
        self.pages.setCurrentIndex(place)
        if (fill := self._unfilled.pop(place, None)) is not None:
            fill(self.page)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.page.toPlainText())

    def _fill_about(self, page: TextPage) -> None:
        page.setPlainText(
            self.tr(
                "Divides a dive into its three phases, masks the diver, and predicts a score relative to other "
                "dives.\n\nVideos leave this computer only where you send them to a phone. A predicted score does not "
                "replace judges: the model card says what the weights were trained on and what they must not be used "
                "for.\n\n"
                "Apache Licence 2.0."
            )
        )

    def _fill_model_card(self, page: TextPage) -> None:
        weights = self._preferences.now.weights
        folder = page.folder = Path(weights) if weights else bundled_weights()
        prose = ""
        with suppress(OSError):
            prose = read_bounded(folder / PROSE_NAME, _MOST_BYTES).decode(errors="replace")
        page.setMarkdown(prose)
        end = QTextCursor(page.document())
        end.movePosition(QTextCursor.MoveOperation.End)
        if prose:
            heading = self.tr("Figures")
            end.insertHtml(f"<br><h3>{html.escape(heading)}</h3>")
        end.insertHtml(_facts(folder / CARD_NAME, self._model()))
        page.moveCursor(QTextCursor.MoveOperation.Start)

    def _fill_licenses(self, page: TextPage) -> None:
        """Show the page that building the app made; elsewhere each installed package brings its license."""
        made_page = made(LICENSE_PAGE)
        path = made_page if made_page.is_file() else resource("licences", "notes.md")
        page.setMarkdown(path.read_text(encoding="utf-8"))

    def _fill_license_texts(self, page: TextPage) -> None:
        texts = made(LICENSE_TEXTS)
        path = texts if texts.is_file() else resource("licences", "GPL-2.txt")
        page.setPlainText(path.read_text(encoding="utf-8"))

    def _fill_report(self, page: TextPage) -> None:
        there = (path for path in self._reports if path.is_file())
        page.setPlainText("\n\n".join(path.read_text(encoding="utf-8", errors="replace") for path in there))


def _facts(path: Path, model: Ready | None) -> str:
    try:
        card = parse_json(read_bounded(path, _MOST_BYTES))
        known = {name: card[name] for name in _FIRST if name in card}
        rows = [*known.items(), *((name, value) for name, value in card.items() if name not in known)]
    except (OSError, ValueError, TypeError, AttributeError):
        unread = text("{0} cannot be read. Choose another folder of weights in the preferences.", path)
        return f"<p>{html.escape(unread)}</p>"
    if model is not None:
        rows += [("device", model.device), ("precision", model.precision)]
    cells = "".join(
        f"<tr><td valign='top'><b>{html.escape(name.replace('_', ' '))}</b></td><td>{_value(value)}</td></tr>"
        for name, value in rows
        if name not in _HIDDEN and value not in ("", [], {}, None)
    )
    return f"<table cellpadding='5'>{cells}</table>"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "<br>".join(f"{html.escape(str(name))}: {html.escape(str(item))}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return "<br>".join(html.escape(str(item)) for item in value)
    if isinstance(value, bool):
        return text("yes") if value else text("no")
    return html.escape(str(value))

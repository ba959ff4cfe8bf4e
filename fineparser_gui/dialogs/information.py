"""Windows with text to read: the model card and the table of shortcuts."""

import html

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from fineparser_gui.worker.protocol import Ready


def _tr(text: str) -> str:
    return QCoreApplication.translate("dialogs", text)


def _dialog(title: str, body: str, parent: QWidget) -> QDialog:
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.resize(620, 560)
    text = QTextBrowser()
    text.setOpenExternalLinks(True)
    text.setHtml(body)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(text)
    layout.addWidget(buttons)
    return dialog


def model_card_dialog(model: Ready | None, parent: QWidget) -> QDialog:
    """What the weights are, what they were trained on, and what they are not good for."""
    if model is None:
        return _dialog(_tr("Model card"), html.escape(_tr("The model is not loaded yet.")), parent)
    rows = [*model.card.items(), ("device", model.device), ("precision", model.precision)]
    body = "".join(
        f"<tr><td valign='top'><b>{html.escape(name.replace('_', ' '))}</b></td><td>{_value(value)}</td></tr>"
        for name, value in rows
        if name != "shards" and value not in ("", [], {}, ())
    )
    return _dialog(_tr("Model card"), f"<table cellpadding='5'>{body}</table>", parent)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "<br>".join(f"{html.escape(str(name))}: {html.escape(str(item))}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return "<br>".join(html.escape(str(item)) for item in value)
    if isinstance(value, bool):
        return _tr("yes") if value else _tr("no")
    return html.escape(str(value))


def shortcuts_dialog(rows: list[tuple[str, str]], parent: QWidget) -> QDialog:
    """Every command with its keys."""
    body = "".join(f"<tr><td>{html.escape(text)}</td><td><b>{html.escape(keys)}</b></td></tr>" for text, keys in rows)
    return _dialog(_tr("Keyboard shortcuts"), f"<table cellpadding='4' width='100%'>{body}</table>", parent)

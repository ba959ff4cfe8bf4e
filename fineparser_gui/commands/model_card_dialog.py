"""Dialog with the model card of the weights."""

import html
from contextlib import suppress
from pathlib import Path

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QDialog, QWidget

from fineparser_core.constants import CARD_NAME
from fineparser_core.language import text
from fineparser_core.resources import bundled_weights
from fineparser_core.support.files import parse_json, read_bounded
from fineparser_gui.support.text_dialog import TextDialog, TextPage
from fineparser_gui.worker.protocol import Ready

PROSE_NAME = "MODEL_CARD.md"
#: Fields shown first, in this order.
_FIRST = ("name", "id", "trained_on", "intended_use", "limitations", "metrics", "training")
_MOST_BYTES = 2_000_000
_HIDDEN = ("shards", "format", "model", "synthetic")


def model_card_dialog(weights: str, model: Ready | None, parent: QWidget) -> QDialog:
    """Return a dialog with the model card of a folder of weights, with device and precision of a loaded model.

    Args:
        weights: folder; "": the bundled weights.
    """
    folder = Path(weights) if weights else bundled_weights()
    page = TextPage(folder)
    prose = ""
    with suppress(OSError):
        prose = read_bounded(folder / PROSE_NAME, _MOST_BYTES).decode(errors="replace")
    page.setMarkdown(prose)
    end = QTextCursor(page.document())
    end.movePosition(QTextCursor.MoveOperation.End)
    if prose:
        heading = text("Figures")
        end.insertHtml(f"<br><h3>{html.escape(heading)}</h3>")
    end.insertHtml(_facts(folder / CARD_NAME, model))
    page.moveCursor(QTextCursor.MoveOperation.Start)
    return TextDialog(text("Model card"), page, parent)


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

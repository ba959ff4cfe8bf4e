"""Drawings on the videos of the session's dives."""

from collections.abc import Sequence
from functools import partial
from itertools import zip_longest

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_gui.player.drawing_layer import DrawingLayer
from fineparser_gui.player.video_pane import VideoPane
from fineparser_gui.services.session import Session
from fineparser_gui.session.drawings import MARK_COLORS, Drawing


class DrawingLayers(QObject):
    """Layers of all videos, which share a tool and a selection; each edit goes to the dive of its side.

    Signals:
        state_changed: tool, selection or drawings changed.
    """

    state_changed = Signal()

    def __init__(self, session: Session, panes: Sequence[VideoPane]) -> None:
        super().__init__(panes[0])
        self._session = session
        self._panes = panes
        self.layers = tuple(DrawingLayer(pane.canvas) for pane in panes)
        self._keys: tuple[str | None, ...] = ()  # of the dives shown by the layers; None: not one of the session
        self._following = False
        for place, layer in enumerate(self.layers):
            layer.edited.connect(partial(self._on_edited, place))
            layer.state_changed.connect(partial(self._on_state_changed, layer))

    @property
    def tool(self) -> str | None:
        """The kind that the next clicks draw; None: they select."""
        return self.layers[0].tool

    @property
    def selected(self) -> Drawing | None:
        return next((layer.selected for layer in self.layers if layer.selected is not None), None)

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """Drawings of the first dive."""
        return self.layers[0].drawings

    def begin(self, tool: str | None) -> None:
        """Draw a line, note or other `tool` with the next clicks on any video; None cancels."""
        self._following = True
        for layer, key in reversed(list(zip_longest(self.layers, self._shown_keys()))):
            layer.begin(tool if key in self._session.keys else None)
        self._following = False
        self.state_changed.emit()

    def delete_selected(self) -> None:
        """Delete the selected drawing."""
        for layer in self.layers:
            layer.delete_selected()

    def show_selected(self, *, begins: bool) -> None:
        """Show the selected drawing from the frame on the screen, or up to it."""
        for layer in self.layers:
            layer.show_selected(begins=begins)

    def change_pen(self, name: str) -> None:
        """Draw the selected drawing, or else what is drawn next, in the next "thickness" or "color"."""
        layer = next((one for one in self.layers if one.selected is not None), self.layers[0])
        layer.change_pen(name)
        for one in self.layers:
            one.pen = layer.pen
        self.state_changed.emit()

    @property
    def color(self) -> str:
        """#rrggbb of what is drawn next."""
        return MARK_COLORS[self.layers[0].pen["color"]]

    def refresh(self) -> None:
        """Show the present drawings; a drawing begun on another dive is canceled, a note's text so far is kept."""
        before, keys = self.drawings, self._shown_keys()
        if keys != self._keys:
            self.begin(None)  # before the layers take other drawings, so that a note goes to the right dive
            self._keys = keys
        for layer, pane, key in zip_longest(self.layers, self._panes, keys):
            dive, info = self._session.find(key) if key is not None else None, pane.info
            if dive is not None and info is not None:
                layer.set_drawings(dive.drawings, info.pts_s)
            else:
                layer.set_drawings((), np.zeros(1))
        if self.drawings != before:
            self.state_changed.emit()

    def _shown_keys(self) -> tuple[str | None, ...]:
        return tuple(side.key for side in self._session.comparing.sides)

    def _on_edited(self, place: int, drawings: tuple[Drawing, ...], text: str, gesture: str) -> None:
        key = self._keys[place]  # not the present dive: it may have changed during the edit
        if key is not None and key in self._session.keys:
            self._session.drawing_edits.draw(key, drawings, text, gesture=gesture)

    def _on_state_changed(self, changed: DrawingLayer) -> None:
        if self._following:
            return
        self._following = True
        for layer in self.layers:
            if layer is not changed and (layer.tool != changed.tool or layer.selected is not None):
                layer.begin(None)
        self._following = False
        self.state_changed.emit()

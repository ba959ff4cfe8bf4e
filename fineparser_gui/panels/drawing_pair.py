"""Drawing on both videos, whether a dive of the session or one of the library is there."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_gui.canvas.drawing_layer import DrawingLayer
from fineparser_gui.model.comparison import Candidate
from fineparser_gui.model.drawings import Drawing
from fineparser_gui.panels.video_pane import VideoPane
from fineparser_gui.services.session import Session


class DrawingPair(QObject):
    """One tool and one selection for two layers; an edit goes to the dive that it was made on.

    Signals:
        state_changed: another tool, another drawing is selected, or other drawings are there.
    """

    state_changed = Signal()

    def __init__(self, session: Session, panes: tuple[VideoPane, VideoPane]) -> None:
        super().__init__(panes[0])
        self._session = session
        self._panes = panes
        self.layers = tuple(DrawingLayer(pane.canvas) for pane in panes)
        self._sides: tuple[Candidate | None, Candidate | None] = (None, None)  # whose drawings the layers show
        self._following = False
        for place, layer in enumerate(self.layers):
            layer.edited.connect(partial(self._on_edited, place))
            layer.state_changed.connect(partial(self._on_state_changed, layer))

    @property
    def tool(self) -> str | None:
        """What the next clicks draw; None: they select."""
        return self.layers[0].tool

    @property
    def selected(self) -> Drawing | None:
        return next((layer.selected for layer in self.layers if layer.selected is not None), None)

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """On the dive on the left."""
        return self.layers[0].drawings

    def begin(self, tool: str | None) -> None:
        """Draw a LINE, an ANGLE or a NOTE with the next clicks on either video, or give up what was begun."""
        self._following = True
        for layer, side in reversed(list(zip(self.layers, self._session.comparing.sides, strict=True))):
            layer.begin(tool if self._drawn_on(side) is not None else None)
        self._following = False
        self.state_changed.emit()

    def delete_selected(self) -> None:
        """Take the selected drawing away."""
        for layer in self.layers:
            layer.delete_selected()

    def refresh(self) -> None:
        """Show what is drawn on the dives now; what was begun on others is given up, a note kept as far as written."""
        before, sides = self.drawings, self._session.comparing.sides
        if sides != self._sides:
            self.begin(None)  # while the layers still hold the drawings that the note belongs to
            self._sides = sides
        for layer, pane, side in zip(self.layers, self._panes, sides, strict=True):
            drawn, info = self._drawn_on(side), pane.info
            if drawn is not None and info is not None:
                layer.set_drawings(drawn, info.pts_s)
            else:
                layer.set_drawings((), np.zeros(1))
        if self.drawings != before:
            self.state_changed.emit()

    def _drawn_on(self, side: Candidate | None) -> tuple[Drawing, ...] | None:
        """What is drawn on a dive; None where nothing can be."""
        if side is None:
            return None
        if side.exemplar_id is not None:
            return self._session.exemplar_drawings.get(side.exemplar_id, ())
        return self._session.dive(side.key).drawings if side.key in self._session.keys else None

    def _on_edited(self, place: int, drawings: tuple[Drawing, ...], text: str, gesture: str) -> None:
        side = self._sides[place]  # another one may be current already
        if side is None:
            return
        if side.exemplar_id is not None:
            self._session.editing.draw_on_exemplar(side.exemplar_id, drawings, text, gesture=gesture)
        elif side.key in self._session.keys:
            self._session.editing.draw(side.key, drawings, text, gesture=gesture)

    def _on_state_changed(self, changed: DrawingLayer) -> None:
        if self._following:
            return
        self._following = True
        for layer in self.layers:
            if layer is not changed and (layer.tool != changed.tool or layer.selected is not None):
                layer.begin(None)
        self._following = False
        self.state_changed.emit()

"""Drawing on both videos: on the current dive, and on the one beside it where that is a dive of the session."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_gui.canvas.drawing_layer import DrawingLayer
from fineparser_gui.canvas.video_canvas import VideoCanvas
from fineparser_gui.session.drawings import Drawing
from fineparser_gui.session.session import Session


class DrawingPair(QObject):
    """One tool and one selection for two layers; an edit goes to the dive that it was made on.

    Signals:
        state_changed: another tool, or another drawing is selected.
    """

    state_changed = Signal()

    def __init__(self, session: Session, canvases: tuple[VideoCanvas, VideoCanvas]) -> None:
        super().__init__(canvases[0])
        self._session = session
        self.layers = tuple(DrawingLayer(canvas) for canvas in canvases)
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

    def begin(self, tool: str | None) -> None:
        """Draw a LINE, an ANGLE or a NOTE with the next clicks on either video, or give up what was begun."""
        self._following = True
        for layer, key in reversed(list(zip(self.layers, self._keys(), strict=True))):
            layer.begin(tool if key is not None else None)
        self._following = False
        self.state_changed.emit()

    def delete_selected(self) -> None:
        """Take the selected drawing away."""
        for layer in self.layers:
            layer.delete_selected()

    def refresh(self) -> None:
        """Show what is drawn on the dives now."""
        for layer, key in zip(self.layers, self._keys(), strict=True):
            known = self._session.dive(key) if key is not None else None
            if known is not None and known.info is not None:
                layer.set_drawings(known.drawings, known.info.pts_s)
            else:
                layer.set_drawings((), np.zeros(1))

    def _keys(self) -> tuple[str | None, str | None]:
        current, candidate = self._session.current, self._session.comparing.candidate
        other = candidate.key if candidate is not None else None
        return current.key if current is not None else None, other if other in self._session.keys else None

    def _on_edited(self, place: int, drawings: tuple[Drawing, ...], text: str) -> None:
        key = self._keys()[place]
        if key is not None:
            self._session.editing.draw(key, drawings, text)

    def _on_state_changed(self, changed: DrawingLayer) -> None:
        if self._following:
            return
        self._following = True
        for layer in self.layers:
            if layer is not changed and (layer.tool != changed.tool or layer.selected is not None):
                layer.begin(None)
        self._following = False
        self.state_changed.emit()

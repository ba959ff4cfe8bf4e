"""The coach's edits of drawings on dives and exemplars."""

from fineparser_gui.dives.edits import Subject
from fineparser_gui.dives.undo import EditMaker
from fineparser_gui.player.drawings import MOST_DRAWINGS, Drawing


class DrawingEdits(EditMaker):
    """Service that turns every change of drawings into an undoable edit."""

    def draw(self, key: str, drawings: tuple[Drawing, ...], text: str, *, gesture: str = "") -> None:
        """Replace the drawings on a dive; `text` names the change in the undo menu."""
        before = self._state.dive(key).drawings
        if drawings != before and self._fits(drawings):
            self._state.update(key, drawings=drawings)  # before the edit, which would show the dive again
            self._do(Subject.DRAWINGS, key, before, drawings, text, gesture=gesture)

    def draw_on_exemplar(
        self, exemplar_id: str, drawings: tuple[Drawing, ...], text: str, *, gesture: str = ""
    ) -> None:
        """Set the drawings on an exemplar, which are part of the session; see `draw`."""
        before = self._state.exemplar_drawings.get(exemplar_id, ())
        if drawings != before and self._fits(drawings):
            self._state.draw_on_exemplar(exemplar_id, drawings)
            self._do(Subject.EXEMPLAR_DRAWINGS, exemplar_id, before, drawings, text, gesture=gesture)

    def _fits(self, drawings: tuple[Drawing, ...]) -> bool:
        """Return True if a session file can hold the drawings, else emit a `problem`."""
        if len(drawings) > MOST_DRAWINGS:
            text = self.tr("A dive holds at most {0} drawings: delete some of them first.")
            self._state.problem.emit(text.format(MOST_DRAWINGS))
        return len(drawings) <= MOST_DRAWINGS

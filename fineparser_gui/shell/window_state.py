"""The state of the window that decides which commands are enabled, and the fixed keys of picture and timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto

from fineparser_core.language import Phrase
from fineparser_gui.session.dive import Dive, DiveState


class HelpPage(IntEnum):
    """Document of the help, in the order of its contents."""

    GUIDE = 0
    ABOUT = auto()
    MODEL_CARD = auto()
    LICENCES = auto()


@dataclass(frozen=True, kw_only=True)
class WindowState:
    """State of the window that decides which commands are enabled.

    Attributes:
        dive: the shown dive.
        dives: all dives of the session.
        comparing: whether dives are compared.
        holds_something: whether there is a session to store.
        paused: whether analyses wait.
        drawings: whether the dive has any.
        drawing_selected: whether one of them is selected.
    """

    dive: Dive | None
    dives: Sequence[Dive]
    comparing: bool
    holds_something: bool
    paused: bool
    drawings: bool
    drawing_selected: bool

    @property
    def shown(self) -> bool:
        """True if a dive of the session is shown."""
        return self.dive is not None

    @property
    def video_available(self) -> bool:
        """True if its video is there."""
        return self.dive is not None and self.dive.state is not DiveState.MISSING

    @property
    def video_probed(self) -> bool:
        """True if its video has been opened."""
        return self.dive is not None and self.dive.info is not None

    @property
    def parsed(self) -> bool:
        """True if its phases are known."""
        return self.dive is not None and self.dive.analysis is not None

    @property
    def busy(self) -> bool:
        """True if it waits for an analysis."""
        return self.dive is not None and self.dive.busy

    @property
    def state(self) -> DiveState | None:
        """Its state."""
        return self.dive.state if self.dive is not None else None

    @property
    def has_several_dives(self) -> bool:
        """True if there are dives to sort."""
        return len(self.dives) > 1


_PICTURE = Phrase("Picture")
_TIMELINE = Phrase("Timeline")
_ARROWS = ("Left", "Right", "Up", "Down")

FIXED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (_PICTURE, Phrase("Move crosshair or drawing (Shift: ten times as far)"), _ARROWS),
    (_PICTURE, Phrase("Set a point, edit a note, select a point of a line"), ("Return",)),
    (_PICTURE, Phrase("Select the next drawing of the frame"), ("Tab",)),
    (_PICTURE, Phrase("Cancel / Deselect"), ("Esc",)),
    (_TIMELINE, Phrase("Select the next handle"), ("Tab",)),
    (_TIMELINE, Phrase("Move handle or playhead (Shift: ten frames)"), _ARROWS[:2]),
    (_TIMELINE, Phrase("Deselect the handle"), ("Esc",)),
)

"""Keys that work while the picture or the timeline has the focus; they cannot be changed."""

from dataclasses import dataclass

from fineparser_core.language import Phrase


@dataclass(frozen=True)
class FixedShortcut:
    """A row of the table of shortcuts.

    Attributes:
        place, text: place where the keys work and their function, translated in context "actions".
        keys: keys in portable notation.
    """

    place: str
    text: str
    keys: tuple[str, ...]


_PICTURE = Phrase("Picture")
_TIMELINE = Phrase("Timeline")
_ARROWS = ("Left", "Right", "Up", "Down")

FIXED: tuple[FixedShortcut, ...] = (
    FixedShortcut(_PICTURE, Phrase("Move crosshair or drawing (Shift: ten times as far)"), _ARROWS),
    FixedShortcut(_PICTURE, Phrase("Set a point, edit a note, select a point of a line"), ("Return",)),
    FixedShortcut(_PICTURE, Phrase("Select the next drawing of the frame"), ("Tab",)),
    FixedShortcut(_PICTURE, Phrase("Cancel / Deselect"), ("Esc",)),
    FixedShortcut(_TIMELINE, Phrase("Select the next handle"), ("Tab",)),
    FixedShortcut(_TIMELINE, Phrase("Move handle or playhead (Shift: ten frames)"), _ARROWS[:2]),
    FixedShortcut(_TIMELINE, Phrase("Deselect the handle"), ("Esc",)),
)

"""Keys that work while the picture or the timeline has the focus; they cannot be changed."""

from dataclasses import dataclass

from fineparser_core.language import marked


@dataclass(frozen=True)
class FixedShortcut:
    """A row of the table of shortcuts.

    Attributes:
        place, text: where the keys work and what they do, translated in context "actions".
        keys: in portable notation.
    """

    place: str
    text: str
    keys: tuple[str, ...]


_PICTURE = marked("Picture")
_TIMELINE = marked("Timeline")
_ARROWS = ("Left", "Right", "Up", "Down")

FIXED: tuple[FixedShortcut, ...] = (
    FixedShortcut(_PICTURE, marked("Move crosshair or drawing (Shift: ten times as far)"), _ARROWS),
    FixedShortcut(_PICTURE, marked("Set a point, edit a note, select a point of a line"), ("Return",)),
    FixedShortcut(_PICTURE, marked("Select the next drawing of the frame"), ("Tab",)),
    FixedShortcut(_PICTURE, marked("Cancel / Deselect"), ("Esc",)),
    FixedShortcut(_TIMELINE, marked("Select the next handle"), ("Tab",)),
    FixedShortcut(_TIMELINE, marked("Move handle or playhead (Shift: ten frames)"), _ARROWS[:2]),
    FixedShortcut(_TIMELINE, marked("Deselect the handle"), ("Esc",)),
)

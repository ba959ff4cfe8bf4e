"""Keys that work while the picture or the timeline has the focus; they cannot be changed."""

from dataclasses import dataclass

from fineparser_gui.actions.catalog import QT_TRANSLATE_NOOP


@dataclass(frozen=True, kw_only=True)
class FixedShortcut:
    """A row of the table of shortcuts.

    Attributes:
        place, text: where the keys work and what they do, translated in context "actions".
        keys: in portable notation.
    """

    place: str
    text: str
    keys: tuple[str, ...]


_PICTURE = QT_TRANSLATE_NOOP("actions", "Picture")
_TIMELINE = QT_TRANSLATE_NOOP("actions", "Timeline")
_ARROWS = ("Left", "Right", "Up", "Down")

FIXED: tuple[FixedShortcut, ...] = (
    FixedShortcut(
        place=_PICTURE,
        text=QT_TRANSLATE_NOOP("actions", "Move crosshair or drawing (Shift: ten times as far)"),
        keys=_ARROWS,
    ),
    FixedShortcut(
        place=_PICTURE,
        text=QT_TRANSLATE_NOOP("actions", "Set a point, edit a note, select a point of a line"),
        keys=("Return",),
    ),
    FixedShortcut(
        place=_PICTURE, text=QT_TRANSLATE_NOOP("actions", "Select the next drawing of the frame"), keys=("Tab",)
    ),
    FixedShortcut(place=_PICTURE, text=QT_TRANSLATE_NOOP("actions", "Cancel / Deselect"), keys=("Esc",)),
    FixedShortcut(
        place=_TIMELINE,
        text=QT_TRANSLATE_NOOP("actions", "Select the next handle"),
        keys=("Tab",),
    ),
    FixedShortcut(
        place=_TIMELINE,
        text=QT_TRANSLATE_NOOP("actions", "Move handle or playhead (Shift: ten frames)"),
        keys=_ARROWS[:2],
    ),
    FixedShortcut(place=_TIMELINE, text=QT_TRANSLATE_NOOP("actions", "Deselect the handle"), keys=("Esc",)),
)

"""Keys that hold while the picture or the timeline has the focus; they cannot be given to other commands."""

from dataclasses import dataclass

from fineparser_gui.actions.catalog import QT_TRANSLATE_NOOP


@dataclass(frozen=True, kw_only=True)
class FixedKeys:
    """A line of the table of shortcuts.

    Attributes:
        place, text: where they hold and what they do, translated in context "actions".
        keys: in portable notation.
    """

    place: str
    text: str
    keys: tuple[str, ...]


_PICTURE = QT_TRANSLATE_NOOP("actions", "Picture")
_TIMELINE = QT_TRANSLATE_NOOP("actions", "Timeline")
_ARROWS = ("Left", "Right", "Up", "Down")

FIXED: tuple[FixedKeys, ...] = (
    FixedKeys(
        place=_PICTURE,
        text=QT_TRANSLATE_NOOP("actions", "Move crosshair or drawing (Shift: ten times as far)"),
        keys=_ARROWS,
    ),
    FixedKeys(
        place=_PICTURE,
        text=QT_TRANSLATE_NOOP("actions", "Set a point, edit a note, select a point of a line"),
        keys=("Return",),
    ),
    FixedKeys(place=_PICTURE, text=QT_TRANSLATE_NOOP("actions", "Select the next drawing of the frame"), keys=("Tab",)),
    FixedKeys(place=_PICTURE, text=QT_TRANSLATE_NOOP("actions", "Cancel / Deselect"), keys=("Esc",)),
    FixedKeys(
        place=_TIMELINE,
        text=QT_TRANSLATE_NOOP("actions", "Select the next handle"),
        keys=("Tab",),
    ),
    FixedKeys(
        place=_TIMELINE,
        text=QT_TRANSLATE_NOOP("actions", "Move handle or playhead (Shift: ten frames)"),
        keys=_ARROWS[:2],
    ),
    FixedKeys(place=_TIMELINE, text=QT_TRANSLATE_NOOP("actions", "Deselect the handle"), keys=("Esc",)),
)

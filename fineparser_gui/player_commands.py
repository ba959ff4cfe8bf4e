"""What the commands of playback, view and drawing do."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fineparser_gui.canvas.view import STEP
from fineparser_gui.session.drawings import ANGLE, LINE, NOTE

if TYPE_CHECKING:
    from fineparser_gui.main_window import MainWindow


def player_slots(window: "MainWindow") -> dict[str, Callable]:
    """By the ids of the catalogue; the window's parts need not be there yet."""
    t = window.transport

    def on_both(act: str, *arguments: float) -> None:
        for canvas in window.player.canvases():
            getattr(canvas, act)(*arguments)

    return {
        "play": t.toggle,
        "step_back": lambda: t.step(-1),
        "step_forward": lambda: t.step(1),
        "jump_back": lambda: t.step(-10),
        "jump_forward": lambda: t.step(10),
        "first": lambda: t.seek(0),
        "last": lambda: t.seek(t.n_frames - 1),
        "shuttle_back": lambda: t.shuttle(-1),
        "shuttle_forward": lambda: t.shuttle(1),
        "slower": lambda: t.change_speed(-1),
        "faster": lambda: t.change_speed(1),
        "zoom_in": lambda: on_both("zoom_by", STEP),
        "zoom_out": lambda: on_both("zoom_by", 1 / STEP),
        "zoom_fit": lambda: on_both("fit"),
        "zoom_pixels": lambda: on_both("zoom_to_pixels"),
        "full_screen": lambda on: window.full_screen.use(on),
        "draw_line": lambda: window.player.draw(LINE),
        "draw_angle": lambda: window.player.draw(ANGLE),
        "draw_note": lambda: window.player.draw(NOTE),
        "delete_drawing": lambda: window.player.drawing.delete_selected(),
        "previous_drawing": lambda: window.player.go_to_drawing(-1),
        "next_drawing": lambda: window.player.go_to_drawing(1),
    }

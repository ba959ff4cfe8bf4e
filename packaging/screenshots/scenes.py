"""Screenshots of every panel and dialog in typical states."""

from collections.abc import Callable
from functools import partial

from photographer import Photographer, wait_until
from PySide6.QtWidgets import QDialog, QListWidget, QStackedWidget, QTabWidget

from fineparser_core.exemplars.records import Exemplar

_MOVED_FRAMES = 6
_DIALOGS = (
    "export",
    "name_dives",
    "ranking",
    "add_exemplar",
    "preferences",
    "shortcuts",
    "model_card",
    "find_command",
    "about",
)
_PANELS = ("dives", "details", "score", "contributions", "exemplars", "player")


def take_all(photographer: Photographer, themes: tuple[str, ...] = ("light", "dark")) -> None:
    """Take all screenshots, each in every theme."""

    def picture(name: str) -> None:
        for theme in themes:
            photographer.studio.preferences.change(theme=theme)
            photographer.picture(f"{theme}-{name}")

    picture("empty")
    photographer.act("open_sample")
    photographer.wait_for_answer()
    photographer.show_middle_of(1)
    picture("main")
    for name in _PANELS:
        for theme in themes:
            photographer.studio.preferences.change(theme=theme)
            photographer.picture(f"{theme}-panel-{name}", getattr(photographer.window, name))
    for action_id in ("by_stream", "crop", "library"):
        photographer.act(action_id)
        picture(action_id)
        photographer.act(action_id)
    _corrected(photographer, picture)
    photographer.act("compare")
    picture("compare")
    photographer.act("compare")
    _library_dives(photographer, picture)
    _without_score(photographer, picture)
    _second_dive(photographer, picture)
    _dialogs(photographer, themes)


def _corrected(photographer: Photographer, picture: Callable[[str], None]) -> None:
    """Entry moved and an exemplar left out; undone afterwards."""
    photographer.window.player.edits.nudge_transition(1, _MOVED_FRAMES)
    photographer.wait_for_answer()
    photographer.session.editing.leave_out(photographer.dive.key, photographer.window.exemplars.model.vote(0).id, True)
    picture("corrected")
    photographer.session.editing.edits.setIndex(0)
    photographer.wait_for_answer()


def _library_dives(photographer: Photographer, picture: Callable[[str], None]) -> None:
    """Two dives of the library side by side."""
    left, right = _exemplars(photographer)[:2]
    photographer.session.comparing.show_exemplars(left.id, right.id)
    player = photographer.window.player
    wait_until(lambda: player.pane.info is not None and player.panes[1].info is not None)
    photographer.window.transport.seek(left.first_flight_frame)
    picture("compare-library")
    photographer.act("compare")
    photographer.show_middle_of(1)


def _without_score(photographer: Photographer, picture: Callable[[str], None]) -> None:
    """Photograph a number without exemplars, no number, and a message."""
    photographer.session.editing.set_details(photographer.dive.key, "614B", 10.0)
    photographer.wait_for_answer()
    picture("no-exemplars")
    photographer.session.editing.set_details(photographer.dive.key, None, None)
    photographer.wait_for_answer()
    photographer.session.problem.emit(
        photographer.window.tr("{0} is not a video. Choose another file.").format("notes.mp4")
    )
    picture("no-number")
    photographer.window.messages.hide()
    photographer.session.editing.edits.setIndex(0)
    photographer.wait_for_answer()


def _exemplars(photographer: Photographer) -> list[Exemplar]:
    """Exemplars of the shown dive's number."""
    return [one for one in photographer.session.library.exemplars if one.dive_number == photographer.dive.dive_number]


def _second_dive(photographer: Photographer, picture: Callable[[str], None]) -> None:
    """Photograph a second attempt with the first one beside it."""
    session = photographer.session
    first = photographer.dive
    clip = _exemplars(photographer)[0].clip_path
    session.open([clip], dive_number=first.dive_number, board_m=first.board_m)
    wait_until(lambda: len(session.keys) == 2)
    session.select(session.keys[1])
    photographer.wait_for_answer()
    for key in session.keys:
        session.editing.set_diver(key, "A. Diver")
    session.comparing.put(1, next(one for one in session.comparing.candidates() if one.key == first.key))
    photographer.show_middle_of(1)
    picture("two-dives")
    session.comparing.end()


def _dialogs(photographer: Photographer, themes: tuple[str, ...]) -> None:
    for action_id in _DIALOGS:
        wait_until(photographer.window.actions_by_id[action_id].isEnabled)
        with photographer.dialog(action_id) as dialog:
            pages = _pages_of(dialog)
            for page in pages or [None]:
                if page is not None:
                    page()
                name = f"dialog-{action_id}" + (f"-{pages.index(page) + 1}" if page else "")
                for theme in themes:
                    photographer.studio.preferences.change(theme=theme)
                    photographer.picture(f"{theme}-{name}", dialog)


def _pages_of(dialog: QDialog) -> list[Callable[[], None]]:
    """Functions that show each page of a dialog; empty for a single page."""
    tabs, rows = dialog.findChild(QTabWidget), dialog.findChild(QListWidget)
    if tabs is not None:
        return [partial(tabs.setCurrentIndex, page) for page in range(tabs.count())]
    if rows is not None and dialog.findChild(QStackedWidget) is not None:
        return [partial(rows.setCurrentRow, page) for page in range(rows.count())]
    return []

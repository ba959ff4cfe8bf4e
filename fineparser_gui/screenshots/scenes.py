"""Every panel and dialog, in the states that a coach meets."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QDialog, QListWidget, QStackedWidget, QTabWidget

from fineparser_core.inference.library import Exemplar
from fineparser_gui.screenshots.stage import Stage, wait_until

_MOVED_FRAMES = 6
_DIALOGS = (
    "export",
    "name_dives",
    "ranking",
    "add_exemplar",
    "preferences",
    "shortcuts",
    "model_card",
    "training",
    "about",
)
_PANELS = ("dives", "details", "score", "contributions", "exemplars", "player")


def take_all(stage: Stage, themes: tuple[str, ...] = ("light", "dark")) -> None:
    """Go through the program once and take each picture in each theme."""

    def picture(name: str) -> None:
        for theme in themes:
            stage.studio.preferences.change(theme=theme)
            stage.picture(f"{theme}-{name}")

    picture("empty")
    stage.act("open_sample")
    stage.wait_for_answer()
    stage.show_middle_of(1)
    picture("main")
    for name in _PANELS:
        for theme in themes:
            stage.studio.preferences.change(theme=theme)
            stage.picture(f"{theme}-panel-{name}", getattr(stage.window, name))
    for action_id in ("parts", "crop", "library"):
        stage.act(action_id)
        picture(action_id)
        stage.act(action_id)
    _corrected(stage, picture)
    stage.act("compare")
    picture("compare")
    stage.act("compare")
    _library_dives(stage, picture)
    _without_score(stage, picture)
    _second_dive(stage, picture)
    _dialogs(stage, themes)


def _corrected(stage: Stage, picture: Callable[[str], None]) -> None:
    """The entry moved and an exemplar left out; undone again."""
    stage.window.player.nudge_transition(1, _MOVED_FRAMES)
    stage.wait_for_answer()
    stage.session.editing.leave_out(stage.dive.key, stage.window.exemplars.model.vote(0).id, True)
    picture("corrected")
    stage.session.editing.edits.setIndex(0)
    stage.wait_for_answer()


def _library_dives(stage: Stage, picture: Callable[[str], None]) -> None:
    """Two dives of the library side by side."""
    left, right = _exemplars(stage)[:2]
    stage.session.comparing.show_exemplars(left.id, right.id)
    player = stage.window.player
    wait_until(lambda: player.pane.info is not None and player.other_pane.info is not None)
    stage.window.transport.seek(left.first_flight_frame)
    picture("compare-library")
    stage.act("compare")
    stage.show_middle_of(1)


def _without_score(stage: Stage, picture: Callable[[str], None]) -> None:
    """No exemplars of a number; no number; a message."""
    stage.session.set_details(stage.dive.key, "5253B", 10.0)
    stage.wait_for_answer()
    picture("no-exemplars")
    stage.session.set_details(stage.dive.key, None, None)
    stage.wait_for_answer()
    stage.session.problem.emit(stage.window.tr("{0} is no video: choose another file.").format("notes.mp4"))
    picture("no-number")
    stage.window.banner.hide()
    stage.session.editing.edits.setIndex(0)
    stage.wait_for_answer()


def _exemplars(stage: Stage) -> list[Exemplar]:
    """Of the number of the shown dive."""
    return [one for one in stage.session.library.exemplars if one.dive_number == stage.dive.dive_number]


def _second_dive(stage: Stage, picture: Callable[[str], None]) -> None:
    """Another attempt at the same dive, and the first one beside it."""
    session = stage.session
    first = stage.dive
    clip = _exemplars(stage)[0].clip_path
    session.open([clip], dive_number=first.dive_number, board_m=first.board_m)
    wait_until(lambda: len(session.keys) == 2)
    session.select(session.keys[1])
    stage.wait_for_answer()
    session.comparing.show(next(one for one in session.comparing.candidates() if one.key == first.key))
    stage.show_middle_of(1)
    picture("two-dives")
    session.comparing.end()


def _dialogs(stage: Stage, themes: tuple[str, ...]) -> None:
    for action_id in _DIALOGS:
        wait_until(stage.window.actions_by_id[action_id].isEnabled)
        with stage.dialog(action_id) as dialog:
            pages = _pages_of(dialog)
            for page in pages or [None]:
                if page is not None:
                    page()
                name = f"dialog-{action_id}" + (f"-{pages.index(page) + 1}" if page else "")
                for theme in themes:
                    stage.studio.preferences.change(theme=theme)
                    stage.picture(f"{theme}-{name}", dialog)


def _pages_of(dialog: QDialog) -> list[Callable[[], None]]:
    """What turns to each page of a dialog; empty where it has one."""
    tabs, rows = dialog.findChild(QTabWidget), dialog.findChild(QListWidget)
    if tabs is not None:
        return [partial(tabs.setCurrentIndex, page) for page in range(tabs.count())]
    if rows is not None and dialog.findChild(QStackedWidget) is not None:
        return [partial(rows.setCurrentRow, page) for page in range(rows.count())]
    return []

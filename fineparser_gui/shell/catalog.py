"""Every command of the window: its text and place in the menus, its shortcuts, its function, and when it is enabled."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from fineparser_core.language import Phrase
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.session.drawings import ANGLE, ARROW, FREEHAND, LINE, NOTE
from fineparser_gui.shell.main_window import MainWindow
from fineparser_gui.shell.window_state import HelpPage, WindowState
from fineparser_gui.support.actions import Command

#: Commands in menus: what is neither a step of the mouse on picture, timeline or list, nor seldom asked for.
_LISTED = {
    *("open", "open_folder", "poolside", "new_session", "sessions", "open_session", "save_session_as"),
    *("export", "export_judged", "share", "quit"),
    *("undo", "redo", "reset_corrections", "preferences"),
    *("analyse", "cancel", "edit_dives", "name_dives", "meet", "find_dives", "whole_file", "point_at_diver", "locate"),
    *("remove", "votes"),
    *("history", "compare", "mask", "skeleton", "dives_column", "side_column", "full_screen"),
    *("guide", "find_command", "about"),
}
#: A recording has several divers, and a missing video shows none.
_POINTED_AT = set(DiveState) - {DiveState.OPENING, DiveState.MISSING, DiveState.NEEDS_TRIM}


_When = Callable[[WindowState], bool] | None


def _can(
    name: str, text: str, keys: str, does: Callable[[MainWindow], object], when: _When = None, *, icon: str = ""
) -> Command:
    """Return a command; its keys are divided by spaces."""
    return Command(id=name, text=text, keys=tuple(keys.split()), does=does, when=when, icon=icon, checked=None)


def _switch(
    name: str,
    text: str,
    keys: str,
    does: Callable[[MainWindow, bool], object],
    when: _When = None,
    *,
    icon: str = "",
    checked: bool = False,
) -> Command:
    """Return a command that is on or off; `checked` is its first state."""
    return Command(id=name, text=text, keys=tuple(keys.split()), does=does, when=when, icon=icon, checked=checked)


def _tool(kind: str, text: str, key: str) -> Command:
    """Return the command that draws a kind of drawing, after which its icon is named."""
    return _can(f"draw_{kind}", text, key, lambda w: w.player.draw(kind), lambda s: s.video_available, icon=kind)


def _dive(test: Callable[[Dive], bool]) -> _When:
    """Return a rule that holds for the shown dive."""
    return lambda s: s.dive is not None and test(s.dive)


def _on_picture(state: WindowState) -> bool:
    return state.video_probed


def _menu(title: str, *groups: Sequence[Command]) -> tuple[Command, ...]:
    return tuple(
        replace(command, menu=title, group=place, listed=command.id in _LISTED)
        for place, group in enumerate(groups)
        for command in group
    )


# fmt: off
CATALOG: tuple[Command, ...] = (
    *_menu(
        Phrase("&File"),
        (
            _can("open", Phrase("&Open video…"), "Ctrl+O", lambda w: w.opener.ask_for_videos(), icon="open"),
            _can("open_folder", Phrase("Open &folder…"), "Ctrl+Shift+O", lambda w: w.opener.ask_for_folder()),
            _can("poolside", Phrase("Poolside: record and watch…"), "Ctrl+Shift+P", lambda w: w.poolside()),
            _can("open_sample", Phrase("Open the &sample dive"), "", lambda w: w.opener.open_sample()),
        ),
        (
            _can("new_session", Phrase("&New session"), "Ctrl+N",
                 lambda w: w.files.controller.begin(), lambda s: s.holds_something),
            _can("sessions", Phrase("All sess&ions…"), "Ctrl+Alt+O", lambda w: w.files.show_all()),
            _can("open_session", Phrase("Open session fi&le…"), "", lambda w: w.files.open()),
            _can("save_session_as", Phrase("E&xport session…"), "Ctrl+S Ctrl+Shift+S",
                 lambda w: w.files.save_as(), lambda s: s.holds_something),
        ),
        (
            _can("export", Phrase("&Export…"), "Ctrl+E",
                 lambda w: w.dialogs.export(w.transport.frame, w.dives.selected_keys()), lambda s: s.shown),
            _can("export_judged", Phrase("Export &judged dives…"), "",
                 lambda w: w.files.export_judged(),
                 lambda s: any(dive.judging or dive.moments_corrected for dive in s.dives)),
            _can("share", Phrase("Send to a &phone…"), "",
                 lambda w: w.dialogs.share(w.dives.selected_keys()), lambda s: s.shown, icon="phone"),
        ),
        (_can("quit", Phrase("&Quit"), "Ctrl+Q", lambda w: w.quit()),),
    ),
    *_menu(
        Phrase("&Edit"),
        (
            _can("undo", Phrase("&Undo"), "Ctrl+Z", lambda w: w.session.edits.active.undo(), icon="undo"),
            _can("redo", Phrase("&Redo"), "Ctrl+Shift+Z Ctrl+Y", lambda w: w.session.edits.active.redo()),
        ),
        (
            _can("flight_here", Phrase("&Flight begins at this frame"), "1",
                 lambda w: w.player.edits.begin_step_here(0), lambda s: s.parsed),
        ),
        (
            _can("entry_here", Phrase("&Come-out at this frame"), "2",
                 lambda w: w.player.edits.begin_step_here(1), lambda s: s.parsed),
            _can("contact_here", Phrase("&Water contact at this frame"), "3",
                 lambda w: w.player.edits.begin_step_here(2), lambda s: s.parsed),
        ),
        (
            _can("reset_corrections", Phrase("&Take corrections back"), "Ctrl+R",
                 lambda w: w.session.on_current(w.session.editing.reset_corrections),
                 _dive(lambda dive: dive.corrected is not None)),
        ),
        (_can("preferences", Phrase("&Preferences…"), "Ctrl+,", lambda w: w.dialogs.preferences()),),
    ),
    *_menu(
        Phrase("&Playback"),
        (
            _can("play", Phrase("Play or pause"), "Space K", lambda w: w.transport.toggle(), _on_picture, icon="play"),
            _can("step_back", Phrase("One frame back"), "Left",
                 lambda w: w.transport.step(-1), _on_picture, icon="step-back"),
            _can("step_forward", Phrase("One frame forward"), "Right",
                 lambda w: w.transport.step(1), _on_picture, icon="step-forward"),
            _can("jump_back", Phrase("Ten frames back"), "Shift+Left", lambda w: w.transport.step(-10), _on_picture),
            _can("jump_forward", Phrase("Ten frames forward"), "Shift+Right",
                 lambda w: w.transport.step(10), _on_picture),
            _can("first", Phrase("First frame"), "Home", lambda w: w.transport.seek(0), _on_picture, icon="first"),
            _can("last", Phrase("Last frame"), "End",
                 lambda w: w.transport.seek(w.transport.n_frames - 1), _on_picture, icon="last"),
        ),
        (
            _can("shuttle_back", Phrase("Play backwards, faster"), "J", lambda w: w.transport.shuttle(-1), _on_picture),
            _can("shuttle_forward", Phrase("Play forwards, faster"), "L",
                 lambda w: w.transport.shuttle(1), _on_picture),
            _can("slower", Phrase("Slower"), "[ Shift+J", lambda w: w.transport.change_speed(-1), _on_picture),
            _can("faster", Phrase("Faster"), "] Shift+L", lambda w: w.transport.change_speed(1), _on_picture),
            _can("mark_span", Phrase("Mark this frame: the time between two marks"), "Shift+T",
                 lambda w: w.player.timeline.mark_span(), _on_picture),
            _switch("loop", Phrase("Loop the current phase"), "Ctrl+L",
                 lambda w, on: w.player.looping.loop_step(on), lambda s: s.parsed, icon="loop"),
        ),
    ),
    *_menu(
        Phrase("&Dive"),
        (
            _can("analyse", Phrase("&Analyse again"), "F5",
                 lambda w: w.dives.for_selected(lambda key: w.session.analyze(key, anew=True)),
                 lambda s: s.video_available and not s.busy),
            # No key cancels work: Esc leaves a text field or a drawing, and minutes of analysis would be lost.
            _can("cancel", Phrase("&Cancel analysis"), "",
                 lambda w: w.dives.for_selected(w.session.cancel), lambda s: s.busy),
            _can("edit_dives", Phrase("Edit &selected dives…"), "Ctrl+Shift+D",
                 lambda w: w.edit_dives(), lambda s: s.shown and not s.comparing),
            _can("name_dives", Phrase("Fill in dive &numbers"), "Ctrl+D",
                 lambda w: w.batch.name_dives(w.dives.selected_keys()), lambda s: bool(s.dives)),
            _can("take_seen", Phrase("Ta&ke the seen dive numbers"), "",
                 lambda w: w.session.editing.take_seen_numbers(w.dives.selected_keys()),
                 lambda s: any(dive.known_number is None and dive.seen_numbers for dive in s.dives)),
        ),
        (
            _can("meet", Phrase("&Meet: list of dives…"), "Ctrl+Shift+M", lambda w: w.batch.show_meet()),
        ),
        (
            _can("set_in_point", Phrase("Set &In point"), "I",
                 lambda w: w.player.edits.mark(begins=True), lambda s: s.video_probed),
            _can("set_out_point", Phrase("Set &Out point"), "O",
                 lambda w: w.player.edits.mark(begins=False), lambda s: s.video_probed),
            _can("find_dives", Phrase("Find dives in this &video"), "Ctrl+F",
                 lambda w: w.session.on_current(w.session.trimming.show_or_find),
                 lambda s: s.video_probed and not s.busy),
            _can("whole_file", Phrase("Analyse the &whole file"), "",
                 lambda w: w.session.on_current(w.session.editing.take_whole_file),
                 _dive(lambda dive: dive.info is not None and not dive.whole)),
            _can("point_at_diver", Phrase("Point at t&he diver"), "G",
                 lambda w: w.player.point(True),
                 lambda s: s.video_probed and s.state in _POINTED_AT, icon="target"),
            _can("accept_dive", Phrase("Add the &found dive at this frame"), "Y",
                 lambda w: w.player.proposals.accept_here(), _dive(lambda dive: bool(dive.proposals))),
            _can("accept_dives", Phrase("Add all found div&es"), "Shift+Y",
                 lambda w: w.player.proposals.accept_every(), _dive(lambda dive: bool(dive.proposals))),
        ),
        (
            _switch("pause_queue", Phrase("&Pause analyses"), "Ctrl+P",
                 lambda w, on: w.session.scheduler.pause(on),
                 lambda s: bool(s.dives) or s.paused, icon="pause"),
            _can("retry_all", Phrase("Retry failed and cancelled anal&yses"), "Shift+F5",
                 lambda w: w.session.analyze_stopped(), lambda s: any(dive.stopped for dive in s.dives), icon="retry"),
            _can("cancel_all", Phrase("Cancel a&ll analyses"), "",
                 lambda w: w.session.cancel_all(), lambda s: any(dive.busy for dive in s.dives), icon="close"),
        ),
        (
            _can("previous_dive", Phrase("Previous dive"), "PgUp",
                 lambda w: w.go_to_dive(-1), lambda s: s.has_several_dives),
            _can("next_dive", Phrase("Next dive"), "PgDown",
                 lambda w: w.go_to_dive(1), lambda s: s.has_several_dives),
            _can("move_up", Phrase("Move &up in the list"), "Alt+Up",
                 lambda w: w.batch.move(-1), lambda s: s.has_several_dives),
            _can("move_down", Phrase("Move &down in the list"), "Alt+Down",
                 lambda w: w.batch.move(1), lambda s: s.has_several_dives),
        ),
        (
            _can("locate", Phrase("Loca&te the video…"), "",
                 lambda w: w.session.on_current(w.missing.locate), lambda s: s.shown and not s.video_available),
            _can("remove", Phrase("&Remove from the list"), "Ctrl+W",
                 lambda w: w.session.editing.remove(w.dives.selected_keys()), lambda s: s.shown),
        ),
        (
            _switch("votes", Phrase("Star as e&xemplar: its marks vote"), "Ctrl+Shift+E",
                    lambda w, on: w.session.library.let_vote(w.dives.selected_keys(), on),
                    lambda s: s.state is DiveState.READY),
        ),
    ),
    *_menu(
        Phrase("&View"),
        (_switch("history", Phrase("&History"), "Ctrl+H", lambda w, on: w.show_history(on)),),
        (
            _switch("compare", Phrase("&Compare with another dive"), "C",
                 lambda w, on: w.compare(on), lambda s: s.comparing or s.video_available, icon="compare"),
            _can("other_back", Phrase("Other dive one frame back"), "Ctrl+Left",
                 lambda w: w.player.compared.step(-1), lambda s: s.comparing, icon="step-back"),
            _can("other_forward", Phrase("Other dive one frame forward"), "Ctrl+Right",
                 lambda w: w.player.compared.step(1), lambda s: s.comparing, icon="step-forward"),
            _switch("mirror_other", Phrase("Mirror the other &dive"), "X",
                    lambda w, on: w.session.comparing.mirror(on), lambda s: s.comparing, icon="mirror"),
            _switch("ghost", Phrase("&Ghost: the other dive's outline over this one"), "Shift+X",
                    lambda w, on: w.session.comparing.show_ghost(on), lambda s: s.comparing, icon="ghost"),
            _can("compared_measures", Phrase("Meas&ures side by side…"), "Ctrl+M",
                 lambda w: w.dialogs.compared_measures(), lambda s: s.comparing, icon="measures"),
        ),
        (
            _switch("mask", Phrase("Athlete &mask"), "M",
                 lambda w, on: w.player.overlay(mask=on), icon="mask", checked=True),
            _switch("skeleton", Phrase("S&keleton and path"), "S",
                 lambda w, on: w.preferences.change(skeleton=on), icon="skeleton"),
            _switch("crop", Phrase("&What the model saw"), "W",
                 lambda w, on: w.player.overlay(crop=on), icon="crop"),
        ),
        (
            _switch("dives_column", Phrase("&List of dives"), "F7", lambda w, _: w.show_columns(), checked=True),
            _switch("side_column", Phrase("Scor&e and measures"), "F8", lambda w, _: w.show_columns(), checked=True),
            _switch("full_screen", Phrase("&Full screen"), "F11 F",
                 lambda w, on: w.full_screen.use(on), lambda s: s.shown, icon="full-screen"),
        ),
        (
            _can("zoom_in", Phrase("Zoom &in"), "Ctrl++ Ctrl+=", lambda w: w.zoom_pictures(1), _on_picture),
            _can("zoom_out", Phrase("Zoom &out"), "Ctrl+-", lambda w: w.zoom_pictures(-1), _on_picture),
            _can("fit_to_window", Phrase("Fit to wi&ndow"), "Ctrl+0",
                 lambda w: [canvas.fit() for canvas in w.player.canvases()], _on_picture),
            _can("actual_size", Phrase("&Actual size"), "Ctrl+1",
                 lambda w: [canvas.zoom_to_pixels() for canvas in w.player.canvases()], _on_picture),
        ),
        (
            _can("timeline_zoom_in", Phrase("Zoom timeline in"), "Alt+PgUp",
                 lambda w: w.player.timeline.zoom(2), _on_picture),
            _can("timeline_zoom_out", Phrase("Zoom timeline out"), "Alt+PgDown",
                 lambda w: w.player.timeline.zoom(-2), _on_picture),
            _can("timeline_all", Phrase("Zoom timeline to the whole video"), "Alt+Home",
                 lambda w: w.player.timeline.show_all(), _on_picture),
            _can("timeline_dive", Phrase("Zoom timeline to the dive"), "Alt+End",
                 lambda w: w.player.timeline.show_dive(), _on_picture),
        ),
    ),
    *_menu(
        Phrase("D&raw"),
        (
            _tool(LINE, Phrase("&Line"), "D"),
            _tool(ANGLE, Phrase("&Angle"), "A"),
            _tool(NOTE, Phrase("&Note"), "T"),
            _tool(ARROW, Phrase("A&rrow"), "R"),
            _tool(FREEHAND, Phrase("&Freehand"), "H"),
            _can("thickness", Phrase("&Thickness of the lines"), "Shift+D",
                 lambda w: w.player.drawing.change_pen("thickness"), lambda s: s.video_available, icon="thickness"),
            _can("color", Phrase("&Colour of the lines"), "Shift+C",
                 lambda w: w.player.drawing.change_pen("color"), lambda s: s.video_available),
        ),
        (
            _can("drawing_from_here", Phrase("&Show drawing from this frame"), "Shift+I",
                 lambda w: w.player.drawing.show_selected(begins=True), lambda s: s.drawing_selected),
            _can("drawing_to_here", Phrase("Show drawing up t&o this frame"), "Shift+O",
                 lambda w: w.player.drawing.show_selected(begins=False), lambda s: s.drawing_selected),
            _can("delete_drawing", Phrase("&Delete drawing"), "Del",
                 lambda w: w.player.drawing.delete_selected(), lambda s: s.drawing_selected),
        ),
        (
            _can("previous_drawing", Phrase("&Previous drawing"), "Shift+N",
                 lambda w: w.player.go_to_drawing(-1), lambda s: s.drawings),
            _can("next_drawing", Phrase("Ne&xt drawing"), "N",
                 lambda w: w.player.go_to_drawing(1), lambda s: s.drawings),
        ),
    ),
    *_menu(
        Phrase("&Help"),
        (
            _can("guide", Phrase("User &guide"), "F1", lambda w: w.dialogs.help(HelpPage.GUIDE)),
            _can("shortcuts", Phrase("&Keyboard shortcuts"), "Shift+F1", lambda w: w.dialogs.find_command()),
            _can("model_card", Phrase("&Model card"), "", lambda w: w.dialogs.help(HelpPage.MODEL_CARD)),
        ),
        (
            _can("find_command", Phrase("Fi&nd a command…"), "Ctrl+K", lambda w: w.dialogs.find_command()),
            _can("log_folder", Phrase("Open the &log folder"), "", lambda w: w.dialogs.open_log_folder()),
        ),
        (
            _can("licences", Phrase("L&icences"), "", lambda w: w.dialogs.help(HelpPage.LICENCES)),
            _can("about", Phrase("&About FineParser Studio"), "", lambda w: w.dialogs.help(HelpPage.ABOUT)),
        ),
    ),
)
# fmt: on

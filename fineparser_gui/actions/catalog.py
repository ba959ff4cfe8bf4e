"""Every command of the window as data: its text, shortcuts and place in the menus."""

from dataclasses import dataclass


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Marks a text for the table of translations; it is translated where it is shown."""
    return text


@dataclass(frozen=True, kw_only=True)
class ActionSpec:
    """One command.

    Attributes:
        id: of the action; the window connects a slot by it, and the settings store shortcuts by it.
        text: menu text, translated in context "actions".
        keys: default shortcuts in portable notation; the first is shown.
        icon: name of a file in resources/icons without suffix; "" for none.
        group: actions of different groups are separated by a line in the menu.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    checked: bool = False
    group: int = 0


_FILE = QT_TRANSLATE_NOOP("actions", "&File")
_EDIT = QT_TRANSLATE_NOOP("actions", "&Edit")
_PLAY = QT_TRANSLATE_NOOP("actions", "&Playback")
_DIVE = QT_TRANSLATE_NOOP("actions", "&Dive")
_DRAW = QT_TRANSLATE_NOOP("actions", "D&raw")
_VIEW = QT_TRANSLATE_NOOP("actions", "&View")
_HELP = QT_TRANSLATE_NOOP("actions", "&Help")

CATALOG: tuple[ActionSpec, ...] = (
    ActionSpec(id="open", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "&Open video…"), keys=("Ctrl+O",), icon="open"),
    ActionSpec(
        id="open_folder", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "Open &folder…"), keys=("Ctrl+Shift+O",)
    ),
    ActionSpec(id="open_sample", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "Open the &sample dive")),
    ActionSpec(
        id="open_session",
        menu=_FILE,
        text=QT_TRANSLATE_NOOP("actions", "Open sess&ion…"),
        keys=("Ctrl+Alt+O",),
        group=1,
    ),
    ActionSpec(id="open_recent", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "Open &recent session"), group=1),
    ActionSpec(
        id="save_session", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "Sa&ve session"), keys=("Ctrl+S",), group=1
    ),
    ActionSpec(
        id="save_session_as",
        menu=_FILE,
        text=QT_TRANSLATE_NOOP("actions", "Save session &as…"),
        keys=("Ctrl+Shift+S",),
        group=1,
    ),
    ActionSpec(id="export", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "&Export…"), keys=("Ctrl+E",), group=2),
    ActionSpec(id="export_corrections", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "Export &corrections…"), group=2),
    ActionSpec(id="quit", menu=_FILE, text=QT_TRANSLATE_NOOP("actions", "&Quit"), keys=("Ctrl+Q",), group=3),
    ActionSpec(id="undo", menu=_EDIT, text=QT_TRANSLATE_NOOP("actions", "&Undo"), keys=("Ctrl+Z",)),
    ActionSpec(id="redo", menu=_EDIT, text=QT_TRANSLATE_NOOP("actions", "&Redo"), keys=("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec(
        id="flight_here",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "&Flight begins at this frame"),
        keys=("1",),
        group=1,
    ),
    ActionSpec(
        id="flight_earlier",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "Flight begins one frame earlier"),
        keys=("Alt+Left",),
        group=1,
    ),
    ActionSpec(
        id="flight_later",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "Flight begins one frame later"),
        keys=("Alt+Right",),
        group=1,
    ),
    ActionSpec(
        id="entry_here",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "&Entry begins at this frame"),
        keys=("2",),
        group=2,
    ),
    ActionSpec(
        id="entry_earlier",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "Entry begins one frame earlier"),
        keys=("Alt+Shift+Left",),
        group=2,
    ),
    ActionSpec(
        id="entry_later",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "Entry begins one frame later"),
        keys=("Alt+Shift+Right",),
        group=2,
    ),
    ActionSpec(
        id="contact_here",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "&Water contact at this frame"),
        keys=("3",),
        group=2,
    ),
    ActionSpec(
        id="reset_transitions",
        menu=_EDIT,
        text=QT_TRANSLATE_NOOP("actions", "Reset &transitions to the model's"),
        keys=("Ctrl+R",),
        group=3,
    ),
    ActionSpec(
        id="preferences", menu=_EDIT, text=QT_TRANSLATE_NOOP("actions", "&Preferences…"), keys=("Ctrl+,",), group=4
    ),
    ActionSpec(
        id="play", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Play or pause"), keys=("Space", "K"), icon="play"
    ),
    ActionSpec(
        id="step_back",
        menu=_PLAY,
        text=QT_TRANSLATE_NOOP("actions", "One frame back"),
        keys=("Left",),
        icon="step-back",
    ),
    ActionSpec(
        id="step_forward",
        menu=_PLAY,
        text=QT_TRANSLATE_NOOP("actions", "One frame forward"),
        keys=("Right",),
        icon="step-forward",
    ),
    ActionSpec(id="jump_back", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Ten frames back"), keys=("Shift+Left",)),
    ActionSpec(
        id="jump_forward", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Ten frames forward"), keys=("Shift+Right",)
    ),
    ActionSpec(id="first", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "First frame"), keys=("Home",), icon="first"),
    ActionSpec(id="last", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Last frame"), keys=("End",), icon="last"),
    ActionSpec(
        id="shuttle_back", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Play backwards, faster"), keys=("J",), group=1
    ),
    ActionSpec(
        id="shuttle_forward",
        menu=_PLAY,
        text=QT_TRANSLATE_NOOP("actions", "Play forwards, faster"),
        keys=("L",),
        group=1,
    ),
    ActionSpec(id="slower", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Slower"), keys=("[", "Shift+J"), group=1),
    ActionSpec(id="faster", menu=_PLAY, text=QT_TRANSLATE_NOOP("actions", "Faster"), keys=("]", "Shift+L"), group=1),
    ActionSpec(
        id="loop",
        menu=_PLAY,
        text=QT_TRANSLATE_NOOP("actions", "Loop the current phase"),
        keys=("Ctrl+L",),
        icon="loop",
        checkable=True,
        group=1,
    ),
    ActionSpec(
        id="loop_dive",
        menu=_PLAY,
        text=QT_TRANSLATE_NOOP("actions", "Loop the dive (In to Out)"),
        keys=("Ctrl+Shift+L",),
        group=1,
    ),
    ActionSpec(id="analyse", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "&Analyse again"), keys=("F5",)),
    # No key cancels work: Esc is pressed to leave a text field or a drawing, and minutes of analysis would be lost.
    ActionSpec(id="cancel", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "&Cancel analysis")),
    ActionSpec(
        id="edit_dives",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Edit &selected dives…"),
        keys=("Ctrl+Shift+D",),
    ),
    ActionSpec(
        id="name_dives",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Fill in dive &numbers…"),
        keys=("Ctrl+D",),
    ),
    ActionSpec(id="set_in_point", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "Set &In point"), keys=("I",), group=1),
    ActionSpec(
        id="set_out_point", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "Set &Out point"), keys=("O",), group=1
    ),
    *(
        ActionSpec(id=id, menu=_DIVE, text=text, keys=(keys,), group=1)
        for id, text, keys in (
            ("in_earlier", QT_TRANSLATE_NOOP("actions", "In point one frame earlier"), "Ctrl+Alt+Left"),
            ("in_later", QT_TRANSLATE_NOOP("actions", "In point one frame later"), "Ctrl+Alt+Right"),
            ("out_earlier", QT_TRANSLATE_NOOP("actions", "Out point one frame earlier"), "Ctrl+Alt+Shift+Left"),
            ("out_later", QT_TRANSLATE_NOOP("actions", "Out point one frame later"), "Ctrl+Alt+Shift+Right"),
        )
    ),
    ActionSpec(
        id="find_dives",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Find dives in this &video"),
        keys=("Ctrl+F",),
        group=1,
    ),
    ActionSpec(id="whole_file", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "Analyse the &whole file"), group=1),
    ActionSpec(
        id="point_at_diver",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Point at t&he diver"),
        keys=("G",),
        icon="target",
        group=1,
    ),
    ActionSpec(
        id="accept_dive",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Add the &found dive at this frame"),
        keys=("Y",),
        group=1,
    ),
    ActionSpec(
        id="accept_dives",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Add all found div&es"),
        keys=("Shift+Y",),
        group=1,
    ),
    ActionSpec(
        id="pause_queue",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "&Pause analyses"),
        keys=("Ctrl+P",),
        icon="pause",
        checkable=True,
        group=2,
    ),
    ActionSpec(
        id="retry_all",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Retry failed and cancelled anal&yses"),
        keys=("Shift+F5",),
        icon="retry",
        group=2,
    ),
    ActionSpec(
        id="cancel_all",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Cancel a&ll analyses"),
        icon="close",
        group=2,
    ),
    ActionSpec(
        id="move_up", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "Move &up in the list"), keys=("Alt+Up",), group=3
    ),
    ActionSpec(
        id="move_down",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Move &down in the list"),
        keys=("Alt+Down",),
        group=3,
    ),
    ActionSpec(id="locate", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "Loca&te the video…"), group=4),
    ActionSpec(
        id="remove", menu=_DIVE, text=QT_TRANSLATE_NOOP("actions", "&Remove from the list"), keys=("Ctrl+W",), group=4
    ),
    ActionSpec(
        id="add_exemplar",
        menu=_DIVE,
        text=QT_TRANSLATE_NOOP("actions", "Add as e&xemplar…"),
        keys=("Ctrl+Shift+E",),
        group=5,
    ),
    ActionSpec(
        id="compare",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "&Compare with another dive"),
        keys=("C",),
        icon="compare",
        checkable=True,
    ),
    ActionSpec(
        id="other_back",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "Other dive one frame back"),
        keys=("Ctrl+Left",),
        icon="step-back",
    ),
    ActionSpec(
        id="other_forward",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "Other dive one frame forward"),
        keys=("Ctrl+Right",),
        icon="step-forward",
    ),
    ActionSpec(
        id="library",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "Exemplar &library"),
        keys=("B",),
        checkable=True,
    ),
    ActionSpec(
        id="ranking",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "&Ranking by phase…"),
        keys=("Ctrl+Shift+R",),
    ),
    ActionSpec(
        id="athletes",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "Athlet&es…"),
        keys=("Ctrl+Shift+A",),
    ),
    ActionSpec(id="sort_dives", menu=_VIEW, text=QT_TRANSLATE_NOOP("actions", "&Sort the dives")),
    ActionSpec(id="sort_library", menu=_VIEW, text=QT_TRANSLATE_NOOP("actions", "Sort the librar&y by")),
    ActionSpec(
        id="mask",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "Athlete &mask"),
        keys=("M",),
        icon="mask",
        checkable=True,
        checked=True,
        group=1,
    ),
    ActionSpec(
        id="skeleton",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "S&keleton and path"),
        keys=("S",),
        icon="skeleton",
        checkable=True,
        group=1,
    ),
    ActionSpec(
        id="crop",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "&What the model saw"),
        keys=("W",),
        icon="crop",
        checkable=True,
        group=1,
    ),
    ActionSpec(
        id="by_stream",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "Contributions by s&tream"),
        keys=("P",),
        checkable=True,
        group=1,
    ),
    ActionSpec(
        id="full_screen",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "&Full screen"),
        keys=("F11", "F"),
        icon="full-screen",
        checkable=True,
        group=3,
    ),
    ActionSpec(
        id="zoom_in", menu=_VIEW, text=QT_TRANSLATE_NOOP("actions", "Zoom &in"), keys=("Ctrl++", "Ctrl+="), group=4
    ),
    ActionSpec(id="zoom_out", menu=_VIEW, text=QT_TRANSLATE_NOOP("actions", "Zoom &out"), keys=("Ctrl+-",), group=4),
    ActionSpec(
        id="fit_to_window", menu=_VIEW, text=QT_TRANSLATE_NOOP("actions", "Fit to wi&ndow"), keys=("Ctrl+0",), group=4
    ),
    ActionSpec(
        id="actual_size",
        menu=_VIEW,
        text=QT_TRANSLATE_NOOP("actions", "&Actual size"),
        keys=("Ctrl+1",),
        group=4,
    ),
    ActionSpec(
        id="draw_line", menu=_DRAW, text=QT_TRANSLATE_NOOP("actions", "&Line"), keys=("D",), icon="line", group=0
    ),
    ActionSpec(
        id="draw_angle", menu=_DRAW, text=QT_TRANSLATE_NOOP("actions", "&Angle"), keys=("A",), icon="angle", group=0
    ),
    ActionSpec(
        id="draw_note", menu=_DRAW, text=QT_TRANSLATE_NOOP("actions", "&Note"), keys=("T",), icon="note", group=0
    ),
    ActionSpec(
        id="delete_drawing", menu=_DRAW, text=QT_TRANSLATE_NOOP("actions", "&Delete drawing"), keys=("Del",), group=1
    ),
    ActionSpec(
        id="previous_drawing",
        menu=_DRAW,
        text=QT_TRANSLATE_NOOP("actions", "&Previous drawing"),
        keys=("Shift+N",),
        group=2,
    ),
    ActionSpec(id="next_drawing", menu=_DRAW, text=QT_TRANSLATE_NOOP("actions", "Ne&xt drawing"), keys=("N",), group=2),
    *(
        ActionSpec(id=id, menu=_VIEW, text=text, keys=(keys,), group=5)
        for id, text, keys in (
            ("timeline_zoom_in", QT_TRANSLATE_NOOP("actions", "Zoom timeline in"), "Alt+PgUp"),
            ("timeline_zoom_out", QT_TRANSLATE_NOOP("actions", "Zoom timeline out"), "Alt+PgDown"),
            ("timeline_all", QT_TRANSLATE_NOOP("actions", "Zoom timeline to the whole video"), "Alt+Home"),
            ("timeline_dive", QT_TRANSLATE_NOOP("actions", "Zoom timeline to the dive"), "Alt+End"),
        )
    ),
    ActionSpec(id="guide", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "User &guide"), keys=("F1",)),
    ActionSpec(
        id="shortcuts", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "&Keyboard shortcuts"), keys=("Shift+F1",)
    ),
    ActionSpec(id="model_card", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "&Model card")),
    ActionSpec(id="tour", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "&Show the tour")),
    ActionSpec(id="training", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "&Training on the command line"), group=1),
    ActionSpec(id="system_check", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "System &check"), group=1),
    ActionSpec(id="log_folder", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "Open the &log folder"), group=1),
    ActionSpec(id="updates", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "Look for &updates"), group=2),
    ActionSpec(id="licences", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "L&icences"), group=2),
    ActionSpec(id="about", menu=_HELP, text=QT_TRANSLATE_NOOP("actions", "&About FineParser Studio"), group=2),
)

"""Commands on many dives: pause or retry the queue, reorder it, fill in dive numbers, meet.

Their dialogs are imported when they are opened, which keeps the start of the app short.
"""

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QPushButton, QWidget

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_gui.dives.list import DivesPanel
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.background import Soon
from fineparser_gui.support.messages import MessageStack


def fillings(dives: Sequence[Dive], *, replace: bool) -> dict[str, DiveDetails]:
    """Return the changes that the file names of dives suggest, by key; dives without a change are left out.

    Args:
        replace: overwrite details that are known already.
    """
    changes = {}
    for dive in dives:
        naming = parse_file_name(dive.path.stem)

        def new(value: object, known: object) -> bool:
            return bool(value) and value != known and (replace or not known)

        change = DiveDetails(
            athlete=naming.athlete if new(naming.athlete, dive.athlete) else "",
            dive_number=naming.dive_number if new(naming.dive_number, dive.dive_number) else None,
            board_m=naming.board_m if new(naming.board_m, dive.board_m) else None,
        )
        if change != DiveDetails():
            changes[dive.key] = change
    return changes


class BatchCommands(QObject):
    """Commands on many dives of the session.

    Args:
        window: window over which dialogs open.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._offered: list[QPushButton] | None = None  # buttons of the offer to undo

    def serve(self, panel: DivesPanel, actions: ActionRegistry, messages: MessageStack) -> None:
        """Take the selection from a panel, and keep the actions up to date with the dives."""
        self._panel, self._actions, self._messages = panel, actions, messages
        session = self._session
        Soon(self, 50, self._refresh, session.dive_added, session.dive_changed, session.dive_removed)
        session.scheduler.paused_changed.connect(self._refresh)  # at once, or a key would toggle the former state
        session.editing.edits.changed.connect(self._withdraw)

    def name_dives(self, keys: Sequence[str], *, replace: bool = False) -> None:
        """Fill in number, board and diver from file names, and offer the way back.

        Args:
            keys: keys of dives; fewer than two mean all dives.
            replace: overwrite details that are known already; else this is offered.
        """
        keys = keys if len(keys) > 1 else self._session.keys
        dives = [
            dive for key in keys if key in self._session.keys and not (dive := self._session.dive(key)).is_recording
        ]
        changes, others = (fillings(dives, replace=one) for one in (replace, True))
        n_others = sum(one != changes.get(key) for key, one in others.items())
        said, actions = [], []
        if changes:
            self._session.editing.name_dives(changes)
            said.append(self.tr("Dives filled in from their file names: {0}.").format(len(changes)))
            actions.append((self.tr("Undo"), lambda: self._session.editing.edits.undo(latest=True)))
        if n_others:
            said.append(self.tr("File names that say other than what is entered: {0}.").format(n_others))
            actions.append((self.tr("Replace existing entries"), lambda: self.name_dives(keys, replace=True)))
        if not said:
            self._session.problem.emit(self.tr("No file name says anything new."))
            return
        self._messages.offer(" ".join(said), actions)
        self._offered = self._messages.buttons

    def _withdraw(self) -> None:
        """Withdraw the offer to undo once something else was edited."""
        if self._messages.buttons is self._offered:
            self._messages.withdraw()

    def show_meet(self) -> None:
        """Show the dive list beside the window."""
        from fineparser_gui.meet.dialog import MeetDialog

        shown = self._window.findChild(MeetDialog) or MeetDialog(self._session, self._window)
        shown.show()
        shown.activateWindow()

    def move(self, places: int) -> None:
        """Move the selected dives up or down in the list, keeping their order."""
        selected = set(self._panel.selected_keys())
        order = self._session.keys
        keys = [key for key in order if key in selected]
        for key in keys if places < 0 else reversed(keys):
            at = order.index(key)
            if 0 <= at + places < len(order) and order[at + places] not in selected:
                order.insert(at + places, order.pop(at))
        self._session.editing.reorder(order, gesture="order")

    def _refresh(self) -> None:
        self._actions.refresh()
        self._actions["pause_queue"].setChecked(self._session.scheduler.paused)

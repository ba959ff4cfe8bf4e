"""Commands on many dives: pause or retry the queue, reorder it, fill in dive numbers, rank, meet, learn.

Their dialogs are imported when they are opened, which keeps the start of the app short.
"""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from fineparser_gui.commands.registry import ActionRegistry
from fineparser_gui.dives.list import DivesPanel
from fineparser_gui.dives.session import Session
from fineparser_gui.support.soon import Soon


class BatchCommands(QObject):
    """Commands on many dives of the session.

    Args:
        window: window over which dialogs open.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window

    def serve(self, panel: DivesPanel, actions: ActionRegistry) -> None:
        """Take the selection from a panel, and keep the actions up to date with the dives."""
        self._panel, self._actions = panel, actions
        actions["sort_dives"].setMenu(panel.sorting)
        panel.naming_requested.connect(lambda: self.name_dives([]))
        session = self._session
        Soon(self, 50, self._refresh, session.dive_added, session.dive_changed, session.dive_removed)
        session.scheduler.paused_changed.connect(self._refresh)  # at once, or a key would toggle the former state

    def name_dives(self, keys: list[str]) -> None:
        """Ask for a source of dive numbers, and for which dives."""
        from fineparser_gui.dives.naming_dialog import NamingDialog

        NamingDialog(self._session, self._panel.model.keys, keys, self._window).open()

    def edit_dives(self) -> None:
        """Ask for details of all selected dives at once."""
        from fineparser_gui.dives.edit_dialog import EditDivesDialog

        EditDivesDialog(self._session, self._panel.selected_keys(), self._window).open()

    def rank(self) -> None:
        """Show the ranking beside the window."""
        from fineparser_gui.score.ranking_dialog import RankingDialog

        dialog = RankingDialog(self._session, self._window)
        dialog.model_card_requested.connect(self._actions["model_card"].trigger)
        dialog.show()

    def show_meet(self) -> None:
        """Show the dive list beside the window."""
        from fineparser_gui.meet.dialog import MeetDialog

        shown = self._window.findChild(MeetDialog) or MeetDialog(self._session, self._window)
        shown.show()
        shown.activateWindow()

    def learn(self) -> None:
        """Show the dialog that learns from judged dives beside the window."""
        from fineparser_gui.score.learn_dialog import LearnDialog

        LearnDialog(self._session, self._window).show()

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

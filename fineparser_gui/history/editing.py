"""The coach's edits of the history: made at once, and undone."""

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject

from fineparser_core.constants import LONGEST_NAME
from fineparser_gui.dives.edits import Edit, Subject
from fineparser_gui.dives.undo import EditStack
from fineparser_gui.store.records import MOST_TAGS, HistoryDive, HistoryQuery
from fineparser_gui.store.service import HistoryService


class HistoryEditing(QObject):
    """Service that turns every change of the history by the coach into an undoable edit.

    Attributes:
        edits: the edits that can be undone and redone.
    """

    def __init__(self, history: HistoryService) -> None:
        super().__init__(history)
        self._history = history
        self.edits = EditStack(self)
        self.edits.handlers |= {
            Subject.HISTORY_TAGS: lambda edit: history.set_tags(edit.after),
            Subject.HISTORY_ATHLETES: lambda edit: history.set_athletes(edit.after),
            Subject.HISTORY_ROWS: self._apply_rows,
        }

    def tag(self, ids: Sequence[int], given: Iterable[str], taken: Iterable[str]) -> None:
        """Add tags to dives, and remove others."""
        gone = set(taken)
        dives: list[HistoryDive] = self._history.read(lambda store: store.dives(ids), [])
        before = {one.id: one.tags for one in dives}
        after = {
            id_: tuple(dict.fromkeys((*(tag for tag in tags if tag not in gone), *given)))[:MOST_TAGS]
            for id_, tags in before.items()
        }
        self._do(Subject.HISTORY_TAGS, before, after, self.tr("tagging dives"))

    def rename(self, old: str, new: str) -> None:
        """Give an athlete another name; athletes of the same name become the same athlete."""
        ids: list[int] = self._history.read(lambda store: store.ids(HistoryQuery(athlete=old)), [])
        after = dict.fromkeys(ids, new.strip()[:LONGEST_NAME])
        self._do(Subject.HISTORY_ATHLETES, dict.fromkeys(ids, old), after, self.tr("renaming the athlete"))

    def delete(self, ids: Sequence[int]) -> None:
        """Take dives out of the history; their videos stay."""

        def add_edit(gone: Sequence[int]) -> None:
            if gone:
                text = self.tr("deleting {0} dives", None, len(gone)).format(len(gone))
                self.edits.do(Edit(subject=Subject.HISTORY_ROWS, before=gone, after=(), text=text), done=True)

        self._history.write_many(len(ids), lambda store: store.remove(ids), add_edit)

    def _do(self, subject: Subject, before: Mapping[int, object], after: Mapping[int, object], text: str) -> None:
        if before != after:
            self.edits.do(Edit(subject=subject, before=before, after=after, text=text))

    def _apply_rows(self, edit: Edit) -> None:
        n_dives = len(edit.after or edit.before)
        self._history.write_many(
            n_dives, lambda store: store.restore(edit.after) if edit.after else store.remove(edit.before)
        )

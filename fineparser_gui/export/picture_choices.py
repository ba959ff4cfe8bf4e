"""Choices of the export dialog for a picture: what is drawn on it, and which dive is shown beside."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QCheckBox, QComboBox

from fineparser_core.export.options import RenderOptions
from fineparser_core.records import ComparedDive
from fineparser_core.video.alignment import Alignment
from fineparser_gui.services.comparable_dives import ComparableDive
from fineparser_gui.services.exporting import dive_title, words_of
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.session.drawings import Drawing
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.support.formatting import alignment_text
from fineparser_gui.support.widgets import choice_box, show_whole_entries


class BesideBox(QComboBox):
    """Choice of the dive beside; at first the compared dive or, with `best`, the athlete's last one or an exemplar."""

    def __init__(self, session: Session, candidates: Sequence[ComparableDive], *, best: bool = False) -> None:
        super().__init__()
        self._session = session
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(22)
        self.addItem(self.tr("nothing"), None)
        compared = session.comparing.beside
        if best and compared is None:
            compared = next(iter(session.comparing.dives.attempts()), None)
        exemplar = session.best_exemplar() if best and compared is None else None
        for candidate in candidates:
            self.addItem(candidate.title, candidate)
            if candidate == compared or (exemplar and candidate.exemplar_id == exemplar.id):
                self.setCurrentIndex(self.count() - 1)
        show_whole_entries(self)

    @property
    def dive(self) -> ComparedDive | None:
        """The chosen dive, or None."""
        candidate = self.currentData()
        return self._session.comparing.compared(candidate) if candidate is not None else None

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """The drawings on the chosen dive."""
        candidate = self.currentData()
        known = candidate is not None and candidate.key in self._session.keys
        return self._session.dive(candidate.key).drawings if known else ()


class DrawingsBox(QCheckBox):
    """Check box for drawings, enabled if there are any."""

    def __init__(self) -> None:
        super().__init__(self.tr("Drawings and notes"), enabled=False)

    def follow(self, drawn: bool) -> None:
        """Follow whether there are drawings; the user's choice stays while there are."""
        if drawn != self.isEnabled():
            self.setEnabled(drawn)
            self.setChecked(drawn)
            self.setToolTip("" if drawn else self.tr("There are no drawings."))


class PictureChoices(QObject):
    """Fields for a picture on a page of the dialog.

    Args:
        dive: the shown dive.
        shown: names of the check boxes, of `RenderOptions`.
        beside: choice of the dive beside.
    """

    def __init__(
        self, session: Session, dive: Dive, preferences: Preferences, shown: Sequence[str], beside: BesideBox
    ) -> None:
        super().__init__()
        self._dive, self._preferences, self.beside = dive, preferences, beside
        texts = {"mask": self.tr("Mask on the diver"), "skeleton": self.tr("Skeleton and path")}
        self.boxes = {name: QCheckBox(texts[name]) for name in shown}
        self.drawings = DrawingsBox()
        beside.currentIndexChanged.connect(self._follow_drawings)
        self._follow_drawings()
        self._alignment = self._alignment_box(session)

    def rows(self) -> list[tuple]:
        """Return the rows of a page."""
        shown = (self.tr("Show"), *self.boxes.values(), self.drawings)
        return [shown, (self.tr("&Compare with"), self.beside), (self.tr("Alignment"), self._alignment)]

    def follow(self, n_dives: int) -> None:
        """Offer what fits a number of dives: the comparison is that of one."""
        self.beside.setEnabled(n_dives < 2)
        self._alignment.setEnabled(n_dives < 2 and self.beside.currentIndex() > 0)

    def options(self, dive: Dive, *, alone: bool, **more: Any) -> RenderOptions:
        """Return the choices for a picture of a dive.

        Args:
            alone: it is the only dive of the export, and another may be beside it.
            more: other fields.
        """
        drawn = self.drawings.isChecked()
        return RenderOptions(
            mask_style=self._preferences.mask_style,
            marks=dive.drawings if drawn else (),
            comparison=self.beside.dive if alone else None,
            comparison_marks=self.beside.drawings if drawn and alone else (),
            alignment=self._alignment.currentData(),
            title=dive_title(dive),
            words=words_of(dive) if dive.analysis is not None else None,
            **{name: box.isChecked() for name, box in self.boxes.items()},
            **more,
        )

    def _follow_drawings(self) -> None:
        self.drawings.follow(bool(self._dive.drawings or self.beside.drawings))

    def _alignment_box(self, session: Session) -> QComboBox:
        """Return the choice of the alignment with the dive beside; at first as in the window."""
        ways = [way for way in Alignment if way is not Alignment.MANUAL]
        box = choice_box((alignment_text(way), way) for way in ways)
        shown = session.comparing.alignment
        box.setCurrentIndex(ways.index(shown) if shown in ways else 0)
        self.beside.currentIndexChanged.connect(lambda at: box.setEnabled(at > 0))
        box.setEnabled(self.beside.currentIndex() > 0)
        return box

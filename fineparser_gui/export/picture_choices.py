"""Choices of the export dialog for a picture: what is drawn on it, and which dive is shown beside."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QCheckBox, QComboBox

from fineparser_core.export.options import RenderOptions
from fineparser_core.records import ComparedDive
from fineparser_gui.services.comparable_dives import ComparableDive
from fineparser_gui.services.exporting import dive_title, words_of
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.session.drawings import Drawing
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.support.widgets import show_whole_entries


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
        """The chosen dive; None for none, and for one without a video."""
        candidate = self.currentData()
        dive = self._session.comparing.compared(candidate) if candidate is not None else None
        return dive if dive is not None and dive.path and dive.path.is_file() else None

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """The drawings on the chosen dive."""
        candidate = self.currentData()
        known = candidate is not None and candidate.key in self._session.keys
        return self._session.dive(candidate.key).drawings if known else ()


class PictureChoices(QObject):
    """Fields for a picture on a page of the dialog.

    Args:
        shown: names of the check boxes, of `RenderOptions`.
        beside: choice of the dive beside, which is aligned as in the window.
    """

    def __init__(self, session: Session, preferences: Preferences, shown: Sequence[str], beside: BesideBox) -> None:
        super().__init__()
        self._comparing, self._preferences, self.beside = session.comparing, preferences, beside
        texts = {"mask": self.tr("Mask on the diver"), "skeleton": self.tr("Skeleton and path")}
        self.boxes = {name: QCheckBox(texts[name]) for name in shown}
        self.drawings = QCheckBox(self.tr("Drawings and notes"), checked=True)

    def rows(self) -> list[tuple]:
        """Return the rows of a page."""
        shown = (self.tr("Show"), *self.boxes.values(), self.drawings)
        return [shown, (self.tr("&Compare with"), self.beside)]

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
            alignment=self._comparing.alignment,
            together=self._comparing.together,
            ghost=self._comparing.ghost,
            title=dive_title(dive),
            words=words_of(dive) if dive.analysis is not None else None,
            **{name: box.isChecked() for name, box in self.boxes.items()},
            **more,
        )

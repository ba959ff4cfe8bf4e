"""Which dive is shown beside the current one, wherever it comes from, and how their times go together."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from fineparser_core.inference.compared import compared_exemplar
from fineparser_core.inference.library import Exemplar
from fineparser_core.types import ComparedDive, MaskTrack
from fineparser_gui.session.dive import Dive

if TYPE_CHECKING:
    from fineparser_gui.session.session import Session


class Alignment(Enum):
    """What coincides in both dives."""

    STEPS = auto()  # take-off, flight and entry start together; each step is stretched
    TAKE_OFF = auto()  # the flight starts together; both run in real time
    FREE = auto()  # two frames that the user chose; both run in real time


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A dive that can be shown beside the current one; one of the two ids is given."""

    title: str
    exemplar_id: str | None = None
    key: str | None = None


class Comparing(QObject):
    """Belongs to a `Session`.

    Signals:
        changed: another dive is beside the current one, or none, or more is known of it.
        alignment_changed: their times go together in another way.

    Attributes:
        candidate: what is beside the current dive; None: nothing is.
        dive: the same, as it is shown.
    """

    changed = Signal()
    alignment_changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._alignment = Alignment.STEPS
        self.candidate: Candidate | None = None
        self.dive: ComparedDive | None = None
        session.current_changed.connect(self.end)
        session.dive_changed.connect(self._on_dive_changed)
        session.dive_removed.connect(self._on_dive_removed)

    @property
    def alignment(self) -> Alignment:
        return self._alignment

    def align(self, alignment: Alignment) -> None:
        """Let the times of both go together in this way."""
        if alignment is not self._alignment:
            self._alignment = alignment
            self.alignment_changed.emit()

    def end(self) -> None:
        """Show nothing beside the current dive."""
        self.show(None)

    def show_exemplar(self, exemplar_id: str | None) -> None:
        """Show an exemplar beside the current dive."""
        exemplar = self._session.exemplar(exemplar_id) if exemplar_id else None
        self.show(self._exemplar_candidate(exemplar) if exemplar else None)

    def show(self, candidate: Candidate | None) -> None:
        """Show one of the candidates beside the current dive; None ends the comparison."""
        if candidate != self.candidate:
            self.candidate = candidate
            self.dive = self.compared(candidate) if candidate else None
            if self.dive is None:
                self.candidate = None
            self.changed.emit()

    def candidates(self) -> list[Candidate]:
        """What the current dive can be compared with: its exemplars, the session's other dives, the library's."""
        current = self._session.current
        if current is None:
            return []
        votes = {vote.id for vote in current.votes}
        numbers = {current.dive_number, *(vote.dive_number for vote in current.votes)} - {None}
        library = [one for number in numbers for one in self._session.exemplars_of(number)]
        library = sorted(library, key=lambda one: (one.id not in votes, one.synthetic, -one.score))
        exemplars = [self._exemplar_candidate(one) for one in library]
        others = [self._session.dive(key) for key in self._session.keys if key != current.key]
        others = [dive for dive in others if dive.analysis is not None]
        # The diver's own attempts at the same dive first.
        others.sort(key=lambda dive: (dive.dive_number != current.dive_number, dive.diver != current.diver))
        dives = [Candidate(title=self._dive_title(dive), key=dive.key) for dive in others]
        return [*exemplars[: len(votes)], *dives, *exemplars[len(votes) :]]

    def _exemplar_candidate(self, exemplar: Exemplar) -> Candidate:
        current = self._session.current
        other = current is not None and current.dive_number not in (None, exemplar.dive_number)
        name = f"{exemplar.id} · {exemplar.dive_number}" if other else exemplar.id
        title = self.tr("{0} · {1:.1f} points").format(name, exemplar.score)
        title = self.tr("{0} (rendered)").format(title) if exemplar.synthetic else title
        return Candidate(title=title, exemplar_id=exemplar.id)

    def _dive_title(self, dive: Dive) -> str:
        name = " · ".join(filter(None, (dive.diver, dive.dive_number, dive.title)))
        scoring = dive.analysis.scoring if dive.analysis else None
        return self.tr("{0} · scored {1:.1f}").format(name, scoring.score) if scoring else name

    def compared(self, candidate: Candidate) -> ComparedDive | None:
        """A candidate with its steps and masks; None where it is gone, or not analysed any more."""
        if candidate.key is not None:
            analysis = self._session.dive(candidate.key).analysis if candidate.key in self._session.keys else None
            if analysis is None:
                return None
            parse = analysis.parse
            masks = MaskTrack(
                sampled_frames=parse.sampled_frames,
                mask_probability=parse.mask_probability,
                crop_xyxy=parse.crop_xyxy,
            )
            return ComparedDive(path=parse.clip.path, title=candidate.title, steps=parse.steps, masks=masks)
        exemplar = self._session.exemplar(candidate.exemplar_id or "")
        if exemplar is None:
            return None
        shown = compared_exemplar(exemplar, self._session.exemplar_mask(exemplar.id))
        return replace(shown, title=candidate.title)

    def _on_dive_changed(self, key: str) -> None:
        """Its steps may have been corrected; while it is analysed anew the former ones stay."""
        if self.candidate is None or self.candidate.key != key or self.dive is None:
            return
        analysis = self._session.dive(key).analysis
        if analysis is not None and analysis.parse.steps != self.dive.steps:
            self.dive = self.compared(self.candidate)
            self.changed.emit()

    def _on_dive_removed(self, key: str) -> None:
        if self.candidate is not None and self.candidate.key == key:
            self.end()

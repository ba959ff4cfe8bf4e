"""Learning of a profile from judged dives of session and sets, on a thread. Imported with its dialog, for scipy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fineparser_core.errors import FineParserError
from fineparser_core.export.judged import judged_dive, read_found
from fineparser_core.language import translated
from fineparser_core.progress import CancelToken
from fineparser_core.scoring.candidates import LearnableDive, model_of
from fineparser_core.scoring.cross_validation import Predicted, cross_validate, make_profile
from fineparser_core.scoring.profile import Profile
from fineparser_gui.services.exporting import exported
from fineparser_gui.services.rescoring import corrected_request, read_score
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.background import Background
from fineparser_gui.worker.protocol import Result
from fineparser_gui.worker.scheduler import Task


@dataclass(frozen=True, kw_only=True)
class LearningDive:
    """A judged dive that is offered for learning.

    Attributes:
        key: key of the dive in the session, or another unique name.
        candidate: the dive's data; None: no set could hold it.
        why_not: reason why it cannot count, a sentence in the user's language; "" if it can.
    """

    key: str
    title: str
    athlete: str
    award: float | None
    candidate: LearnableDive | None
    why_not: str


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A learned profile, and the predictions of the dives in their order."""

    profile: Profile
    predicted: Predicted
    dives: Sequence[LearningDive]


class LearningService(QObject):
    """Service that learns profiles, a single profile at a time.

    Signals:
        progressed: (int, int) number of dives that are read, and of all dives.
        learned: (Lesson) the profile is learned.
        set_read: (list[ListedDive]) the dives of a set.
        ended: (str) learning failed for this reason; "": it was canceled.
    """

    progressed = Signal(int, int)
    learned = Signal(object)
    set_read = Signal(object)
    ended = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._thread = Background(self)
        self._cancel = CancelToken()
        self._asked: list[Task] = []

    def of_session(self) -> list[LearningDive]:
        """Return the dives of the session that have marks."""
        return [self._listed(dive) for dive in self._session.exports.judged_dives()]

    def read_set(self, path: Path, results: Path) -> None:
        """Read the dives of a set with the results of `fineparser score`."""
        self._cancel = CancelToken()
        self._thread.run(partial(_listed_of, path, results), self.set_read.emit, self.ended.emit)

    def learn(self, dives: Sequence[LearningDive], name: str) -> None:
        """Learn from dives that can count; those that were scored by a profile are scored as shipped before."""
        self._cancel, self._asked, self._name, self._dives = CancelToken(), [], name, list(dives)
        for place, one in enumerate(dives):
            if one.candidate is not None and one.candidate.profile is not None and one.key in self._session.keys:
                dive, scheduler = self._session.dive(one.key), self._session.scheduler
                request = scheduler.kept.named(corrected_request(dive, self._session.n_exemplars, None))
                task = scheduler.submit(request)
                self._asked.append(task)
                task.finished.connect(partial(self._on_scored, place, task))
                task.failed.connect(lambda _, message: self._fail(message))
        if not self._asked:
            self._start()

    def cancel(self) -> None:
        """Stop; `ended` follows."""
        self._cancel.cancel()
        if self._asked:
            self._fail("")

    def close(self) -> None:
        """Stop, and say nothing more."""
        self.blockSignals(True)
        self.cancel()
        self._thread.close()

    def _listed(self, dive: Dive) -> LearningDive:
        candidate, why_not = None, ""
        try:
            found = replace(exported(dive, drawings=False), analysis=dive.rescored or dive.model_analysis)
            candidate = LearnableDive(dive=judged_dive(found), analysis=found.analysis)
            why_not = translated(candidate.why_not)
        except (FineParserError, ValueError) as error:
            why_not = translated(error)
        if dive.busy or dive.rescoring:
            why_not = self.tr("It is being analysed.")
        award = dive.judging.award if dive.judging is not None else None
        return LearningDive(
            key=dive.key, title=dive.title, athlete=dive.athlete, award=award, candidate=candidate, why_not=why_not
        )

    def _on_scored(self, place: int, task: Task, result: Result) -> None:
        self._asked.remove(task)
        one = self._dives[place]
        assert one.candidate is not None
        assert one.candidate.analysis is not None
        try:
            shipped = read_score(result, one.candidate.analysis.parse)
        except FineParserError as error:
            self._fail(translated(error))
            return
        self._dives[place] = replace(one, candidate=replace(one.candidate, analysis=shipped))
        if not self._asked:
            self._start()

    def _fail(self, message: str) -> None:
        while self._asked:
            self._asked.pop().abandon()
        self.ended.emit(message)

    def _start(self) -> None:
        learn = partial(self._learn, self._dives, self._name)
        self._thread.run(learn, self.learned.emit, self.ended.emit)

    def _learn(self, dives: Sequence[LearningDive], name: str) -> Lesson:
        candidates = [one.candidate for one in dives if one.candidate is not None]
        model = model_of(candidates) if candidates else ""
        scores = []
        for done, one in enumerate(candidates):
            self._cancel.raise_if_cancelled()
            self.progressed.emit(done, len(candidates))
            scores.append(one.score())
        self.progressed.emit(0, 0)
        predicted = cross_validate(scores)
        self._cancel.raise_if_cancelled()
        profile = make_profile(scores, predicted, name=name, model=model)
        return Lesson(profile=profile, predicted=predicted, dives=dives)


def _listed_of(path: Path, results: Path) -> list[LearningDive]:
    """Return the dives of a set with the results of `fineparser score`."""
    listed = []
    for dive, found in read_found(path, results):
        analysis, moved, error = (None, None, "") if found is None else (found.analysis, found.quantities, found.error)
        one = LearnableDive(dive=dive, analysis=analysis, moved=moved, error=error)
        listed.append(
            LearningDive(
                key=f"{path} {dive.n}",
                title=dive.name,
                athlete=dive.athlete,
                award=dive.award,
                candidate=one,
                why_not=translated(one.why_not_now),
            )
        )
    return listed

"""The profile by which the dives of the session are scored, and its file beside the coach's own exemplars."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.errors import FineParserError
from fineparser_core.language import translated
from fineparser_core.scoring.profile import ACTIVE_NAME, Profile, check_model, read_profile, write_profile
from fineparser_gui.dives.session_state import SessionState
from fineparser_gui.score.analysis import AnalysisService

#: File of the profile that is not in use, beside the file of the profile in use.
_UNUSED_NAME = "profile-unused.json"


class ProfileService(QObject):
    """Service that keeps the profile of judges in use, which `fineparser learn --use` may have written.

    Args:
        library_folder: folder of the coach's own exemplars; None: no profile is kept.

    Signals:
        changed: the profile in use or the unused profile changed.

    Attributes:
        unused: a profile that the coach has switched back from; None: there is none.
    """

    changed = Signal()

    def __init__(self, state: SessionState, analyses: AnalysisService, library_folder: Path | None) -> None:
        super().__init__(state)
        self._state, self._analyses = state, analyses
        self._folder = library_folder.parent if library_folder is not None else None
        self._state.profile, self.unused = self._read(ACTIVE_NAME), self._read(_UNUSED_NAME)

    def use(self, profile: Profile) -> None:
        """Score all dives by a profile from now on, in later runs as well; refuse a profile of other weights."""
        model = self._state.model
        try:
            if model is not None:
                check_model(profile, model.card["id"])
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return
        self._set(profile, None)

    def switch_back(self) -> None:
        """Score all dives as shipped from now on; the profile is kept."""
        self._set(None, self._state.profile)

    def delete(self) -> None:
        """Forget the profile, and score as shipped."""
        self._set(None, None)

    def _set(self, used: Profile | None, unused: Profile | None) -> None:
        try:
            for name, profile in ((ACTIVE_NAME, used), (_UNUSED_NAME, unused)):
                if self._folder is not None and profile is not None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    write_profile(profile, self._folder / name)
                elif self._folder is not None:
                    (self._folder / name).unlink(missing_ok=True)
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return
        except OSError as error:
            text = self.tr("The profile cannot be changed ({0}).")
            self._state.problem.emit(text.format(error.strerror or error))
            return
        before, self._state.profile, self.unused = self._state.profile, used, unused
        self.changed.emit()
        if used != before:
            for dive in self._state.dives:
                if dive.model_analysis is not None:
                    self._analyses.score_anew(dive.key)

    def _read(self, name: str) -> Profile | None:
        path = self._folder / name if self._folder is not None else None
        try:
            return read_profile(path) if path is not None and path.is_file() else None
        except FineParserError as error:
            problem = translated(error)
            QTimer.singleShot(0, self, lambda: self._state.problem.emit(problem))  # when the window listens
            return None

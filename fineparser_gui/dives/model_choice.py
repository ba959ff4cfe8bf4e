"""Changes of device, weights and number of exemplars by the preferences; the coach's work stays as it is."""

from PySide6.QtCore import QObject, Signal

from fineparser_core.language import language
from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.preferences.records import WORKER_PREFERENCES, Preferences
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.worker.protocol import DevicesReport, WorkerSettings

_DEPENDS_ON_THE_MODEL = (DiveState.QUEUED, DiveState.ANALYSING, DiveState.READY, DiveState.FAILED)


class ModelChoice(QObject):
    """Device, precision, weights and number of exemplars of a session.

    Signals:
        devices_changed: the worker has reported the devices.

    Attributes:
        devices: name in the preferences -> name for the user, best first; empty until the worker has reported.
    """

    devices_changed = Signal()

    def __init__(self, session: Session, preferences: PreferenceStore) -> None:
        super().__init__(session)
        self._session = session
        self.devices: dict[str, str] = {}
        session.scheduler.devices.connect(self._on_devices)
        session.scheduler.use(_worker_settings(preferences.now))
        session.n_exemplars = preferences.now.n_exemplars
        preferences.changed.connect(self._on_changed)

    def _on_devices(self, report: DevicesReport) -> None:
        self.devices = report.devices
        self.devices_changed.emit()

    def _on_changed(self, before: Preferences, now: Preferences) -> None:
        session = self._session
        more_or_fewer = now.n_exemplars != before.n_exemplars
        session.n_exemplars = now.n_exemplars
        if _worker_settings(now) != _worker_settings(before):
            stale = [key for key in session.keys if session.dive(key).state in _DEPENDS_ON_THE_MODEL]
            session.model = None
            session.scheduler.use(_worker_settings(now))
            session.model_changed.emit()
            for key in stale:
                session.analyze(key)
        elif more_or_fewer:
            for key in session.keys:
                if session.dive(key).model_analysis is not None:
                    session.analyses.score_anew(key)


def _worker_settings(preferences: Preferences) -> WorkerSettings:
    return WorkerSettings(language=language(), **{name: getattr(preferences, name) for name in WORKER_PREFERENCES})

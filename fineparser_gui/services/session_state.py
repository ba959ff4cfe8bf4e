"""The session model with signals of Qt: observed by panels, changed by services."""

from PySide6.QtCore import QObject, Signal

from fineparser_core.scoring.profile import Profile
from fineparser_gui.session.session_model import SessionModel
from fineparser_gui.worker.protocol import Ready


class SessionState(QObject, SessionModel):
    """The dives and the state that all services share; see `SessionModel` for the other events.

    Signals:
        meet_changed: the dive list changed.
        model_changed: the worker has loaded its weights, or loads others.
        problem: (str) a sentence for the banner.

    Attributes:
        model: the loaded weights; None while the worker loads them.
        n_exemplars: number of exemplars that a dive is compared with.
        club: the coach's, for reports, or "".
        profile: profile of judges by which dives are scored; None: as shipped.
    """

    dive_added = Signal(str)
    dive_changed = Signal(str)
    dive_removed = Signal(str)
    dives_moved = Signal()
    current_changed = Signal()
    shown_changed = Signal()
    meet_changed = Signal()
    model_changed = Signal()
    problem = Signal(str)

    def __init__(self) -> None:
        super().__init__()  # cooperative: runs `SessionModel.__init__` as well
        self.model: Ready | None = None
        self.n_exemplars = 10
        self.club = ""
        self.profile: Profile | None = None

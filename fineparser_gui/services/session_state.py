"""The dives of a session with signals of Qt: what panels observe and services change."""

from PySide6.QtCore import QObject, Signal

from fineparser_gui.model.session import SessionModel
from fineparser_gui.worker.protocol import Ready


class SessionState(QObject, SessionModel):
    """See `SessionModel` for what its events mean.

    Signals:
        model_changed: the worker has loaded its weights, or loads others.
        problem: (str) one sentence for the banner.

    Attributes:
        model: the weights that the worker has loaded; None while it loads them.
        n_exemplars: how many exemplars a dive is compared with.
    """

    dive_added = Signal(str)
    dive_changed = Signal(str)
    dive_removed = Signal(str)
    dives_moved = Signal()
    current_changed = Signal()
    shown_changed = Signal()
    exemplar_drawn = Signal(str)
    model_changed = Signal()
    problem = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)  # and, next in line, `SessionModel.__init__`
        self.model: Ready | None = None
        self.n_exemplars = 10

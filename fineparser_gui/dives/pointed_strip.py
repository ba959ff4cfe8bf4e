"""Strip below the timeline that names the followed diver if the coach has pointed at a diver, with a way back."""

from PySide6.QtCore import Signal

from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.widgets import Strip


class PointedStrip(Strip):
    """Strip that is visible while the coach has pointed at the diver of the shown clip.

    Signals:
        frame_requested: (int) frame to show.

    Attributes:
        show_point, take_back: buttons.
    """

    frame_requested = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        tip = self.tr("Go to the frame in which you pointed at the diver")
        self.show_point = self.add_button(self.tr("Show the point"), self._on_show, tip)
        tip = self.tr("Let the program find the diver again")
        self.take_back = self.add_button(
            self.tr("Take back"), lambda: session.on_current(session.editing.point_at, None), tip
        )
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        point = dive.athlete if dive is not None else None
        self.setVisible(point is not None)
        if dive is None or point is None:
            return
        if dive.followed_point is None:
            text = self.tr("The point on the diver, in frame {0}, is not used: it lies outside the In and Out point.")
        elif dive.state is DiveState.FAILED:
            text = self.tr("You pointed at the diver in frame {0}.")
        else:
            text = self.tr("You pointed at the diver in frame {0}: whoever is there is followed.")
        self._text.setText(text.format(decimal(point.frame, 0)))

    def _on_show(self) -> None:
        dive = self._session.current
        if dive is not None and dive.athlete is not None:
            self.frame_requested.emit(dive.athlete.frame)

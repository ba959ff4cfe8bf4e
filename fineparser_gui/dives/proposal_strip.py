"""Strip below the timeline with the dives found in a long recording, to be added separately or all at once."""

from fineparser_gui.dives.dive import Dive, SearchState
from fineparser_gui.dives.session import Session
from fineparser_gui.support.icons import icon
from fineparser_gui.support.widgets import Strip


class ProposalStrip(Strip):
    """Strip that is visible while dives found in the shown recording are proposed.

    Attributes:
        accept, accept_all, take_back, dismiss: buttons.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, trimming = session, session.trimming
        self._frame = 0
        self.accept = self.add_button("", self.accept_here)
        self.accept_all = self.add_button("", self.accept_every)
        tip = self.tr("Use the video as it was before the dives found in it were used")
        self.take_back = self.add_button(self.tr("Take back"), lambda: session.on_current(trimming.take_back), tip)
        self.dismiss = self.add_button(
            "", lambda: session.on_current(trimming.dismiss), self.tr("Dismiss the proposals")
        )
        self.dismiss.setAccessibleName(self.tr("Dismiss the proposals"))
        session.dive_changed.connect(self._refresh)
        session.dive_added.connect(self._refresh)
        session.dive_removed.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        self._refresh()

    def color_icons(self) -> None:
        """Draw the icons in the colors of the palette."""
        self.dismiss.setIcon(icon("close", self.palette().buttonText().color().name()))

    def set_frame(self, frame: int) -> None:
        """Set the playhead, which selects the proposal that the button adds."""
        self._frame = frame
        self._show_here(self._session.current)

    def proposal_here(self) -> int | None:
        """Return the index of the proposal under the playhead; None between proposals."""
        dive = self._session.current
        segments = dive.proposals if dive else ()
        return next((i for i, one in enumerate(segments) if one.in_frame <= self._frame <= one.out_frame), None)

    def accept_here(self) -> None:
        """Add the dive under the playhead to the list."""
        dive, place = self._session.current, self.proposal_here()
        if dive is not None and place is not None:
            self._session.trimming.accept(dive.key, place)

    def accept_every(self) -> None:
        """Add all proposed dives to the list."""
        self._session.on_current(self._session.trimming.accept_all)

    def _refresh(self) -> None:
        dive = self._session.current
        proposes = dive is not None and dive.segments is not None and dive.search_state is not SearchState.DISMISSED
        self.setVisible(proposes and not dive.searching)
        if not proposes:
            return
        n, accepted = len(dive.segments), len(self._session.trimming.accepted(dive.key))
        if not n:
            text = self.tr("No dive was found in this video. Mark one with the keys I and O.")
            self._text.setText(text)
        elif n == 1:
            self._text.setText(
                self.tr("One dive was found.") if not accepted else self.tr("The dive was trimmed as proposed.")
            )
        else:
            self._text.setText(self.tr("Dives found: {0}, in the list: {1}.").format(n, accepted))
        self.accept.setVisible(n > 1 and accepted < n)
        self.accept_all.setVisible(accepted < n)
        self.take_back.setVisible(accepted > 0)
        self.accept_all.setText(self.tr("Trim to it") if n == 1 else self.tr("Add all"))
        self._show_here(dive)

    def _show_here(self, dive: Dive | None) -> None:
        place = self.proposal_here()
        there = dive is not None and place is not None and place not in self._session.trimming.accepted(dive.key)
        self.accept.setEnabled(there)
        self.accept.setText(self.tr("Add dive {0}").format(place + 1) if there else self.tr("Add this dive"))

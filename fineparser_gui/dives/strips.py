"""Strips below the picture: progress, found dives, and which diver."""

from collections.abc import Callable

from PySide6.QtCore import QMargins, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout

from fineparser_core.export.crops import windows_around
from fineparser_core.records import DiverCandidate, VideoInfo
from fineparser_gui.dives.states import WAITING_FOR_USER, left_text, settled, stage_text
from fineparser_gui.player.frame_loader import Crop, FrameLoader, read_crop
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, DiveState, SearchState
from fineparser_gui.support.formatting import percent, time_text
from fineparser_gui.support.images import icon
from fineparser_gui.support.key_filter import ENTER
from fineparser_gui.support.widgets import keyboard_friendly, label, lay_out, push_button

#: Number of people that are shown, the likeliest first.
_MOST = 4
#: Side of a picture: a body in the background shows, and a low window keeps space for the player.
_PICTURE_PX = 88
_BAR_STEPS = 1000


class ProposalStrip(QFrame):
    """Strip that is visible while dives found in the shown recording are proposed.

    Attributes:
        accept, accept_all, dismiss: buttons.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._session, trimming = session, session.trimming
        self._frame = 0
        self._text = label(wrap=True)
        self.accept = push_button("", self.accept_here)
        self.accept_all = push_button("", self.accept_every)
        self.dismiss = push_button("", lambda: session.on_current(trimming.dismiss), self.tr("Dismiss the proposals"))
        self.dismiss.setAccessibleName(self.tr("Dismiss the proposals"))
        row = QHBoxLayout(self, contentsMargins=QMargins(14, 6, 8, 6), spacing=8)
        lay_out(row, (self._text, 1), self.accept, self.accept_all, self.dismiss)
        session.dive_changed.connect(self._refresh)
        session.dive_added.connect(self._refresh)
        session.dive_removed.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        self._refresh()

    @property
    def text(self) -> str:
        return self._text.text()

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
        proposes = dive is not None and dive.segments is not None and not dive.dismissed
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
        self.accept_all.setText(self.tr("Trim to it") if n == 1 else self.tr("Add all"))
        self._show_here(dive)

    def _show_here(self, dive: Dive | None) -> None:
        place = self.proposal_here()
        there = dive is not None and place is not None and place not in self._session.trimming.accepted(dive.key)
        self.accept.setEnabled(there)
        self.accept.setText(self.tr("Add dive {0}").format(place + 1) if there else self.tr("Add this dive"))


class DiverCard(QToolButton):
    """A picture of a person in the air; Enter and Space press it."""

    def __init__(self, press: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "large")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(_PICTURE_PX, _PICTURE_PX))
        self.clicked.connect(lambda: press())
        keyboard_friendly(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.click()
        else:
            super().keyPressEvent(event)


class DiverStrip(QFrame):
    """Strip that is visible while the score of the shown dive waits for an answer.

    Signals:
        point_requested: it is none of them; the coach wants to point at the diver.

    Attributes:
        cards: buttons, that of the likeliest diver first.
        point: button that asks for the diver.
    """

    point_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setProperty("card", True)
        self._divers: tuple[DiverCandidate, ...] = ()
        self._crops: list[Crop] = []
        self._pictures = FrameLoader(self, read_crop)
        self._pictures.changed.connect(self._show_pictures)
        asked = label(self.tr("Which diver?"), bold=1.2)
        hint = label(self.tr("Enter takes the first."), "muted", wrap=True)
        self.point = push_button(self.tr("Point at the diver"), self.point_requested, self.tr("It is none of them"))
        left = Qt.AlignmentFlag.AlignLeft
        words = lay_out(QVBoxLayout(spacing=2), None, asked, hint, 4, (self.point, 0, left), None)
        row = lay_out(QHBoxLayout(self, contentsMargins=QMargins(14, 6, 8, 6), spacing=8), (words, 1))
        self.cards = [DiverCard(lambda place=place: self.take(place)) for place in range(_MOST)]
        for card in self.cards:
            row.addWidget(card)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def take(self, place: int = 0) -> None:
        """Follow a person, and cut the dive out again."""
        if place < len(self._divers):
            self._session.on_current(self._session.editing.point_at, self._divers[place].point)

    def close_file(self) -> None:
        """Release the file before the window closes."""
        self._session.shown_changed.disconnect(self._refresh)
        self._pictures.close()

    def _refresh(self) -> None:
        dive = self._session.current
        asks = dive is not None and dive.asks_diver and dive.info is not None
        self.setVisible(asks)
        self._divers = dive.model_analysis.parse.clip.divers[:_MOST] if asks else ()
        if not asks:
            self._pictures.set_file(None)
            return
        self._crops = [_crop(one, dive.info) for one in self._divers]
        self._pictures.set_file(dive.path)
        for place, card in enumerate(self.cards):
            card.setVisible(place < len(self._divers))
            if place < len(self._divers):
                at_s = time_text(dive.info.pts_s[min(self._divers[place].frame, dive.info.n_frames - 1)], 1)
                card.setText(f"{place + 1} · {at_s}")
                card.setAccessibleName(self.tr("Diver {0}, in the air at {1}").format(place + 1, at_s))
        self._show_pictures()

    def _show_pictures(self) -> None:
        ratio, images = self.devicePixelRatioF(), self._pictures.want(sorted(self._crops))
        for card, crop, diver in zip(self.cards, self._crops, self._divers, strict=False):
            picture = QPixmap(QSize(_PICTURE_PX, _PICTURE_PX) * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(self.palette().mid().color())
            if (image := images.get(crop)) is not None:
                painter = QPainter(picture)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(QRectF(0, 0, _PICTURE_PX, _PICTURE_PX), image)
                for color, width in ((QColor("black"), 3), (QColor("white"), 1)):
                    painter.setPen(QPen(color, width))
                    painter.drawRect(_frame_around(diver, crop))
                painter.end()
            card.setIcon(QIcon(picture))


def _crop(diver: DiverCandidate, info: VideoInfo) -> Crop:
    return diver.frame, windows_around({diver.frame: diver.box_xyxy}, info)[diver.frame]


def _frame_around(diver: DiverCandidate, crop: Crop) -> QRectF:
    """Return the box of a body in its picture."""
    _, (left, top, side) = crop
    x0, y0, x1, y1 = diver.box_xyxy
    scale = _PICTURE_PX / side
    return QRectF((x0 - left) * scale, (y0 - top) * scale, (x1 - x0) * scale, (y1 - y0) * scale)


class ProgressStrip(QFrame):
    """Progress of the shown dive; it keeps its place while it is neither being analyzed nor waits for the user.

    Signals:
        locate_requested: the button "Locate the video…" was pressed.
    """

    locate_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._session = session
        self._text = label(wrap=True)
        self._text.setMinimumSize(40, 2 * self._text.fontMetrics().lineSpacing())  # nothing moves with a longer text
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedHeight(4)
        self._bar.setAccessibleName(self.tr("Progress of the analysis"))
        self._button = push_button(self.tr("Cancel"), self._on_pressed, role="tool")
        self._find = push_button(self.tr("Find the dive"), lambda: session.on_current(session.trimming.find, use=True))
        self._find.setProperty("role", "tool")
        told = lay_out(QVBoxLayout(spacing=2), (self._text, 1), self._bar)
        row = QHBoxLayout(self, contentsMargins=QMargins(14, 0, 8, 0), spacing=14)
        lay_out(row, (told, 1), self._find, self._button)
        session.current_changed.connect(self._refresh)
        session.dive_changed.connect(self._on_dive_changed)
        for signal in (session.scheduler.paused_changed, session.dive_added, session.dive_removed):
            signal.connect(self._refresh)
        self._refresh()

    def _on_dive_changed(self, key: str) -> None:
        if self._session.current is not None and key == self._session.current.key:
            self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        waits = dive is not None and dive.state in WAITING_FOR_USER and not self._all_accepted(dive)
        busy = dive is not None and dive.busy
        self.setVisible(busy or waits)
        if dive is None or not (busy or waits):
            return
        self._bar.setVisible(busy)
        self._text.setText(self._busy_text(dive) if busy else self._waiting_text(dive))
        self._text.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        missing = dive.state is DiveState.MISSING
        waiting = self.tr("Locate the video…") if missing else self.tr("Analyse")
        if dive.state is DiveState.NEEDS_TRIM:
            waiting = self.tr("Analyse as one dive")
        self._button.setText(self.tr("Cancel") if busy else waiting)
        self._find.setVisible(not busy and dive.state is DiveState.NEEDS_TRIM and dive.segments is None)
        self._bar.setRange(0, _BAR_STEPS if dive.fraction > 0 else 0)  # range 0, 0: busy indicator
        self._bar.setValue(round(_BAR_STEPS * dive.fraction))

    def _all_accepted(self, dive: Dive) -> bool:
        """Return True if all dives found in a recording were added to the list."""
        n_accepted = len(self._session.trimming.accepted(dive.key))
        return n_accepted > 0 and settled(dive, n_accepted)

    def _busy_text(self, dive: Dive) -> str:
        scheduler = self._session.scheduler
        if dive.scoring:
            return self.tr("Scoring…")
        task = scheduler.task_of(dive.key)
        if dive.progress is not None and task is not None:
            stage = "scan" if dive.searching else dive.progress.stage
            parts = [stage_text(stage).capitalize(), percent(dive.fraction)]
            held = scheduler.paused and (dive.searching or not task.begun)
            parts.append(self.tr("paused") if held else left_text(scheduler.left_s(task)))
            return " · ".join(filter(None, parts))
        if scheduler.paused and all(one.key != dive.key for one in scheduler.running):
            return self.tr("Analyses are paused.")
        if self._session.model is None:
            return self.tr("Loading the model…")
        before = next((one for one in scheduler.running if one is not task), None)
        if before is None or (task is not None and task.begun):
            return self.tr("Starting…")
        other = self._session.find(before.key)
        what = other.title if other is not None else self.tr("the library")
        left = left_text(scheduler.left_s(before))
        text = self.tr("Waiting for {0}").format(what)
        return f"{text} ({left})" if left else f"{text}…"

    def _waiting_text(self, dive: Dive) -> str:
        if dive.state is DiveState.NEEDS_TRIM and dive.search_state is SearchState.CANCELLED:
            return self.tr(
                "The search for dives was cancelled. Start it again, mark a dive with the keys I and O, or "
                "analyse the whole video as one dive."
            )
        if dive.state is DiveState.NEEDS_TRIM:
            return self.tr(
                "Longer than 15 s. Add a dive that was found, mark one with the keys I and O, or analyse the "
                "whole video as one dive."
            )
        if dive.state is DiveState.CANCELLED:
            return self.tr("The analysis was cancelled.")
        return dive.problem or ""

    def _on_pressed(self) -> None:
        dive = self._session.current
        if dive is not None:
            if dive.busy:
                self._session.cancel(dive.key)
            elif dive.state is DiveState.MISSING:
                self.locate_requested.emit()
            else:
                self._session.analyze(dive.key)

"""Bar below the video: playback on the left, overlays on the right."""

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QMenu, QSlider, QToolButton

from fineparser_gui.player.transport import SPEEDS, Transport
from fineparser_gui.session.preferences import LEAST_OPACITY_PERCENT
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.formatting import speed_text, time_text
from fineparser_gui.support.images import icon
from fineparser_gui.support.widgets import follow_palette, keyboard_friendly, label, literal, tool_button


class TransportBar(QFrame):
    """Bar that controls a `Transport`; if it is narrow, a menu at its end has the buttons that do not fit.

    Signals:
        opacity_changed: (int) opacity of the mask in percent, set by the slider.
    """

    opacity_changed = Signal(int)

    def __init__(self, transport: Transport, actions: ActionRegistry) -> None:
        super().__init__()
        self._transport = transport
        self._play = tool_button(actions["play"])
        self._position = label()
        self._short_text = False
        self._speed = QComboBox(accessibleName=self.tr("Playback speed"), toolTip=self.tr("Playback speed"))
        self._speed.addItems([speed_text(speed) for speed in SPEEDS])
        self._speed.setMinimumWidth(self._speed.sizeHint().width())
        self._speed.activated.connect(lambda index: transport.set_speed(SPEEDS[index]))
        keyboard_friendly(self._speed)
        opacity = self.tr("Opacity of the mask")
        self._opacity = QSlider(Qt.Orientation.Horizontal, accessibleName=opacity, toolTip=literal(opacity))
        self._opacity.setRange(LEAST_OPACITY_PERCENT, 100)
        self._opacity.setFixedWidth(72)
        self._opacity.valueChanged.connect(self.opacity_changed)
        keyboard_friendly(self._opacity)

        row = QHBoxLayout(self, contentsMargins=QMargins(8, 4, 8, 4), spacing=2)
        first, back, forward, last, loop = (
            tool_button(actions[name]) for name in ("first", "step_back", "step_forward", "last", "loop")
        )
        point, mask, skeleton, compare, full_screen = (
            tool_button(actions[name]) for name in ("point_at_diver", "mask", "skeleton", "compare", "full_screen")
        )
        for part in (first, back, self._play, forward, last, loop, 6, self._speed, 10, self._position):
            row.addSpacing(part) if isinstance(part, int) else row.addWidget(part)
        row.addStretch()
        for part in (10, point, mask, self._opacity, skeleton, 6, compare, full_screen):
            row.addSpacing(part) if isinstance(part, int) else row.addWidget(part)
        more = self.tr("More commands")
        self.more = QToolButton(accessibleName=more, toolTip=literal(more))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        self.more.setProperty("role", "more")
        keyboard_friendly(self.more)
        row.addWidget(self.more)
        #: Groups that are hidden in turn where there is no space, after the text is shortened.
        self._dispensable = (
            (self._opacity,),
            (point,),
            (first, last),
            (loop,),
            (compare, skeleton),
            (mask, full_screen),
        )
        self._fit()
        transport.frame_changed.connect(self._show_position)
        transport.state_changed.connect(self._show_state)
        follow_palette(self, self._show_state)
        self._show_state()

    def set_opacity(self, opacity: float) -> None:
        """Set the slider to the opacity of the mask, 0 to 1."""
        self._opacity.setValue(round(100 * opacity))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setMinimumWidth(self._narrowest_px())  # not before there are icons: a button without an icon shows text
        self._fit()

    def _narrowest_px(self) -> int:
        """Return the width that the bar needs if everything dispensable is in the menu."""
        self._set_short_text(True)
        for group in self._dispensable:
            for part in group:
                part.hide()
        self.more.show()
        return self.layout().minimumSize().width()

    def _fit(self) -> None:
        """Show as many groups as fit, and give the commands of the others to the menu."""
        self.more.hide()
        row, left_out = self.layout(), [None, *self._dispensable]
        self._set_short_text(False)
        for group in self._dispensable:
            for part in group:
                part.show()
        while left_out and row.minimumSize().width() > self.width():
            group = left_out.pop(0)
            if group is None:
                self._set_short_text(True)
            for part in group or ():
                part.hide()
            if group and group is not self._dispensable[0]:
                self.more.show()
        menu = self.more.menu()
        menu.clear()
        for group in self._dispensable:
            for part in group:
                if part.isHidden() and isinstance(part, QToolButton):
                    menu.addAction(part.defaultAction())

    def _set_short_text(self, short: bool) -> None:
        self._short_text = short
        longest = "00000 / 00000" if short else "frame 00000 / 00000 · 0:00.000"
        self._position.setMinimumWidth(self._position.fontMetrics().horizontalAdvance(longest))
        self._show_position()

    def _show_position(self) -> None:
        t = self._transport
        if self._short_text:
            self._position.setText(f"{t.frame} / {t.n_frames - 1}")
            return
        self._position.setText(self.tr("frame {0} / {1} · {2}").format(t.frame, t.n_frames - 1, time_text(t.time_s, 3)))

    def _show_state(self) -> None:
        color = self.palette().text().color().name()
        self.more.setIcon(icon("chevron-down", color))
        self._play.setIcon(icon("pause" if self._transport.playing else "play", color))
        self._speed.setCurrentIndex(SPEEDS.index(self._transport.shown_speed))

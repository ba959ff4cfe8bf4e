"""A video with its mask, title, frame number and current step."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMargins, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from fineparser_core.measures.center_path import CenterPath, center_path
from fineparser_core.records import DiveParse, MaskTrack, StepSpan, VideoInfo
from fineparser_gui.player.decoder import CACHE_BYTES, FrameDecoder
from fineparser_gui.player.prefetch import Playhead
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.images import image_from
from fineparser_gui.support.steps import step_text, steps_to_water
from fineparser_gui.support.theme import step_color, text_on
from fineparser_gui.support.widgets import ElidedLabel, label, lay_out

_RESIZED_MS = 120
#: Pixels at the sides of the head.
_HEAD_MARGINS_PX = 24


class VideoPane(QWidget):
    """Pane that decodes and draws a file; the frame to show is set by `show_frame`.

    Signals:
        opened: the presentation times of the file are known.
        failed: (str) message for the user: the file cannot be decoded.
        shown: another picture is shown.
    """

    opened = Signal()
    failed = Signal(str)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.canvas = VideoCanvas()
        self._title = ElidedLabel("title")
        self._step = _StepTag()
        self._details = label(role="muted")
        self._buttons: list[QToolButton] = []
        self._head_row = QHBoxLayout(contentsMargins=QMargins(12, 8, 12, 6), spacing=10)
        lay_out(self._head_row, self._title, self._details, None, self._step)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=0), self._head_row, (self.canvas, 1))
        self._decoder: FrameDecoder | None = None
        self._path: Path | None = None
        self._cache_bytes = CACHE_BYTES
        self._info: VideoInfo | None = None
        self._track: MaskTrack | None = None
        self._in_the_air: CenterPath | None = None
        self._steps: Sequence[StepSpan] = ()
        self._head = Playhead()
        self._shown: tuple[int, tuple[int, int]] | None = None  # (frame, size_px) of the picture on the canvas
        # During a resize the present picture is scaled; decoding at the new size follows afterwards.
        self._resized = QTimer(self, singleShot=True, interval=_RESIZED_MS, timeout=self._show)
        self.canvas.view_changed.connect(self._resized.start)
        self.canvas.painted.connect(self._on_painted, Qt.ConnectionType.QueuedConnection)

    def load(self, path: Path, title: str) -> None:
        """Open another file."""
        self.unload()
        self.set_title(title)
        self._path = path
        self._decoder = FrameDecoder(path, self._cache_bytes, self)
        self._decoder.opened.connect(self._on_opened)
        self._decoder.frame_ready.connect(self._on_frame_ready)
        self._decoder.failed.connect(self.failed)
        self._decoder.start()

    def show_still(self, image: QImage, title: str) -> None:
        """Show a picture of a dive in place of its file."""
        self.unload()
        self.set_title(title)
        self.canvas.set_source(image.size(), None)
        self.canvas.set_frame(0, image)

    def add_button(self, button: QToolButton) -> None:
        """Add a button above the picture, with words where the title leaves room for them and an icon elsewhere."""
        self._buttons.append(button)
        self._head_row.addWidget(button)

    def set_title(self, title: str) -> None:
        """Set the title."""
        self._title.set_text(title)
        self._fit_buttons()
        self.canvas.setAccessibleName(self.tr("Video of {0}").format(title))

    def unload(self) -> None:
        """Close the file."""
        if self._decoder is not None:
            self._decoder.opened.disconnect(self._on_opened)
            self._decoder.frame_ready.disconnect(self._on_frame_ready)
            self._decoder.failed.disconnect(self.failed)
            self._decoder.stop()
            # Without a parent, `deleteLater` keeps the Python object until Qt has destroyed the thread. With a parent
            # the object is sometimes destroyed before, which crashes the program.
            self._decoder.setParent(None)
            self._decoder.deleteLater()
            self._decoder = None
        self._path = None
        self._info, self._track, self._in_the_air, self._steps, self._shown = None, None, None, (), None
        self._head = Playhead()
        self._details.clear()
        self._step.set_step(None, "")
        self.canvas.fit()
        self.canvas.set_source(QSize(1, 1), None)
        self.canvas.set_frame(0, None)
        self._resized.stop()

    def set_cache_bytes(self, cache_bytes: int) -> None:
        """Set the memory limit of decoded pictures."""
        self._cache_bytes = cache_bytes
        if self._decoder is not None:
            self._decoder.set_cache_bytes(cache_bytes)

    def set_mirrored(self, mirrored: bool) -> None:
        """Exchange left and right."""
        if mirrored != self.canvas.mirrored:
            self.canvas.set_mirrored(mirrored)
            self._shown = None
            self._show()

    @property
    def frame(self) -> int:
        """The requested frame; `canvas.shown_frame` is the frame on the screen."""
        return self._head.frame

    @property
    def busy(self) -> bool:
        """True if frames are being decoded or waiting for it."""
        return self._decoder is not None and not self._decoder.idle

    def is_cached(self, frame: int) -> bool:
        """Return True if a frame is decoded."""
        return self._decoder is not None and self._decoder.cache.get(frame) is not None

    @property
    def info(self) -> VideoInfo | None:
        return self._info

    def set_analysis(self, track: MaskTrack | None, steps: Sequence[StepSpan]) -> None:
        """Set masks and steps of the dive; for a parse, show the path of the body's center as well."""
        self._track, self._steps = track, steps
        self._in_the_air = center_path(track) if isinstance(track, DiveParse) else None
        if self._info is not None:
            self.canvas.set_source(QSize(self._info.width_px, self._info.height_px), track, self._in_the_air)
        self._show()

    def show_frame(self, frame: int, direction: int = 1, *, moving: bool = False) -> None:
        """Show a frame, or the nearest decoded one until it is there.

        Args:
            direction: direction of the last movement, 1 or -1.
            moving: True during playback.
        """
        self._head = Playhead(frame=frame, direction=direction, moving=moving)
        self._show()

    def _show(self) -> None:
        frame = self._head.frame
        contact = self._track.first_water_contact_frame if isinstance(self._track, DiveParse) else None
        steps = steps_to_water(self._steps, contact, self._info)
        step = next((s for s in steps if s.start_frame <= frame < s.end_frame), None)
        self._step.set_step(step.name if step else None, step_text(step.name) if step else "")
        self._details.setText(self._details_text() if self._info else "")
        self._fit_head()
        if self._decoder is None or self._info is None:
            return
        self._head = replace(self._head, size_px=self.canvas.fitted_px(), sharp_px=self.canvas.magnified_px())
        found = self._decoder.request(self._head)
        if found is None:
            return
        shown, picture = found
        if self._shown != (shown, picture.size_px):
            self._shown = shown, picture.size_px
            self.canvas.set_frame(shown, image_from(picture))
            self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_buttons()
        self._fit_head()

    def _fit_buttons(self) -> None:
        """Show the buttons as icons where the title and their words do not fit side by side."""
        styles = Qt.ToolButtonStyle
        for button in self._buttons:
            button.setToolButtonStyle(styles.ToolButtonTextOnly)
        if self._left_px() < 0:
            for button in self._buttons:
                button.setToolButtonStyle(styles.ToolButtonIconOnly)

    def _fit_head(self) -> None:
        """Leave out what the timeline shows as well, the frame's number and then the phase, where there is no room."""
        left_px = self._left_px()
        for one in (self._step, self._details):
            left_px -= self._head_row.spacing() + one.minimumSizeHint().width()
            one.setVisible(left_px >= 0)

    def _left_px(self) -> int:
        """Return the width that title and buttons leave in the head."""
        widths = [one.sizeHint().width() for one in (self._title, *self._buttons) if not one.isHidden()]
        return self.width() - _HEAD_MARGINS_PX - sum(width + self._head_row.spacing() for width in widths)

    def _details_text(self) -> str:
        text = self.tr("frame {0}").format(self._head.frame)
        zoom = self.canvas.view.zoom
        return text if zoom == 1 else self.tr("{0} · magnified {1}×").format(text, decimal(zoom))

    def _on_opened(self, info: VideoInfo) -> None:
        if info.path != self._path:  # late signal of the previous file
            return
        self._info = info
        self.canvas.set_source(QSize(info.width_px, info.height_px), self._track, self._in_the_air)
        self._resized.stop()
        self._show()
        self.opened.emit()

    def _on_painted(self) -> None:
        if self._decoder is not None:
            self._decoder.painted()

    def _on_frame_ready(self, frame: int) -> None:
        if frame == self._head.frame or self._shown is None or self._shown[0] != self._head.frame:
            self._show()


class _StepTag(QLabel):
    """Name of the current step on a background of its color."""

    def __init__(self) -> None:
        super().__init__()
        self._step: str | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setContentsMargins(10, 2, 10, 2)

    def set_step(self, step: str | None, text: str) -> None:
        self._step = step
        self.setText(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._step is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(step_color(self._step))
        painter.drawRoundedRect(self.rect(), self.height() / 2, self.height() / 2)
        painter.setPen(text_on(step_color(self._step)))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())

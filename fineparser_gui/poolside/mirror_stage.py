"""A picture of the mirror for each camera, and the actions of the keys on them."""

from collections.abc import Callable, Sequence
from math import ceil

from PySide6.QtCore import QMargins, Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from fineparser_gui.poolside.mirror_feed import MirrorFeed
from fineparser_gui.poolside.mirror_tile import MirrorCamera, MirrorTile
from fineparser_gui.support.widgets import label

MOST_DELAY_S = 120
_WORDS_MS, _HINT_W = 500, 620


class MirrorStage(QWidget):
    """Stage of tiles; keys act on the clicked tile, and on tiles that show the same moment of other cameras.

    Signals:
        changed: another tile is active, or does something else.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tiles: list[MirrorTile] = []
        self._cameras: Sequence[MirrorCamera] = ()
        self._grid = QGridLayout(self, contentsMargins=QMargins(), spacing=3)
        self._active = 0
        self.hint = label(self._hint_text(), "muted", wrap=True)
        self.hint.setMaximumWidth(_HINT_W)
        self._grid.addWidget(self.hint, 0, 0, Qt.AlignmentFlag.AlignCenter)
        self._timer = QTimer(self, interval=_WORDS_MS, timeout=self._show_words)

    @property
    def active(self) -> MirrorTile | None:
        """The tile that keys are for."""
        return self.tiles[self._active] if self.tiles else None

    def show_cameras(self, cameras: Sequence[MirrorCamera]) -> None:
        """Show a tile for each of the cameras in place of all tiles."""
        self.clear()
        self._cameras = cameras
        for camera in cameras:
            self._add(camera)

    def clear(self) -> None:
        """Show nothing."""
        while self.tiles:
            self._drop(self.tiles[-1])

    def delay(self, delay_s: float) -> None:
        """Set the delay of the active tile."""
        if self.active is not None:
            self.active.feed.live(min(max(delay_s, 0.0), MOST_DELAY_S))
            self.changed.emit()

    def change_delay(self, by_s: float) -> None:
        """Make the delay longer or shorter by some seconds."""
        if self.active is not None:
            self.delay(self.active.feed.delay_s + by_s)

    def pause(self) -> None:
        """Stop at a picture, or go on from it."""
        if self.active is not None:
            on = not self.active.feed.paused
            self._do(lambda feed: feed.pause(on))

    def step(self, by: int) -> None:
        """Pause, and show the next (1) or the previous (-1) picture."""
        self._do(lambda feed: feed.step(by))

    def slower(self) -> None:
        """Play at ½, ¼, ⅛ of the speed, then at that of the pictures again."""
        if self.active is not None:
            rate = self.active.feed.rate / 2 if self.active.feed.rate > 1 / 8 else 1.0
            self._do(lambda feed: feed.play_at(rate))

    def loop(self, from_s: float, to_s: float) -> None:
        """Play a part again and again."""
        self._do(lambda feed: feed.loop(from_s, to_s))

    def live(self) -> None:
        """Return all tiles to their delays."""
        for tile in self.tiles:
            tile.feed.live()
        self.changed.emit()

    def _hint_text(self) -> str:
        """Return the hint on setting up the camera."""
        return "\n\n".join(
            (
                self.tr(
                    "A USB camera or capture card is in the list. A phone becomes a camera with an app for that: type "
                    "the address that the app shows. A folder of files works as well."
                ),
                self.tr(
                    "The slider sets the delay. Last dive repeats it, Take 8 s keeps one "
                    "that was missed, Live goes back. With a second screen, Full puts the mirror there. The "
                    "buttons' tips name their keys. Balk and Repeat mark a dive."
                ),
                self.tr(
                    "Nothing leaves the computer. The recording, with the camera's sound, keeps the minutes and "
                    "gigabytes that you set, the oldest goes first; Delete it removes it. Clips stay in the folder "
                    "until you delete them."
                ),
            )
        )

    def _do(self, act: Callable[[MirrorFeed], None]) -> None:
        """Act on the feed of the active tile, and of tiles that show the same moment of other cameras."""
        active = self.active
        now = None if active is None else (active.camera.place, active.feed.delay_s)
        for tile in self.tiles if now is not None else ():
            if tile is active or (tile.camera.place != now[0] and tile.feed.delay_s == now[1]):
                act(tile.feed)
        self.changed.emit()

    def _add(self, camera: MirrorCamera) -> None:
        tile = MirrorTile(camera, named=len(self._cameras) > 1)
        tile.chosen.connect(lambda: self._choose(tile))
        self.tiles.append(tile)
        self._arrange()
        self._choose(self.tiles[0] if len(self.tiles) == 1 else tile)
        self._timer.start()

    def _drop(self, tile: MirrorTile) -> None:
        tile.close_feed()
        self.tiles.remove(tile)
        self._grid.removeWidget(tile)
        tile.hide()
        tile.deleteLater()
        self._active = 0
        self._arrange()
        if self.tiles:
            self._choose(self.tiles[0])
        else:
            self._timer.stop()

    def _arrange(self) -> None:
        self.hint.setVisible(not self.tiles)
        columns = ceil(len(self.tiles) ** 0.5) or 1
        for place, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, place // columns, place % columns)

    def _choose(self, tile: MirrorTile) -> None:
        if tile in self.tiles:
            self._active = self.tiles.index(tile)
            for one in self.tiles:
                one.active = one is tile and len(self.tiles) > 1
                one.update()
            self.changed.emit()

    def _show_words(self) -> None:
        for tile in self.tiles:
            tile.update()  # where no pictures come

"""Loop of a phase or of the dive, which follows later changes of its ends."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from fineparser_core.types import StepSpan
from fineparser_gui.dives.session import Session
from fineparser_gui.player.transport import Transport


class Looping(QObject):
    """Loop of the player.

    Args:
        steps: returns the phases of the shown dive.
    """

    def __init__(
        self, session: Session, transport: Transport, steps: Callable[[], Sequence[StepSpan]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._transport, self._steps = session, transport, steps
        self._range: Callable[[], tuple[int, int] | None] = lambda: None  # as it is now

    def loop_step(self, on: bool) -> None:
        """Loop the step under the playhead, or stop looping."""
        frame = self._transport.frame
        step = next((one for one in self._steps() if one.start_frame <= frame < one.end_frame), None)
        self._loop(lambda: self._frames_of(step.name) if on and step is not None else None)

    def loop_dive(self) -> None:
        """Loop the dive between In and Out point."""
        self._loop(lambda: (dive.first_frame, dive.last_frame) if (dive := self._session.current) else None)

    def refresh(self) -> None:
        """Follow a change of the dive."""
        if looped := self._range():
            self._transport.move_loop(*looped)

    def _loop(self, looped: Callable[[], tuple[int, int] | None]) -> None:
        self._range = looped
        self._transport.set_loop(looped())

    def _frames_of(self, name: str) -> tuple[int, int] | None:
        return next(((step.start_frame, step.end_frame - 1) for step in self._steps() if step.name == name), None)

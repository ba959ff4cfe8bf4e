"""The two transitions as handles of the timeline: their frames, those of the model, and their descriptions."""

from PySide6.QtCore import QCoreApplication

from fineparser_core.types import DiveParse
from fineparser_core.video.sampling import frame_to_sample
from fineparser_gui.model.correction import frames_of

translate = QCoreApplication.translate


class TransitionHandles:
    """State of the two handles.

    Attributes:
        frames: first frames of flight and entry; empty without an analysis.
        ghosts: the model's own first frames; empty without an analysis.
        held, chosen: 0 for flight, 1 for entry, or None: dragged, selected for the keys.
    """

    def __init__(self) -> None:
        self.frames: tuple[int, ...] = ()
        self.ghosts: tuple[int, ...] = ()
        self.held: int | None = None
        self.chosen: int | None = None
        self._parse: DiveParse | None = None

    def set_parses(self, shown: DiveParse | None, by_model: DiveParse | None) -> None:
        """Set the shown transitions and those of the model."""
        self._parse = shown
        self.frames = frames_of(shown.transitions) if shown else ()
        self.ghosts = frames_of(by_model.transitions) if by_model else ()
        if shown is None:
            self.held = self.chosen = None

    def accessible_text(self) -> list[str]:
        """Accessible descriptions, one per transition."""
        return [self.text(place) for place in range(len(self.frames))]

    def text(self, place: int) -> str:
        """Description of a transition: its frame, the sampled frame it is scored from, and the model's frame."""
        assert self._parse is not None
        frame = self.frames[place]
        text = (
            translate("TransitionHandles", "entry from frame {0}")
            if place
            else translate("TransitionHandles", "flight from frame {0}")
        ).format(frame)
        sampled = int(self._parse.sampled_frames[frame_to_sample(self._parse.sampled_frames, frame)])
        if sampled != frame:  # the network knows sampled frames only
            text += " · " + translate("TransitionHandles", "scored from the next sampled frame, {0}").format(sampled)
        if self.ghosts[place] != frame:
            text += " · " + translate("TransitionHandles", "model: {0}").format(self.ghosts[place])
        return text

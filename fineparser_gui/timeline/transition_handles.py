"""Transitions and water contact as handles of the timeline: their frames, those of the model, and what is said."""

from fineparser_core.language import text
from fineparser_core.types import DiveParse, Moment
from fineparser_core.video.sampling import frame_to_sample
from fineparser_gui.formatting import decimal
from fineparser_gui.model.correction import frames_of


class TransitionHandles:
    """State of the handles: first frame of flight (0) and entry (1), and the first contact with the water (2).

    Attributes:
        frames: of the handles, two where the contact was not seen; empty without an analysis.
        ghosts: those of the model, None for a contact that it has not seen.
        bands: first and last frame within a standard deviation of each.
        held, chosen: place that is dragged, or selected for the keys; None: none is.
    """

    def __init__(self) -> None:
        self.frames: tuple[int, ...] = ()
        self.ghosts: tuple[int | None, ...] = ()
        self.bands: tuple[tuple[float, float], ...] = ()
        self.held: int | None = None
        self.chosen: int | None = None
        self._parse: DiveParse | None = None

    def set_parses(self, shown: DiveParse | None, by_model: DiveParse | None) -> None:
        """Set the shown transitions and those of the model."""
        self._parse = shown
        self.frames = moments_of(shown) if shown else ()
        self.bands = bands_of(shown) if shown else ()
        own = moments_of(by_model) if by_model else ()
        # A contact before a corrected entry is dropped: the model's then has no handle to be the ghost of.
        self.ghosts = (*own, *(None for _ in self.frames[len(own) :]))[: len(self.frames)]
        there = range(len(self.frames))
        self.held = self.held if self.held in there else None
        self.chosen = self.chosen if self.chosen in there else None

    def accessible_text(self) -> list[str]:
        """Accessible descriptions, one per handle."""
        return [self.text(place) for place in range(len(self.frames))]

    def text(self, place: int) -> str:
        """Description of a handle: its frame, the sampled frame it is scored from, and the model's frame."""
        assert self._parse is not None
        frame, ghost = self.frames[place], self.ghosts[place]
        said = (
            text("flight from frame {0}", frame),
            text("entry from frame {0}", frame),
            text("first water contact in frame {0}", frame),
        )[place]
        low, high = self.bands[place]
        if _told(self._parse)[place].conflict:
            said += " · " + text("what tells it disagrees: check it")
        elif high - low > 1:
            said += ", ± " + decimal((high - low) / 2, 1)
        sampled = int(self._parse.sampled_frames[frame_to_sample(self._parse.sampled_frames, frame)])
        if sampled != frame and place < 2:  # the network knows sampled frames only
            said += " · " + text("scored from the next sampled frame, {0}", sampled)
        if ghost is not None and ghost != frame:
            said += " · " + text("model: {0}", ghost)
        return said


def moments_of(parse: DiveParse) -> tuple[int, ...]:
    """First frames of flight and entry, and the first contact with the water where it was seen."""
    contact = parse.first_water_contact_frame
    return (*frames_of(parse.transitions), *(() if contact is None else (contact,)))


def bands_of(parse: DiveParse) -> tuple[tuple[float, float], ...]:
    """First and last frame within a standard deviation of each of `moments_of`."""
    deviations = (moment.deviation_s * parse.clip.fps for moment in _told(parse))
    return tuple((frame - off, frame + off) for frame, off in zip(moments_of(parse), deviations, strict=True))


def _told(parse: DiveParse) -> tuple[Moment, ...]:
    """The moments behind those of `moments_of`."""
    moments, contact = parse.moments, parse.first_water_contact_frame
    told = moments.take_off, moments.come_out
    return told if contact is None or moments.contact is None else (*told, moments.contact)

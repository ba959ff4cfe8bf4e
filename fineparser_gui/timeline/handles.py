"""Handles of the timeline, transitions, water contact, In and Out point: their frames and descriptions."""

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.language import text
from fineparser_core.records import DiveParse, Moment
from fineparser_gui.session.correction import frames_of
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.steps import moment_texts

#: Places of In and Out point, after flight (0), entry (1) and first contact with the water (2).
IN, OUT = 3, 4


class Handles:
    """State of the five handles; while an end is dragged, the range is provisional.

    Attributes:
        range: first and last frame of the dive; None without a video.
        ghosts: where the model has the first three, None where that is the same or not known.
        bands: first and last frame within a standard deviation of each of the first three.
        held, chosen: place of the handle that is dragged, or selected for the keys; None: none is.
    """

    def __init__(self) -> None:
        self.range: tuple[int, int] | None = None
        self.ghosts: list[int | None] = []
        self.bands: tuple[tuple[float, float], ...] = ()
        self.held: int | None = None
        self.chosen: int | None = None
        self._parse: DiveParse | None = None
        self._moments: tuple[int, ...] = ()
        self._committed: tuple[int, int] | None = None
        self._n_frames = 0

    def show(
        self, shown: DiveParse | None, by_model: DiveParse | None, dive_range: tuple[int, int] | None, n_frames: int = 0
    ) -> None:
        """Show those of a dive; an end that is being dragged stays.

        Args:
            by_model: has the transitions of the model.
            dive_range: first and last frame of the dive.
            n_frames: number of frames of the file.
        """
        self._parse, self._committed, self._n_frames = shown, dive_range, n_frames
        if dive_range is None or self.held not in (IN, OUT):
            self.range = dive_range
        self._moments = placed_frames(shown) if shown else ()
        own = placed_frames(by_model) if by_model else ()
        # A contact before a corrected entry is dropped: the model's then has no handle to be the ghost of.
        self.ghosts = [g if g != f else None for g, f in zip(own, self._moments, strict=False)]
        self.bands = _bands(shown) if shown else ()
        self.held = self.held if self.held in self._movable else None
        self.chosen = self.chosen if self.chosen in self._movable else None

    @property
    def frames(self) -> tuple[int | None, ...]:
        """First frame of flight and entry, frame of the contact, first and last frame of the dive; None for none."""
        return *self._moments, *[None] * (IN - len(self._moments)), *(self.range or (None, None))

    @property
    def edges(self) -> tuple[int, int] | None:
        """First frame of the dive, and first frame after it; None without a video."""
        return (self.range[0], self.range[1] + 1) if self.range is not None else None

    @property
    def ends_movable(self) -> bool:
        """True if In and Out point can be moved."""
        return self.range is not None

    @property
    def _movable(self) -> list[int]:
        """Places of the existing handles, from left to right."""
        places = [IN, 0, 1, 2, OUT] if self.ends_movable else [0, 1, 2]
        return [place for place in places if self.frames[place] is not None]

    def step(self, direction: int) -> bool:
        """Select the next (1) or previous (-1) handle, starting at the playhead; False where there is none."""
        stops = [None, *self._movable]
        place = stops.index(self.chosen) + direction
        if not 0 <= place < len(stops):
            return False
        self.chosen = stops[place]
        return True

    def drag(self, edge: int) -> int:
        """Move the dragged end to the start of a frame, keeping at least `MIN_FRAMES`; returns its frame."""
        assert self.range is not None
        first, last = self.range
        if self.held == IN:
            first = max(min(edge, last - MIN_FRAMES + 1), 0)
        else:
            last = min(max(edge - 1, first + MIN_FRAMES - 1), self._n_frames - 1)
        self.range = (first, last)
        return first if self.held == IN else last

    def release(self) -> tuple[int, int] | None:
        """End the drag; return the range if it was moved, else None."""
        moved = self.held in (IN, OUT) and self.range != self._committed
        self.held = None
        return self.range if moved else None

    def accessible_text(self) -> list[str]:
        """Return the accessible descriptions of the transitions and of the range."""
        texts = [self.text(place) for place in range(IN) if self.frames[place] is not None]
        if self.range is not None:
            texts.append(text("dive from frame {0} to {1}", *self.range))
        return texts

    def text(self, place: int) -> str:
        """Return the description of a handle: its frame and the meaning of a change."""
        frame = self.frames[place]
        said = (
            *(text("{0}: frame {1}", name, frame) for name in moment_texts()),
            text("In point: frame {0}", frame),
            text("Out point: frame {0}", frame),
        )[place]
        if place >= IN:
            changed = self.range != self._committed
            return said + (" · " + text("analysed again on release") if changed else "")
        assert self._parse is not None
        assert frame is not None
        low, high = self.bands[place]
        if _told(self._parse)[place].conflict:
            said += " · " + text("what tells it disagrees: check it")
        elif high - low > 1:
            said += ", " + text("± {0} frames", decimal((high - low) / 2, 1))
        if place < len(self.ghosts) and self.ghosts[place] is not None:
            said += " · " + text("model: {0}", self.ghosts[place])
        return said


def placed_frames(parse: DiveParse) -> tuple[int, ...]:
    """Return the first frames of flight and entry, and the first contact with the water if it was found."""
    contact = parse.first_water_contact_frame
    return (*frames_of(parse.transitions), *(() if contact is None else (contact,)))


def _bands(parse: DiveParse) -> tuple[tuple[float, float], ...]:
    """Return the first and last frame within a standard deviation of each of `placed_frames`."""
    deviations = (moment.deviation_s * parse.clip.fps for moment in _told(parse))
    return tuple((frame - off, frame + off) for frame, off in zip(placed_frames(parse), deviations, strict=True))


def _told(parse: DiveParse) -> tuple[Moment, ...]:
    """Return the moments of `placed_frames`."""
    moments, contact = parse.moments, parse.first_water_contact_frame
    told = moments.take_off, moments.come_out
    return told if contact is None or moments.contact is None else (*told, moments.contact)

"""The preferences: each with its type, its default and the values that it may take."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args, get_type_hints

from msgspec import Meta

from fineparser_core.constants import STEP_NAMES, Device, Precision
from fineparser_core.errors import ConfigError
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.palette import MASK_COLOR, STEP_COLORS
from fineparser_core.language import LANGUAGES
from fineparser_core.support.codec import LONGEST_PATH, from_json, shown

Theme = Literal["system", "light", "dark"]
Board = Literal["", "1", "3", "5", "7.5", "10"]
BOARDS: tuple[Board, ...] = get_args(Board)
MOST_EXEMPLARS, LONGEST_NAME = 50, 255
LEAST_OPACITY_PERCENT = 10

_Color = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}\Z")]


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """All preferences.

    Attributes:
        club: the coach's club, for reports, or "".
        board, event: board in meters and event of dives that are opened; "": the board that the video shows, no event.
        judges: their usual number; 0: any.
        device: device on which the network runs; "auto": the best available.
        precision: precision of the network's arithmetic; "auto": native precision of the device.
        weights: folder of the weights; "": the bundled weights.
        n_exemplars: number of exemplars that a dive is compared with (E of the paper).
        mask_color: #rrggbb.
        mask_opacity: opacity in percent.
        mask_outline: True draws the edge of the mask, False fills it.
        skeleton: True shows the skeleton and the path of the body's center.
        take_off_color, flight_color, entry_color: colors of the three steps, #rrggbb, as chosen by the user; the theme
            adjusts colors with too little contrast.
        units: of lengths as they are read, boards aside; from the next start on.
        theme: "system" follows the desktop.
        language: code of the window's language, from the next start on; "": the system's language.
        cameras: addresses that were recorded at the pool, the latest first.
        poolside_folder: folder of recordings and clips of the pool; "": the user's folder of videos.
        ring_minutes, ring_gigabytes: length and size of a recording that are kept.
        ring_sound: whether the sound is recorded.

    Raises:
        ConfigError: a value is not allowed.
    """

    club: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    board: Board = ""
    event: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    judges: Literal[0, 3, 5, 7, 9, 11] = 0
    device: Device = "auto"
    precision: Precision = "auto"
    weights: Annotated[str, Meta(max_length=LONGEST_PATH, pattern=r"^[^\0]*\Z")] = ""
    n_exemplars: Annotated[int, Meta(ge=1, le=MOST_EXEMPLARS)] = 10
    mask_color: _Color = MASK_COLOR
    mask_opacity: Annotated[int, Meta(ge=LEAST_OPACITY_PERCENT, le=100)] = 60
    mask_outline: bool = False
    skeleton: bool = False
    take_off_color: _Color = STEP_COLORS[STEP_NAMES[0]]
    flight_color: _Color = STEP_COLORS[STEP_NAMES[1]]
    entry_color: _Color = STEP_COLORS[STEP_NAMES[2]]
    theme: Theme = "system"
    language: Annotated[str, Meta(pattern=rf"^({'|'.join(LANGUAGES)}|)\Z")] = ""
    units: Literal["meters", "feet"] = "meters"
    cameras: Annotated[tuple[Annotated[str, Meta(max_length=LONGEST_PATH)], ...], Meta(max_length=20)] = ()
    poolside_folder: Annotated[str, Meta(max_length=LONGEST_PATH, pattern=r"^[^\0]*\Z")] = ""
    ring_minutes: Annotated[int, Meta(ge=1, le=600)] = 30
    ring_gigabytes: Annotated[int, Meta(ge=1, le=10_000)] = 20
    ring_sound: bool = True

    @property
    def step_colors(self) -> dict[str, str]:
        """#rrggbb by the names of the steps."""
        return dict(zip(STEP_NAMES, (self.take_off_color, self.flight_color, self.entry_color), strict=True))

    def __post_init__(self) -> None:
        for name, kind in KINDS.items():
            try:
                from_json(value := getattr(self, name), kind)
            except ValueError:
                raise ConfigError("{0} cannot be {1}.", name, shown(value)) from None

    @property
    def mask_style(self) -> MaskStyle:
        """Style of masks, on the screen and in exports."""
        return MaskStyle(color=self.mask_color, opacity=self.mask_opacity / 100, outline=self.mask_outline)


#: The type of each, with its bounds.
KINDS = get_type_hints(Preferences, include_extras=True)
#: Preferences that take effect in a new worker process.
WORKER_PREFERENCES = ("device", "precision", "weights")

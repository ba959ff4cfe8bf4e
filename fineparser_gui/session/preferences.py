"""The preferences: each with its type, its default and the values that it may take."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_type_hints

from msgspec import Meta

from fineparser_core.constants import Device, Precision
from fineparser_core.errors import ConfigError
from fineparser_core.export.options import MaskStyle
from fineparser_core.language import LANGUAGES
from fineparser_core.support.codec import LONGEST_PATH, from_json, shown

Theme = Literal["system", "light", "dark"]
MOST_EXEMPLARS, LONGEST_NAME = 50, 255
LEAST_OPACITY_PERCENT = 10


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """All preferences.

    Attributes:
        club: the coach's club, for reports, or "".
        device: device on which the network runs; "auto": the best available.
        precision: precision of the network's arithmetic; "auto": native precision of the device.
        weights: folder of the weights; "": the bundled weights.
        n_exemplars: number of exemplars that a dive is compared with (E of the paper).
        mask_opacity: opacity in percent.
        skeleton: True shows the skeleton and the path of the body's center.
        units: of lengths as they are read, boards aside; from the next start on.
        theme: "system" follows the desktop.
        language: code of the window's language, from the next start on; "": the system's language.
        cameras: addresses that were recorded at the pool, the latest first.
        poolside_folder: folder of recordings and clips of the pool; "": the user's folder of videos.
        ring_minutes, ring_gigabytes: length and size of a recording that are kept.

    Raises:
        ConfigError: a value is not allowed.
    """

    club: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    device: Device = "auto"
    precision: Precision = "auto"
    weights: Annotated[str, Meta(max_length=LONGEST_PATH, pattern=r"^[^\0]*\Z")] = ""
    n_exemplars: Annotated[int, Meta(ge=1, le=MOST_EXEMPLARS)] = 10
    mask_opacity: Annotated[int, Meta(ge=LEAST_OPACITY_PERCENT, le=100)] = 60
    skeleton: bool = False
    theme: Theme = "system"
    language: Annotated[str, Meta(pattern=rf"^({'|'.join(LANGUAGES)}|)\Z")] = ""
    units: Literal["meters", "feet"] = "meters"
    cameras: Annotated[tuple[Annotated[str, Meta(max_length=LONGEST_PATH)], ...], Meta(max_length=20)] = ()
    poolside_folder: Annotated[str, Meta(max_length=LONGEST_PATH, pattern=r"^[^\0]*\Z")] = ""
    ring_minutes: Annotated[int, Meta(ge=1, le=600)] = 30
    ring_gigabytes: Annotated[int, Meta(ge=1, le=10_000)] = 20

    def __post_init__(self) -> None:
        for name, kind in KINDS.items():
            try:
                from_json(value := getattr(self, name), kind)
            except ValueError:
                raise ConfigError("{0} cannot be {1}.", name, shown(value)) from None

    @property
    def mask_style(self) -> MaskStyle:
        """Style of masks, on the screen and in exports."""
        return MaskStyle(opacity=self.mask_opacity / 100)


#: The type of each, with its bounds.
KINDS = get_type_hints(Preferences, include_extras=True)
#: Preferences that take effect in a new worker process.
WORKER_PREFERENCES = ("device", "precision", "weights")

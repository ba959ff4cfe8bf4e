"""The preferences: each with its type, its default and the values that it may take."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fineparser_core.constants import DEVICES, PRECISIONS, STEP_NAMES
from fineparser_core.errors import ConfigError
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.palette import MASK_COLOUR, STEP_COLOURS
from fineparser_core.language import LANGUAGES
from fineparser_gui.model.json_fields import LONGEST_PATH, shown

THEMES = ("system", "light", "dark")
MOST_EXEMPLARS = 50
LEAST_OPACITY_PERCENT = 10
#: Of a command.
MOST_KEYS = 8
_LONGEST_KEY = 64
_MOST_COMMANDS = 500

_Check = Callable[[Any], bool]


def _one_of(*values: str) -> _Check:
    return lambda value: value in values


def _is_color(value: Any) -> bool:
    return bool(re.fullmatch("#[0-9a-fA-F]{6}", str(value)))


def _whole(lowest: int, highest: int) -> _Check:
    return lambda value: type(value) is int and lowest <= value <= highest


def _are_shortcuts(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) <= _MOST_COMMANDS
        and all(len(keys) <= MOST_KEYS and all(map(_is_key, keys)) for keys in value.values())
    )


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_KEY


def _is_folder(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_PATH and "\0" not in value


def _choice(default: Any, check: _Check) -> Any:
    made = {"default_factory": default} if callable(default) else {"default": default}
    return field(**made, metadata={"check": check})


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """All preferences.

    Attributes:
        device: on which the network runs; "auto": the best available.
        precision: of the network's arithmetic; "auto": native precision of the device.
        weights: folder of the weights; "": the bundled ones.
        n_exemplars: exemplars that a dive is compared with (E of the paper).
        mask_color: #rrggbb.
        mask_opacity: in percent.
        mask_outline: True draws the edge of the mask, False fills it.
        skeleton: True shows the skeleton and the path of the body's centre.
        take_off_color, flight_color, entry_color: of the three steps, #rrggbb, as chosen by the user; the theme
            adjusts colours with too little contrast.
        theme: "system" follows the desktop.
        language: code of the window's language, from the next start on; "": that of the system.
        shortcuts: keys in portable notation by action id, of the commands whose shortcuts differ from the catalogue's.

    Raises:
        ConfigError: a value is not allowed.
    """

    device: str = _choice("auto", _one_of(*DEVICES))
    precision: str = _choice("auto", _one_of(*PRECISIONS))
    weights: str = _choice("", _is_folder)
    n_exemplars: int = _choice(10, _whole(1, MOST_EXEMPLARS))
    mask_color: str = _choice(MASK_COLOUR, _is_color)
    mask_opacity: int = _choice(60, _whole(LEAST_OPACITY_PERCENT, 100))
    mask_outline: bool = _choice(False, lambda value: isinstance(value, bool))
    skeleton: bool = _choice(False, lambda value: isinstance(value, bool))
    take_off_color: str = _choice(STEP_COLOURS[STEP_NAMES[0]], _is_color)
    flight_color: str = _choice(STEP_COLOURS[STEP_NAMES[1]], _is_color)
    entry_color: str = _choice(STEP_COLOURS[STEP_NAMES[2]], _is_color)
    theme: str = _choice("system", _one_of(*THEMES))
    language: str = _choice("", _one_of("", *LANGUAGES))
    shortcuts: Mapping[str, tuple[str, ...]] = _choice(dict, _are_shortcuts)

    @property
    def step_colors(self) -> dict[str, str]:
        """#rrggbb by the names of the steps."""
        return dict(zip(STEP_NAMES, (self.take_off_color, self.flight_color, self.entry_color), strict=True))

    def __post_init__(self) -> None:
        for choice in fields(self):
            if not choice.metadata["check"](value := getattr(self, choice.name)):
                raise ConfigError("{0} cannot be {1}.", choice.name, shown(value))

    @property
    def mask_style(self) -> MaskStyle:
        """How masks are drawn, on the screen as in exports."""
        return MaskStyle(color=self.mask_color, opacity=self.mask_opacity / 100, outline=self.mask_outline)


#: Preferences that take effect in a new worker process.
WORKER_PREFERENCES = ("device", "precision", "weights")

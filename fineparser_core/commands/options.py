"""Typed command lines: a frozen dataclass has the options of a command, and its docstring is their help."""

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff, OmitArgPrefixes, Positional, PositionalMetavarFromFieldName
from tyro.constructors import PrimitiveConstructorSpec

from fineparser_core.constants import Device, Precision
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.errors import ConfigError

__all__ = [
    "Count",
    "DatasetOptions",
    "DeviceOptions",
    "OmitArgPrefixes",
    "Positional",
    "WeightsOptions",
    "parse",
    "parse_known",
]

Options = TypeVar("Options")


def _count(words: list[str]) -> int:
    if not words[0].isdecimal() or int(words[0]) < 1:
        raise ValueError(f"'{words[0]}' is not a count of at least 1")
    return int(words[0])


_STYLE = (DisallowNone, FlagCreatePairsOff, OmitArgPrefixes, PositionalMetavarFromFieldName)

#: A whole number of at least 1.
Count = Annotated[
    int,
    PrimitiveConstructorSpec(
        nargs=1,
        metavar="N",
        instance_from_str=_count,
        is_instance=lambda value: isinstance(value, int),
        str_from_instance=lambda value: [str(value)],
    ),
]


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """Where the network runs.

    Attributes:
        device: where the network runs; by default on the best that there is.
        precision: of its arithmetic; by default what the device is good at.
    """

    device: Device = "auto"
    precision: Precision = "auto"


@dataclass(frozen=True, kw_only=True)
class WeightsOptions(DeviceOptions):
    """Which network runs, and where.

    Attributes:
        weights: folder of a bundle of weights, instead of the bundled one.
    """

    weights: Path | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetOptions:
    """Where the images of a data set are.

    Attributes:
        frames: folder below which its frames and masks are, where that is another.
        frame_pattern: where frames are below that; by default as the data set hands them out.
        mask_pattern: where masks are; by default every name that FineDiving-HM has had.
    """

    frames: Path | None = None
    frame_pattern: str | None = None
    mask_pattern: str | None = None

    def dataset(self, root: Path, layout: str = "auto") -> DiveSet:
        """Opens the data set of a folder."""
        return load_dataset(
            root,
            layout,
            frames=self.frames,
            frame_pattern=self.frame_pattern,
            mask_pattern=self.mask_pattern,
        )


def parse(kind: type[Options], command: str, argv: Sequence[str], *, default: Options | None = None) -> Options:
    """The options of a command as they were typed; further words are an error.

    Args:
        command: what is typed before them, "score".
        default: an instance whose values hold where nothing is typed.

    Raises:
        ConfigError: options that are unknown, missing, or have a value that they cannot have.
        SystemExit: after `--help` is printed.
    """
    with _one_sentence(command):
        return tyro.cli(kind, prog=f"fineparser {command}", args=argv, default=_or_missing(default), config=_STYLE)


def parse_known(kind: type[Options], command: str, argv: Sequence[str]) -> tuple[Options, list[str]]:
    """As `parse`, but further words are returned, and `--help` is one of them."""
    with _one_sentence(command):
        return tyro.cli(
            kind, prog=f"fineparser {command}", args=argv, config=_STYLE, return_unknown_args=True, add_help=False
        )


def _or_missing(default: Options | None) -> Any:
    return tyro.MISSING_NONPROP if default is None else default


@contextlib.contextmanager
def _one_sentence(command: str) -> Iterator[None]:
    """Turns tyro's message for a wrong command line into a `ConfigError` of one sentence."""
    message = io.StringIO()
    try:
        with contextlib.redirect_stderr(message):
            yield
    except SystemExit as stop:
        if not stop.code:
            raise
        raise ConfigError(f"{_sentence(message.getvalue())}: see `fineparser {command} --help`.") from None


def _sentence(box: str) -> str:
    """The text of tyro's message box up to its first rule, on one line; the help that follows is left out."""
    lines = [line.strip("│| ") for line in box.splitlines()[1:]]
    end = next((i for i, line in enumerate(lines) if re.fullmatch(r"[─\-+╰╯]+", line)), len(lines))
    return " ".join(lines[:end]).rstrip(".")

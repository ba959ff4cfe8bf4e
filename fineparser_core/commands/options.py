"""Typed command lines: a frozen dataclass has the options of a command, and its docstring is their help."""

import contextlib
import errno
import importlib
import io
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args

import tyro
from tyro.conf import DisallowNone, FlagCreatePairsOff, OmitArgPrefixes, Positional, PositionalMetavarFromFieldName
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from fineparser_core.commands.printing import flush, output_error
from fineparser_core.constants import Device, Precision
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.records import DiveSet
from fineparser_core.data.splits import split_by_event
from fineparser_core.errors import ConfigError
from fineparser_core.methods import Method, register_method
from fineparser_core.records import AthletePoint
from fineparser_core.resources import BUNDLED, bundled_weights

__all__ = [
    "Count",
    "CountFromZero",
    "DatasetOptions",
    "OmitArgPrefixes",
    "Point",
    "Positional",
    "Seed",
    "Weights",
    "WeightsOptions",
    "Workers",
    "parse",
    "parse_known",
    "whole",
]

Options = TypeVar("Options")
_STYLE = (DisallowNone, OmitArgPrefixes, PositionalMetavarFromFieldName)
_RULES = ConstructorRegistry()
#: Longest error of a command line, in letters: the values in it may have any number of them.
_LONGEST = 500
#: Whole numbers of the libraries that are given them have 64 bits.
_LARGEST = 2**63 - 1


def _whole(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError(f"{text!r:.80} is not a whole number") from None
    if not least <= number <= most:
        raise ValueError(f"{text!r:.80} is not {_range(least, most)}")
    return number


def _range(least: int, most: int) -> str:
    if most < _LARGEST:
        return f"a whole number from {least} to {most}"
    return f"a count of at least {least}" if least >= 0 else "a whole number of 64 bits"


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r:.80} is not a number")
    return number


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError(f"{text!r:.80} names no file")
    try:
        os.stat(text)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise ValueError(f"{text!r:.80} is too long for the name of a file") from None
    return Path(text)


def _spec(read: Callable[[str], Any], kind: Any, metavar: str) -> PrimitiveConstructorSpec[Any]:
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=lambda words: read(words[0]),
        is_instance=lambda value: isinstance(value, kind),
        str_from_instance=lambda value: [str(value)],
    )


@_RULES.primitive_rule
def _plain_types(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Return the parser of a number or a path, the same for all commands."""
    if NoneType in (kinds := get_args(info.type)) and len(kinds) == 2:
        return _optional(PrimitiveTypeInfo.make(kinds[0] if kinds[1] is NoneType else kinds[1], info.markers))
    if info.type is int:
        return _spec(partial(_whole, least=-_LARGEST, most=_LARGEST), int, "INT")
    if info.type is float:
        return _spec(_finite, int | float, "FLOAT")
    if info.type == tuple[Path, ...]:  # as a single value, for the error sentence of an invalid path
        return PrimitiveConstructorSpec(
            nargs="*",
            metavar="PATHS",
            instance_from_str=lambda words: tuple(map(_path, words)),
            is_instance=lambda value: isinstance(value, tuple),
            str_from_instance=lambda value: list(map(str, value)),
        )
    return _spec(_path, Path, "PATH") if info.type is Path else None


def _optional(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any]:
    """Return the parser of an option that may be left out.

    Its errors name a single reason, where tyro's list all types that it tried.
    """
    spec = ConstructorRegistry.get_primitive_spec(info)
    assert isinstance(spec, PrimitiveConstructorSpec)
    return replace(
        spec,
        is_instance=lambda value: value is None or spec.is_instance(value),
        str_from_instance=lambda value: ["None"] if value is None else spec.str_from_instance(value),
    )


def whole(least: int, most: int = _LARGEST, *, metavar: str = "N") -> PrimitiveConstructorSpec[int]:
    """Annotate a whole number within bounds."""
    return _spec(partial(_whole, least=least, most=most), int, metavar)


def _point(text: str) -> AthletePoint:
    parts = text.split(",")
    if len(parts) != 3:
        raise ValueError(f"{text!r:.80} is not FRAME,X,Y")
    return AthletePoint(frame=_whole(parts[0], 0, _LARGEST), x=_finite(parts[1]), y=_finite(parts[2]))


def _weights(text: str) -> Path:
    return bundled_weights() if text == BUNDLED else _path(text)


#: A point on the diver.
Point = Annotated[AthletePoint, _spec(_point, AthletePoint, "FRAME,X,Y")]
#: A whole number of at least 1.
Count = Annotated[int, whole(1)]
#: A whole number of at least 0.
CountFromZero = Annotated[int, whole(0)]
#: Seed of random numbers.
Seed = Annotated[int, whole(0, metavar="INT")]
#: The folder of a bundle of weights, or the word for the bundled weights.
Weights = Annotated[Path, _spec(_weights, Path, f"FOLDER|{BUNDLED}")]
#: Processes or threads.
Workers = Annotated[int, whole(1, 1024)]


@dataclass(frozen=True, kw_only=True)
class WeightsOptions:
    """Which network runs, and where.

    Attributes:
        device: where the network runs; by default on the best that there is.
        precision: of its arithmetic; by default what the device is good at.
        weights: folder of a bundle of weights, or bundled; by default the bundled weights.
    """

    device: Device = "auto"
    precision: Precision = "auto"
    weights: Weights | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetOptions:
    """Places of the images of a data set.

    Attributes:
        frames: folder below which its frames and masks are, where that is another.
        frame_pattern: where frames are below that; by default as the data set hands them out.
        mask_pattern: where masks are; by default every name that FineDiving-HM has had.
        split_by: the data set's own test split, or whole events, a quarter of the dives, that training never sees.
    """

    frames: Path | None = None
    frame_pattern: str | None = None
    mask_pattern: str | None = None
    split_by: Literal["data", "event"] = "data"

    def dataset(self, root: Path, layout: str = "auto") -> DiveSet:
        """Open the data set of a folder."""
        data = load_dataset(
            root, layout, frames=self.frames, frame_pattern=self.frame_pattern, mask_pattern=self.mask_pattern
        )
        return data if self.split_by == "data" else split_by_event(data)


def parse(
    kind: type[Options], command: str, argv: Sequence[str], *, default: Options | None = None, both_flags: bool = False
) -> Options:
    """Return the options of a command as they were typed; further words are an error.

    Args:
        command: what is typed before them, "score".
        default: an instance whose values hold where nothing is typed.
        both_flags: offer `--name` and `--no-name` of every switch, and not the one that changes its default alone.

    Raises:
        ConfigError: options that are unknown, missing, or have a value that they cannot have.
        SystemExit: after `--help` is printed.
    """
    style = _STYLE if both_flags else (*_STYLE, FlagCreatePairsOff)
    with _one_sentence(command):
        options: Options = tyro.cli(
            kind, prog=f"fineparser {command}", args=argv, default=_or_missing(default), config=style
        )
        return options


def parse_known(kind: type[Options], command: str, argv: Sequence[str]) -> tuple[Options, list[str]]:
    """Parse, see `parse`, and return further words; `--help` is among them."""
    with _one_sentence(command):
        return tyro.cli(
            kind,
            prog=f"fineparser {command}",
            args=argv,
            config=(*_STYLE, FlagCreatePairsOff),
            return_unknown_args=True,
            add_help=False,
        )


def _or_missing(default: Options | None) -> Any:
    return tyro.MISSING_NONPROP if default is None else default


@contextlib.contextmanager
def _one_sentence(command: str) -> Iterator[None]:
    """Turn tyro's message for a wrong command line into a `ConfigError` of a single sentence."""
    message = io.StringIO()
    try:
        with contextlib.redirect_stderr(message), _RULES:
            yield
    except OSError as error:  # the help could not be printed
        raise output_error(error) from None
    except SystemExit as stop:
        if not stop.code:
            flush()
            raise
        raise ConfigError(f"{_sentence(message.getvalue())}: see `fineparser {command} --help`.") from None


def _sentence(box: str) -> str:
    """Return the text of tyro's message box up to its first rule, on a single line that is not too long for a terminal.

    The help that follows is left out.
    """
    lines = [line.strip("│| ") for line in box.splitlines()[1:]]
    end = next((i for i, line in enumerate(lines) if re.fullmatch(r"[─\-+╰╯]+", line)), len(lines))
    text = " ".join(lines[:end]).rstrip(".")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def use_method(name: str | None) -> None:
    """Register the method of an import path "package.module:factory"; other names are those of registered methods.

    Raises:
        ConfigError: it cannot be imported, or makes no `Method`.
    """
    if name is None or ":" not in name:
        return
    made = imported(name)
    try:
        made = made if isinstance(made, Method) else made()
    except Exception as error:  # an untrusted function fails in every way there is
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError("--method {0} cannot be made ({1}): see what it does.", repr(name), reason) from error
    if not isinstance(made, Method):
        raise ConfigError("--method {0} gives {1}: it must give a Method.", repr(name), f"{made!r:.80}")
    # Name a part by its path, so that a card of weights says what to give again.
    register_method(replace(made, name=name))


def imported(path: str) -> Any:
    """Return the function, class or method of `--method package.module:name`; the current folder is looked in, too.

    What a card of weights names is never imported.

    Raises:
        ConfigError: it cannot be imported, or cannot be called.
    """
    module, _, name = path.partition(":")
    if not module or not name:
        raise ConfigError("--method is {0}: use package.module:function.", repr(path))
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # an untrusted module fails in every way there is
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError("--method {0} cannot be loaded ({1}): check the path.", repr(path), reason) from error
    if not callable(found) and not isinstance(found, Method):
        raise ConfigError("--method {0} is no function or class: name one that makes the method.", repr(path))
    return found

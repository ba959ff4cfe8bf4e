"""Methods for action quality assessment by name: their networks, objectives and settings. No torch.

A method is registered by an entry point of the group "fineparser.methods", whose value gives a `Method` or several, as
packaging/docs/methods.md shows. The methods of this program are registered in the same way.
"""

import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from fineparser_core.errors import ConfigError

logger = logging.getLogger(__name__)

GROUP = "fineparser.methods"
#: The program's own entry point, also where the metadata of an older or frozen install lack it.
OWN_ENTRY_POINT = EntryPoint("fineparser", "fineparser_core.training.methods:METHODS", GROUP)
Grade = Literal["equal to released code", "from the paper", "own"]
#: A function or class, or the import path "package.module:name" of one, which is imported when it is first called.
Reference = Callable[..., Any] | str


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method: what makes its network and its objective, and how it is trained.

    Attributes:
        name: for `--method` and `--config`.
        model: makes the network, an `AQAModel`, from the `settings` as keyword arguments.
        objective: makes the `Objective` from the network, the `TrainConfig` and the records of the training dives.
        preset: values by their names in `TrainConfig` that differ from FineParser's.
        settings: fields of `ModelConfig` that the network depends on; the others must keep their defaults.
        arguments: further keyword arguments of `model`.
        contrastive: True if a dive is compared with others; equal to the network's `contrastive`.
        backbone: network whose pretrained weights it can start from.
        labels: what its objective cannot learn without, of "steps", "masks" and "awards".
        whole: True if it finds phases, masks and contributions, as the paper's network does.
        grade: how close it is to its source.
        source: publication of the method.
        departs: what differs from the source, for a person.
        inputs, intended_use, limitations: sentences for the cards of its weights; "" says nothing.
    """

    name: str
    model: Reference
    objective: Reference
    preset: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    contrastive: bool = False
    backbone: Literal["", "i3d", "c3d"] = ""
    labels: frozenset[str] = frozenset()
    whole: bool = False
    grade: Grade = "own"
    source: str = ""
    departs: str = ""
    inputs: str = ""
    intended_use: str = ""
    limitations: str = ""


#: Methods that a caller has registered in this process.
_registered: dict[str, Method] = {}


def register_method(method: Method) -> Method:
    """Make a method known in this process by its name.

    Raises:
        ConfigError: another method has that name.
    """
    if _registered.get(method.name, method) != method or method.name in _own():
        raise ConfigError("There is a method {0} already: give it another name.", repr(method.name))
    _registered[method.name] = method
    return method


def get_method(name: str) -> Method:
    """Return the method of a name: the program's own, registered, or an installed package's.

    Raises:
        ConfigError: there is none, or its package cannot be imported.
    """
    found = _own().get(name) or _registered.get(name)
    if found is None:
        for point in _others():
            # A package may register several methods at once, which loading tells.
            if (found := _load(point).get(name)) is not None:
                break
    if found is None:
        known = ", ".join(_own())
        raise ConfigError("method is {0}: use one of {1}, or package.module:factory.", repr(name), known)
    return found


def is_own_method(name: str) -> bool:
    """Return True for a method of this program."""
    return name in _own()


def list_models() -> list[dict[str, str]]:
    """Return name, grade, source and departures of each method that is known here, as rows of a table.

    Example:
        >>> [row["name"] for row in list_models()][:2]
        ['fineparser', 'fineparser-pose']
    """
    known = dict(_own())
    for point in _others():
        try:
            known |= _load(point)
        except ConfigError as error:
            logger.warning("%s", error)
    return [
        {"name": method.name, "grade": method.grade, "source": method.source, "departs": method.departs}
        for method in (known | _registered).values()
    ]


def load_reference(reference: Reference) -> Callable[..., Any]:
    """Return a function or class, imported if it is given by its path."""
    if not isinstance(reference, str):
        return reference
    module, _, name = reference.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


@cache
def _own() -> dict[str, Method]:
    return _load(OWN_ENTRY_POINT)


@cache
def _others() -> tuple[EntryPoint, ...]:
    return tuple(point for point in entry_points(group=GROUP) if point.value != OWN_ENTRY_POINT.value)


@cache
def _load(point: EntryPoint) -> dict[str, Method]:
    try:
        found = point.load()
        found = found() if callable(found) else found
        methods: Sequence[Method] = [found] if isinstance(found, Method) else list(found)
        if wrong := [one for one in methods if not isinstance(one, Method)]:
            raise TypeError(f"{wrong[0]!r:.80} is no Method")
    except Exception as error:  # an untrusted package fails in every way there is
        reason = f"{type(error).__name__}: {error}"
        package = "" if point.dist is None else f" of the package {point.dist.name}"
        raise ConfigError(
            "The method {0}{1} cannot be loaded ({2}): reinstall or remove it.", repr(point.name), package, reason
        ) from error
    return {method.name: method for method in methods}

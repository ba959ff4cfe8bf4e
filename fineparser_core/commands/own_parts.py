"""Parts of a network that a researcher names on the command line, by the path to import them from."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fineparser_core.errors import ConfigError


def own_parts(static_backbone: str | None, head: str | None) -> dict[str, Any]:
    """Return the parts of a network by the names that `load_model` and `OwnParts` give them, see `own_part`."""
    paths = {"static_backbone": static_backbone, "head": head}
    return {name: own_part(f"--{name.replace('_', '-')}", path) for name, path in paths.items()}


def own_part(option: str, path: str | None) -> Callable[..., Any] | None:
    """Return the function or class of an import path "package.module:name"; None where none is given.

    The current folder is looked in, too. What a card of weights names is never imported.

    Raises:
        ConfigError: it cannot be imported, or cannot be called.
    """
    if path is None:
        return None
    module, _, name = path.partition(":")
    if not module or not name:
        raise ConfigError("{0} is {1}: use package.module:function.", option, repr(path))
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # a stranger's module fails in every way there is
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError("{0} {1} cannot be loaded ({2}): check the path.", option, repr(path), reason) from error
    if not callable(found):
        raise ConfigError("{0} {1} is no function or class: name one that makes the part.", option, repr(path))
    part_of: Callable[..., Any] = found
    return part_of

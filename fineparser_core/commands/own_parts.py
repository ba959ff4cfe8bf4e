"""Parts of a network that a researcher names on the command line, by the path to import them from."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from fineparser_core.errors import ConfigError
from fineparser_core.methods import Method, register_method


def own_parts(static_backbone: str | None, head: str | None) -> dict[str, Any]:
    """Return the parts of a network by the names that `load_model` and `OwnParts` give them, see `own_part`."""
    paths = {"static_backbone": static_backbone, "head": head}
    return {name: own_part(f"--{name.replace('_', '-')}", path) for name, path in paths.items()}


def use_method(name: str | None) -> None:
    """Register the method of an import path "package.module:factory"; other names are those of registered methods.

    Raises:
        ConfigError: it cannot be imported, or makes no `Method`.
    """
    if name is None or ":" not in name:
        return
    made = own_part("--method", name, kind=Method)
    try:
        made = made if isinstance(made, Method) else made()
    except Exception as error:  # a stranger's function fails in every way there is
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError("--method {0} cannot be made ({1}): see what it does.", repr(name), reason) from error
    if not isinstance(made, Method):
        raise ConfigError("--method {0} gives {1}: it must give a Method.", repr(name), f"{made!r:.80}")
    # Name a part by its path, so that a card of weights says what to give again.
    register_method(replace(made, name=name))


def own_part(option: str, path: str | None, kind: type[Any] | None = None) -> Any:
    """Return the function, class or object of a kind of an import path "package.module:name"; None without a path.

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
    if not callable(found) and not (kind is not None and isinstance(found, kind)):
        raise ConfigError("{0} {1} is no function or class: name one that makes the part.", option, repr(path))
    return found

"""Provenance of a run: its settings and data, recorded in its folder and in the card of its weights."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fineparser_core import __version__
from fineparser_core.data.records import DataStamp, DiveRecord, DiveSet, data_stamp
from fineparser_core.errors import ConfigError
from fineparser_core.support.atomic import sweep_leftovers, write_whole
from fineparser_core.support.files import lock_file

if TYPE_CHECKING:  # it loads torch
    from fineparser_core.checkpoints.bundle import WeightsCard

_STAMP = "run.json"
#: The lock of a folder, and who holds it: a file of its own, as others cannot read a locked file on Windows.
_LOCK, _HOLDER = "run.lock", "run.pid"


def measured_by(weights: str, precision: str, data: DiveSet, records: Sequence[DiveRecord]) -> dict[str, str]:
    """Return what the results of an evaluation depend on besides its protocol, for `ResultCache`."""
    labels = data_stamp(data, records).labels
    return {"weights": weights, "precision": precision, "labels": labels, "commit": commit()}


def trained_on(stamp: DataStamp, begun: "WeightsCard | None" = None) -> str:
    """Return a sentence for whoever sees a score.

    Args:
        begun: of the weights from which the run starts, which learned something, too.
    """
    dives = f"{stamp.dives} dives " + ("rendered by this program" if stamp.rendered else f"of {stamp.name}")
    if stamp.rendered and (begun is None or begun.synthetic):
        return f"{dives}; no real dive"
    return dives if begun is None else f"{dives}; before that {begun.trained_on}"


@contextmanager
def open_run(out: Path, settings: dict[str, Any], *, resume: bool) -> Iterator[None]:
    """Make the folder of a run, record its settings, and keep other processes out of it while the context lasts.

    A folder that holds a run is opened only to resume that run.

    Args:
        settings: JSON values that must be equal for a run to go on.

    Raises:
        ConfigError: another process uses the folder; it cannot be made, holds another run, or a run with other
            settings.
        ExportError: the stamp cannot be written.
    """
    holder = out / _HOLDER
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = lock_file(out / _LOCK)
        if lock is None:
            by = holder.read_text(encoding="utf-8").strip() if holder.is_file() else "another process"
            raise ConfigError(
                f"{out} is in use by {by:.200}: wait until that has ended, end it, or choose another folder."
            )
    except OSError as error:
        raise ConfigError(f"{out} cannot be used ({error.strerror}): choose another folder.") from None
    with lock:
        _check_stamp(out, json.loads(json.dumps(settings)), resume)
        write_whole(holder, f"process {os.getpid()} on {platform.node()} since {datetime.now():%Y-%m-%d %H:%M:%S}\n")
        yield


def _check_stamp(out: Path, settings: dict[str, Any], resume: bool) -> None:
    path = out / _STAMP
    try:
        # A folder with nothing but the stamp and the lock is a run that has not begun.
        begun = path.exists() and bool({each.name for each in out.iterdir()} - {_STAMP, _LOCK, _HOLDER})
        before = json.loads(path.read_text(encoding="utf-8"))["settings"] if begun else None
    except OSError as error:
        raise ConfigError(f"{out} cannot be used ({error.strerror}): choose another folder.") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} is damaged, so the run in {out} cannot go on: choose another folder.") from None
    if before is None:
        stamp = {"version": __version__, "commit": commit(), "settings": settings}
        write_whole(path, json.dumps(stamp, indent=2) + "\n")
        return
    if not resume:
        raise ConfigError(f"{out} holds a run already: add --resume to go on with it, or choose another folder.")
    if different := _difference(before, settings):
        name, old, new = different
        raise ConfigError(
            f"The run in {out} was started with {name} = {old!r}, not {new!r}: give the same settings, or another "
            "folder."
        )
    sweep_leftovers(out)


def _difference(before: Any, now: Any, name: str = "") -> tuple[str, Any, Any] | None:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            found = _difference(before.get(key), now.get(key), f"{name}.{key}" if name else key)
            if found:
                return found
        return None
    return None if before == now else (name, before, now)


def commit() -> str:
    """Return the commit of the checkout that runs, "-dirty" where files differ; of an installed program its version."""
    root = Path(__file__).resolve().parents[2]
    if (root / ".git").exists():
        with suppress(OSError, subprocess.CalledProcessError):
            command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
            return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    return f"version {__version__}"

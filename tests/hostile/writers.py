"""The writers that are killed: everything of the program that a person would miss."""

import hashlib
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))


@dataclass(frozen=True)
class Steps:
    """A writer made of functions."""

    modules: tuple[str, ...]
    steps: tuple[Callable[[Path], object], ...]
    read: Callable[[Path], Any]
    prepare: Callable[[Path], object] = lambda folder: None


def digests(*names):
    """Reads files as their digests; None for one that is not there."""

    def read(folder):
        paths = [folder / name for name in names]
        return [hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else None for path in paths]

    return read


# One that loses what was there, and leaves litter: the kills have to show both


def _write_carelessly(text):
    def write(folder):
        (folder / text).write_text(text, encoding="utf-8")
        (folder / "kept.txt").unlink(missing_ok=True)
        (folder / text).rename(folder / "kept.txt")

    return write


careless = Steps((), (_write_carelessly("one"), _write_carelessly("two")), digests("kept.txt"))


# Sessions


def _saved(*divers):
    from fineparser_gui.session.dive import SavedDive
    from fineparser_gui.session.session_file import SavedSession

    return SavedSession(dives=tuple(SavedDive(path=Path("/videos/dive.mp4"), athlete=diver) for diver in divers))


def _write_session(*divers):
    def write(folder):
        from fineparser_gui.session.session_file import write_session

        write_session(_saved(*divers), folder / "monday.fineparser")

    return write


def _read_session(folder):
    from fineparser_gui.session.session_file import read_session

    path = folder / "monday.fineparser"
    return [dive.athlete for dive in read_session(path).dives] if path.exists() else None


session = Steps(
    ("fineparser_gui.session.session_file",),
    (_write_session("Ada"), _write_session("Ada", "Zoë"), _write_session("Bob")),
    _read_session,
)


# The history


def _in_history(work):
    def act(folder):
        from fineparser_gui.store.store import Store

        with closing(Store(folder / "history.sqlite")) as store:
            work(store)

    return act


def _keep_dives(*athletes):
    def keep(store):
        from history_kit import made_dive, row

        store.keep([row(made_dive(number, athlete=name)) for number, name in enumerate(athletes)])

    return _in_history(keep)


def _of_clip(store, number):
    return [one.id for one in store.search() if one.title == f"clip {number}"]


def _history_of(folder):
    from fineparser_gui.store.store import Store

    with closing(Store(folder / "history.sqlite")) as store:
        return sorted((one.title, one.athlete) for one in store.search())


history = Steps(
    ("fineparser_gui.store.store", "history_kit"),
    (
        _keep_dives("Ada"),
        _keep_dives("Ada", "Zoë"),
        _in_history(lambda store: store.set_athletes({one.id: "Zoë" for one in store.search()})),
        _in_history(lambda store: store.remove(_of_clip(store, 0))),
    ),
    _history_of,
)


# The window: its session, its preferences and its temporary folder


_windows = []


def _in_window(work):
    """In the window of this process."""

    def act(folder):
        if not _windows:
            from PySide6.QtWidgets import QApplication

            from fineparser_gui.app import Studio

            studio = Studio(QApplication(["fineparser-gui"]), folder / "state")
            assert studio.client.folder.is_dir()
            _windows.append(studio)
        work(_windows[0])

    return act


def _kept(*divers):
    def write(studio):
        studio.files.begin()
        studio.session.restore(_saved(*divers))
        assert studio.session.history.keeping.flush()

    return _in_window(write)


def _close(studio):
    studio.client.close()
    studio.session.history.close()
    studio.files.close()


def _begin_store(folder):
    """Make a store whose backup is of today."""
    from fineparser_gui.store.store import look_after

    (folder / "state").mkdir()
    _keep_dives("Eva")(folder / "state")
    look_after(folder / "state" / "history.sqlite")


def _sessions_of(folder):
    """The divers of each session; a session that was begun before a kill stays beside that of the next start."""
    from fineparser_gui.store.store import Store

    with closing(Store(folder / "state" / "history.sqlite")) as store:
        found = (store.session(one.id)[0].dives for one in store.sessions())
        return sorted({tuple(dive.athlete for dive in dives) for dives in found})


kept = Steps(
    ("fineparser_gui.app",), (_kept("Ada"), _kept("Ada", "Zoë"), _in_window(_close)), _sessions_of, _begin_store
)


def _prefer(**choices):
    def write(folder):
        from fineparser_gui.preferences.store import PreferenceStore

        PreferenceStore(folder / "state").change(**choices)

    return write


def _preferences(folder):
    from fineparser_gui.preferences.store import PreferenceStore

    now = PreferenceStore(folder / "state").now
    return {"theme": now.theme, "mask_opacity": now.mask_opacity}


preferences = Steps(
    ("fineparser_gui.preferences.store",),
    (_prefer(theme="dark"), _prefer(theme="light"), _prefer(mask_opacity=30), _prefer(theme="dark", mask_opacity=40)),
    _preferences,
    _prefer(theme="system", mask_opacity=50),
)


# The coach's own library


def _library(work):
    def write(folder):
        from fineparser_core.exemplars.store import ExemplarStore

        with ExemplarStore.open_own(folder / "own") as library:
            work(library)

    return write


def _add(name):
    def add(library):
        import exemplar_kit

        from fineparser_core.exemplars.store import store_clip

        clip = library.folder.parent / f"{name}.mp4"
        clip.write_bytes(name.encode() * 1000)
        if name not in library.own_ids():
            exemplar_kit.add(library, name, clip_path=store_clip(clip, library.folder))
        clip.unlink()

    return add


def _keep(library):
    import exemplar_kit

    library.keep_parse("one", "newer", exemplar_kit.encoding(1), exemplar_kit.mask(), (25, 65))


def _edit(library):
    from fineparser_core.exemplars.records import ExemplarFacts

    library.edit("one", ExemplarFacts(dive_number="107B", board_m=3.0, score=61.0, diver="Ada"))


def _exemplars(folder):
    """Of the library as the next program opens it, and of its backup as it is."""
    import exemplar_kit

    from fineparser_core.exemplars.store import ExemplarStore

    with ExemplarStore.open_own(folder / "own") as library:
        assert not library.notice, library.notice
        found = []
        for one in [*library.exemplars(), *library.removed()]:
            assert one.clip_path.is_file()
            mask, encoding = library.mask(one.id), library.encoding(one.id, exemplar_kit.MODEL_ID)
            newer = library.encoding(one.id, "newer") is not None
            found.append([one.id, one.score, one.first_flight_frame, one.removed, bool(mask and encoding), newer])
    for name in ("library.sqlite", "library.backup.sqlite"):
        with closing(sqlite3.connect(folder / "own" / name)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return found


library = Steps(
    ("exemplar_kit",),
    tuple(
        _library(work)
        for work in (
            _add("one"),
            _edit,
            _keep,
            _add("two"),
            lambda own: own.remove("two"),
            lambda own: own.restore("two"),
        )
    ),
    _exemplars,
    _library(lambda own: None),
)


def _damaged_library(folder):
    """A backup, a damaged library, and the write-ahead log of what came after the backup."""
    _library(_add("one"))(folder)
    path = folder / "own" / "library.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE exemplar SET score = 1")
        db.commit()
        log = Path(f"{path}-wal").read_bytes()
    path.write_bytes(b"This is no library. " * 500)
    Path(f"{path}-wal").write_bytes(log)


def _repaired(folder):
    from fineparser_core.exemplars.store import ExemplarStore

    with ExemplarStore.open_own(folder / "own") as own:
        return [[one.id, one.score] for one in own.exemplars()]


#: The backup takes the place of the library, and nothing of the damaged one is thrown away.
repair = Steps(("exemplar_kit",), (_library(lambda own: None),), _repaired, _damaged_library)


# Weights, and the exemplars of the program


def _save_bundle(value):
    def write(folder):
        import torch

        from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle

        state = {"layer.weight": torch.full((4, 3, 2), value), "layer.bias": torch.full((4,), value)}
        card = WeightsCard(name="toy", trained_on=f"nothing {value}", synthetic=True)
        save_bundle(state, card, folder / "bundle")

    return write


def _read_bundle(folder):
    from fineparser_core.checkpoints.bundle import load_bundle

    state, card = load_bundle(folder / "bundle")
    return [card.id, card.trained_on, {name: float(value.mean()) for name, value in sorted(state.items())}]


bundle = Steps(
    ("fineparser_core.checkpoints.bundle",), (_save_bundle(2.0), _save_bundle(3.0)), _read_bundle, _save_bundle(1.0)
)


def _render_library(folder):
    """`fineparser exemplars`, with quick stand-ins for what it renders and encodes."""
    from fineparser_core.commands import exemplars

    def build(place, *_):
        (place / "clips").mkdir(exist_ok=True)
        (place / "clips" / "one.mp4").write_bytes(b"one")

    exemplars.build_library = build
    exemplars.encode_library = lambda place, *_: (place / "library.sqlite").write_bytes(b"library")
    if not (folder / "rendered").exists():
        assert exemplars.main(["--out", str(folder / "rendered")]) == 0


rendered = Steps(
    ("fineparser_core.commands.exemplars",),
    (_render_library,),
    lambda folder: [
        (folder / "rendered").exists(),
        *digests("rendered/clips/one.mp4", "rendered/library.sqlite")(folder),
    ],
)

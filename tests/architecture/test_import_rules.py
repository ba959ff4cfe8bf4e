"""Which way imports point, by a walk over the source: lazy imports inside functions count as well."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = "fineparser_core"
GUI = "fineparser_gui"

# A room sees those of lower layers, itself, and of its neighbours those named below. Modules of the top level that
# are not named here are command lines, the highest layer of core.
LAYERS = {
    "types": 0,
    "constants": 0,
    "text_table": 0,
    "csv_table": 0,
    "printable": 0,
    "npz": 0,
    "errors": 0,
    "files": 0,
    "progress": 0,
    "resources": 0,
    "own_process": 0,
    "language": 0,
    "licences": 0,
    "config": 0,
    "background": 0,
    "array_file": 2,
    "video": 1,
    "diving": 1,
    "models": 1,
    "pose": 2,
    "motion": 2,
    "measures": 3,
    "exemplars": 4,
    "checkpoints": 4,
    "data": 4,
    "synth": 4,
    "scoring": 5,
    "export": 5,
    "inference": 6,
    "evaluation": 7,
    "training": 8,
}
COMMAND_LINES = 9
NEIGHBOURS = {
    "data": {"synth"},  # the truth of a rendered dive is read beside its labels
    "checkpoints": {"data"},  # foreign weights are unpickled as restrictedly as foreign annotations
}
# Rooms that see less than their layer would allow.
SEES_ONLY = {
    "export": {"types", "constants", "language", "errors", "progress", "resources", "background", "video", "diving"}
    | {"csv_table", "printable", "npz", "motion", "measures"},
    "models": {"constants", "errors", "config"},
    "pose": {"constants", "models"},
    "motion": {"types", "constants", "errors", "language", "progress", "video"},
    "measures": {"types", "constants", "errors", "language", "motion", "diving"},
}
QT = {"PySide6", "PyQt5", "PyQt6", "pyqtgraph", "qtpy"}
HEAVY = {"torch", "torchvision", "cv2"}
FILES = {"pathlib", "os", "io", "json", "safetensors", "pickle", "sqlite3"}
# What the process of the app may load of core: all of it without torch.
GUI_SEES = {"types", "constants", "errors", "progress", "resources", "video", "diving", "export", "exemplars"}
GUI_SEES |= {"printable", "scoring.rescore"}
GUI_SEES |= {"files", "measures", "array_file", "own_process", "language", "licences"}
TORCH_OWNER = f"{GUI}.worker.child"
# Widgets observe the session; only it and the composition root talk to the worker and the exemplar library. The
# records of both may be shown.
WIDGETS = {"panels", "canvas", "dialogs", "playback", "actions", "settings"}
BEHIND_THE_SESSION = (
    f"{GUI}.services.worker_client",
    f"{CORE}.exemplars.store",
    "sqlite3",
    "multiprocessing",
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for package in (CORE, GUI) for path in sorted((ROOT / package).rglob("*.py"))}
CORE_MODULES = [name for name in MODULES if name.split(".")[0] == CORE]
GUI_MODULES = [name for name in MODULES if name.split(".")[0] == GUI]


@cache
def imports(name: str) -> list[str]:
    """Full names of what a module imports, `package.module.Name` where it is a name, relative ones resolved."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*base, node.module] if node.module else base)
            names = [f"{origin}.{alias.name}" for alias in node.names]
            # `from package import __version__` imports the package and nothing in it.
            found += [name if name in MODULES or origin not in (CORE, GUI) else origin for name in names]
    return found


def room(name: str) -> str:
    """The first name below the package: a room, or a module of the top level."""
    return name.split(".")[1] if "." in name else ""


def layer(name: str) -> int:
    return LAYERS.get(room(name), COMMAND_LINES)


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("name", CORE_MODULES)
def test_core_imports_neither_qt_nor_the_app(name: str) -> None:
    assert not [other for other in imports(name) if other.split(".")[0] in QT | {GUI}]


@pytest.mark.parametrize("name", [name for name in CORE_MODULES if room(name)])
def test_core_imports_point_down(name: str) -> None:
    mine = layer(name)
    wrong = []
    for other in imports(name):
        if not is_in(other, CORE) or not room(other) or room(other) == room(name):
            continue
        beside = layer(other) == mine
        may = mine in (0, COMMAND_LINES) or room(other) in NEIGHBOURS.get(room(name), set())
        if layer(other) > mine or (beside and not may):
            wrong.append(other)
    assert not wrong, f"{name} (layer {mine}) must not see {wrong}"


@pytest.mark.parametrize("name", [name for name in CORE_MODULES if room(name) in SEES_ONLY])
def test_rooms_with_a_narrow_view_keep_it(name: str) -> None:
    seen = {room(other) for other in imports(name) if is_in(other, CORE)} - {"", room(name)}
    assert seen <= SEES_ONLY[room(name)]


@pytest.mark.parametrize("name", [name for name in CORE_MODULES if room(name) == "models"])
def test_models_know_tensors_and_no_files(name: str) -> None:
    assert not [other for other in imports(name) if other.split(".")[0] in FILES]


@pytest.mark.parametrize("name", [name for name in GUI_MODULES if name != TORCH_OWNER])
def test_app_imports_no_torch_and_only_the_torch_free_core(name: str) -> None:
    others = imports(name)
    assert not [other for other in others if other.split(".")[0] in HEAVY]
    assert not [other for other in others if is_in(other, TORCH_OWNER)]
    core = [other for other in others if is_in(other, CORE) and room(other)]
    assert not [other for other in core if not any(is_in(other, f"{CORE}.{seen}") for seen in GUI_SEES)]


@pytest.mark.parametrize("name", [name for name in GUI_MODULES if room(name) == "model"])
def test_the_model_of_the_app_imports_no_qt(name: str) -> None:
    assert not [other for other in imports(name) if other.split(".")[0] in QT]
    inside = [other for other in imports(name) if is_in(other, GUI) and room(other)]
    assert not [other for other in inside if room(other) != "model"]


@pytest.mark.parametrize("name", [name for name in GUI_MODULES if room(name) == "services"])
def test_services_import_no_widgets(name: str) -> None:
    others = imports(name)
    assert not [other for other in others if is_in(other, "PySide6.QtWidgets")]
    assert not [other for other in others if is_in(other, GUI) and room(other) in WIDGETS - {"settings"}]


@pytest.mark.parametrize("package", [CORE, GUI])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Imports for type checking and inside functions count as well."""
    graph: dict[str, set[str]] = {}
    for name in MODULES:
        if is_in(name, package):
            graph[name] = {module for other in imports(name) if (module := _module_of(other)) not in ("", name)}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def _module_of(name: str) -> str:
    """The module that an imported name lies in; "" where it is none of ours."""
    owner = name if name in MODULES else name.rpartition(".")[0]
    return owner if owner in MODULES else ""


@pytest.mark.parametrize("name", [name for name in GUI_MODULES if room(name) in WIDGETS])
def test_widgets_know_neither_worker_nor_database(name: str) -> None:
    assert not [other for other in imports(name) if any(is_in(other, hidden) for hidden in BEHIND_THE_SESSION)]


@pytest.mark.parametrize("name", [name for name in CORE_MODULES if name.startswith(f"{CORE}.commands.")])
def test_commands_print_by_one_module_alone(name: str) -> None:
    if name == f"{CORE}.commands.printing":
        return
    calls = [
        node.func
        for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]

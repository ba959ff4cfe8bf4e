"""Builds what Windows has and Wine 10 lacks: complex functions of C99, icuuc.dll and some of mscms.dll.

Usage: what_wine_lacks.py FOLDER, that of python.exe. Small libraries are built there with mingw, and the modules that
need complex functions (of numpy, scipy and torch) are pointed at ours; Qt finds the other two beside the program.
"""

import re
import subprocess
import sys
from pathlib import Path

import pefile

_MATH, _OURS = b"api-ms-win-crt-math-l1-1-0.dll", b"fps-ms-win-crt-math-l1-1-0.dll"
_FUNCTIONS = "abs|acos|asin|atan|cos|exp|imag|log|log10|pow|proj|real|sin|sqrt|tan|arg|acosh|asinh|atanh|cosh|sinh|tanh"
_COMPLEX = re.compile(rf"c({_FUNCTIONS})([fl]?)")
_REAL_RESULTS = ("abs", "arg", "real", "imag")
# The Windows ABI passes complex numbers as structures.
_CONVERSIONS = """\
#include <complex.h>
typedef struct {double v[2];} D;
typedef struct {float v[2];} F;
static double complex d(D a) {return a.v[0] + a.v[1] * I;}
static float complex f(F a) {return a.v[0] + a.v[1] * I;}
static D D_(double complex z) {D r = {{creal(z), cimag(z)}}; return r;}
static F F_(float complex z) {F r = {{crealf(z), cimagf(z)}}; return r;}
"""


def main(root: Path) -> None:
    """Build the libraries, and change the modules below `root`."""
    imports = {path: _imports(path) for path in root.rglob("*") if path.suffix in (".pyd", ".dll")}
    needing = [path for path, found in imports.items() if any(map(_COMPLEX.fullmatch, found.get(_MATH, ())))]
    _build_math(root, sorted({name for path in needing for name in imports[path][_MATH]}))
    for path in needing:
        path.write_bytes(path.read_bytes().replace(_MATH, _OURS))
    for library in ("icuuc.dll", "mscms.dll"):
        names = sorted({name for found in imports.values() for name in found.get(library.encode(), ())})
        source = "\n".join(f"long long x_{name}(void) {{return 0;}}" for name in names)
        _build(root / library, source, [f"{name} = x_{name}" for name in names])


def _imports(path: Path) -> dict[bytes, set[str]]:
    """Return the names that a PE file imports, by library in lower case."""
    found: dict[bytes, set[str]] = {}
    try:
        file = pefile.PE(data=path.read_bytes(), fast_load=True)
    except pefile.PEFormatError:
        return found
    file.parse_data_directories([1, 13])
    for kind in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT"):
        for library in getattr(file, kind, []):
            names = {entry.name.decode() for entry in library.imports if entry.name}
            found.setdefault(library.dll.lower(), set()).update(names)
    return found


def _build_math(root: Path, names: list[str]) -> None:
    functions, exports = [], []
    for name in names:
        match = _COMPLEX.fullmatch(name)
        if not match:
            exports.append(f"{name} = ucrtbase.{name}")
            continue
        kind, take, give, real = ("F", "f", "F_", "float") if match[2] == "f" else ("D", "d", "D_", "double")
        call = f"c{match[1]}" + ("f" if match[2] == "f" else "")
        if match[1] in _REAL_RESULTS:
            functions.append(f"{real} x_{name}({kind} a) {{return {call}({take}(a));}}")
        elif match[1] == "pow":
            functions.append(f"{kind} x_{name}({kind} a, {kind} b) {{return {give}({call}({take}(a), {take}(b)));}}")
        else:
            functions.append(f"{kind} x_{name}({kind} a) {{return {give}({call}({take}(a)));}}")
        exports.append(f"{name} = x_{name}")
    _build(root / _OURS.decode(), _CONVERSIONS + "\n".join(functions), exports)


def _build(path: Path, source: str, exports: list[str]) -> None:
    code, definition = path.with_suffix(".c"), path.with_suffix(".def")
    code.write_text(source + "\n", encoding="ascii")
    definition.write_text("\n".join([f'LIBRARY "{path.name}"', "EXPORTS", *exports]) + "\n", encoding="ascii")
    command = ["x86_64-w64-mingw32-gcc", "-O2", "-shared", "-static", "-static-libgcc", "-o"]
    subprocess.run([*command, str(path), str(code), str(definition), "-lm"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

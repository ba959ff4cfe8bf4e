"""Builds what Windows has and Wine 10 lacks, as libraries of a Wine prefix: `wine_libraries.py PREFIX SITE_PACKAGES`.

- `ucrtbase.dll`: Wine's own, under the name `ucrtwine.dll`, behind complex functions of C99 (of numpy, scipy and torch)
  and a `_read` that takes pipes which Qt opened for overlapped reads;
- `icuuc.dll` and `mscms.dll`: the functions that Qt looks for, all of which fail.

Programs and packages stay as they are: what runs under Wine is, byte for byte, what runs on Windows. Wine takes these
libraries where WINEDLLOVERRIDES is `ucrtbase,mscms=n,b`. Needs pefile and mingw.
"""

import subprocess
import sys
from pathlib import Path

import pefile

_WITH_COMPLEX_RESULT = ("acos", "asin", "atan", "cos", "exp", "log", "pow", "proj", "sin", "sqrt", "tan")
_HYPERBOLIC = ("acosh", "asinh", "atanh", "cosh", "sinh", "tanh")
_WITH_REAL_RESULT = ("abs", "arg", "real", "imag")
#: Mark of Wine's own libraries, which are not loaded under another name, and its place in the file.
_MARK, _MARK_AT = b"Wine builtin DLL", 0x40
# Windows passes complex numbers as structures.
_SOURCE = """\
#include <complex.h>
#include <windows.h>
typedef struct {double v[2];} D;
typedef struct {float v[2];} F;
static double complex d(D a) {return a.v[0] + a.v[1] * I;}
static float complex f(F a) {return a.v[0] + a.v[1] * I;}
static D D_(double complex z) {D r = {{creal(z), cimag(z)}}; return r;}
static F F_(float complex z) {F r = {{crealf(z), cimagf(z)}}; return r;}
int x__read(int descriptor, void *buffer, unsigned count) {
  HMODULE wine = GetModuleHandleA("ucrtwine.dll");
  HANDLE handle = ((HANDLE (*)(int))GetProcAddress(wine, "_get_osfhandle"))(descriptor);
  if (handle == INVALID_HANDLE_VALUE || GetFileType(handle) != FILE_TYPE_PIPE)
    return ((int (*)(int, void *, unsigned))GetProcAddress(wine, "_read"))(descriptor, buffer, count);
  OVERLAPPED reading = {0};
  DWORD n = 0;
  reading.hEvent = CreateEventA(0, 1, 0, 0);
  BOOL done = ReadFile(handle, buffer, count, &n, &reading);
  if (!done && GetLastError() == ERROR_IO_PENDING) done = GetOverlappedResult(handle, &reading, &n, 1);
  DWORD error = GetLastError();
  CloseHandle(reading.hEvent);
  if (done) return n;
  return error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF ? 0 : -1;
}
"""


def main(prefix: Path, site: Path) -> None:
    """Build the three libraries into the prefix's system folder."""
    system = prefix / "drive_c" / "windows" / "system32"
    wine = system / "ucrtwine.dll"
    if not wine.is_file():
        data = bytearray((system / "ucrtbase.dll").read_bytes())
        data[_MARK_AT : _MARK_AT + len(_MARK)] = bytes(len(_MARK))
        wine.write_bytes(data)
    _build_runtime(system, wine)
    for library in ("icuuc.dll", "mscms.dll"):
        names = sorted({name for path in site.rglob("*.dll") for name in _imports(path, library)})
        source = "\n".join(f"long long x_{name}(void) {{return 0;}}" for name in names)
        _build(system / library, source, [f"{name} = x_{name}" for name in names])


def _build_runtime(system: Path, wine: Path) -> None:
    ours, functions = {"_read": "x__read"}, []
    for base in (*_WITH_REAL_RESULT, *_WITH_COMPLEX_RESULT, *_HYPERBOLIC):
        for suffix, kind, real in (("", "D", "double"), ("f", "F", "float")):
            name = f"c{base}{suffix}"
            ours[name] = f"x_{name}"
            second = f", {kind} b" if base == "pow" else ""
            call = f"{name}({kind.lower()}(a){f', {kind.lower()}(b)' if second else ''})"
            body = call if base in _WITH_REAL_RESULT else f"{kind}_({call})"
            result = real if base in _WITH_REAL_RESULT else kind
            functions.append(f"{result} x_{name}({kind} a{second}) {{return {body};}}")
    exports = [f"{name} = {ours.get(name, f'ucrtwine.{name}')}" for name in sorted(ours.keys() | _exports(wine))]
    _build(system / "ucrtbase.dll", _SOURCE + "\n".join(functions), exports)


def _exports(path: Path) -> set[str]:
    file = pefile.PE(str(path), fast_load=True)
    file.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_EXPORT"]])
    return {entry.name.decode() for entry in file.DIRECTORY_ENTRY_EXPORT.symbols if entry.name}


def _imports(path: Path, library: str) -> set[str]:
    """Return the names that a library imports of another one."""
    data = path.read_bytes()
    if library.encode() not in data.lower():
        return set()
    file = pefile.PE(data=data, fast_load=True)
    kinds = ("IMAGE_DIRECTORY_ENTRY_IMPORT", "IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT")
    file.parse_data_directories([pefile.DIRECTORY_ENTRY[kind] for kind in kinds])
    tables = [getattr(file, kind.removeprefix("IMAGE_"), []) for kind in kinds]
    return {
        entry.name.decode()
        for table in tables
        for other in table
        if other.dll.decode().lower() == library
        for entry in other.imports
        if entry.name
    }


def _build(path: Path, source: str, exports: list[str]) -> None:
    code, definition = path.with_suffix(".c"), path.with_suffix(".def")
    code.write_text(source + "\n", encoding="ascii")
    definition.write_text("\n".join([f'LIBRARY "{path.name}"', "EXPORTS", *exports]) + "\n", encoding="ascii")
    path.unlink(missing_ok=True)
    command = ["x86_64-w64-mingw32-gcc", "-O2", "-shared", "-static", "-static-libgcc", "-o"]
    subprocess.run([*command, str(path), str(code), str(definition), "-lm"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""`walk.py OUT`: a coach's first hour with the program, from outside: a real window, a mouse, a keyboard, a fresh home.

Whoever walks sees what a screen reader sees, and clicks where that says that things are. Every step waits for what it
brings about; one that fails is told in a sentence, with a screenshot in OUT. `python packaging/dev.py walk` runs it.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from desktop import Desktop
from program import Program, living_in
from screen_reader import Gone, Thing, find, listen_on, windows

_T = TypeVar("_T")
#: Pauses between two looks, in seconds: at first, and at most. Looking costs processor time that the program needs.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.5
#: Frames by which the first border is dragged.
_DRAGGED = 4


class WalkError(Exception):
    """A step does not lead where it should; its text is one sentence."""


class Walk:
    """One walk through the program.

    Args:
        python: the Python that runs the program.
        folder: of the fresh home, and of what is written.
        out: for screenshots and the program's output.
        until_s: when all must be done, by the monotonic clock.
        pictures: whether the screen is photographed before every click and every name of a file.
    """

    def __init__(self, python: Path, folder: Path, out: Path, until_s: float, *, pictures: bool) -> None:
        self._python, self._out, self._until_s, self._pictures = python, out, until_s, pictures
        self._home, self._written = folder / "home", folder / "written"
        for made in (self._home, self._written, folder / "desktop"):
            made.mkdir()
        self._n_pictures = self._n_starts = 0
        self._program: Program | None = None
        self._camera: subprocess.Popen | None = None
        self._desktop = Desktop(folder / "desktop")
        listen_on(self._desktop.environment)

    def close(self) -> None:
        """End everything."""
        if self._program is not None:
            self._program.kill()
        if self._camera is not None:
            self._camera.communicate()
        self._desktop.close()

    def go(self) -> None:
        """Go the whole way.

        Raises:
            WalkError: a step has failed.
        """
        session, clip = self._written / "first.fineparser", self._written / "clip.mp4"
        with self._step("start with a fresh home"):
            self._start()
            self._see("label", "Drop a dive here")
        with self._step("open the sample dive"):
            self._click("button", "Open the sample dive")
            self._see("list item", r"sample, 207C 10 m, [\d½]+")
            self._click("button", "estimate")
        with self._step("drag the border between take-off and flight"):
            self._drag_border()
        with self._step("export a clip"):
            self._desktop.key("ctrl+e")
            self._click("button", "Export…")
            self._save_as(clip)
            self._see("label", r"clip\.mp4 was written\.")
            self._until("a clip is on the disk", lambda: clip.stat().st_size > 0)
        with self._step("export the session and close the window"):
            before = self._told()
            self._desktop.key("ctrl+s")
            self._save_as(session)
            self._until(f"{session} is there", lambda: session.stat().st_size > 0)
            self._desktop.key("alt+F4")
            self._see_the_end()
        with self._step("start again and find everything"):
            self._start()
            self._click("button", r"[^\n]*\n1 dive")
            self._click("button", "estimate")
            self._see("button", "Take corrections back")
            self._until(f"the window says again {before}", lambda: self._told() == before)
        with self._step("record at the pool"):
            port = self._start_camera()
            self._click("menu item", "File")
            self._click("menu item", "Poolside: record and watch…")
            self._click("combo box", "Camera")
            self._desktop.type(f"tcp://127.0.0.1:{port}")
            self._click("button", "Start recording")
            self._see("list item", r"\d\d:\d\d:\d\d.*\n(?!waits|is being).+")
        with self._step("stop the recording and close"):
            self._click("button", "Stop recording")
            self._see("label", r"The recording has stopped\.")
            self._desktop.key("alt+F4")
            self._until("Poolside is closed", lambda: self._find("filler", "Poolside") is None)
            self._desktop.key("alt+F4")
            self._see_the_end()
        with self._step("look at what is left"):
            kept = self._home / ".local/share/fineparser/history.sqlite"
            self._until(f"{kept} is there", lambda: kept.stat().st_size > 0)

    def _start(self) -> None:
        self._n_starts += 1
        output = self._out / f"program-{self._n_starts}.txt"
        self._program = Program(self._python, self._home, self._desktop.environment, output)

    def _see_the_end(self) -> None:
        """Wait until the program has ended, and nothing of it is left."""
        program, self._program = self._program, None
        assert program is not None
        try:
            self._until("the program ends", lambda: program.exit_code is not None)
            self._until("no process of it is left", lambda: not living_in(self._home))
        finally:
            program.kill()
        if program.exit_code or program.amiss:
            raise WalkError(f"the program ended with {program.exit_code} and printed: {program.amiss}")

    def _drag_border(self) -> None:
        timeline, shown = self._see("filler", "Timeline"), self._see("label", r"(?:frame )?\d+ / \d+.*")
        left, top, width, height = max((one.place for one in timeline.inside()), key=lambda place: place[3])
        y, far = top + round(0.6 * height), left + round(0.8 * width)
        border = self._border(timeline)

        def frame() -> int:
            return int(re.search(r"(\d+) / ", shown.name)[1])

        def seek(x: int) -> int:
            """Click at a place and return the frame shown then; another place first, so that a change is seen."""
            before = seek(far) if x != far else None
            self._desktop.click(x, y)
            self._until("the playhead follows the mouse", lambda: x == far or frame() != before)
            return frame()

        near = left + round(0.3 * width)
        at_near, at_far = seek(near), seek(far)
        frame_px = (far - near) / (at_far - at_near)
        first = near + round((border - at_near - 2) * frame_px)
        last = first + round(3 * frame_px)
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (first, middle) if seek(middle) >= border else (middle, last)
        score = self._score()
        while self._border(timeline) == border:  # a busy program may not see the mouse over the border before the press
            seek(far)
            self._desktop.move(last + 1, y)
            self._desktop.press()
            self._until("the playhead jumps to the border", lambda: frame() == border)
            self._desktop.move(last + 1 + round(_DRAGGED * frame_px), y)
            self._until("the playhead follows the mouse", lambda: frame() != border)
            if self._border(timeline) != border:
                self._until("the border follows the mouse", lambda: self._border(timeline) == border + _DRAGGED)
            self._desktop.release()
        self._see("label", r"Model \d+\.\d · corrected .\d+\.\d")
        self._until("the score follows the border", lambda: self._score() != score)
        self._photograph()

    def _border(self, timeline: Thing) -> int:
        return int(re.search(r"flight from frame (\d+)", timeline.description)[1])

    def _score(self) -> str:
        return self._see("label", r"Sum .* = score .*").name

    def _told(self) -> tuple[str, ...]:
        """Return what the window says of the dive: its row in the list, phases and borders, score."""
        row = self._see("list item", "sample, .*").name
        return row, self._see("filler", "Timeline").description, self._score()

    def _save_as(self, path: Path) -> None:
        """Type the name of a file into the dialog that asks for one."""
        field = self._see("text", "File name:")
        self._until("the dialog takes what is typed", lambda: field.focused)
        self._desktop.type(str(path))
        self._photograph()
        self._desktop.key("Return")
        self._until("the dialog closes", lambda: self._find("text", "File name:") is None)

    def _start_camera(self) -> int:
        """Start a camera at the pool; returns the port at which it sends."""
        command = [str(self._python), "-P", str(Path(__file__).with_name("pool_camera.py")), str(self._written)]
        self._camera = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        if not (port := self._camera.stdout.readline()):
            raise WalkError("the camera sends nothing")
        return int(port)

    def _see(self, role: str, name: str) -> Thing:
        """Wait until something is shown."""
        return self._until(f"there is a {role} “{name}”", lambda: self._find(role, name))

    def _find(self, role: str, name: str) -> Thing | None:
        return find(windows(self._program.pid), role, name) if self._program is not None else None

    def _click(self, role: str, name: str) -> None:
        """Wait until something is shown, enabled and where it stays, and click on its middle."""
        places = [(0, 0, 0, 0)]

        def stands() -> bool:
            thing = self._find(role, name)
            if thing is None or not thing.enabled:
                return False
            places.append(thing.place)
            return places[-1] == places[-2]

        self._until(f"{role} “{name}” can be clicked", stands)
        self._photograph()
        left, top, width, height = places[-1]
        self._desktop.click(left + width // 2, top + height // 2)

    def _until(self, what: str, condition: Callable[[], _T]) -> _T:
        """Look until a condition holds, and return what it returned."""
        pause_s = _FIRST_PAUSE_S
        while True:
            if self._program is not None and (amiss := self._program.amiss):
                raise WalkError(f"the program printed: {amiss}")
            try:
                if result := condition():
                    return result
            except (Gone, FileNotFoundError):
                pass
            if self._program is not None and self._program.exit_code is not None:
                raise WalkError(f"the program ended with {self._program.exit_code} before {what}")
            if ended := self._desktop.ended:
                raise WalkError(f"a part of the desktop has ended: {ended}")
            if time.monotonic() > self._until_s:
                raise WalkError(f"it is not the case in time that {what}")
            time.sleep(pause_s)
            pause_s = min(1.5 * pause_s, _LONGEST_PAUSE_S)

    def _photograph(self) -> None:
        if self._pictures:
            self._n_pictures += 1
            self._desktop.photograph(self._out / f"{self._n_pictures:02d}.png")

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began_s = time.monotonic()
        try:
            yield
        except (WalkError, Gone, OSError, subprocess.SubprocessError) as error:
            picture = self._out / "failed.png"
            self._desktop.photograph(picture)
            raise WalkError(f"“{what}” failed: {error} (see {picture})") from error
        print(f"{what}: {time.monotonic() - began_s:.1f} s", flush=True)


def main() -> int:
    """Walk; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py walk", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--python", type=Path, required=True, help="the Python that runs the program")
    parser.add_argument("--time-out", type=float, default=900, metavar="S", help="seconds after which it has failed")
    parser.add_argument("--pictures", action="store_true", help="save screenshots of every step in build/walk")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for picture in arguments.out.glob("*.png"):  # of an earlier walk
        picture.unlink()
    began_s = time.monotonic()
    with TemporaryDirectory(prefix="fineparser-walk-") as folder:
        until_s = began_s + arguments.time_out
        walk = Walk(arguments.python, Path(folder), arguments.out, until_s, pictures=arguments.pictures)
        try:
            walk.go()
        except WalkError as error:
            print(f"walk: {error}", file=sys.stderr)
            return 1
        finally:
            walk.close()
    print(f"walked in {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

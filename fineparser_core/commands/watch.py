"""`fineparser watch`: records a camera, catches its dives as they come, and writes a clip and a line for each."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Literal

from fineparser_core.commands.options import Positional, parse
from fineparser_core.commands.output_paths import make_output_folder
from fineparser_core.commands.printing import remark, say
from fineparser_core.commands.terminal import cancel_on_signals
from fineparser_core.errors import ConfigError, ExitCode, ExportError, FineParserError
from fineparser_core.export.results import add_line
from fineparser_core.language import Phrase, translated, use_language
from fineparser_core.live.caught import DIVES_FILE, RECORDING, WARNING, CaughtClip, caught_fields
from fineparser_core.live.packets import now_s
from fineparser_core.live.reader import SourceEvent
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import DropFolder, SourceKind, StreamSource, parse_source
from fineparser_core.live.watch import StreamWatch
from fineparser_core.progress import CancelToken
from fineparser_core.support.documents import parse_document, reading
from fineparser_core.support.files import lock_file, plain_files, read_bounded
from fineparser_core.support.processes import input_lines
from fineparser_core.video.probe import open_video

FORMAT = "fineparser.watch/1"
_LOCK = ".lock"
_MOST_BYTES = 1_000_000_000
_POLL_S, _LOOK_EVERY_S = 0.2, 1.0
#: Value of SOURCE for an address on standard input, which other users of the computer do not see.
_FROM_STDIN, _LONGEST_LINE = "-", 10_000


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """Records a camera and catches its dives, without a window: for a computer that stands at the pool.

    A clip of each dive and a line of OUT/dives.jsonl: when, and where it lies in the clip; `score OUT --out
    results.jsonl` analyses them. What was recorded lately is in OUT/recording. Ctrl+C ends it; the same command goes
    on. Nothing leaves this computer.

    Attributes:
        source: rtsp://, http(s)://, udp://, tcp:// or rtmp:// address, camera:/dev/video0, a folder into which files
            are dropped, or a video that stands in for a camera; - reads it from standard input, and ends with that: a
            line `take FROM TO` there keeps a clip of a dive that was missed, in seconds since 1970.
        out: folder for clips, lines and recording.
        minutes: of the recording that are kept.
        gigabytes: of it at most.
        again: play a video again and again.
        quiet: print no line for a dive.
        language: of the words about the source.
    """

    source: Positional[str]
    out: Path
    minutes: float = 30.0
    gigabytes: float = 20.0
    again: bool = False
    quiet: bool = False
    language: Literal["en", "de", "zh_CN", "fr", "es", "it", "ru"] = "en"


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(WatchOptions, "watch", argv)
    use_language(args.language)
    typed = (line.decode(errors="replace").strip() for line in input_lines(_LONGEST_LINE))
    lines = typed if args.source == _FROM_STDIN else None
    source = parse_source(args.source if lines is None else next(lines, ""))
    if args.minutes <= 0 or args.gigabytes <= 0:
        raise ConfigError("--minutes and --gigabytes must be above 0.")
    if source.kind is SourceKind.FILE:
        with open_video(source.path):
            pass
    with cancel_on_signals() as cancel, _alone(args.out):
        log = _Log(args, source)
        if source.kind is SourceKind.FOLDER:
            _obey(lines, None, log, cancel)
            while not cancel.wait(_POLL_S):
                log.write_new()
            return ExitCode.DONE
        most_bytes = round(args.gigabytes * 1e9)
        with Ring(args.out / RECORDING, most_minutes=args.minutes, most_bytes=most_bytes, on_event=_remark) as ring:
            watch = StreamWatch(
                source, args.out, ring, on_dive=log.add, on_event=_tell, on_problem=_warn, loop=args.again
            )
            watch.start()
            _obey(lines, watch, log, cancel)
            try:
                while not watch.ended and not cancel.wait(_POLL_S):
                    log.write_new()
            finally:
                watch.stop()
                log.write_new()  # what was in the air
            if source.kind is not SourceKind.FILE and not cancel.cancelled:
                raise FineParserError("The watch ended by itself, and the same command goes on: please report this.")
    return ExitCode.DONE


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Make the folder and keep other watches out of it. Raises: ConfigError, ExportError."""
    make_output_folder(out)
    if (lock := lock_file(out / _LOCK)) is None:
        raise ConfigError(f"Another `fineparser watch` writes to {out}: end it, or give another folder.")
    with lock:
        yield


class _Log:
    """Log of the caught clips: the queue of new clips, and their lines in the file."""

    def __init__(self, args: WatchOptions, source: StreamSource) -> None:
        dropped = source.kind is SourceKind.FOLDER
        self._path, self._quiet = args.out / DIVES_FILE, args.quiet
        self._root = source.path if dropped else args.out
        self._caught = SimpleQueue[CaughtClip]()
        self._drops = DropFolder(source.path) if dropped else None
        self._looked_s = 0.0
        # Files that were in the folder at the first start are old.
        self._since_s = (args.out / _LOCK).stat().st_mtime if dropped else 0.0
        self._written = _written(self._path)
        if not dropped:
            for clip in (
                path for path in plain_files(args.out) if path.suffix == ".mp4"
            ):  # of a run that was killed before it wrote their lines
                self._add_file(clip)

    def _add_file(self, path: Path) -> None:
        if self._name(path) not in self._written:
            with suppress(FileNotFoundError):
                state = path.stat()
                if state.st_ctime >= self._since_s:
                    self.add(CaughtClip(path, state.st_mtime))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def add(self, clip: CaughtClip) -> None:
        """Take a clip; on any thread."""
        self._caught.put(clip)

    def write_new(self) -> None:
        """Write a line for each clip caught since the last call."""
        if self._drops is not None and now_s() - self._looked_s >= _LOOK_EVERY_S:
            for path in self._drops.new_files():
                self._add_file(path)
            self._looked_s = now_s()
        while not self._caught.empty():
            clip = self._caught.get()
            content = {
                "format": FORMAT,
                **caught_fields(clip, self._name(clip.clip)),
                "written_s": None if clip.touches_s is None else round(now_s() - clip.at_s - clip.touches_s, 2),
            }
            add_line(self._path, json.dumps(content).encode() + b"\n")
            if not self._quiet:
                say(clip.clip.name)


def _written(path: Path) -> set[str]:
    """Return the names of the clips that have a line; an incomplete last line is cut off.

    Raises:
        ExportError: the file cannot be read, or holds something else.
    """
    if not path.exists():
        return set()

    def refuse(reason: str) -> ExportError:
        return ExportError("{0} is no list of dives that were caught ({1}): give another folder.", path, reason)

    with reading(refuse, KeyError):
        content = read_bounded(path, _MOST_BYTES)
        whole = content[: content.rfind(b"\n") + 1]
        names = {str(parse_document(line, dict[str, Any])["clip"]) for line in whole.splitlines()}
        if whole != content:
            os.truncate(path, len(whole))
        return names


def _tell(event: SourceEvent) -> None:
    _remark(event.said)


def _remark(said: Phrase) -> None:
    remark(translated(said))


def _warn(said: Phrase) -> None:
    remark(f"{WARNING}{translated(said)}")


def _obey(lines: Iterator[str] | None, watch: StreamWatch | None, log: _Log, cancel: CancelToken) -> None:
    """Do what the lines say, on a thread; their end sets the token."""

    def obey(lines: Iterator[str]) -> None:
        for line in lines:
            if watch is not None and line:
                _take(watch, line, log)
        cancel.cancel()

    if lines is not None:
        Thread(target=obey, args=(lines,), daemon=True).start()


def _take(watch: StreamWatch, line: str, log: _Log) -> None:
    try:
        from_s, to_s = (float(value) for value in line.removeprefix("take ").split())
        log.add(watch.take(from_s, to_s))
    except ValueError:
        _remark(Phrase("A line such as take 1760000000 1760000008 is expected."))
    except FineParserError as error:
        _remark(error.phrase)

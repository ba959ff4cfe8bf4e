"""`fineparser watch`: records a camera, catches its dives as they come, and writes a clip and a line for each."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from fineparser_core.commands.many_scorer import Job, ManyOptions, open_scorer
from fineparser_core.commands.options import Positional, WeightsOptions, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.printing import remark, say
from fineparser_core.commands.score_many import of_dead, told
from fineparser_core.commands.terminal import cancel_on_signals
from fineparser_core.errors import ConfigError, ExitCode, ExportError
from fineparser_core.exemplars.store import own_folder
from fineparser_core.export.results import AskedClip, ClipResult, add_line, result_from_line
from fineparser_core.live.packets import now_s
from fineparser_core.live.reader import SourceEvent
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import DropFolder, SourceKind, parse_source
from fineparser_core.live.watch import CaughtClip, Watch
from fineparser_core.measures.words import measure_name, measured_text
from fineparser_core.progress import CancelToken
from fineparser_core.scoring.profile import active_profile
from fineparser_core.support.files import read_bounded
from fineparser_core.support.job_processes import Died, do_jobs

FORMAT = "fineparser.watch/1"
DIVES_FILE = "dives.jsonl"
_RING = "recording"
_MOST_BYTES = 1_000_000_000
#: Measures that are printed.
_FIRST = ("flight_time", "jump_height", "entry_angle")
_POLL_S, _LOOK_EVERY_S = 0.2, 1.0


@dataclass(frozen=True, kw_only=True)
class WatchOptions(WeightsOptions):
    """Records a camera and catches its dives, without a window: for a computer that stands at the pool.

    A clip of each dive and a line of OUT/dives.jsonl: when, where it lies in the clip, and the analysis as `score
    --out` writes it. What was recorded lately is in OUT/recording. Ctrl+C ends it; the same command goes on. Nothing
    leaves this computer.

    Attributes:
        source: rtsp://, http(s)://, udp://, tcp:// or rtmp:// address, camera:/dev/video0, a folder into which files
            are dropped, or a video that stands in for a camera.
        out: folder for clips, lines and recording.
        dive_number: of all dives, e.g. 103B; needed for scores, not for measures.
        board: 1, 3, 5, 7.5 or 10 m.
        minutes: of the recording that are kept.
        gigabytes: of it at most.
        no_analysis: clips alone.
        again: play a video again and again.
        quiet: print no line for a dive.
    """

    source: Positional[str]
    out: Path
    dive_number: str | None = None
    board: float | None = None
    minutes: float = 30.0
    gigabytes: float = 20.0
    no_analysis: bool = False
    again: bool = False
    quiet: bool = False


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    args = parse(WatchOptions, "watch", argv)
    source = parse_source(args.source)
    check_output_folder(args.out)
    if args.minutes <= 0 or args.gigabytes <= 0:
        raise ConfigError("--minutes and --gigabytes must be above 0.")
    args.out.mkdir(parents=True, exist_ok=True)
    with cancel_on_signals() as cancel:
        log = _Log(args)
        if source.kind is SourceKind.FOLDER:
            Thread(target=_watch_folder, args=(source.path, log, cancel), daemon=True).start()
            _analyse(args, log, lambda: cancel.cancelled, cancel)
            return ExitCode.DONE
        ring = Ring(
            args.out / _RING, most_minutes=args.minutes, most_bytes=round(args.gigabytes * 1e9), on_event=remark
        )
        with ring:
            watch = Watch(source, args.out, ring, on_dive=log.add, on_event=_tell, on_problem=remark, loop=args.again)
            watch.start()
            try:
                _analyse(args, log, lambda: watch.ended, cancel)
            finally:
                watch.stop()
    return ExitCode.DONE


class _Log:
    """What was caught, and its lines in the file."""

    def __init__(self, args: WatchOptions) -> None:
        self._path, self._quiet = args.out / DIVES_FILE, args.quiet
        self._caught = SimpleQueue[CaughtClip]()
        written = _written(self._path)
        for clip in sorted(args.out.glob("*.mp4")):  # of a run that was ended before it was analysed
            if clip.name not in written:
                self.add(CaughtClip(clip, clip.stat().st_mtime))

    def add(self, clip: CaughtClip) -> None:
        """Takes a clip; on any thread."""
        self._caught.put(clip)

    def caught(self) -> list[CaughtClip]:
        """What was caught since the last call."""
        new = []
        while not self._caught.empty():
            new.append(self._caught.get())
        return new

    def write(self, clip: CaughtClip, line: bytes | None) -> None:
        """Writes the line of a clip, with its result where there is one."""
        content = {
            "format": FORMAT,
            "clip": clip.clip.name,
            "began": datetime.fromtimestamp(clip.at_s).astimezone().isoformat(timespec="milliseconds"),
            "leaves_s": clip.leaves_s,
            "touches_s": clip.touches_s,
            "instead_of": clip.instead_of.name if clip.instead_of is not None else None,
            "written_s": None if clip.touches_s is None else round(now_s() - clip.at_s - clip.touches_s, 2),
            "result": None if line is None else json.loads(line),
        }
        add_line(self._path, json.dumps(content).encode() + b"\n")
        if not self._quiet:
            say(clip.clip.name if line is None else _told(result_from_line(line)))


def _analyse(args: WatchOptions, log: _Log, ended: Callable[[], bool], cancel: CancelToken) -> None:
    """Writes a line for each clip that is caught, analysed in a process of its own, until there are no more.

    Raises:
        Cancelled: the token is set; what is not analysed by then is when the command goes on.
    """
    if args.no_analysis:
        while not ended() and not cancel.wait(_POLL_S):
            for clip in log.caught():
                log.write(clip, None)
        for clip in log.caught():
            log.write(clip, None)
        return
    options = ManyOptions(
        weights=args.weights, device=args.device, precision=args.precision, own=own_folder(), profile=active_profile()
    )
    key, usual = options.key(), AskedClip(path=args.out, dive_number=args.dive_number, board_m=args.board)
    clips: list[CaughtClip] = []
    jobs: list[Job] = []

    def more() -> list[Job] | None:
        last = ended()  # first, as one may be caught meanwhile
        new = log.caught()
        clips.extend(new)
        jobs.extend(Job.of(replace(usual, path=clip.clip), key) for clip in new)
        return jobs[len(jobs) - len(new) :] or (None if last else [])

    with closing(do_jobs(partial(open_scorer, options), (), 1, cancel, more=more)) as answers:
        for place, answer in answers:
            log.write(clips[place], of_dead(jobs[place], answer) if isinstance(answer, Died) else answer)


def _watch_folder(folder: Path, log: _Log, cancel: CancelToken) -> None:
    """Takes the videos that are dropped into a folder, until the token is set."""
    drops = DropFolder(folder)
    while not cancel.wait(_LOOK_EVERY_S):
        for path in drops.new_files():
            log.add(CaughtClip(path, path.stat().st_mtime))


def _written(path: Path) -> set[str]:
    """Names of the clips that have a line.

    Raises:
        ExportError: the file cannot be read, or holds something else.
    """
    try:
        lines = read_bounded(path, _MOST_BYTES).splitlines() if path.exists() else []
        return {str(json.loads(line)["clip"]) for line in lines}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError("{0} is no list of dives that were caught ({1}): give another folder.", path, error) from None


def _told(result: ClipResult) -> str:
    """The score, or why there is none; and what a coach asks first."""
    measures = (result.analysis.measures if result.analysis is not None else None) or ()
    said = [f"{measure_name(one.name)} {measured_text(one)}" for one in measures if one.name in _FIRST]
    return "; ".join([told(result), *said])


def _tell(event: SourceEvent) -> None:
    remark(event.said)

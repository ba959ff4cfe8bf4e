"""`fineparser trim`: finds the dives in a long recording and says where each begins and ends."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fineparser_core.commands.options import Positional, parse
from fineparser_core.commands.printing import say, say_json
from fineparser_core.commands.terminal import running
from fineparser_core.motion.clips import no_dive
from fineparser_core.motion.recording import find_dives
from fineparser_core.records import DiveSegment, VideoInfo
from fineparser_core.support.tables import text_table

FORMAT = "fineparser.trim/3"


@dataclass(frozen=True, kw_only=True)
class TrimOptions:
    """Finds the dives in a long recording. Frames are 0-based, inclusive, and those of the file.

    Attributes:
        video: video file.
        json: print JSON instead of a table.
        quiet: no progress on stderr.
    """

    video: Positional[Path]
    json: bool = False
    quiet: bool = False


def main(argv: list[str]) -> int:
    """Run `fineparser trim`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(TrimOptions, "trim", argv)
    with running(quiet=args.quiet) as (progress, cancel):
        found = find_dives(args.video, progress=progress, cancel=cancel)
    info, segments = found.info, found.segments
    if args.json:
        say_json(as_dict(args.video, info, segments))
    elif segments:
        say(_table(info, segments))
    if not segments:
        raise no_dive(args.video)
    return 0


def as_dict(path: Path, info: VideoInfo, segments: list[DiveSegment]) -> dict[str, Any]:
    """Return the segments in JSON types: frames 0-based and inclusive, times in seconds from the file's first frame."""
    return {
        "format": FORMAT,
        "path": str(path),
        "fps": info.fps,
        "segments": [
            {
                "start_frame": segment.in_frame,
                "end_frame": segment.out_frame,
                "start_s": float(info.pts_s[segment.in_frame]),
                "end_s": float(info.pts_s[segment.out_frame]),
                **{k: v for k, v in asdict(segment).items() if k not in ("in_frame", "out_frame")},
            }
            for segment in segments
        ],
    }


def _table(info: VideoInfo, segments: list[DiveSegment]) -> str:
    header = ("dive", "start", "end", "from, s", "to, s", "flight", "entry", "confidence")
    rows = [
        (
            f"{n}",
            f"{s.in_frame}",
            f"{s.out_frame}",
            f"{info.pts_s[s.in_frame]:.2f}",
            f"{info.pts_s[s.out_frame]:.2f}",
            f"{s.first_flight_frame}",
            f"{s.first_entry_frame}",
            f"{s.confidence:.2f}",
        )
        for n, s in enumerate(segments, start=1)
    ]
    return text_table(header, rows, left=())

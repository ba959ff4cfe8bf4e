"""`fineparser score` on many clips: which they are, and a file with a line for each that can be gone on with."""

import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from fineparser_core.commands.output_paths import check_output_files
from fineparser_core.commands.printing import remark, say, say_written
from fineparser_core.commands.scorer import SCORER, ScoringOptions, score_jobs, to_be_scored
from fineparser_core.data.dive_table import read_table
from fineparser_core.data.judged_dives import LABELS_FILE, read_dives
from fineparser_core.diving.details import details_of
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.export.judged import asked_of
from fineparser_core.export.results import AskedClip, ClipResult, add_line, read_lines, result_from_line, result_to_line
from fineparser_core.export.tables import ExportedDive, write_csv
from fineparser_core.live.caught import DIVES_FILE, RECORDING, read_caught
from fineparser_core.progress import CancelToken
from fineparser_core.records import Analysis
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.documents import reading
from fineparser_core.support.files import read_bounded
from fineparser_core.video.files import files_in

_LIST, _TABLE, _DIVES = ".txt", ".csv", ".json"
_MOST_LIST_BYTES, _MOST_DIVES_BYTES = 10_000_000, 1_000_000_000


def asked_clips(inputs: Sequence[Path], usual: AskedClip) -> list[AskedClip]:
    """Return the clips of the inputs, in their order.

    Args:
        inputs: videos; folders, of which all videos are taken, those of the folders in it too, in the order of people,
            with what its `labels.json` says of them, but of a watch's folder the clips of its dives alone; .txt with a
            path a line, relative to its folder; tables (.csv) and sets (.json) of dives.
        usual: what is asked where an input does not say it.

    Raises:
        ConfigError: there are none, or a list cannot be read.
        AnnotationError: a set of dives cannot be read.
    """
    found: list[AskedClip] = []
    for path in inputs:
        if path.is_dir():
            dives = read_dives(path) if (path / LABELS_FILE).is_file() else []
            known = {dive.video: asked_of(dive, usual) for dive in dives}
            found += [known.get(video) or replace(usual, path=video) for video in _videos_in(path)]
        elif path.suffix.lower() == _TABLE:
            dives, bad, _ = read_table(path)
            found += [asked_of(dive, usual) for dive in dives]
            for row, _, reason in bad:
                remark(f"{path}, row {row} is left out: {reason}")
        elif path.suffix.lower() == _DIVES:
            found += [asked_of(dive, usual) for dive in read_dives(path)]
        elif path.suffix.lower() == _LIST:
            found += [replace(usual, path=path.parent / line) for line in _lines(path)]
        else:
            found.append(replace(usual, path=path))
    if not found:
        raise ConfigError(f"There is no video in {', '.join(map(str, inputs))}: name another place.")
    return found


def _videos_in(folder: Path) -> list[Path]:
    """Return the videos of a folder; of a watch's not its recording, nor clips that a later one replaces."""
    videos, dives = files_in(folder)[0], folder / DIVES_FILE
    if not dives.is_file():
        return videos
    replaced = set()
    with reading(lambda reason: ConfigError(f"{dives} cannot be read ({reason}): score its clips one by one.")):
        for line in read_bounded(dives, _MOST_DIVES_BYTES).splitlines():
            with suppress(ValueError, KeyError, TypeError):  # of a watch that was killed as it wrote
                replaced.add(read_caught(line, lambda name: folder / name).instead_of)
    return [one for one in videos if one not in replaced and folder / RECORDING not in one.parents]


def _lines(path: Path) -> list[str]:
    way_out = "write the path of a clip on each line, in UTF-8"
    with reading(lambda reason: ConfigError(f"{path} cannot be read ({reason}): {way_out}.")):
        lines = read_bounded(path, _MOST_LIST_BYTES).decode("utf-8-sig").split("\n")
    return [line.strip() for line in lines if line.strip()]


def score_many(
    asked: Sequence[AskedClip],
    options: ScoringOptions,
    out: Path,
    cancel: CancelToken,
    *,
    workers: int = 1,
    table: Path | None = None,
    quiet: bool = False,
    scorer: str = SCORER,
) -> None:
    """Score clips into a file, and continue a file that holds results of them.

    Args:
        out: a line is added as soon as a clip is done; once all are, the lines are in the order of the clips.
        workers: processes.
        table: of all clips too, as CSV.
        scorer: module of the processes.

    Raises:
        ConfigError: an output is the same file as a clip, or `out` holds results of others.
        ExportError: an output cannot be written, or `out` holds something else.
        CheckpointError, ExemplarError: as of `Analyzer.open`.
        Cancelled: the token is set; what is done by then stays.
    """
    outputs = [(out, ".jsonl"), *([] if table is None else [(table, ".csv")])]
    check_output_files(outputs, {one.path: "one of the clips" for one in asked})
    options_key = options.key()
    jobs = [to_be_scored(one, options_key) for one in asked]
    lines = _kept(out, jobs)
    write_whole(out, b"".join(lines[job.key] for job in jobs if job.key in lines))
    todo = list({job.key: job for job in jobs if job.key not in lines}.values())
    if lines and not quiet:
        remark(f"{len(jobs) - len(todo)} of {len(jobs)} clips are done already.")
    began_s = time.monotonic()
    try:
        with closing(score_jobs(options, todo, workers, cancel, scorer=scorer)) as answers:
            for n, (place, line) in enumerate(answers, start=1):
                lines[todo[place].key] = line
                add_line(out, line)
                left_s = (time.monotonic() - began_s) / n * (len(todo) - n)
                if not quiet:
                    remark(f"{n}/{len(todo)} {told(result_from_line(line))}; {_minutes(left_s)} left")
    except Cancelled:
        done = sum(job.key in lines for job in jobs)
        said = "Cancelled: {0} of {1} clips are in {2}, and the same command goes on with the others."
        raise Cancelled(said, done, len(jobs), out) from None
    finished = [_as_asked(lines[job.key], job.asked) for job in jobs]
    write_whole(out, b"".join(finished))
    results = list(map(result_from_line, finished))
    if table is not None:
        write_csv(list(map(_row, results)), table)
    n_failed = sum(bool(one.error) for one in results)
    n_scored = sum(one.analysis is not None and one.analysis.scoring is not None for one in results)
    others = len(results) - n_scored - n_failed
    say(f"{len(results)} clips: {n_scored} with a score, {others} without, {n_failed} failed")
    for path, _ in outputs:
        say_written(path)


def _kept(out: Path, jobs: Sequence[ClipResult]) -> dict[str, bytes]:
    """Return the lines of a file that are results of these jobs, by their keys.

    Raises:
        ConfigError: others are of other clips.
        ExportError: it holds something else.
    """
    if not out.exists():
        return {}
    kept, wanted, paths = {}, {job.key for job in jobs}, {job.asked.path for job in jobs}
    for result, line in read_lines(out):
        if result.key in wanted and (result.analysis is not None or result.asked.path in paths):
            kept[result.key] = line
        elif result.asked.path not in paths:
            raise ConfigError(
                f"{out} holds the result of {result.asked.path}, which is not among these clips: give another name, or "
                "remove that file."
            )
    return kept


def _as_asked(line: bytes, asked: AskedClip) -> bytes:
    """Return a line, of a clip that lay elsewhere when it was scored too."""
    result = result_from_line(line)
    if result.asked == asked or result.analysis is None:
        return line
    parse = result.analysis.parse
    moved = replace(result.analysis, parse=replace(parse, clip=replace(parse.clip, path=asked.path)))
    return result_to_line(replace(result, asked=asked, analysis=moved))


def told(result: ClipResult) -> str:
    """Return a clip's outcome in a few words: its score, or why there is none."""
    analysis, name = result.analysis, result.asked.path.name
    if analysis is None:
        return result.error.rstrip(".")
    among = f", the clearest of {1 + len(result.others)} dives" if result.others else ""
    if analysis.scoring is None:
        return f"{name}{among}: no score, {_lacking(result.asked, analysis)}"
    return f"{name}{among}: {analysis.scoring.score:.2f}"


def _lacking(asked: AskedClip, analysis: Analysis) -> str:
    """Return why a clip has no score, in a few words."""
    verdict = analysis.verdict
    if "force" in verdict.ways_out:
        return verdict.reason.partition(":")[0]
    # The award by measures alone is never that of two divers.
    if analysis.own_award is not None:
        return f"no exemplars of {analysis.own_award.dive_number}"
    return verdict.reason or "no dive number"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _row(result: ClipResult) -> ExportedDive:
    asked = result.asked
    return ExportedDive(
        path=asked.path,
        details=details_of(asked),
        state=f"failed: {result.error}" if result.error else "analysed",
        analysis=result.analysis,
    )

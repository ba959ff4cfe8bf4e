"""Which tests notice a fault? One-line faults are planted in a copy of the program, one at a time.

    python packaging/benchmarks/planted_faults.py [--check] [--only TEXT …]

A fault changes what a coach sees, loses something or hangs, and neither types nor the linter see it. For each the tests
of its package run in the copy until the first fails, which is printed; those that none notices are named at the end.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_LONGEST_S = 300


class Fault(NamedTuple):
    """A fault: file, the text in it that is replaced, the text in its place, and the tests that should notice."""

    file: str
    old: str
    new: str
    tests: str


def _faults(package: str, tests: str, *lines: tuple[str, str, str]) -> list[Fault]:
    return [Fault(f"{package}/{file}.py", old, new, tests) for file, old, new in lines]


CORE, GUI = "fineparser_core", "fineparser_gui"
FAULTS = [
    *_faults(
        f"{CORE}/motion",
        "tests/core/motion",
        ("free_fall", "below.min() < -_HURDLE_ABOVE", "below.max() > _HURDLE_ABOVE"),
        ("free_fall", "abs(aside[0]) < _HURDLE_ASIDE and", "abs(aside[0]) >= 0 and"),
        ("free_fall", "evidence = max(evidence, one.evidence)", "evidence = min(evidence, one.evidence)"),
        ("ballistics", "float(speed / gravity), float(np.sqrt", "-float(speed / gravity), float(np.sqrt"),
    ),
    *_faults(
        f"{CORE}/scoring",
        "tests/core/scoring tests/core/inference/test_verdicts.py",
        ("rescore", "rule=scoring.interval,", "rule=None,"),
        ("rescore", "(n_out, len(scoring.exemplars))", "(n_out, len(kept))"),
        ("rescore", "if contact is not None and contact < trans", "if contact is not None and contact > trans"),
        ("rescore", "_OUTLIER_DEVIATIONS * deviation)", "_OUTLIER_DEVIATIONS + deviation)"),
        ("measured_stream", "level + offset + self.scale * (award - level)", "offset + award"),
        ("measured_stream", "yield term, term.certainty(dev", "yield term, -term.certainty(dev"),
        ("verdict", "if parse.motion is None:", "if False:"),
        ("verdict", "if certain is None:", "if certain is not None:"),
        ("verdict", "if contact is None or not", "if contact is not None and not"),
        ("profile", "> 0 and self._best is None", "> 0"),
        ("cross_validation", ">= LEAST_GROUPS else", ">= 2 else"),
    ),
    *_faults(
        f"{CORE}/recognition",
        "tests/core/recognition tests/core/inference/test_verdicts.py",
        ("contradictions", "if dive.half_twists or dive.flying or dive.p", "if dive.half_twists or dive.p"),
        ("contradictions", "certain=wrong >= _CERTAIN", "certain=False"),
        ("contradictions", "right = seen.armstand if dive.armstand else 1 - seen", "right = seen.armstand or 1 - seen"),
        ("boards", 'difficulty.source != "commonest board"', 'difficulty.source == "board"'),
    ),
    *_faults(
        f"{CORE}/inference",
        "tests/core/inference",
        ("pipeline", "FORCED if force else NOT_ASKED", "NOT_ASKED"),
        ("pipeline", "if verdict.code is not VerdictCode.SCORED:", "if False:"),
        ("pipeline", "if not verdict.shows_dive:", "if False:"),
        ("pipeline", "own_award = None if synchro else alone.own_award", "own_award = alone.own_award"),
        ("clip_validation", "if evidence.shown < least.shown:", "if evidence.shown > least.shown:"),
    ),
    *_faults(
        f"{CORE}/diving",
        "tests/core/diving",
        ("judging", "{5: 1, 7: 2, 9: 1, 11: 1}", "{5: 1, 7: 1, 9: 1, 11: 1}"),
        ("meet", '_DEDUCTION if self.outcome == "balk"', '_DEDUCTION if self.outcome == "repeat"'),
        ("meet", "self.event.casefold(), ", '"", '),
        ("meet", "(*meet.left_out, dive)", "meet.left_out"),
        ("dive_list", "for n_before in (n_board + n_difficulty, n_board, 0):", "for n_before in (0,):"),
        ("details", "one_form(self.athlete)", "self.athlete"),
        ("dive_number", "ascii_forms(text).split()", "text.split()"),
    ),
    *_faults(
        f"{CORE}/export",
        "tests/core/export",
        ("tables", 'return "person" if dive.corrected else', 'return "model" if dive.corrected else'),
        ("tables", 'return "person" if dive.contact_corrected else', 'return "person" if dive.corrected else'),
        ("brief_cut", "np.minimum(ends_s - times_s, _MOST_HELD_S)", "ends_s - times_s"),
        ("brief_cut", "np.where(slow, 2.0, 1.0)", "np.where(slow, 1.0, 2.0)"),
    ),
    *_faults(
        f"{CORE}/commands",
        "tests/core/commands tests/core/inference/test_verdicts.py",
        ("data", "files_of(dives) | {table", "{table"),
        ("output_paths", "        if place in taken:", "        if False:"),
        ("output_paths", "return bool(start) and", "return False and"),
        ("score", "check_output_files([(out, ", "list([(out, "),
        ("score_report", 'if "force" in verdict.ways_out:', "if False:"),
    ),
    *_faults(
        CORE,
        "tests/core/support tests/core/exemplars",
        ("support/files", "file.seek(start)", "file.seek(0)"),
        ("support/files", "if entry.is_file())", "if entry.name)"),
        ("exemplars/store", "clip.stat().st_mtime < latest", "clip.stat().st_mtime > 0"),
        ("exemplars/store", "(UTC) - timedelta(seconds=older", "(UTC) + timedelta(seconds=older"),
    ),
    *_faults(
        CORE,
        "tests/core/data tests/core/checkpoints/test_bundle.py",
        ("data/folder_dives", "if image.shape != size:", "if False:"),
        ("data/folder_dives", "int(following.stem) > (lost :=", "int(following.stem) < (lost :="),
        ("data/judged_dives", "if award > _HIGHEST_AWARD + _TOL", "if award > 99 + _TOL"),
    ),
    *_faults(
        CORE,
        "tests/core/training/test_loop.py tests/core/training/test_methods.py",
        ("training/loop", "(damaged := archive.testzip()) is not None", "(damaged := None) is not None"),
        ("checkpoints/bundle", "_Undrawn() if is_own_method(model.method) else nullcontext():", "_Undrawn():"),
    ),
    *_faults(
        f"{CORE}/live",
        "tests/core/live",
        ("ring", "> _MOST_UNSEEN_S:", "> 1e9:"),
        ("ring_files", "back_s = min(end_s - free_s, start_s)", "back_s = end_s - free_s"),
        ("ring_files", "> free_s - (end_s - start_s):", "> free_s:"),
        ("reader", "len(groups) > _GROUPED * (len(self._arrivals) - 1)", "True"),
        ("catcher", "now_s - fall.end_s < SETTLED_S", "now_s - fall.end_s < 0"),
    ),
    *_faults(
        GUI,
        "tests/gui/test_undo.py tests/gui/test_history_page.py tests/gui/test_history_store.py",
        ("services/undo", "gesture=name if value or len(str(before)) == 1 else", "gesture=name if True else"),
        ("services/editing", 'gesture = "" if cleared else', 'gesture = "" if not typed else'),
        ("services/history", "return replace(edit, after=shown)", "return edit"),
        ("store/dives", "known.results.without_score if other_results(known.saved, saved) else", "known.results or"),
    ),
    *_faults(
        GUI,
        "tests/gui/test_kept_sessions.py tests/gui/test_measured_panel.py tests/gui/test_shown_verdicts.py "
        "tests/gui/test_trimming.py tests/gui/test_recognized_dive.py",
        ("services/importer", "        elif dive.cancelled:\n", "        elif False:\n"),
        ("services/sessions", "if not path.stat().st_size]", "]"),
        ("services/keeping", "if self._soon.isActive():", "if False:"),
        ("score/explanation", "known[0] is not dive.analysis or", "known[0] is None or"),
        ("session/correction", "if self.is_dive else ()", "if False else ()"),
        ("session/correction", "if self.confirmed == (dive", "if self.confirmed != (dive"),
    ),
]  # fmt: skip


def stale(fault: Fault) -> bool:
    """Return True if the text of a fault is not in its file, or several times."""
    return (ROOT / fault.file).read_text(encoding="utf-8").count(fault.old) != 1


def noticed(fault: Fault, copy: Path) -> str:
    """Return the first test that fails where the fault is planted in the copy, or ""."""
    path = copy / fault.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *fault.tests.split())
    options = {"capture_output": True, "encoding": "utf-8", "timeout": _LONGEST_S}
    environment = {**os.environ, "PYTHONPATH": str(copy), "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, **options)
    except subprocess.TimeoutExpired:
        return "none ends"
    finally:
        path.write_text(sound, encoding="utf-8")
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "" if done.returncode == 0 else (failed or [f"pytest ended with {done.returncode}"])[0]


def main() -> int:
    """Plant the faults and print who noticed each; the exit code is 1 if any was not noticed, or is out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether each fault can be planted")
    parser.add_argument("--only", nargs="*", default=[""], metavar="TEXT", help="faults with such a text in them")
    asked = parser.parse_args()
    chosen = [fault for fault in FAULTS if any(text in " ".join(fault) for text in asked.only)]
    for fault in filter(stale, FAULTS):
        print(f"out of date: {fault.file}: {fault.old}")
    if asked.check:
        return int(any(map(stale, FAULTS)))
    unnoticed = []
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder) / "program"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", "build", "dist"))
        for number, fault in enumerate(chosen, start=1):
            found = "out of date" if stale(fault) else noticed(fault, copy)
            print(f"{number}/{len(chosen)} {fault.file}: {fault.new.strip()!r}: {found or 'NOBODY'}", flush=True)
            if not found or stale(fault):
                unnoticed.append(fault)
    print(f"{len(chosen) - len(unnoticed)} of {len(chosen)} planted faults are noticed")
    return int(bool(unnoticed))


if __name__ == "__main__":
    sys.exit(main())

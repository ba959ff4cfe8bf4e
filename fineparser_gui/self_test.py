"""`fineparser-gui --self-test FOLDER`: the app works through the sample dive by itself, to prove a build."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from fineparser_core.export.jobs import ClipJob
from fineparser_core.support.atomic import atomic_file
from fineparser_gui.app import Studio
from fineparser_gui.session.session_file import SUFFIX

REPORT = "self-test.json"
_POLL_MS = 50

#: Condition that has to come true before the test continues.
Condition = Callable[[], bool]


class SelfTest(QObject):
    """Self-test that opens the sample dive, or the session of an earlier run, and leaves a report in a folder.

    The dive is analyzed, set beside its best exemplar, exported as a clip and saved as a session; then the app quits.
    The report is JSON: `painted_at_s` (seconds since 1970), `score`, `device`, `asked_worker` (whether the score had to
    be computed), `exemplar`, `export` and `session` (names of files), and `problems`, the sentences that the app shows.

    Args:
        folder: an existing folder.
    """

    def __init__(self, studio: Studio, folder: Path) -> None:
        super().__init__(studio.window)
        self._studio, self._folder = studio, folder
        self._report: dict[str, Any] = {"problems": []}
        studio.session.problem.connect(self._on_problem)
        studio.window.shown_first.connect(self._painted)
        self._steps = self._work()
        self._condition: Condition = lambda: "painted_at_s" in self._report
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    def _painted(self) -> None:
        self._report.setdefault("painted_at_s", time.time())

    def _on_problem(self, sentence: str) -> None:
        """Write a problem into the report and end the app, as the test allows no problems."""
        self._report["problems"].append(sentence)
        self._write()
        self._timer.stop()
        self._studio.client.close()
        QTimer.singleShot(0, lambda: QCoreApplication.exit(1))  # also where the event loop has not begun

    def _go_on(self) -> None:
        if self._condition():
            following = next(self._steps, None)
            if following is None:
                self._timer.stop()
                self._studio.window.actions_by_id["quit"].trigger()
            else:
                self._condition = following

    def _work(self) -> Iterator[Condition]:
        window, session = self._studio.window, self._studio.session
        saved = self._folder / f"sample{SUFFIX}"
        again = saved.is_file()
        if again:
            window.opener.open_paths([saved])
        else:
            window.actions_by_id["open_sample"].trigger()
        yield lambda: session.current is not None and bool(session.current.votes)
        dive = session.current
        scoring = dive.analysis.scoring if dive is not None and dive.analysis is not None else None
        assert dive is not None
        assert scoring is not None
        self._report |= {"score": scoring.score, "asked_worker": session.model is not None}
        yield lambda: session.model is not None
        self._report["device"] = session.model.device if session.model else ""
        if not again:
            window.actions_by_id["compare"].trigger()
            yield lambda: session.comparing.other is not None
            assert session.comparing.other is not None
            self._report["exemplar"] = session.comparing.other.title
            assert dive.analysis is not None
            session.exports.add(ClipJob(path=self._folder / "sample-annotated.mp4", analysis=dive.analysis))
            yield lambda: not session.exports.busy
            self._report["export"] = [export.path.name for export in session.exports.exports]
            window.files.controller.save_to(saved)
            self._report["session"] = saved.name
        self._write()

    def _write(self) -> None:
        with atomic_file(self._folder / REPORT) as path:
            path.write_text(json.dumps(self._report), encoding="utf-8")

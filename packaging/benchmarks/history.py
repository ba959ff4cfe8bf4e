"""`python packaging/benchmarks/history.py`: a history of 10,000 made-up dives.

Times are of the processor, beside their bounds; the exit code is 1 where one is missed. That a session of 100 dives
opens as before is the row `reopen` of window.py.
"""

import argparse
import random
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from history_kit import made_dive, row
from outcome import p95, spread_ms
from PySide6.QtCore import QDeadlineTimer
from PySide6.QtWidgets import QApplication

from fineparser_core.diving.judging import Judging
from fineparser_core.measures import NAMES
from fineparser_core.records import Measure
from fineparser_gui.app import Studio
from fineparser_gui.store.records import HistoryDive, HistoryMoment, HistoryQuery
from fineparser_gui.store.store import Store

_AT_ONCE = 20
_SETTLED_MS = 4000
_TYPED = "anna 103b march"
_ATHLETES = [
    f"{first} {last}" for first in ("Anna", "Berta", "Carl", "Dan", "Eva") for last in ("Ba", "Mai", "Ng", "Xu")
]
_NUMBERS = ("103B", "107B", "205C", "305C", "405B", "5253B", "612B")


def _varied_dive(number: int, generator: random.Random) -> HistoryDive:
    """Return a dive of some athlete on some day, with all that an analysis gives."""
    award = generator.uniform(3, 9)
    return made_dive(
        number,
        content="",
        path=Path(f"/club/training {number // 40}/clip {number}.mp4"),
        athlete=generator.choice(_ATHLETES),
        dived_on=f"{generator.randint(2022, 2026)}-{generator.randint(1, 12):02d}-{generator.randint(1, 28):02d}",
        event=generator.choice(["", "Club cup", "Training", "Nationals"]),
        dive_number=generator.choice(_NUMBERS),
        board_m=generator.choice([1.0, 3.0, 10.0]),
        difficulty=2.4,
        judging=Judging(awards=(6.5, 7.0, 6.5)) if generator.random() < 0.3 else None,
        judged_score=None,
        score=3 * 2.4 * award,
        score_range=(6.0, 70.0),
        award=award,
        award_range=(award - 1, award + 1),
        measures=tuple(
            Measure(name=name, value=generator.random(), unit="s", uncertainty=0.02, frame=100, step="flight")
            for name in NAMES
        ),
        moments=tuple(
            HistoryMoment(name=name, frame=100, time_s=1.5, deviation_s=0.01)
            for name in ("take_off", "top", "come_out", "contact")
        ),
        note="Arms late, head up." if generator.random() < 0.2 else "",
    )


def main(argv: list[str] | None = None) -> int:
    """Make the history, measure, and print."""
    parser = argparse.ArgumentParser(prog="python packaging/benchmarks/history.py", description=__doc__)
    parser.add_argument("--dives", type=int, default=10_000)
    n_dives = parser.parse_args(argv).dives
    generator, missed = random.Random(7), 0
    picture = random.Random(1).randbytes(5000)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        kept_s = []
        with closing(Store(path)) as history:
            for start in range(0, n_dives, _AT_ONCE):
                dives = [_varied_dive(number, generator) for number in range(start, min(start + _AT_ONCE, n_dives))]
                rows = [row(one, picture) for one in dives]
                started_s = process_time()
                history.keep(rows)
                kept_s.append(process_time() - started_s)
            known = history.search(HistoryQuery(limit=_AT_ONCE))
            rows = [row(replace(one, note="New."), b"", changed={"note"}) for one in known]
            started_s = process_time()
            history.keep(rows)
            renewed_s = process_time() - started_s
        print(f"{n_dives} dives, {path.stat().st_size / 1e6:.0f} MB")
        print(f"{_AT_ONCE} dives written: {spread_ms(kept_s)}; renewed: {renewed_s * 1000:.1f} ms")
        started_s = process_time()
        with closing(Store(path)) as history:
            history.search(HistoryQuery(limit=50))
            missed += _said("opened, with the latest 50 dives", [process_time() - started_s], 1.0)
            texts = [_TYPED[: end + 1] for end in range(len(_TYPED))]
            missed += _said(
                "found at each key: ids of all, and the first 50 of them",
                [_taken(lambda text=text: history.dives(history.ids(HistoryQuery(text=text))[:50])) for text in texts],
                0.1,
            )
            queries = [HistoryQuery(athlete="Anna Mai", dive_number="103B", board_m=3.0), HistoryQuery()]
            for query, of in zip(queries, ("one athlete, number and board", "all dives"), strict=True):
                whats = ("award", "score", "judged", *NAMES)
                missed += _said(
                    f"trend of {of}",
                    [_taken(lambda query=query, what=what: history.trend(what, query)) for what in whats],
                    0.2,
                )
        missed += _page(Path(folder))
    return 1 if missed else 0


def _page(folder: Path) -> int:
    """Measure the page of the history in a window, painted each time; return the number of missed bounds."""
    app = QApplication([])
    window = Studio(app, folder).window
    window.show()
    settled = QDeadlineTimer(_SETTLED_MS)  # what a start brings is not what is measured
    while not settled.hasExpired():
        app.processEvents()

    def shown(act) -> float:
        return _taken(lambda: (act(), app.processEvents()))

    missed = _said("page opened", [shown(window.actions_by_id["history"].trigger)], 1.0)
    page = window.history
    while page.trend.what.count() == 0:  # drawn a moment after the table
        app.processEvents()
    keys_s = [shown(lambda key=key: page.filters.search.insert(key)) for key in _TYPED]
    missed += _said("page: a key typed", keys_s, 0.1)
    page.filters.search.clear()
    page.trend.show_query(page.model.query)
    choices = range(1, page.trend.what.count())
    trends_s = [shown(lambda choice=choice: page.trend.what.setCurrentIndex(choice)) for choice in choices]
    missed += _said("page: trend of all dives", trends_s, 0.2)
    window.close()
    return missed


def _taken(work) -> float:
    started_s = process_time()
    work()
    return process_time() - started_s


def _said(what: str, taken_s: list[float], bound_s: float) -> bool:
    missed = p95(taken_s) >= bound_s
    print(f"{what}: {spread_ms(taken_s)}; bound {bound_s * 1000:.0f} ms, {'MISSED' if missed else 'met'}")
    return missed


if __name__ == "__main__":
    sys.exit(main())

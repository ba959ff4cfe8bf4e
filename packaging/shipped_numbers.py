"""Measures the bundled weights with the program as it is, and tells what it finds on their card and on every page.

`python packaging/shipped_numbers.py DIVES CLIPS OUT` measures rendered dives that are kept aside, RUN/dives of the
command that made the weights, real clips with labels, and how much each stream says. It goes on where it was killed;
OUT/rendered and OUT/real hold what is measured, and what is deleted of them, or is of other weights, is measured again.
Without arguments it fills the pages by the card, which a test holds them to.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.profiling import stream_rhos

from fineparser_core.checkpoints.bundle import WeightsCard, read_card, write_card
from fineparser_core.commands import cli
from fineparser_core.errors import FineParserError
from fineparser_core.evaluation.model_card import EVALUATION, real_rows, stream_rows, write_model_card
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.resources import bundled_weights, resource

ROOT = Path(__file__).resolve().parent.parent
TABLE = resource("tables", "measured_stream.json")
GUIDES = sorted(ROOT.glob("resources/guide/*.md"))
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("packaging/docs/*.md")), *GUIDES]
_MARKED = re.compile(r"(<!-- card: (\w+) -->).*?(<!-- end -->)", re.DOTALL)
#: Rows of a guide in the order of `_MOMENTS`, before that of the flight time, and the numbers in their cells.
_ROWS = re.compile(r"(?:\| .* \|\n){3}(?=\| [^|]*0[.,]07)")
_CELL = re.compile(r"(\d+)( \D+ )(\d+)(?=[^|\d]*\|$)", re.MULTILINE)
_MOMENTS = {"take-off": "first flight frame within", "come-out": "first entry frame within", "contact": "first water"}
#: What is written last of either half.
_LAST = {"rendered": "contribution_fidelity", "real": "real_summary"}
_AWARDS = {"the app": "", "measures alone": " by measures alone", "the network alone": " by the network alone"}


def of_real(card: WeightsCard, start: str) -> str:
    """Return the value of the first measure of real clips that starts so."""
    return next((value for name, value in card.real.items() if name.startswith(start)), "not measured")


def _moments(card: WeightsCard) -> str:
    return ", ".join(f"{name} in {of_real(card, start)}" for name, start in _MOMENTS.items())


def _awards(card: WeightsCard) -> str:
    told = [
        f"{name} ρ {of_real(card, f'awards{by}, Spearman')}, off by {of_real(card, f'awards{by}, mean')} awards"
        for name, by in _AWARDS.items()
    ]
    return f"{'; '.join(told)}; of {_judged(card)} dives with marks"


def _judged(card: WeightsCard) -> int:
    return next((int(name.split()[-1]) for name in card.real if name.startswith("awards, Spearman")), 0)


def _rendered(card: WeightsCard) -> str:
    found = card.metrics
    return f"ρ {found['test rho']:.3f} of {found['test dives']:.0f} rendered dives kept aside"


#: What stands between the marks of a page, by their names.
PARTS: dict[str, Callable[[WeightsCard], str]] = {
    "real": lambda card: f"\n{real_rows(card)}\n",
    "streams": lambda card: f"\n{stream_rows(card)}\n",
    "moments": _moments,
    "awards": _awards,
    "rendered": _rendered,
}


def filled(page: str, card: WeightsCard) -> str:
    """Return a page with what the card says between its marks, and in the table of a guide."""
    page = _MARKED.sub(lambda found: found[1] + PARTS[found[2]](card) + found[3], page)

    def rows(found: re.Match[str]) -> str:
        values = iter([of_real(card, start).split(" of ") for start in _MOMENTS.values()])

        def cell(old: re.Match[str]) -> str:
            right, of = next(values)
            # In Chinese the whole comes first.
            return f"{of}{old[2]}{right}" if "段" in old[2] else f"{right}{old[2]}{of}"

        return _CELL.sub(cell, found[0])

    return _ROWS.sub(rows, page)


def checked(card: WeightsCard) -> dict[str, float]:
    """Return what the app says of awards by measures alone, as the fields of `AwardCheck`."""
    told = (of_real(card, f"awards by measures alone, {what}") for what in ("Spearman", "mean"))
    rho, error = (float(value.split(" (")[0]) for value in told)  # an interval may follow
    return {"dives": _judged(card), "rank_correlation": rho, "mean_error": error}


def fill_pages() -> None:
    """Write the card's numbers on the pages."""
    card = read_card(bundled_weights())
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        path.write_text(filled(page, card), encoding="utf-8")
    table = TABLE.read_text(encoding="utf-8")
    told = json.dumps(checked(card))
    TABLE.write_text(re.sub(r'(?<="own_award_checked": )\{[^}]*\}', told, table), encoding="utf-8")


def _is_whole(path: Path, last: str, card: WeightsCard) -> bool:
    """Return True for an evaluation of these weights that was not cut short."""
    if not path.is_file():
        return False
    found = path.read_text(encoding="utf-8")
    return last in found and str(json.loads(found).get("weights")).startswith(f"{card.id},")


def measure(dives: str, clips: str, out: str) -> None:
    """Measure the bundled weights, and write what is found into their card."""
    folder, each = bundled_weights(), dict[str, dict[str, Any]]()
    card = read_card(folder)
    for name, given in {"rendered": ("--data", dives, "--per-number", "10"), "real": ("--real", clips)}.items():
        path = Path(out) / name / EVALUATION
        whole = _is_whole(path, _LAST[name], card)
        if not whole and (code := cli.main(["evaluate", *given, "--out", str(path.parent)])):
            sys.exit(code)  # it has said why
        each[name] = json.loads(path.read_text(encoding="utf-8"))
    arithmetic = f"{each['rendered']['arithmetic'].split(' on ')[0].split(',')[0]}, {each['real']['arithmetic']}"
    both = each["rendered"] | each["real"] | {"arithmetic": arithmetic}
    (Path(out) / EVALUATION).write_text(json.dumps(both, indent=2) + "\n", encoding="utf-8")
    analyzer = Analyzer.open(precision="fp32")
    exemplars = analyzer.library.exemplars()
    rhos = stream_rhos(analyzer, exemplars)
    streams = {name.split()[0]: round(rho, 3) for name, rho in rhos.items()}
    write_card(replace(card, streams={"dives": len(exemplars)} | streams), folder)
    write_model_card(Path(out), folder)


if __name__ == "__main__":
    if sys.argv[1:]:
        try:
            measure(*sys.argv[1:])
        except FineParserError as error:
            sys.exit(str(error))
    fill_pages()

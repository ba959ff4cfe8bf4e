"""The numbers that papers print, to stand beside those of a run; never results of this program."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fineparser_core.checkpoints.bundle import WeightsCard
from fineparser_core.config import ModelConfig
from fineparser_core.methods import get_method
from fineparser_core.resources import resource
from fineparser_core.support.tables import text_table
from fineparser_core.training.presets import PRESETS

#: Metrics that are computed as the papers do, by their names in `summary.METRICS`, and how a table calls them.
#: Deviation: not those of masks, whose definition the paper does not print and the authors' release does not compute.
COMPARED = {"rho": "rho", "r_l2_x100": "R-l2 x100", "aiou_50": "AIoU@0.5", "aiou_75": "AIoU@0.75"}


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """A row of a table of a paper.

    Attributes:
        table: "Table 1" to "Table 5" of FineParser's paper, or the data set that others measured on.
        label: as printed; of Table 3 with the modules.
        preset: name in `PRESETS` of what trains it here; "" where nothing does.
        data: name of the data set.
        values: the printed metrics by their names in `summary.METRICS`.
        source: publication that printed them; "" for FineParser's paper.
    """

    table: str
    label: str
    preset: str
    data: str
    values: Mapping[str, float]
    source: str = ""


@cache
def paper_rows() -> tuple[PaperRow, ...]:
    """Return the rows of all tables, in their order."""
    content = json.loads(resource("tables", "paper_results.json").read_text(encoding="utf-8"))
    return tuple(PaperRow(**row) for row in content["rows"])


def beside_paper(card: WeightsCard, data: str, values: Mapping[str, float]) -> str:
    """Return metrics of weights below the papers' rows of their method and data set, "" where there is none.

    Args:
        data: name of the data set, see `DataStamp`; rendered dives have no row.
        values: our metrics by their names in `summary.METRICS`.
    """
    network = ModelConfig(**card.model)
    rows = [row for row in paper_rows() if row.data == data and row.preset in ("", *_presets_of(network))]
    names = [name for name in COMPARED if any(name in row.values for row in rows)]
    printed = {f"{row.table}: {row.label}": row.values for row in reversed(rows)}
    lines = [*reversed({tuple(of.items()): (label, of) for label, of in printed.items()}.values())]
    lines.append((f"here, {get_method(card.method).grade}", values))
    cells = [[label, *(f"{of[name]:.4f}" if name in of else "-" for name in names)] for label, of in lines]
    heading = f"Printed by papers on {data}, and measured here:"
    return f"{heading}\n{text_table(['', *(COMPARED[name] for name in names)], cells)}\n" if rows else ""


def _presets_of(network: ModelConfig) -> list[str]:
    return [name for name, config in PRESETS.items() if config.model == network]

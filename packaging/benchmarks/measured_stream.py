"""How well the measured stream tells the phases of rendered dives, whose qualities are known.

    python packaging/benchmarks/measured_stream.py [CACHE]

Prints, by phase, the rank correlation of the stream's awards with the true ones over all pairs of a dive number (its
contribution fidelity), that of its award, and how far the votes of exemplars scatter beside their awards: by the
measures of the motion itself, and by those of the parses that CACHE holds, which `measures.py` fills; the exemplars are
known by their motion in all of them. With `--terms` each line leaves one measure out: what is better without is noise.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measures import ParseCache, at_true_moments

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.evaluation.fidelity import rank_correlation, true_contributions
from fineparser_core.exemplars.rendered import rendered_facts
from fineparser_core.measures import measures
from fineparser_core.resources import resource
from fineparser_core.scoring.measured_stream import (
    NOT_AS_REAL,
    Quantities,
    exemplar_quantities,
    measured_stream,
    quantities,
)
from fineparser_core.support.text_table import text_table

#: Dives of a number that are paired with its exemplars, and those that are ranked by their awards.
_LEAST_DIVES, _LEAST_RANKED = 2, 4
#: What is known of a rendered dive, or None.
Known = Callable[[dict[str, Any]], Quantities | None]


def row(title: str, facts: list[dict[str, Any]], known: Known) -> list[str]:
    """Means over dive numbers with enough dives that are known."""
    stream, exact = measured_stream(), exemplar_quantities()
    by_number: defaultdict[tuple[str, float], list[tuple[dict[str, Any], Quantities]]] = defaultdict(list)
    for fact in facts:
        if (found := known(fact)) is not None:
            by_number[fact["dive_number"], fact["board_m"]].append((fact, found))
    fidelity, of_award, scatter, n_dives = [], [], [], 0
    for (number, board_m), dives in by_number.items():
        if len(dives) < _LEAST_DIVES:
            continue
        dive, n_dives = parse_dive_number(number), n_dives + len(dives)
        difficulty = find_difficulty(dive, board_m)
        predicted, true, votes = [], [], []
        for fact, query in dives:
            others = [one for one in facts if one["dive_number"] == number and one["id"] != fact["id"]]
            awards = [stream.difference(query, exact[one["id"]], dive, board_m) for one in others]
            predicted += awards
            true += [true_contributions(1 / 3, tuple(fact["qualities"]), tuple(one["qualities"])) for one in others]
            known_awards = np.array([one["score"] for one in others]) / (3 * difficulty.value)
            votes.append([known_awards.std(), (known_awards + np.sum(awards, axis=1)).std()])
        pairs = zip(np.transpose(predicted), np.transpose(true), strict=True)
        fidelity.append([rank_correlation(mine, theirs) for mine, theirs in pairs])
        own = [stream.own_award(query, dive, difficulty) for _, query in dives]
        rated = [(one.award, fact["score"]) for one, (fact, _) in zip(own, dives, strict=True) if one is not None]
        if len(rated) >= _LEAST_RANKED:
            of_award.append(rank_correlation(*np.transpose(rated)))
        scatter.append(np.mean(votes, axis=0))
    if not n_dives:
        return []
    ranked = f"{np.mean(of_award):.2f}" if of_award else ""
    by_phase, (of_awards, of_votes) = np.mean(fidelity, axis=0), np.mean(scatter, axis=0)
    return [title, str(n_dives), *(f"{value:.2f}" for value in by_phase), ranked, f"{of_awards:.2f}", f"{of_votes:.2f}"]


def main() -> None:
    """Runs the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, nargs="?", help="folder of parses that measures.py keeps")
    parser.add_argument("--terms", action="store_true", help="also with one measure left out each")
    args = parser.parse_args()
    facts = rendered_facts()
    exact = exemplar_quantities()
    rows = [row("the motion", facts, lambda fact: exact[fact["id"]])]
    if args.cache is not None:
        cache = ParseCache(args.cache, only_cached=True)

        def measured(fact: dict[str, Any], *, true_moments: bool) -> Quantities | None:
            name = fact["id"]
            parse = cache.parse(name, resource("exemplars", f"{name}.mp4"), fact["out_frame"])
            if parse is None:
                return None
            if true_moments:
                parse = at_true_moments(parse, fact, exact[name]["flight_time"][0])
            found = quantities(measures(parse, dive_number=fact["dive_number"], board_m=fact["board_m"]))
            return {name: value for name, value in found.items() if name not in NOT_AS_REAL}

        rows.append(row("measured, moments of the motion", facts, lambda fact: measured(fact, true_moments=True)))
        rows.append(row("measured, moments as found", facts, lambda fact: measured(fact, true_moments=False)))
    if args.terms:
        for name in sorted({term.measure for term in measured_stream().terms}):
            rows.append(
                row(f"the motion without {name}", facts, lambda fact, name=name: without(exact[fact["id"]], name))
            )
    titles = ["by", "dives", "take-off", "flight", "entry", "award", "scatter of awards", "of votes"]
    print(text_table(titles, [one for one in rows if one]))


def without(known: Quantities, name: str) -> Quantities:
    """What is known but for one quantity."""
    return {measure: value for measure, value in known.items() if measure != name}


if __name__ == "__main__":
    main()

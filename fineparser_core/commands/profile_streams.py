"""`fineparser profile streams`: how much of the score each stream makes."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import spearmanr

from fineparser_core.commands.printing import say
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.support.text_table import text_table


def profile_streams() -> None:
    """Print Spearman's rho of both streams and of each alone, over the bundled exemplars.

    Each exemplar is left out in turn and compared with the others of its number and board: the mean points that the
    streams give it relative to them, beside the true difference. Encodings are those that the library holds.
    """
    analyzer = Analyzer.open(precision="fp32")
    exemplars = analyzer.library.exemplars()
    rhos = stream_rhos(analyzer, exemplars)
    analyzer.library.close()
    say(f"weights {analyzer.model.id}: {len(exemplars)} exemplars, each left out in turn and compared with the others")
    say(text_table(["points from", "Spearman rho"], [[name, f"{rho:.3f}"] for name, rho in rhos.items()]))


def stream_rhos(analyzer: Analyzer, exemplars: Sequence[Exemplar]) -> Mapping[str, float]:
    """Return Spearman's rho between true and predicted differences, for both streams together and for each alone.

    Awards (points divided by the difficulty) are compared, since points would separate hard dives from easy dives;
    differences are compared, since with few dives each dive shifts the mean of the others.
    """
    encodings = {exemplar.id: analyzer.exemplar_encoding(exemplar) for exemplar in exemplars}
    rows = []
    for query in exemplars:
        same = [one for one in exemplars if (one.dive_number, one.board_m) == (query.dive_number, query.board_m)]
        others = [one for one in same if one.id != query.id]
        if not others:
            continue
        relative = analyzer.encoder.compare(encodings[query.id], [encodings[one.id] for one in others])
        dynamic, static = (float(part.sum(dim=-1).mean()) for part in relative)
        difficulty = find_difficulty(parse_dive_number(query.dive_number), query.board_m).value
        points = np.array([query.score, np.mean([one.score for one in others]), dynamic, static])
        rows.append(points / (3 * difficulty))
    true, others_mean, dynamic_points, static_points = np.array(rows).T
    predictions = {
        "both streams": dynamic_points + static_points,
        "static stream alone": static_points,
        "dynamic stream alone": dynamic_points,
    }
    return {name: float(spearmanr(points, true - others_mean).statistic) for name, points in predictions.items()}

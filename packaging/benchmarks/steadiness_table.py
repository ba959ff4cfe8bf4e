"""Tables of what `steadiness.py` measured: who is followed, moments, awards and measures over variants of a clip."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: One dive in seven dresses: the variants that issue and documents compare awards over.
BASIC = ("whole", "cut", "earlier", "later", "crf28", "mirrored", "smaller")
#: The route of every variant; the others are compared with it.
PYTHON = "python"
#: Real seconds count as frames of this rate.
_COUNTED_FPS = 30.0
#: Most frames between a moment and its label, or its median over variants.
MOST_FRAMES = {"take_off": 3, "come_out": 3, "contact": 2}
#: Of a person who is the same: mean distance of the crop's centre from its median over variants, in sides of the crop.
_SAME_SIDES = 0.5
_TIMES_IN_FLIGHT = 9


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was found in a variant of a clip, by one route. Times are seconds of the untouched file.

    Attributes:
        code: digest of the code that found it.
        error: sentence of the exception, where there is no analysis; what follows it is empty then.
        refusal: why the dive is not scored.
        real_s: seconds of real time in one of the file: less than 1 in a slowed replay.
        flight_s: labelled take-off and contact.
        moments_s: "take_off", "come_out" and "contact"; None where it does not show.
        errors: the same less their labels, in frames of 1/30 s of real time.
        clip_s: first and last frame of the clip that was analysed.
        award, own_award: against exemplars, and by the measures alone.
        measures: by name value, uncertainty and unit.
        followed: of the crops (seconds, x and y of the centre, side), in pixels of the untouched picture.
    """

    clip: str
    variant: str
    route: str
    code: str
    seconds: float
    model: str = ""
    error: str | None = None
    refusal: str | None = None
    real_s: float = 1.0
    flight_s: tuple[float, float] | None = None
    moments_s: dict[str, float | None]
    errors: dict[str, float | None]
    clip_s: tuple[float, float] | None = None
    award: float | None = None
    own_award: float | None = None
    measures: dict[str, tuple[float, float, str]]
    followed: list[list[float]]

    @property
    def way(self) -> str:
        """The variant, and the route where it is not Python."""
        return self.variant if self.route == PYTHON else f"{self.variant}, {self.route}"


def tables(results: Sequence[Result]) -> str:
    """All tables, in Markdown, and what is not as it should be, in lines."""
    parts = [moments_table(results), awards_table(results), measures_table(results), routes_table(results)]
    parts.append("\n".join(outliers(results)) or "Nothing is amiss.")
    return "\n\n".join(part for part in parts if part)


def same_person(results: Sequence[Result]) -> list[bool]:
    """Of each result of one clip, whether it follows whom most of them follow, in the labelled flight.

    The centre of the crop lies within half a side of its median over the results, in the mean over the flight, and the
    time from take-off to come-out overlaps with the labelled one.
    """
    known = [one for one in results if one.followed and one.flight_s is not None]
    if not known:
        return [False] * len(results)
    flight_s = known[0].flight_s
    assert flight_s is not None
    centers = {id(one): _centres(one, flight_s) for one in known}
    median = np.median([center[:, :2] for center in centers.values()], axis=0)

    def same(one: Result) -> bool:
        take_off, come_out = one.moments_s.get("take_off"), one.moments_s.get("come_out")
        if id(one) not in centers or take_off is None or come_out is None:
            return False
        center = centers[id(one)]
        away = np.linalg.norm(center[:, :2] - median, axis=1) / center[:, 2]
        return bool(away.mean() < _SAME_SIDES and take_off < flight_s[1] and come_out > flight_s[0])

    return [same(one) for one in results]


def from_median(results: Sequence[Result], moment: str) -> list[float | None]:
    """Of each result of one clip, how far a moment lies from its median over them, in frames of 1/30 s of real time."""
    found = [one.moments_s.get(moment) for one in results]
    known = [time for time in found if time is not None]
    median = float(np.median(known)) if known else 0.0
    return [
        None if time is None else (time - median) * one.real_s * _COUNTED_FPS
        for time, one in zip(found, results, strict=True)
    ]


def moments_table(results: Sequence[Result]) -> str:
    """Return a row for each variant: who is followed, and how near the moments are to labels and median."""
    same, off = {}, {}
    for clip in _by(results, lambda one: one.clip).values():
        same |= {id(one): is_same for one, is_same in zip(clip, same_person(clip), strict=True)}
        for moment in MOST_FRAMES:
            off |= {(id(one), moment): away for one, away in zip(clip, from_median(clip, moment), strict=True)}

    def row(name: str, these: Sequence[Result]) -> list[str]:
        cells = [name, str(len(these)), _share(same[id(one)] for one in these)]
        for moment, most in MOST_FRAMES.items():
            cells.append(_share(_within(one.errors.get(moment), most) for one in these))
            cells.append(_share(_within(off[id(one), moment], most) for one in these))
        return [*cells, str(sum(bool(one.refusal or one.error) for one in these))]

    header = ["variant", "clips", "same person"]
    for moment, most in MOST_FRAMES.items():
        words = moment.replace("_", "-")
        header += [f"{words} within {most} of label", "of median"]
    rows = [row(name, these) for name, these in _by(results, lambda one: one.way).items()]
    table = _markdown([*header, "refused"], [*rows, row("all", results)])
    medians = ", ".join(
        f"{moment.replace('_', '-')} {_text(_median(one.errors.get(moment) for one in results), '+.1f')}"
        for moment in MOST_FRAMES
    )
    return f"{table}\n\nMedian error against the labels, frames: {medians}."


def awards_table(results: Sequence[Result]) -> str:
    """Return a row for each clip: range and deviation of its award over all variants and over the seven basic ones."""
    rows, spreads = [], []
    for clip, these in _by([one for one in results if one.route == PYTHON], lambda one: one.clip).items():
        everything = [one.award for one in these if one.award is not None]
        basic = [one.award for one in these if one.award is not None and one.variant in BASIC]
        own = [one for one in these if one.own_award is not None]
        own_ranges = (
            _spread([one.own_award for one in own])[0],
            _spread([one.own_award for one in own if one.variant in BASIC])[0],
        )
        spread = (*_spread(everything), *_spread(basic), *own_ranges)
        spreads.append(spread)
        counts = (str(len(everything)), _text(_median(everything), ".2f"))
        rows.append([clip, *counts, *(_text(value, ".2f") for value in spread)])
    for name, of in (("median", np.median), ("worst", np.max)):
        known = [[value for value in column if value is not None] for column in zip(*spreads, strict=True)]
        rows.append([name, "", "", *(_text(float(of(values)) if values else None, ".2f") for values in known)])
    header = (
        "clip",
        "awards",
        "median",
        "range",
        "deviation",
        "range, basic seven",
        "deviation",
        "own award, range",
        "of basic seven",
    )
    return _markdown(header, rows)


def measures_table(results: Sequence[Result]) -> str:
    """Return a row for each measure: its deviation over the variants of a clip and the uncertainty that it states."""
    clips = _by([one for one in results if one.route == PYTHON and not one.error], lambda one: one.clip).values()
    units = {name: unit for one in results for name, (_, _, unit) in one.measures.items()}
    rows = []
    for name, unit in units.items():
        found = [[one.measures[name] for one in these if name in one.measures] for these in clips]
        spreads = [float(np.std([value for value, *_ in each], ddof=1)) for each in found if len(each) > 1]
        stated = _median(uncertainty for each in found for _, uncertainty, _ in each)
        shown = _share(name in one.measures for these in clips for one in these)
        worst = _text(max(spreads) if spreads else None, ".3g")
        rows.append([name, unit, shown, _text(_median(spreads), ".3g"), worst, _text(stated, ".3g")])
    header = ("measure", "unit", "there", "deviation over variants, median clip", "worst clip", "stated, median")
    return _markdown(header, rows) if rows else ""


def routes_table(results: Sequence[Result]) -> str:
    """Return a row for each other route: how many variants it gives the same of as Python does; "" without one."""
    python = {(one.clip, one.variant): one for one in results if one.route == PYTHON}
    rows = []
    for route, these in _by(results, lambda one: one.route).items():
        pairs = [(one, python[one.clip, one.variant]) for one in these if (one.clip, one.variant) in python]
        if route == PYTHON or not pairs:
            continue
        equal = [_share(getattr(one, name) == getattr(other, name) for one, other in pairs) for name in _EQUAL]
        apart = [abs(one.award - other.award) for one, other in pairs if one.award is not None and other.award]
        rows.append([route, *equal, _text(max(apart) if apart else None, ".2f")])
    header = ("route", *(f"same {words}" for words in _EQUAL.values()), "awards apart, most")
    return _markdown(header, rows) if rows else ""


def outliers(results: Sequence[Result]) -> list[str]:
    """Return a line for each result with another person, a refusal, or a moment that is off."""
    lines = []
    for clip, these in _by(results, lambda one: one.clip).items():
        for one, same in zip(these, same_person(these), strict=True):
            off = {
                moment: one.errors.get(moment)
                for moment, most in MOST_FRAMES.items()
                if not _within(one.errors.get(moment), most)
            }
            words = [f"{moment} {_text(error, '+.1f') or 'not seen'}" for moment, error in off.items()]
            words += [] if same else ["another person"]
            words += [text for text in (one.error, one.refusal) if text]
            if words:
                lines.append(f"{clip}, {one.way}: {'; '.join(words)}")
    return lines


_EQUAL = {"clip_s": "frames", "moments_s": "moments", "measures": "measures", "award": "award"}


def _centres(one: Result, flight_s: tuple[float, float]) -> np.ndarray:
    """(n, 3) x, y and side of the crop at times of the flight."""
    times_s, *values = np.array(one.followed).T
    at_s = np.linspace(*flight_s, _TIMES_IN_FLIGHT)
    return np.column_stack([np.interp(at_s, times_s, value) for value in values])


def _by(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for one in results:
        groups.setdefault(key(one), []).append(one)
    return groups


def _within(frames: float | None, most: int) -> bool:
    return frames is not None and round(abs(frames)) <= most


def _spread(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Range and standard deviation."""
    if len(values) < 2:
        return None, None
    return max(values) - min(values), float(np.std(values, ddof=1))


def _median(values: Iterable[Any]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _share(values: Iterable[bool]) -> str:
    known = list(values)
    return f"{sum(known)} of {len(known)}"


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))

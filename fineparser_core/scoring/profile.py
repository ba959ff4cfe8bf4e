"""A profile: how the judges of a club differ from the bundled measured stream, as learned from their own judged dives.

A file of JSON, `{"format": "fineparser.profile/1", ...}` with the fields of `Profile`.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.store import own_folder
from fineparser_core.language import Phrase
from fineparser_core.records import AwardCheck, ProfileIdentity
from fineparser_core.scoring.measured_stream import MeasuredStream, measured_stream
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import to_json
from fineparser_core.support.documents import read_document

FORMAT = "fineparser.profile/1"
ACTIVE_NAME = "profile.json"
_MOST_BYTES = 100_000
#: Fewest athletes, events or dives left out in turn that give an interval.
LEAST_GROUPS = 8

_Name = Annotated[str, Meta(max_length=200)]
_Award = Annotated[float, Meta(ge=-10, le=10)]
_Factor = Annotated[float, Meta(ge=0, le=20)]
_Count = Annotated[int, Meta(ge=1, lt=2**31)]
_Off = Annotated[float, Meta(ge=0, le=10)]
_Rank = Annotated[float, Meta(ge=-1, le=1)]


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Reduction of the error in awards by calibration, on the same dives, which it was not learned from.

    Attributes:
        over: "shipped", "mean of the number" or "mean of the athlete".
        off: mean error of those others.
        rank_correlation: theirs with the marks, Spearman's.
        gain: mean, and `low` and `high` the ends of its paired 90 % interval; None of too few groups for one.
    """

    over: _Name
    off: _Off
    rank_correlation: _Rank
    gain: _Award
    low: _Award | None = None
    high: _Award | None = None


@dataclass(frozen=True, kw_only=True)
class CrossValidated:
    """Result on dives for a profile that is learned anew without them.

    Attributes:
        left_out: what was left out at a time: "athlete", "event" or "dive"; `times` so often.
        off: mean error in awards.
        off_80: that four of five errors do not exceed.
        rank_correlation: with the marks, Spearman's.
        gains: over what is shipped, the mean of the number, and that of the athlete's other dives.
    """

    left_out: _Name
    times: _Count
    off: _Off
    off_80: _Off
    rank_correlation: _Rank
    gains: tuple[Gain, Gain, Gain]

    @property
    def helped(self) -> bool:
        """Whether it was better than what is shipped, beyond chance, and no simpler way was better still."""
        return (self.gains[0].low or 0.0) > 0 and self._best is None

    @property
    def _best(self) -> Gain | None:
        """The simpler way that is off by the least, if it is better than calibrated awards."""
        best = min(self.gains[1:], key=lambda one: one.off)
        return best if best.off < self.off else None

    @property
    def said(self) -> Phrase:
        """Whether it helped, a sentence."""
        shipped, best = self.gains[0], self._best
        if shipped.low is None or shipped.high is None:
            return Phrase(
                "Calibrated awards of dives that were left out are off by {0:.2f}, the shipped ones by {1:.2f}: that "
                "it helps is not shown, as {2} parts were left out in turn, and an interval takes {3}.",
                self.off,
                shipped.off,
                self.times,
                LEAST_GROUPS,
            )
        if best is not None:
            way = Phrase("the mean of the number") if best is self.gains[1] else Phrase("the mean of the athlete")
            return Phrase(
                "Calibrated awards of dives that were left out are off by {0:.2f}, {1} alone by {2:.2f}: it does not "
                "help.",
                self.off,
                way,
                best.off,
            )
        values = (self.off, shipped.off, shipped.gain, shipped.low, shipped.high)
        if self.helped:
            return Phrase(
                "Calibrated awards of dives that were left out are off by {0:.2f}, the shipped ones by {1:.2f}: it "
                "helps, by {2:.2f} (90 % interval {3:.2f} to {4:.2f}).",
                *values,
            )
        return Phrase(
            "Calibrated awards of dives that were left out are off by {0:.2f}, the shipped ones by {1:.2f}: that it "
            "helps is not shown ({2:.2f} better, 90 % interval {3:.2f} to {4:.2f}).",
            *values,
        )


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Profile of a club's or a coach's judges.

    Attributes:
        dives, athletes: that it was learned from; `first_day` and `last_day` of them, "" where unknown.
        model: id of the weights whose analyses they were.
        offset, scale: as in `MeasuredStream.judged`.
        weights: by measure, 1 as shipped; never negative, so that no term rises where the rules let it fall.
        network_share: as in `MeasuredStream`.
        numbers: awards that dives of a number and board have beyond the offset, by `number_key`.
        emphasis: of take-off, flight and entry in an award, where marks of phases tell it.
        checked: of dives that were left out; None where there are too few.
        forced: it is used though it was not shown to help.
    """

    name: _Name
    dives: _Count
    athletes: _Count
    first_day: _Name = ""
    last_day: _Name = ""
    made_on: _Name = ""
    model: _Name
    offset: _Award
    scale: _Factor
    weights: Annotated[dict[_Name, _Factor], Meta(max_length=100)]
    network_share: _Factor
    numbers: Annotated[dict[_Name, _Award], Meta(max_length=1000)]
    emphasis: tuple[_Factor, _Factor, _Factor]
    checked: CrossValidated | None = None
    forced: bool = False

    @property
    def id(self) -> str:
        """Identifier made of the content."""
        return hashlib.sha256(json.dumps(to_json(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def identity(self) -> ProfileIdentity:
        return ProfileIdentity(id=self.id, name=self.name, dives=self.dives)

    def stream(self) -> MeasuredStream:
        """Return the measured stream as these judges mark.

        Its intervals are those of the dives that were left out; the fewer there were, the more as shipped.
        """
        shipped, checked = measured_stream(), self.checked
        terms = tuple(
            replace(
                term,
                below=weight * term.below,
                above=weight * term.above,
                most=term.most if term.most == inf else weight * term.most,
            )
            for term, weight in ((term, self.weights.get(term.measure, 1.0)) for term in shipped.terms)
        )
        stream = replace(
            shipped,
            terms=terms,
            network_share=self.network_share,
            offset=self.offset,
            scale=self.scale,
            numbers=self.numbers,
            profile=self.identity,
        )
        if checked is None:
            return stream
        trusted = self.dives / (self.dives + _HALF_TRUSTED)
        interval, own_interval = (
            replace(
                rule, per_difficulty=trusted * 3 * checked.off_80 + (1 - trusted) * rule.per_difficulty, per_spread=0.0
            )
            for rule in (shipped.interval, shipped.own_interval)
        )
        return replace(
            stream,
            interval=interval,
            own_interval=own_interval,
            checked=AwardCheck(dives=self.dives, rank_correlation=checked.rank_correlation, mean_error=checked.off),
        )


#: Dives at which the errors of those that were left out count as much for an interval as what is shipped.
_HALF_TRUSTED = 20


def active_path(library: Path | None = None) -> Path:
    """Return the path of the active profile, beside a library, by default the coach's own; none may be there."""
    return (library or own_folder()).with_name(ACTIVE_NAME)


def active_profile(library: Path | None = None) -> Profile | None:
    """Return the profile that scores are made by; None: as shipped. Raises: ConfigError, as `read_profile`."""
    path = active_path(library)
    return read_profile(path) if path.is_file() else None


def read_profile(path: str | Path) -> Profile:
    """Return the profile of a file.

    Raises:
        ConfigError: it cannot be read, or is none.
    """

    def refuse(reason: str) -> ConfigError:
        return ConfigError("{0} is no profile that can be used ({1}): make one with fineparser learn.", path, reason)

    return read_document(Path(path), Profile, refuse, most_bytes=_MOST_BYTES, form=FORMAT)


def write_profile(profile: Profile, path: Path) -> None:
    """Write a profile, whole or not at all.

    Raises:
        ExportError: it cannot be written.
    """
    content = {"format": FORMAT, **to_json(profile)}
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def check_model(profile: Profile, model: str) -> None:
    """Check the weights of a profile. Raises: ConfigError where a profile is of analyses by other weights."""
    if profile.model != model:
        raise ConfigError(
            "The profile {0} was learned with the weights {1}, and these are {2}: learn it again, or score without it.",
            profile.name,
            profile.model,
            model,
        )

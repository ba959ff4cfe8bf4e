"""How far the sources of a dive's moments are off on labelled real clips, and the moments that are estimated from them.

    python packaging/benchmarks/moments.py CLIPS

Prints by source the bias and the standard deviation of its errors, in frames of a thirtieth of a second of real time;
and how far the estimated moments are off when the biases and deviations are those of all other clips.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np

from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion import moments
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.moments import FRAME_S, MomentSource
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.records import Moments
from fineparser_core.support.tables import text_table

#: By the constant of `fineparser_core.motion.moments` that a source has.
_SOURCES = ("NETWORK_SPRINGBOARD", "NETWORK_PLATFORM", "FEET", "OPENING", "HIPS", "NETWORK_COME_OUT", "CONTACT")
#: Errors beyond are counted as wrong altogether, frames: the estimate expects a tenth of these.
_WRONG = 9.0


class Dive:
    """A labelled dive, what was read of it, and what is estimated from that."""

    def __init__(self, analyzer: Analyzer, labels: JudgedDive) -> None:
        self.labels = labels
        with mock.patch.object(moments, "estimate_moments", side_effect=self._remember):
            search = DiveSearch(labels.video, find_body=analyzer.find_body)
            found = find_clip(labels.video, search=search)
            self.parse, _ = analyzer.parse(found.clip, found.recording)

    def _remember(self, *told: object) -> Moments:
        self._told = told
        return _estimate(*told)

    def estimate(self) -> Moments:
        """By the present constants."""
        return _estimate(*self._told)

    def off(self, time_s: float | None, frame: int | None) -> float:
        """Frames of a thirtieth of a second of real time that a time lies after a labelled frame; NaN without one."""
        if time_s is None or frame is None:
            return np.nan
        true_s = float(np.interp(frame, self.parse.sampled_frames, self.parse.sampled_times_s))
        return (time_s - true_s) / FRAME_S * self.parse.clip.fps / (self.labels.real_fps or self.parse.clip.fps)

    def errors(self) -> dict[str, float]:
        """Of each source."""
        (take_off_s, come_out_s), read, *_ = self._told
        one, springboard = self.labels, (self.labels.board_m or 10.0) < moments.BOARDS_M[2]
        network = self.off(take_off_s, one.first_flight_frame)
        return {
            "NETWORK_SPRINGBOARD": network if springboard else np.nan,
            "NETWORK_PLATFORM": np.nan if springboard else network,
            "FEET": self.off(max(read.feet, key=lambda one: one[1])[0] if read.feet else None, one.first_flight_frame),
            "OPENING": self.off(read.opening_s, one.first_entry_frame),
            "HIPS": self.off(read.hips_s, one.first_entry_frame),
            "NETWORK_COME_OUT": self.off(come_out_s, one.first_entry_frame),
            "CONTACT": self.off(read.contact_s, one.first_water_contact_frame),
        }


_estimate = moments.estimate_moments


def measured(dives: list[Dive]) -> dict[str, MomentSource]:
    """Bias and deviation of each source over dives, without those that are wrong altogether."""
    found = {}
    for name in _SOURCES:
        errors = np.array([dive.errors()[name] for dive in dives])
        errors = errors[np.isfinite(errors)]
        errors = errors[np.abs(errors - np.median(errors)) < _WRONG]
        known: MomentSource = getattr(moments, name)
        # Of a few dives a scatter is known to a third: it stays as it stands.
        found[name] = MomentSource(float(np.median(errors)), known.deviation) if len(errors) > 2 else known
    return found


def left_out(dives: list[Dive]) -> Iterator[list[str]]:
    """Rows of a table: each dive by what was measured on all others."""
    for dive in dives:
        others = measured([one for one in dives if one is not dive])
        with mock.patch.multiple(moments, **others):
            found, one = dive.estimate(), dive.labels
        first, last = one.first_entry_range or (one.first_entry_frame, one.first_entry_frame)
        early, late = (dive.off(found.come_out.time_s, frame) for frame in (first, last))
        off = (
            dive.off(found.take_off.time_s, one.first_flight_frame),
            min(early, 0.0) + max(late, 0.0),
            dive.off(found.contact and found.contact.time_s, one.first_water_contact_frame),
        )
        yield [one.video.name, *(f"{value:+.1f}" for value in off), "yes" if found.take_off.conflict else ""]


def main() -> None:
    """Run the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    analyzer, folder = Analyzer.open(), parser.parse_args().clips
    dives = [Dive(analyzer, one) for one in read_dives(folder) if one.first_water_contact_frame is not None]
    rows = []
    for name in _SOURCES:
        errors = np.array([dive.errors()[name] for dive in dives])
        errors = errors[np.isfinite(errors)]
        right = errors[np.abs(errors - np.median(errors)) < _WRONG]
        used: MomentSource = getattr(moments, name)
        told = f"{np.median(right):+.1f} ± {right.std():.1f}"
        rows.append(
            [name, str(len(errors)), told, str(len(errors) - len(right)), f"{used.bias:+.1f} ± {used.deviation}"]
        )
    print(text_table(["source", "dives", "median, scatter", "wrong", "used"], rows))
    print("\nestimated by what was measured on the other clips, off by frames\n")
    table = list(left_out(dives))
    print(text_table(["clip", "take-off", "come-out", "contact", "contradiction"], table))
    off = np.array([[float(cell) for cell in row[1:4]] for row in table])
    for name, column, within in zip(("take-off", "come-out", "contact"), off.T, (3, 3, 2), strict=True):
        known = column[np.isfinite(column)]
        share = (np.abs(np.round(known)) <= within).sum()
        print(f"{name}: median {np.median(known):+.1f}, within {within}: {share} of {len(known)}")


if __name__ == "__main__":
    main()

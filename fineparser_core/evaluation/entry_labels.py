"""Lines of legs and trunk that people labeled in frames about the first touch of the water, and errors against them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fineparser_core.errors import AnnotationError
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.measures.entry_course import Course, follow_entry
from fineparser_core.records import Analysis, VideoInfo
from fineparser_core.support.documents import read_document
from fineparser_core.support.tables import text_table

ENTRIES_FILE = "entries.json"
#: Measures against their labels, and their names in the table.
_MEASURES = {
    "legs_at_touch": "legs at the first touch",
    "legs_line": "legs as the feet go under",
    "hip_line": "bend of the hips at the first touch",
}
#: Width of a picture in its heights above which its pixels of 4:3 were made square.
_WIDENED = 1.5


@dataclass(frozen=True, kw_only=True)
class LabeledFrame:
    """Directions in a frame in degrees off the vertical, positive to the right; 0 is feet straight up.

    Attributes:
        legs_deg, trunk_deg: None where they do not show.
        hip_bend_deg: `legs_deg` less `trunk_deg`.
        widened_4_3: the same in the picture 4/3 times as wide, of a file whose pixels are not square.
    """

    legs_deg: float | None = None
    trunk_deg: float | None = None
    hip_bend_deg: float | None = None
    widened_4_3: "LabeledFrame | None" = None


@dataclass(frozen=True, kw_only=True)
class LabeledEntry:
    """An entry as a person labeled it.

    Attributes:
        water: frame of the first touch.
        rotates_to: "left" or "right" of the picture.
        end_deg: line of the legs as the feet go under in the sense of the rotation, positive is over.
        frames: by number.
    """

    water: int
    rotates_to: str
    frames: dict[int, LabeledFrame]
    end_deg: float | None = None


@dataclass(frozen=True, kw_only=True)
class EntryErrors:
    """A dive against its labels.

    Attributes:
        measures: label and measure in degrees by name; no measure where nothing was read.
        frames: (n, 2) errors of directions in frames and their stated standard deviations, degrees.
    """

    measures: dict[str, tuple[float, float | None]]
    frames: np.ndarray


def read_entry_labels(folder: Path) -> dict[str, LabeledEntry]:
    """Read `entries.json` in a folder or beside it: entries by names of clips, in one or several sets; {} without it.

    Raises:
        AnnotationError: a file that holds something else.
    """
    path = next((at for at in (folder / ENTRIES_FILE, folder.parent / ENTRIES_FILE) if at.is_file()), None)
    if path is None:
        return {}

    def refuse(reason: str) -> AnnotationError:
        return AnnotationError(f"{path} does not hold labeled entries ({reason}): correct it.")

    sets = read_document(path, dict[str, dict[str, LabeledEntry | str]], refuse)
    return {name: entry for each in sets.values() for name, entry in each.items() if not isinstance(entry, str)}


def measure_entry(analysis: Analysis, labels: LabeledEntry, video: VideoInfo) -> EntryErrors:
    """Measure the errors of the entry of a dive in a video."""
    parse, sense = analysis.parse, 1 if labels.rotates_to == "right" else -1
    widened = video.width_px > _WIDENED * video.height_px
    frames = {
        number: (frame.widened_4_3 if widened and frame.widened_4_3 else frame)
        for number, frame in sorted(labels.frames.items())
    }
    touch = min(frames, key=lambda number: abs(number - labels.water))
    true = {"legs_line": labels.end_deg}
    if frames[touch].legs_deg is not None:
        true["legs_at_touch"] = sense * (frames[touch].legs_deg or 0.0)
    if frames[touch].hip_bend_deg is not None:
        true["hip_line"] = abs(frames[touch].hip_bend_deg or 0.0)
    read = {one.name: one.value for one in measures_of(analysis)}
    errors = []
    if parse.moments.contact is not None:
        contact_s, slowed = parse.moments.contact.time_s, 1.0 if parse.motion is None else parse.motion.slowed
        courses = follow_entry(parse, contact_s, slowed)
        for number, frame in frames.items():
            after_s = (np.interp(number, parse.sampled_frames, parse.sampled_times_s) - contact_s) / slowed
            for course, label in ((courses.legs, frame.legs_deg), (courses.trunk, frame.trunk_deg)):
                if label is not None and course is not None and _is_followed(course, float(after_s)):
                    line = course.at(float(after_s))
                    errors.append((line.angle - label, line.deviation))
    return EntryErrors(
        measures={name: (label, read.get(name)) for name, label in true.items() if label is not None},
        frames=np.array(errors).reshape(-1, 2),
    )


def entry_summary(entries: Sequence[EntryErrors]) -> dict[str, str]:
    """Return what labeled entries come to, as measures and their values for a person; none without entries."""
    if not entries:
        return {}
    summary = {}
    for name, title in _MEASURES.items():
        pairs = [one.measures[name] for one in entries if name in one.measures]
        off = np.abs([value - label for label, value in pairs if value is not None])
        if len(off):
            values = f"{np.median(off):.1f}, {off.max():.0f} degrees, {len(off)} of {len(pairs)}"
            summary[f"{title}: median error, worst, measured"] = values
    frames = np.concatenate([one.frames for one in entries])
    if len(frames):
        off = np.abs(frames[:, 0])
        held = f"{np.median(off):.1f} degrees, {(off <= frames[:, 1]).mean():.0%} of {len(off)}"
        summary["legs and trunk in frames: median error, within the stated deviation"] = held
    return summary


def entry_table(entries: Sequence[EntryErrors]) -> str:
    """Format the errors of labeled entries."""
    return text_table(("entry", "value"), list(entry_summary(entries).items()), left=(0, 1))


def _is_followed(course: Course, after_s: float) -> bool:
    """Return True if the course has readings to both sides of a time, or at it."""
    return bool(course.times_s[0] - 1e-3 <= after_s <= course.times_s[-1] + 1e-3)

"""The cut of a clip to send: the dive in 6 to 10 s, held at its faults and drawings, upright where the diver fits."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.crops import athlete_box
from fineparser_core.export.dive_words import DiveWords
from fineparser_core.export.report.moments import moments_of
from fineparser_core.records import DiveParse, MaskTrack, VideoInfo

#: Least and largest duration, seconds.
_LEAST_S, _MOST_S = 6.0, 10.0
#: Before the take-off and after the water is touched, seconds.
_BEFORE_S, _AFTER_S = 1.2, 1.0
#: Time for which a fault's frame and a drawing's stand, seconds.
_HOLD_S = 1.5
#: Slow motion around a fault, to each side: at first, and the step by which it grows until the clip is long enough.
_SLOW_S, _WIDER_S = 0.3, 0.1
#: Longest time that a frame stands, in seconds; one that a recording of a screen holds for longer shows a pause.
_MOST_HELD_S = 0.5
#: Shortest time between frames: phones show 60 a second.
_FRAME_S = 1 / 62
#: Width to height of an upright picture, the narrowest first; with the lines around it, it fills a phone.
_UPRIGHT = (0.64, 0.8)
#: Space beside the diver, as a share of the upright picture's width.
_ROOM = 0.06
#: Every so many frames the diver is looked for.
_STRIDE = 3


def brief_frames(
    parse: DiveParse, words: DiveWords, pts_s: np.ndarray, marks: Sequence[Mark] = ()
) -> tuple[list[int], list[float]]:
    """Return the source frames of the cut, and their times in the clip in seconds.

    Args:
        pts_s: (n_frames,) presentation times of the file.
        marks: the coach's drawings.
    """
    clip, moments = parse.clip, moments_of(parse.steps, pts_s, parse.first_water_contact_frame)
    leaves_s, down_s = (float(pts_s[moments[name]]) for name in ("take-off", "entry"))
    times_s = pts_s[clip.in_frame : clip.out_frame + 1]
    inside = (times_s >= leaves_s - _BEFORE_S) & (times_s <= down_s + _AFTER_S)
    slow_at = [float(pts_s[one.frame]) for one in words.remarks if clip.in_frame <= one.frame <= clip.out_frame]
    drawn_at = {float(pts_s[mark.frame]) for mark in marks if clip.in_frame <= mark.frame <= clip.out_frame}
    held = [int(np.abs(times_s - at).argmin()) for at in {*slow_at, *drawn_at}]
    slow_at = slow_at or [(leaves_s + down_s) / 2]
    ends_s = np.append(times_s[1:], times_s[-1] + 1 / clip.fps)
    lasts_s, around_s = np.minimum(ends_s - times_s, _MOST_HELD_S), _SLOW_S
    stands_s = np.zeros(len(times_s))
    stands_s[held] = _HOLD_S
    while True:
        slow = np.min([np.abs(times_s - at) for at in slow_at], axis=0) <= around_s
        shown_s = (np.where(slow, 2.0, 1.0) * lasts_s + stands_s) * inside
        if shown_s.sum() >= _LEAST_S or slow[inside].all():
            break
        around_s += _WIDER_S
    if (more_s := _LEAST_S - shown_s.sum()) > 0:  # a short file stands at its worst fault
        shown_s[np.abs(times_s - slow_at[0]).argmin()] += more_s
    # A long one begins later.
    left_s = np.cumsum(shown_s[::-1])[::-1]
    shown_s[left_s > _MOST_S] = 0
    frames: list[int] = []
    at_s: list[float] = []
    now_s = 0.0
    for offset in np.flatnonzero(shown_s > 0):
        if not at_s or now_s - at_s[-1] >= _FRAME_S:
            frames.append(clip.in_frame + int(offset))
            at_s.append(now_s)
        now_s += float(shown_s[offset])
    if now_s - at_s[-1] > 2 * _FRAME_S:  # the last frame stands as long as it is to
        frames.append(frames[-1])
        at_s.append(now_s - _FRAME_S)
    return frames, at_s


def upright_span(masks: MaskTrack | None, info: VideoInfo, frames: Sequence[int]) -> tuple[float, float] | None:
    """Return left and right edge of an upright picture that holds the diver, from 0 to 1; None where none does."""
    if masks is None or not len(masks.mask_probability) or info.width_px <= info.height_px:
        return None
    found = [box for frame in frames[::_STRIDE] if (box := athlete_box(masks, frame)) is not None]
    if not found:
        return None
    left, right = min(box[0] for box in found) / info.width_px, max(box[2] for box in found) / info.width_px
    for aspect in _UPRIGHT:
        width = aspect * info.height_px / info.width_px
        if width < 1 and right - left <= width * (1 - 2 * _ROOM):
            begin = min(max((left + right - width) / 2, 0.0), 1 - width)
            return begin, begin + width
    return None

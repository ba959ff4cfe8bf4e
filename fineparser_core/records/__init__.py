"""Frozen records that the rooms exchange; arrays are numpy arrays, never tensors.

Frames are 0-based indices of the source file. A *sample* is a frame among the 96 that the network receives. A
*transition* is the first frame of a new step. Frame ranges of steps are half-open, those of clips include both ends.
"""

from fineparser_core.records.analysis import Analysis, Contradiction, Measure
from fineparser_core.records.clip import (
    DOUBTFUL_DIVER,
    SURE_DIVER,
    AthletePoint,
    Clip,
    DiverCandidate,
    DiverEvidence,
    DiveSegment,
    Frame,
    Pixels,
    VideoInfo,
)
from fineparser_core.records.moments import Moment, Moments, StepSpan, Transitions, step_spans
from fineparser_core.records.notes import Note, NoteCode
from fineparser_core.records.painted_mask import PaintedMask
from fineparser_core.records.parse import (
    ClipEncoding,
    ClipEvidence,
    ComparedDive,
    DiveMotion,
    DiveParse,
    MaskTrack,
    ModelIdentity,
    Recognition,
    SeenNumber,
    compared_dive,
    paint_masks,
)
from fineparser_core.records.scores import (
    AwardCheck,
    Contribution,
    ExemplarVote,
    IntervalRule,
    OwnAward,
    ProfileIdentity,
    ScoreInterval,
    Scoring,
)

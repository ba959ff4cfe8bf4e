"""Frozen records that the packages exchange; arrays are numpy arrays, never tensors.

Frames are 0-based indices of the source file. A *sample* is a frame among the 96 that the network receives. A
*transition* is the first frame of a new step. Frame ranges of steps are half-open, those of clips include both ends.
"""

from fineparser_core.records.analysis import (
    FORCED,
    NOT_ASKED,
    Analysis,
    AwardCheck,
    Contradiction,
    Contribution,
    ExemplarVote,
    IntervalRule,
    Measure,
    OwnAward,
    PredictedAward,
    ProfileIdentity,
    ScoreInterval,
    Scoring,
    Verdict,
    VerdictCode,
)
from fineparser_core.records.clip import (
    DOUBTFUL_DIVER,
    SURE_DIVER,
    AthletePoint,
    Clip,
    DiverCandidate,
    DiveSegment,
    Frame,
    Pixels,
    VideoInfo,
)
from fineparser_core.records.parse import (
    ClipEncoding,
    ClipEvidence,
    ComparedDive,
    DiveMotion,
    DiveParse,
    MaskTrack,
    ModelIdentity,
    Moment,
    Moments,
    Note,
    NoteCode,
    ReadAwards,
    Recognition,
    StepSpan,
    Transitions,
    compared_dive,
    step_spans,
)

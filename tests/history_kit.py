"""Dives of a history, made without analysing anything."""

import hashlib
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.judging import Judging
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.records import Measure
from fineparser_gui.session.dive import SavedDive
from fineparser_gui.session.video_files import VideoIdentity
from fineparser_gui.store.dives import KeptDive
from fineparser_gui.store.records import HistoryDive


def made_dive(number: int = 1, **changes: object) -> HistoryDive:
    """A dive of a file of its own."""
    head = hashlib.sha256(str(number).encode()).hexdigest()
    made = HistoryDive(
        path=Path(f"/club/clip {number}.mp4"),
        identity=VideoIdentity(
            size_bytes=1000 + number, head_sha256=head, n_frames=120, fps=60.0, width_px=1920, height_px=1080
        ),
        content=head[:32],
        first_frame=0,
        last_frame=119,
        title=f"clip {number}",
        athlete="Anna Müller",
        day="2026-03-14",
        event="Club cup",
        dive_number="103B",
        board_m=3.0,
        difficulty=1.6,
        judging=Judging(awards=(6.5, 7.0, 6.5)),
        judged_score=32.0,
        score=33.5,
        score_range=(28.0, 38.0),
        award=6.6,
        award_range=(5.5, 7.5),
        step_points=(0.5, -0.25, 1.0),
        measures=(Measure(name="flight_time", value=1.31, unit="s", uncertainty=0.02, frame=40, step="flight"),),
        transitions=(20, 80),
        contact_frame=82,
        parse_id="p",
        analysed_at="2026-03-14T10:00:00+00:00",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def row(
    dive: HistoryDive, thumbnail: bytes = b"picture", *, changed: Iterable[str] = (), pack: bytes = b"", **more: object
) -> KeptDive:
    """What `Store.keep` takes."""
    saved = SavedDive(
        path=dive.path,
        in_frame=dive.in_frame,
        out_frame=dive.out_frame,
        **{field.name: getattr(dive, field.name) for field in fields(DiveDetails)} | {"difficulty": None},
        exemplar_id=dive.exemplar_id,
        identity=dive.identity,
        rule=CandidateRule(synchro=dive.synchro),
    )
    return KeptDive(
        saved=saved,
        results=dive,
        thumbnail=thumbnail,
        changed=frozenset(changed),
        pack=(lambda: pack) if pack else None,
        **more,  # type: ignore[arg-type]
    )

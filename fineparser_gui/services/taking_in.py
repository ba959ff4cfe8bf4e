"""Finds the dives of session files, with what is kept of their results."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from fineparser_core.errors import FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.scoring.profile import Profile
from fineparser_gui.images import jpeg_of
from fineparser_gui.model.correction import shown_analysis
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.model.session import restored_attributes, saved_dive
from fineparser_gui.model.session_file import read_session
from fineparser_gui.services.history_analysis import packed
from fineparser_gui.services.kept_results import KeptResults
from fineparser_gui.services.rescoring import corrected_request, read_score, score_request
from fineparser_gui.services.video_opener import OpenedVideo, probed
from fineparser_gui.store.dives import KeptDive
from fineparser_gui.store.records import results_of
from fineparser_gui.worker.protocol import ParseRequest, Result, ScoreRequest
from fineparser_gui.worker.records import read_analysis


class TakingIn:
    """Reads session files for the history; analyses nothing.

    Args:
        kept: the answers that are kept.
        scored_by: returns how many exemplars dives are compared with, and the judges' profile.
    """

    def __init__(self, kept: KeptResults, scored_by: Callable[[], tuple[int, Profile | None]]) -> None:
        self._kept, self._scored_by = kept, scored_by

    def dives(self, session: Path, cancel: CancelToken) -> Iterator[KeptDive]:
        """The dives of a session file whose videos were opened once; those that lack results by details alone.

        Raises:
            ConfigError: the file cannot be read.
            Cancelled: once the token is set.
        """
        for saved in read_session(session).dives:
            cancel.raise_if_cancelled()
            dive = self._with_results(Dive(key="", **restored_attributes(saved)))  # type: ignore[arg-type]
            if (results := results_of(dive)) is not None:
                pack = partial(packed, dive.analysis) if dive.analysis is not None else None
                picture = jpeg_of(dive.thumbnail) if dive.thumbnail is not None else b""
                yield KeptDive(saved=saved_dive(dive), results=results, listed=True, thumbnail=picture, pack=pack)

    def _with_results(self, dive: Dive) -> Dive:
        """A dive with its video and the results that are kept; as it is where that is not there or another one."""
        shown = None if dive.in_frame is None or dive.out_frame is None else (2 * dive.in_frame + dive.out_frame) // 3
        name, values = probed(dive.path, shown, self._kept.cache)
        video = values[0]
        if name != "opened" or (dive.identity is not None and not dive.identity.same_file(video.identity)):
            return dive
        opened: OpenedVideo = video
        day = (opened.info.recorded_on or "") if dive.dived_on is None else dive.dived_on
        dive = replace(dive, **opened._asdict(), dived_on=day)
        try:
            return self._scored(dive)
        except FineParserError:  # damaged: it is as if nothing was kept
            return dive

    def _scored(self, dive: Dive) -> Dive:
        request = ParseRequest(
            path=str(dive.path), in_frame=dive.in_frame, out_frame=dive.out_frame, athlete=dive.followed_point
        )
        request = self._kept.named(request, dive.content)
        parsed = self._kept.answer(request)
        if not isinstance(parsed, Result):
            return dive
        own = read_analysis(parsed.analysis, Path(parsed.record_path))
        own = replace(own, parse=replace(own.parse, clip=replace(own.parse.clip, path=dive.path)))
        dive = replace(dive, state=DiveState.READY, model_analysis=own, parse_id=request.kept_as)
        rescored = None
        if dive.scorable:
            if score := self._answer(score_request(dive, *self._scored_by())):
                own = replace(read_score(score, own.parse), parse=own.parse)
                dive = replace(dive, model_analysis=own)
            corrected = corrected_request(dive, *self._scored_by()) if dive.corrected_moments else None
            if corrected is not None and (score := self._answer(corrected)):
                rescored = read_score(score, own.parse)
        return replace(dive, analysis=shown_analysis(own, dive.correction, rescored, dive.info))

    def _answer(self, request: ScoreRequest) -> Result | None:
        answer = self._kept.answer(self._kept.named(request))
        return answer if isinstance(answer, Result) else None

"""Note below the score: the coach's corrections, both scores, and why contributions did not change."""

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.records import ExemplarVote
from fineparser_core.video.sampling import frame_to_sample
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.score.correction import frames_of
from fineparser_gui.support.formatting import decimal, signed
from fineparser_gui.support.widgets import label, lay_out, push_button

#: Differences below this, in points, are float32 rounding.
_SAME_POINTS = 1e-4


class CorrectionNote(QWidget):
    """Note that is visible only if the shown dive is corrected."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._key: str | None = None
        self._both = label()
        self._both.setProperty("role", "title")
        self._what = label(role="muted", wrap=True)
        self._why = label(role="muted", wrap=True)
        tip = self.tr("Reset transitions to the model's")
        self.reset = push_button(
            self.tr("Reset transitions"), lambda: session.on_current(session.editing.reset_transitions), tip
        )
        head = lay_out(QHBoxLayout(), (self._both, 1), self.reset)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(0, 4, 0, 0), spacing=3), head, self._what, self._why)

    def show_dive(self, dive: Dive | None) -> None:
        """Show the corrections of a dive."""
        moved = dive is not None and dive.corrected_moments is not None
        n_out = sum(vote.id in dive.correction.left_out for vote in dive.votes) if dive else 0
        self.setVisible(moved or bool(n_out))
        if dive is None or dive.model_analysis is None or not (moved or n_out):
            return
        self._both.setText(self._both_numbers(dive))
        self._both.setVisible(bool(self._both.text()))
        self.reset.setVisible(moved)
        self._what.setText(self._moved_text(dive) if moved else "")
        self._what.setVisible(moved)
        if moved and dive.rescoring and dive.key == self._key:
            return  # keep the former reason while a drag is re-scored, so that the layout does not jump
        self._key = dive.key
        why = self._why_text(dive) if moved else ""
        self._why.setText(why)
        self._why.setVisible(bool(why))

    def _both_numbers(self, dive: Dive) -> str:
        own = dive.model_analysis.scoring if dive.model_analysis else None
        shown = dive.analysis.scoring if dive.analysis else None
        if own is None:
            return ""
        text = self.tr("Model {0}").format(decimal(own.score))
        if dive.rescoring:
            return text + " · " + self.tr("scoring…")
        if shown is not None:
            change = round(shown.score, 1) - round(own.score, 1)  # agrees with the scores as shown
            text += " · " + self.tr("corrected {0}").format(signed(change, digits=1))
        return text

    def _moved_text(self, dive: Dive) -> str:
        assert dive.model_analysis is not None
        parse = dive.model_analysis.parse
        own = frames_of(parse.transitions)
        names = (self.tr("flight from frame {0} (model {1})"), self.tr("entry from frame {0} (model {1})"))
        moved = zip(names, dive.corrected_frames or own, own, strict=True)
        texts = [name.format(frame, before) for name, frame, before in moved if frame != before]
        if dive.contact_corrected:
            found, before = self.tr("water contact in frame {0} (model {1})"), parse.first_water_contact_frame
            texts.append(found.format(dive.correction.contact_frame, self.tr("none") if before is None else before))
        return ", ".join(texts)

    def _why_text(self, dive: Dive) -> str:
        """Return the reason why the points of the video stream, or of both streams, are unchanged."""
        own = dive.model_analysis.scoring if dive.model_analysis else None
        moved = dive.rescored.scoring if dive.rescored is not None else None
        if own is None or moved is None or dive.rescoring or dive.corrected_frames is None:
            return ""
        assert dive.model_analysis is not None
        parse = dive.model_analysis.parse
        before, after = frames_of(parse.transitions), dive.corrected_frames
        samples = [[frame_to_sample(parse.sampled_frames, frame) for frame in frames] for frames in (before, after)]
        pairs = list(zip(own.exemplars, moved.exemplars, strict=True))
        if samples[0] == samples[1]:
            if any(abs(a.vote - b.vote) > _SAME_POINTS for a, b in pairs):
                return ""  # the measures change
            return self.tr("The score does not change: no frame that the model samples lies between the two positions.")
        n_changed = sum(_dynamic_differs(*pair) for pair in pairs)
        if n_changed == len(pairs):
            return ""
        reason = self.tr("It works in windows of ten samples, which a small correction may leave unchanged.")
        if n_changed:
            text = self.tr("The video stream's points change for only {0} of {1} exemplars.", None, len(pairs))
            return f"{text.format(n_changed, len(pairs))} {reason}"
        return self.tr("The video stream does not change, only the frames stream.") + " " + reason


def _dynamic_differs(before: ExemplarVote, after: ExemplarVote) -> bool:
    pairs = zip(before.contributions, after.contributions, strict=True)
    return any(abs(a.dynamic - b.dynamic) > _SAME_POINTS for a, b in pairs)

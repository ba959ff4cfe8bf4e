import os
import subprocess
import zlib
from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.judging import Judging, half_text
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.coach_marks import NOTE, Mark
from fineparser_core.export.jobs import ReportJob, load_job, run_job, save_job
from fineparser_core.export.notes import note_text
from fineparser_core.export.report import pdf, pdf_canvas
from fineparser_core.export.report.content import make_overview, make_page
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.page import ReportedTrend
from fineparser_core.export.report.write import write_report
from fineparser_core.language import LANGUAGES
from fineparser_core.measures.explanation import Band
from fineparser_core.measures.records import RULES
from fineparser_core.progress import CancelToken, ignore_progress
from fineparser_core.records import Analysis, ComparedDive, Measure
from fineparser_core.scoring.rescore import correct_contact
from fineparser_core.support.processes import own_process

NAMES = (
    "Jörg Müller",
    "Zofia Śliwińska",
    "陈芋汐",
    "محمد السلمي",
    "Δήμος \x1b[31m",
    "<script>alert(1)</script>",
    "a\udcff",
)


FAULT = Measure(name="flight_time", step="take-off", value=0.9, uncertainty=0.05, unit="s", frame=9)
PRAISED = Measure(name="legs_line", step="entry", value=0.5, uncertainty=0.5, unit="deg", frame=80)
LINE = Band(low=-10, high=10, unit="deg", source=RULES)


@pytest.fixture
def dive(small_video, make_analysis):
    analysis = make_analysis(small_video)
    contact = analysis.parse.transitions.first_entry_frame + 20
    return ReportedDive(
        path=small_video,
        analysis=Analysis(parse=correct_contact(analysis.parse, contact), scoring=analysis.scoring),
        details=DiveDetails(athlete="Jörg Müller", note="Arms by the ears.\nLineups from the side."),
        date="2026-05-03",
        bands={"flight_time": Band(low=0.1, high=0.2, unit="s", source=RULES)},
        trend=tuple(ReportedTrend(label=f"dive {k}", award=5 + k / 2, is_this=k == 2) for k in range(4)),
    )


def test_a_page_has_the_marks_of_the_judges_and_the_outcome(dive):
    assert "judges" not in make_page(dive).headline[1]
    judged = replace(dive, details=replace(dive.details, judging=Judging(awards=(6.0, 6.5, 7.0, 6.5, 6.0))))
    scoring = dive.analysis.scoring
    award, below = make_page(judged).headline
    assert award == "6.33"  # theirs first
    assert below.startswith(f"judges (6 6.5 7 6.5 6), {19 * scoring.difficulty:.2f} points, predicted ")
    unscored = replace(dive.analysis, scoring=None, own_award=None)
    mean = replace(dive, details=DiveDetails(judging=Judging(awards=(6.25,)), outcome="balk"), analysis=unscored)
    assert make_page(mean).headline == ("6.25", "judges")
    assert dict(make_page(mean).facts)["outcome"] == "balk"


def test_a_page_tells_what_is_measured_from_what_the_model_attributes(dive):
    page = make_page(dive)
    scoring = dive.analysis.scoring
    assert page.title == "Jörg Müller  ·  207C from 10 m"
    assert page.headline[0] == half_text(scoring.award)
    assert f"{scoring.score:.1f} points" in page.headline[1]
    assert [picture.caption.split("  ")[0] for picture in page.strips[0].pictures] == [
        "approach", "take-off", "flight", "come-out", "entry", "after",
    ]  # fmt: skip
    assert [phase.name for phase in page.phases] == list(STEP_NAMES)
    points = [float(phase.points.replace("\N{MINUS SIGN}", "-")) for phase in page.phases if phase.points]
    assert points == pytest.approx([part.points for part in scoring.contributions], abs=0.051)
    flight_time = next(row for row in page.phases[0].rows if row.name == "time in the air")
    assert flight_time.good == "rules: 0.10 to 0.20 s"
    assert flight_time.gauge is not None
    assert not flight_time.outside  # more time in the air costs nothing
    text = " ".join(page.about)
    assert "an estimate from one video" in text
    assert "Rules of World Aquatics" in text
    assert note_text(scoring.notes[0]) in text
    assert len(page.trend) == 4
    assert page.note == ("Arms by the ears.", "Lineups from the side.")


def test_the_front_page_has_three_sentences_three_pictures_and_the_drawings(dive):
    flight = dive.analysis.parse.steps[1].start_frame
    drawn = Mark(kind=NOTE, frame=flight + 3, points=((20.0, 20.0),), text="Arms longer")
    front = make_page(replace(dive, marks=(drawn,))).front
    assert [picture.caption for picture in front.pictures][:2] == ["Arms longer", "come-out"]
    assert len(front.pictures) == 3
    plain = make_page(dive).front.pictures
    assert [picture.caption for picture in plain] == ["take-off", "come-out", "entry"]
    measures = replace(dive.analysis, measures=(FAULT, PRAISED))
    bands = {"flight_time": Band(low=1.5, high=1.8, unit="s", source=RULES), "legs_line": LINE}
    told = make_page(replace(dive, analysis=measures, bands=bands)).front
    assert told.sentences == (
        "Good: Vertical.",
        "To work on: Low.",
        "The last dive of this number was 5½, this one is 6.",
    )
    assert "Low" in [picture.caption for picture in told.pictures]
    alone = make_page(replace(dive, trend=(), bands={})).front.sentences
    assert alone == ("Nothing to fault that the picture shows clearly.",)


def test_a_dive_without_a_score_has_a_page(dive, make_analysis):
    page = make_page(replace(dive, analysis=make_analysis(dive.path, scored=False), details=DiveDetails(), trend=()))
    assert page.headline[0] == "no score"
    assert page.title == dive.path.stem
    assert all(phase.points is None for phase in page.phases)
    assert not page.trend


def test_a_page_without_its_video_has_no_pictures_and_says_so(dive, tmp_path):
    there, gone = make_page(dive), make_page(replace(dive, path=tmp_path / "gone.mp4"))
    assert not gone.strips
    assert "gone.mp4 (not found" in dict(gone.facts)["video"]
    assert gone.phases == there.phases
    write_report([replace(dive, path=tmp_path / "gone.mp4"), dive], tmp_path / "r.pdf", overview_note="")
    assert (tmp_path / "r.pdf").is_file()


def named(dive, name):
    frame = dive.analysis.parse.transitions.first_flight_frame
    return replace(
        dive,
        details=DiveDetails(athlete=name, note=name),
        marks=(Mark(kind=NOTE, frame=frame, points=((20.0, 20.0),), text=name),),
    )


def test_names_of_any_script_are_written_as_html(dive, tmp_path):
    write_report([named(dive, name) for name in NAMES], tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert all(name in page for name in NAMES[:4])
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count('src="data:image/jpeg;base64,') == (3 + 6) * len(NAMES)
    assert "http" not in page


@pytest.mark.parametrize("faces", [pdf.system_faces(), None])
def test_names_of_any_script_are_written_as_pdf(dive, faces, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "system_faces", lambda: faces)
    write_report([named(dive, name) for name in NAMES], tmp_path / "report.pdf")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert f"/Count {2 * len(NAMES)}".encode() in content
    assert os.listdir(tmp_path) == ["report.pdf"]


def test_no_text_stands_for_another_in_a_pdf(tmp_path):
    canvas = pdf_canvas.PdfCanvas("{nb}", None)
    canvas.add_page()
    canvas.text(10, 10, "{nb} of {nb}", 12)
    canvas.write(tmp_path / "a.pdf")
    streams = (tmp_path / "a.pdf").read_bytes().split(b"stream\n")[1::2]
    assert any(b"{nb} of {nb}" in zlib.decompressobj().decompress(one) for one in streams)


def test_spaces_without_end_are_a_line_of_a_pdf(tmp_path):
    canvas = pdf_canvas.PdfCanvas("spaces", pdf_canvas.system_faces())
    canvas.add_page()
    canvas.text(10, 10, " " * 100_000, 12)
    canvas.lines(10, 20, "a" + " " * 100_000 + "b", 12, 100)
    canvas.write(tmp_path / "a.pdf")


def test_every_dive_has_a_page(dive, tmp_path):
    other = ComparedDive(path=dive.path, title="the best", steps=dive.analysis.parse.steps)
    write_report([replace(dive, comparison=other), dive], tmp_path / "r.pdf")
    assert b"/Count 4" in (tmp_path / "r.pdf").read_bytes()
    write_report([replace(dive, comparison=other), dive], tmp_path / "r.html", title="Season of <J. M.>")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<main>") == 2
    assert "<title>Season of &lt;J. M.&gt;</title>" in page
    assert "For comparison: the best" in page


def test_a_report_is_written_whole_or_not_at_all(dive, tmp_path):
    with pytest.raises(ConfigError, match=r"r\.docx"):
        write_report([dive], tmp_path / "r.docx")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        write_report([dive], tmp_path / "r.html", cancel=cancel)
    assert os.listdir(tmp_path) == []


def test_a_job_carries_a_report(dive, tmp_path):
    other = ComparedDive(path=dive.path, title="the best", steps=dive.analysis.parse.steps)
    job = ReportJob(path=tmp_path / "r.html", dives=(replace(dive, comparison=other), dive), title="Season")
    save_job(job, tmp_path)
    loaded = load_job(tmp_path)
    assert (loaded.title, loaded.path) == (job.title, job.path)
    first, second = loaded.dives
    assert first.comparison == other
    assert second.comparison is None
    assert (first.details, first.bands, first.trend) == (dive.details, dive.bands, dive.trend)
    np.testing.assert_array_equal(first.analysis.parse.mask_probability, dive.analysis.parse.mask_probability)
    assert run_job(loaded, ignore_progress, CancelToken()) == ()
    assert (tmp_path / "r.html").stat().st_size > 10_000


def test_the_best_dive_of_a_recording_has_its_own_pictures(dive):
    judged = [replace(dive, details=DiveDetails(judging=Judging(awards=(award,)))) for award in (3.0, 0.0)]
    unknown = replace(dive, analysis=replace(dive.analysis, scoring=None, own_award=None))
    dives = [unknown, *judged, unknown, unknown]
    page = make_page(dive)
    pages = [replace(page, strips=(replace(page.strips[0], pictures=(at,)),)) for at in range(len(dives))]
    overview = make_overview(dives, "Season", "", pages)
    assert [(row.number, row.n_dives) for row in overview.rows] == [("207C from 10 m", 2), ("no score", 3)]
    assert overview.best.pictures == (1,)
    assert overview.rows[-1].changed == ()
    assert make_overview([unknown, unknown], "Season", "", pages[:2]).best is None


@pytest.mark.parametrize("suffix", [".html", ".pdf"])
def test_a_season_begins_with_a_page_of_its_awards(dive, tmp_path, suffix):
    later = replace(dive, date="2026-06-01")
    overview = make_overview([dive, later], "Season of <b>", "Well done.\nMore height.")
    (row,) = overview.rows
    assert (row.number, row.n_dives, len(row.trend)) == ("207C from 10 m", 2, 2)
    assert ("days", "2026-05-03 to 2026-06-01") in overview.facts
    assert row.changed == ()
    higher = tuple(replace(one, value=2 * one.value) for one in measures_of(dive.analysis) if one.name == "flight_time")
    later = replace(later, analysis=replace(dive.analysis, measures=higher))
    overview = make_overview([dive, later], "Season", "", [make_page(dive), make_page(later)])
    (changed,) = overview.rows[0].changed
    assert changed.startswith("time in the air: ")
    assert overview.best.heading.startswith("Best: 207C from 10 m · 2026-0")
    assert len(overview.best.pictures) == 6
    job = ReportJob(
        path=tmp_path / f"s{suffix}", dives=(dive, later), title="Season of <b>", overview_note="Well done."
    )
    save_job(job, tmp_path)
    read = load_job(tmp_path)
    assert read.overview_note == job.overview_note
    run_job(read, ignore_progress, CancelToken())
    if suffix == ".html":
        text = job.path.read_text("utf-8")
        assert text.count("<main>") == 3
        assert "<b>" not in text.split("<main>")[1].split("</h1>")[0]
        assert "Well done." in text
    else:
        assert job.path.read_bytes().count(b"/Type /Page\n") == 5


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_of_a_page_is_cut_in_any_language(dive, tmp_path, speak, code, monkeypatch):
    speak(code)
    cut = []
    real_line, real_wrapped = pdf_canvas.fit_line, pdf_canvas.PdfCanvas.wrapped

    def fit_line(text, width, width_of):
        line = real_line(text, width, width_of)
        cut.extend([text] * (line != text))
        return line

    def wrapped(canvas, text, size, width, most=99, **how):
        cut.extend([text] * (len(real_wrapped(canvas, text, size, width, **how)) > most))
        return real_wrapped(canvas, text, size, width, most, **how)

    monkeypatch.setattr(pdf_canvas, "fit_line", fit_line)
    monkeypatch.setattr(pdf_canvas.PdfCanvas, "wrapped", wrapped)
    season = [replace(dive, date=f"2026-05-0{day}", path=tmp_path / "gone.mp4") for day in (1, 2, 3)]
    measured = replace(
        dive.analysis, measures=tuple(replace(one, value=2 * one.value) for one in measures_of(dive.analysis))
    )
    write_report([*season, replace(dive, analysis=measured)], tmp_path / "r.pdf", overview_note="Higher take-off.")
    assert not cut


@pytest.mark.parametrize(("code", "phase", "points"), [("de", "Absprung", ","), ("zh_CN", "起跳", ".")])
def test_a_report_is_in_the_language_of_the_app(dive, tmp_path, speak, code, phase, points):
    speak(code)
    job = ReportJob(path=tmp_path / "report.html", dives=(dive,))
    page = make_page(dive)
    assert page.phases[0].name == phase
    assert f"50{points}7" in page.headline[1]
    write_report((dive,), tmp_path / "report.pdf")
    save_job(job, tmp_path)
    process = own_process("fineparser_core.export.jobs", str(tmp_path), code)
    with subprocess.Popen(process, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writing:
        assert b"Written" in writing.stdout.read()
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f'lang="{code.replace("_", "-")}"' in written
    assert "take-off" not in written
    assert "Coach" not in written

import numpy as np
import pytest

from fineparser_core.commands.cli import main
from fineparser_core.data.dive_table import read_table
from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.diving.judging import PhaseMarks
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.video.writer import VideoWriter

FPS = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two videos of 50 frames, at 25 a second."""
    folder = tmp_path_factory.mktemp("club")
    (folder / "clips").mkdir()
    for name in ("clips/a.mp4", "clips/b.mp4"):
        with VideoWriter(folder / name, width_px=64, height_px=48, fps=FPS) as writer:
            for i in range(50):
                writer.write(np.full((48, 64, 3), 4 * i, np.uint8), i / FPS)
    return folder


def read(folder, text, **named):
    path = folder / "dives.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, named)


def test_an_english_score_sheet(folder):
    (first, second), bad, unused = read(
        folder,
        "Clip,Start (s),End,Dive No.,Pos,Board,DD,J1,J2,J3,J4,J5,Take-off mark,Diver,Date,Notes\n"
        'clips/a.mp4,0.2,0:01.8,107,b,3 m,3.1,6.5,7,7,6.5,7,6,"Li, Zoë",2026-05-31,\n'
        "\n"
        "clips\\b,,,5253 B,,10m,,,,,,,,Anna,31.5.2026,wind\n",
    )
    assert (bad, unused) == ([], ["Notes"])
    assert first == JudgedDive(
        video=folder / "clips/a.mp4",
        start_frame=5,
        end_frame=45,
        dive_number="107B",
        board_m=3,
        difficulty=3.1,
        awards=(6.5, 7, 7, 6.5, 7),
        marks=PhaseMarks(take_off=6),
        athlete="Li, Zoë",
        date="2026-05-31",
        n=2,
    )
    assert (second.video, second.dive_number, second.board_m) == (folder / "clips/b.mp4", "5253B", 10)
    assert (second.award, second.date, second.n) == (None, "2026-05-31", 4)


def test_a_german_one_out_of_a_spreadsheet(folder):
    names = "Videodatei;Sprung;Höhe;Punkte;Absprung;Eintauchen;Springerin;von;bis"
    text = f"{names}\nclips/a.mp4;107B;3;62,0;6,5;7;Zoë;5;45\n"
    for data in (text.encode("cp1252"), text.encode("utf-8-sig"), text.replace(";", "\t").encode("utf-16")):
        ((dive,), *_) = read(folder, data)
        assert dive.score == 62
        assert dive.marks == PhaseMarks(take_off=6.5, entry=7)
        assert (dive.athlete, dive.board_m, dive.start_frame, dive.end_frame) == ("Zoë", 3, 5, 45)
    ((dive,), *_) = read(folder, "sep=;\n" + text)
    assert dive.n == 3


def test_columns_of_other_names_are_mapped(folder):
    text = "Who,File,Clip\nZoë,x,clips/a.mp4\n"
    with pytest.raises(ConfigError, match=r"File and Clip both look like video: choose one by --map video=NAME"):
        read(folder, text)
    dives, _, unused = read(folder, text, athlete="who", video="CLIP")
    assert dives[0].athlete == "Zoë"
    assert unused == ["File"]
    with pytest.raises(ConfigError, match="no column Name, but Who, File, Clip"):
        read(folder, text, athlete="Name", video="Clip")
    with pytest.raises(ConfigError, match="no field diver: use one of video"):
        read(folder, text, diver="Who")


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        ("score", ",50", "no video is named"),
        ("", "none.mp4,", "none.mp4"),
        ("start,end", "clips/a.mp4,5,50", "no frame 50"),
        ("start,end", "clips/a.mp4,5,12", "need at least 16"),
        ("start", "clips/a.mp4,1.5", "start: '1.5' may be a frame or a time: write 370, 12.3s or 0:12.3"),
        ("start", "clips/a.mp4,soon", "neither a frame nor a time"),
        ("end", "clips/a.mp4,0:02.5", "after the end of the video, 1.96s"),
        ("start,start frame", "clips/a.mp4,5,6", ""),
        ("dive", "clips/a.mp4,107", "lacks its position"),
        ("board", "clips/a.mp4,platform", "no height of a board"),
        ("score", "clips/a.mp4,NaN", "score: 'NaN' is not a number"),
        ("awards", 'clips/a.mp4,"6,5,7"', "is no score"),
        ("date", "clips/a.mp4,05/31/2026", "not a day: write it as 2026-05-31"),
        ("athlete", "clips/a.mp4,Li, Zoë", "3 cells under 2 names"),
    ],
)
def test_a_bad_row_is_left_out_and_named(header, row, reason, folder):
    good = "clips/b.mp4" + "," * header.count(",")
    table = f"video,{header}\n{good},\n{row}\n"
    if not reason:
        with pytest.raises(ConfigError, match="both look like start_frame"):
            read(folder, table)
        return
    dives, ((n, video, why),), _ = read(folder, table)
    assert [dive.n for dive in dives] == [2]
    assert (n, video) == (3, row.partition(",")[0][:80])
    assert reason in why


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\3\4rest", "save the sheet as CSV"),
        (b"", "no column names the video; found no names"),
        (b"a,b\n1,2\n", "no column names the video; found a, b"),
        (b"video,score\n\n", "no row"),
        (b'video\n"' + b"x" * 200_000 + b'"\n', "is no CSV"),
    ],
)
def test_what_is_no_table_is_said(data, reason, folder):
    with pytest.raises((AnnotationError, ConfigError), match=reason):
        read(folder, data)


def test_the_command_says_what_it_left_out(folder, capsys):
    table, out = folder / "sheet.csv", folder / "club.json"
    table.write_text("clip,who,points,extra\nclips/a.mp4,Zoë,40,1\nnone.mp4,Li,1,1\nclips/b,Li,,2\n", encoding="utf-8")
    assert main(["data", "import", str(table), "--out", str(out), "--map", "athlete=who"]) == 0
    said = capsys.readouterr()
    assert said.out == f"2 dives, 0 of them judged.\nWritten: {out}\n"
    assert "Columns that are not used: extra" in said.err
    assert "1 rows are left out:\n  row  video     why\n    3  none.mp4  " in said.err
    found = [(dive.video.name, dive.athlete, dive.score) for dive in read_dives(out)]
    assert found == [("a.mp4", "Zoë", 40), ("b.mp4", "Li", None)]
    assert '"video": "clips/a.mp4"' in out.read_text(encoding="utf-8")
    table.write_bytes(b"clip\nnone.mp4\n")
    assert main(["data", "import", str(table), "--out", str(folder / "no.json")]) == 6
    assert "no row that can be used, of 1" in capsys.readouterr().err
    assert not (folder / "no.json").exists()

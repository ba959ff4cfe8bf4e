from dataclasses import replace
from pathlib import Path

from made_analysis import made_analysis

from fineparser_core.commands.score_report import named_otherwise, report
from fineparser_core.export.results import AskedClip
from fineparser_core.records import DiverCandidate


def candidate(frame, probability, chosen, reasons):
    box = (10.0, 20.0, 30.0, 60.0)
    values = {"frame": frame, "probability": probability, "chosen": chosen, "reasons": reasons}
    return DiverCandidate(box_xyxy=box, in_frame=frame - 40, out_frame=frame + 60, **values)


def test_possible_divers_are_listed_with_the_option_that_chooses_one(small_video):
    analysis = made_analysis(small_video)
    first = candidate(60, 0.6, True, {"body": 1.2})
    second = candidate(50, 0.3, False, {"water": -1.5, "x": 1})

    def told(*divers):
        clip = replace(analysis.parse.clip, divers=divers)
        return report(replace(analysis, parse=replace(analysis.parse, clip=clip)))

    text = told(first, second)
    assert "2 may be the diver" in text
    assert "--diver 2" in text
    assert "60%  20 to 120  a body is seen (analysed)" in text
    assert "30%  10 to 110  no splash" in text
    assert "may be the diver" not in told(first, replace(second, probability=0.1))


def test_what_the_name_and_the_command_contradict_is_said_with_both():
    asked = AskedClip(path=Path("Anna_107B_3m.mp4"), dive_number="103b", board_m=1.0)
    assert list(named_otherwise(asked, "301A")) == [
        "Anna_107B_3m.mp4: its name says 107B, and 103B counts.",
        "Anna_107B_3m.mp4: its name says 3 m, and 1 m counts.",
        "Anna_107B_3m.mp4: the command says 301A, and 103B counts.",
    ]


def test_what_agrees_or_is_said_once_alone_is_not_told():
    assert not list(named_otherwise(AskedClip(path=Path("Anna_107B_3m.mp4"))))
    assert not list(named_otherwise(AskedClip(path=Path("IMG_2071.MOV"), dive_number="103B", board_m=1.0), "103B", 1.0))

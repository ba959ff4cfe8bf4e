from pathlib import Path

from fineparser_core.commands.score_report import named_otherwise
from fineparser_core.export.results import AskedClip


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

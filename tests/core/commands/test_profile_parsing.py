"""The stages of a parse, and that measuring them leaves nothing behind."""

from types import SimpleNamespace

import pytest
import torch

from fineparser_core.commands.profile_parsing import Spent, _measured, matrix_rate


class Owner:
    def part(self) -> int:
        return 3


def test_a_stage_is_timed_while_it_is_measured():
    owner, module = Owner(), SimpleNamespace(part=lambda: 4)
    spent: dict[str, Spent] = {}
    plain = module.part
    done = iter(range(0, 100, 7))
    with _measured([(owner, "part", "one"), (module, "part", "two")], spent, lambda: float(next(done))):
        assert (owner.part(), owner.part(), module.part()) == (3, 3, 4)
    assert "part" not in vars(owner)
    assert module.part is plain
    assert {stage: one.gflop for stage, one in spent.items()} == {"one": 14.0, "two": 7.0}


def test_the_matrix_rate_is_a_positive_number():
    assert matrix_rate(torch.device("cpu"), torch.float32) > 0


@pytest.mark.slow
def test_the_command_prints_stages_and_the_whole(small_video, capsys):
    from fineparser_core.commands.profile import main

    assert main(["parsing", str(small_video), "--repeats", "1"]) == 0
    printed = capsys.readouterr().out
    assert "GFLOP/s a core" in printed
    assert printed.splitlines()[-1].split()[0] == "whole"
    assert "mask decoder" in printed

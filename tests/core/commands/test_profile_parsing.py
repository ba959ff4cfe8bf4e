import pytest


@pytest.mark.slow
def test_the_command_prints_stages_and_the_whole(small_video, capsys):
    from profiling import main

    assert main(["parsing", str(small_video), "--repeats", "1"]) == 0
    printed = capsys.readouterr().out
    assert "GFLOP/s a core" in printed
    assert printed.splitlines()[-1].split()[0] == "whole"
    assert "mask decoder" in printed

from pathlib import Path

from fineparser_core.commands import cli
from fineparser_core.support.licences import licence_page, licence_texts, packages_in_use


def test_every_package_that_is_needed_is_named_with_its_licence() -> None:
    packages = {one.name.lower().replace("_", "-"): one for one in packages_in_use()}
    assert {"torch", "av", "opencv-python-headless", "pyside6-essentials", "shiboken6", "numpy", "sympy"} <= set(
        packages
    )
    assert "fineparser" not in packages
    assert not {"pytest", "mypy"} & set(packages)
    unnamed = [one.name for one in packages.values() if not one.licence]
    assert not unnamed


def test_the_page_says_what_the_licences_ask_for() -> None:
    page = licence_page()
    for words in ("Qt and PySide6 (LGPL 3)", "x264", "Kinetics-400", "| [torch]"):
        assert words in page


def test_the_texts_are_there() -> None:
    texts = licence_texts()
    for words in ("GNU LESSER GENERAL PUBLIC LICENSE", "GNU GENERAL PUBLIC LICENSE", "PyTorch", "Python"):
        assert words in texts


def test_the_command_writes_both(tmp_path: Path, capsys) -> None:
    assert cli.main(["licences", "--out", str(tmp_path / "here")]) == 0
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"licences.md", "licence-texts.txt"}
    capsys.readouterr()
    assert cli.main(["licences"]) == 0
    assert capsys.readouterr().out.startswith("# Licences")

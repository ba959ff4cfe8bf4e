import pytest

from fineparser_core.commands import cli
from fineparser_core.support.licenses import license_texts, packages_in_use


def test_every_package_that_is_needed_is_named_with_its_licence():
    packages = {one.name.lower().replace("_", "-"): one for one in packages_in_use()}
    assert {"torch", "av", "opencv-python-headless", "pyside6-essentials", "shiboken6", "numpy", "sympy"} <= set(
        packages
    )
    assert "fineparser" not in packages
    assert not {"pytest", "mypy"} & set(packages)
    unnamed = [one.name for one in packages.values() if not one.license]
    assert not unnamed


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("GNU GENERAL PUBLIC LICENSE Version 2, June 1991", "POSSIBILITY OF SUCH DAMAGES. END OF TERMS AND CONDITIONS"),
        ("GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "for a fee. END OF TERMS AND CONDITIONS"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1, February 1999", "SUCH DAMAGES. END OF TERMS AND CONDITIONS"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "permanent authorization for you to choose that"),
    ],
)
def test_the_texts_are_there_whole(first, last):
    texts = " ".join(license_texts().split())
    assert any(last in text[:40_000] for text in texts.split(first)[1:])
    assert "PyTorch" in texts
    assert "Python" in texts


def test_the_command_writes_both(tmp_path, capsys):
    assert cli.main(["licences", "--out", str(tmp_path / "here")]) == 0
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"licences.md", "licence-texts.txt"}
    capsys.readouterr()
    assert cli.main(["licences"]) == 0
    assert capsys.readouterr().out.startswith("# Licences")

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging"))
from licenses import license_texts, packages_in_use, write_licenses


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


def test_both_files_are_written_for_the_app(tmp_path):
    write_licenses(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"licences.md", "licence-texts.txt"}
    page = (tmp_path / "licences.md").read_text(encoding="utf-8")
    assert page.startswith("# Licences")
    assert "| [torch]" in page

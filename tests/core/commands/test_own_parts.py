import pytest

from fineparser_core.commands.options import own_part
from fineparser_core.errors import ConfigError


def test_it_is_looked_for_in_the_current_folder_too(tmp_path, monkeypatch):
    (tmp_path / "my_parts.py").write_bytes(b"class Net:\n    pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = own_part("--head", "my_parts:Net")
    assert found is not None
    assert type(found()).__name__ == "Net"
    assert own_part("--head", None) is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Net", "use package.module:function"),
        ("no_such_module_here:Net", "No module named"),
        ("math:no_such_name", "has no attribute"),
        ("math:pi", "is no function or class"),
    ],
)
def test_what_cannot_be_loaded_is_said(path, said):
    with pytest.raises(ConfigError, match=said):
        own_part("--static-backbone", path)

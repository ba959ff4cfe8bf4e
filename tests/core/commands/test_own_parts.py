import pytest

from fineparser_core.commands.options import imported
from fineparser_core.errors import ConfigError


def test_it_is_looked_for_in_the_current_folder_too(tmp_path, monkeypatch):
    (tmp_path / "my_parts.py").write_bytes(b"class Net:\n    pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = imported("my_parts:Net")
    assert type(found()).__name__ == "Net"


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
        imported(path)

"""What a console of Windows with an old code page shows of names that it has no letters for."""

import os
import subprocess
import sys

import pytest

PROGRAM = (
    "import sys\n"
    "from fineparser_core.commands import cli\n"
    "from fineparser_core.commands.printing import remark, say\n"
    "sys.exit(cli.run_guarded(lambda argv: say('Zoë 王 –') or remark('Zoë 王 –') or 0, []))\n"
)


@pytest.mark.parametrize(("page", "shown"), [("cp850", r"Zoë \u738b \u2013"), ("cp932", r"Zo\xeb 王 \u2013")])
def test_a_letter_that_the_code_page_lacks_is_printed_as_its_escape(page, shown):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"PYTHONIOENCODING": page}, capture_output=True
    )
    assert done.returncode == 0
    assert [stream.decode(page).splitlines() for stream in (done.stdout, done.stderr)] == [[shown], [shown]]

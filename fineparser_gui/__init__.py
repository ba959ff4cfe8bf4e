"""The FineParser window."""

import os
import sys

# The working folder comes first on the path of `python -m fineparser_gui`: its modules would pass for Python's own.
if (
    "-m" in sys.orig_argv
    and sys.argv[:1] == ["-m"]
    and sys.orig_argv[sys.orig_argv.index("-m") + 1].startswith("fineparser_gui")
    and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    and not sys.flags.safe_path
):
    del sys.path[0]

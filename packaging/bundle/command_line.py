"""Entry of the frozen command line, which also runs what `own_process` asks for: worker, export, probes."""

import multiprocessing
import runpy
import sys
import warnings

from fineparser_core.support.processes import RUN_MODULE

_OURS = ("fineparser_core", "fineparser_gui")


# Of torch's sources, which the folder has not, nothing but its compiler of scripts would read any.
warnings.filterwarnings("ignore", message="Unable to retrieve source for @torch.jit")


def main(argv: list[str]) -> int:
    """Run the module that the arguments name, else the command; return the exit code."""
    if argv[:1] == [RUN_MODULE] and len(argv) > 1 and argv[1].split(".")[0] in _OURS:
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        return 0
    from fineparser_core.commands.cli import main as command

    return command(argv)


if __name__ == "__main__":
    multiprocessing.freeze_support()  # a process of a pool is this program with arguments of its own
    sys.exit(main(sys.argv[1:]))

"""A scorer that does as the names of clips say, in place of one with weights; with arguments, `fineparser` with it.

"dies": its process is killed, the first time; "fails": an error of the clip; "slow": after a third of a second; "long":
after an hour. What it is asked is added to `asked.log` beside the clip, with the id of its process.
"""

import os
import sys
import time
from dataclasses import replace
from functools import partial

from made_analysis import made_analysis
from platforms import KILL

from fineparser_core.commands import cli
from fineparser_core.commands import score as command
from fineparser_core.commands.score_many import score_many
from fineparser_core.commands.scorer import ScoringOptions
from fineparser_core.errors import ConfigError
from fineparser_core.export.results import ClipResult, result_to_line
from fineparser_core.support.processes import serve_jobs


def open_scorer(options, workers):
    if options.seed == 13:
        raise ConfigError("13 opens nothing.")
    if options.seed == 14:
        os.kill(os.getpid(), KILL)

    def score(result):
        path = result.asked.path
        with path.with_name("asked.log").open("a") as log:
            log.write(f"{path.name} {os.getpid()}\n")
        if "fails" in path.name:
            return result_to_line(replace(result, error=f"{path} fails."))
        time.sleep(3600 if "long" in path.name else 0.3 if "slow" in path.name else 0)
        if "dies" in path.name and not path.with_name("died").exists():
            path.with_name("died").touch()
            os.kill(os.getpid(), KILL)
        return result_to_line(replace(result, analysis=made_analysis(path, result.asked.start_frame)))

    return score


if __name__ == "__main__":
    if len(sys.argv) == 1:
        serve_jobs(lambda given: open_scorer(*given), tuple[ScoringOptions, int], ClipResult)
    command.score_many = partial(score_many, scorer="scripted_scorer")  # type: ignore[assignment]
    sys.exit(cli.main(sys.argv[1:]))

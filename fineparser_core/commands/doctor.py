"""`fineparser doctor`: what is here and whether it works, for oneself or for whoever helps."""

from dataclasses import asdict, dataclass

from fineparser_core.commands.options import WeightsOptions, parse
from fineparser_core.commands.printing import say, say_json
from fineparser_core.errors import ExitCode
from fineparser_core.health.report import Places, as_text, examine


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(WeightsOptions):
    """Prints versions, processor and GPU, codecs, the state of weights and exemplars, space on the disk, and the log.

    Attributes:
        json: print JSON instead of text.
    """

    json: bool = False


def main(argv: list[str]) -> int:
    """Run `fineparser doctor`; the exit code is that of damaged weights where a file is damaged.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(DoctorOptions, "doctor", argv)
    weights = {"weights": args.weights} if args.weights is not None else {}
    findings = examine(Places(device=args.device, precision=args.precision, **weights))
    if args.json:
        say_json([asdict(one) for one in findings])
    else:
        say(as_text(findings))
    damaged = any(one.problem and one.section == "Files" for one in findings)
    return int(ExitCode.WEIGHTS if damaged else ExitCode.DONE)

"""`fineparser evaluate`: measures weights on any labeled data, beside what needs no video at all."""

from dataclasses import fields
from pathlib import Path

from fineparser_core.commands.evaluate_options import EvaluateOptions
from fineparser_core.commands.options import parse, use_method
from fineparser_core.commands.output_paths import check_output_files, check_output_folder, make_output_folder
from fineparser_core.commands.printing import say
from fineparser_core.commands.terminal import log_to_stderr
from fineparser_core.errors import ConfigError
from fineparser_core.resources import bundled_weights

#: Options that mean something without a network.
_USED = (
    *("data", "layout", "split", "split_by", "frames", "frame_pattern", "mask_pattern", "out", "seed"),
    *("predictions", "against", "force"),
)


def measure_predictions(args: EvaluateOptions) -> None:
    """Measure files of predictions, print the results, and write them if a folder is named.

    Raises:
        FineParserError: with the sentence for the user.
    """
    # Imported late, as reading a card needs no statistics.
    from fineparser_core.evaluation.dataset_evaluation import OUTPUTS, check_protocols, evaluate_predictions
    from fineparser_core.evaluation.predictions import read_predictions

    for option in fields(args):
        if getattr(args, option.name) != option.default and option.name not in _USED:
            raise ConfigError(
                f"--{option.name.replace('_', '-')} is of a network, and --predictions needs none: leave it away."
            )
    if args.data is None:
        raise ConfigError("--data is not given: name the folder of the data set whose dives are predicted.")
    assert args.predictions is not None
    files = [args.predictions, *([] if args.against is None else [args.against])]
    if args.out is not None:
        make_output_folder(args.out)
        outputs = [(args.out / name, Path(name).suffix) for name in OUTPUTS]
        check_output_files(outputs, dict.fromkeys(files, "the file of predictions that is measured"))
    given = [read_predictions(file) for file in files]
    if not args.force:
        check_protocols(given)
    data = args.dataset(args.data, args.layout)
    measured = evaluate_predictions(
        given[0], data, *given[1:], split=args.split, split_by=args.split_by, seed=args.seed or 0
    )
    say(measured.as_text())
    if args.out is not None:
        measured.write(args.out)


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(EvaluateOptions, "evaluate", argv)
    if args.predictions is not None:
        measure_predictions(args)
        return 0
    if args.against is not None:
        raise ConfigError("--against compares two files of predictions: give the first by --predictions.")
    use_method(args.method)
    weights = args.weights or bundled_weights()
    if args.write_card is not None:
        if args.weights is None:
            raise ConfigError("A card is written: name the folder of its weights by --weights.")
        from fineparser_core.evaluation.model_card import write_model_card

        check_output_folder(weights)
        write_model_card(args.write_card, weights)
        return 0
    if args.data is None and args.real is None:
        raise ConfigError("Neither --data nor --real is given: name the folder of a data set or of labelled clips.")
    log_to_stderr()

    # Imported late, as it loads torch.
    from fineparser_core.commands.measuring import measure

    measure(args, weights)
    return 0

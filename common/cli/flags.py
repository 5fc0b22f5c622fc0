"""The command line that the three scripts share. Imports nothing heavy, so --help and mistakes are answered at once."""

import argparse
import sys
from collections import Counter
from difflib import get_close_matches

from common.cli.streams import BAD_INPUT, one_line
from common.cli.types import (
    MOST_EPOCHS,
    MOST_JOBS,
    address,
    choice,
    folder,
    number_from_zero,
    positive_number,
    seed_list,
    seed_words,
    share,
    whole_number,
)

INITS = ("report", "glorot", "he")
STRATEGIES = ("auto", "single", "mirrored")
DETERMINISMS = ("auto", "on", "off")


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a mistake in one line."""

    def __init__(self, **kwargs):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)

    def parse_args(self, args=None, namespace=None):
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flags = [word.split("=")[0] for word in unknown if word.startswith("--")]
            near = get_close_matches(flags[0], self._option_string_actions, n=1, cutoff=0.8) if flags else []
            self.error(f"unrecognized arguments: {' '.join(unknown)}" + "".join(f"; is {name} meant?" for name in near))
        return known

    def error(self, message):
        self.exit(BAD_INPUT, f"{self.prog}: error: {one_line(message)} (see --help)\n")


def build_parser(prog, description, example, datasets, epochs, batch_sizes, inits=INITS):
    """A parser with the common flags; the script adds its own.

    Args:
        prog: the script's file name.
        description, example: shown by --help.
        datasets: names of the datasets that the script knows.
        epochs: default number of epochs.
        batch_sizes: default batch size by dataset.
        inits: names that --init takes; the first is its default.
    """
    parser = Parser(prog=prog, description=description, epilog=f"example:\n  {example}")
    default_sizes = ", ".join(f"{size} on {name}" for name, size in batch_sizes.items())
    add = parser.add_argument
    add(
        "--datasets",
        nargs="+",
        metavar="NAME",
        type=choice([*datasets, "all"]),
        help=f"{', '.join(datasets)}, or all, which downloads what is missing (default: those at hand without a download)",
    )
    add(
        "--seeds",
        nargs="+",
        metavar="N",
        type=seed_words,
        default=[["5"]],
        help="one number is a count of seeds (5 means 0 to 4); several, or one with a comma (7,), are the seeds themselves (default: 5)",
    )
    add(
        "--epochs",
        metavar="N",
        type=whole_number(1, MOST_EPOCHS),
        default=epochs,
        help="passes over the training data (default: %(default)s)",
    )
    add("--batch-size", metavar="N", type=whole_number(1, 2**31 - 1), help=f"samples per step (default: {default_sizes})")
    add(
        "--init",
        nargs="+",
        metavar="NAME",
        type=choice(inits),
        default=inits[:1],
        help=f"how weights and biases start: {', '.join(inits)}; several are compared (default: {inits[0]})",
    )
    add("--batch-norm", action="store_true", help="train every arm with batch normalisation too, beside the same without")
    add("--dropout", metavar="RATE", type=share, default=0.0, help="train every arm with dropout at that rate too, beside the same without")
    add("--out", metavar="DIR", type=folder, default="plots", help="folder for tables and figures (default: %(default)s)")
    add(
        "--data-dir",
        metavar="DIR",
        type=folder,
        help="folder with Fashion-MNIST's IDX or CSV files (default: the Keras cache, then /kaggle/input)",
    )
    add(
        "--strategy",
        choices=STRATEGIES,
        default="auto",
        help="single: one device; mirrored: share every batch out to all GPUs; auto: mirrored where two or more GPUs gain by it (default: "
        "%(default)s)",
    )
    add(
        "--determinism",
        choices=DETERMINISMS,
        default="auto",
        help="whether TensorFlow's deterministic operations are asked for; auto: on GPUs, for on a CPU the others are so too, and faster "
        "(default: %(default)s)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        metavar="N",
        type=whole_number(1, MOST_JOBS),
        default=1,
        help="train in N processes, each with its share of the cores and a GPU of its own (default: %(default)s)",
    )
    where.add_argument(
        "--cluster", metavar="ADDRESS", type=address, help="train on the workers of a Dask scheduler, such as tcp://10.0.0.1:8786"
    )
    add(
        "--max-minutes",
        metavar="MIN",
        type=positive_number,
        help="stop training after so many minutes, between two epochs; the same command goes on from there",
    )
    add(
        "--checkpoint-every",
        metavar="SEC",
        type=number_from_zero,
        default=30.0,
        help="save the state of a training every so many seconds, for the same command to go on from there if it is killed; 0: every epoch "
        "(default: %(default)g)",
    )
    add("--fresh", action="store_true", help="train again what is done already")
    add("--quiet", action="store_true", help="no progress on stderr")
    add("--tensorboard", action="store_true", help="also write TensorBoard logs, to DIR/<script>/tensorboard")
    return parser


def add_names(parser, flag, names):
    """Add a flag that takes some of the names, all by default."""
    parser.add_argument(flag, nargs="+", metavar="NAME", type=choice(names), default=names, help=f"of {', '.join(names)} (default: all)")


def add_rate(parser, default):
    """Add --lr for one learning rate."""
    parser.add_argument("--lr", metavar="RATE", type=positive_number, default=default, help="learning rate (default: %(default)s)")


def parse(parser, argv, *unique_flags):
    """Parse the arguments and check what concerns several words at once.

    Args:
        parser: from `build_parser`.
        argv: list of words, or None for the process's own.
        *unique_flags: names of list-valued arguments in which nothing may stand twice.

    Returns:
        The namespace, with `seeds` as a list of ints.
    """
    words = sys.argv[1:] if argv is None else argv
    flags = Counter(word.split("=")[0] for word in words if word.startswith("--"))
    twice = [flag for flag, count in flags.items() if count > 1]
    if twice:
        parser.error(f"argument {twice[0]}: given twice, of which the first would be lost; give it once, with all its values")
    args = parser.parse_args(words)
    try:
        args.seeds = seed_list(args.seeds)
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument --seeds: {error}")
    for name in ("datasets", "seeds", "init", *unique_flags):
        values = getattr(args, name) or []
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            parser.error(f"argument --{name.replace('_', '-')}: {twice[0]} is given twice; give it once")
    if "all" in (args.datasets or []) and len(args.datasets) > 1:
        parser.error("argument --datasets: all stands for every dataset; give it alone")
    return args

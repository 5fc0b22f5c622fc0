"""The command line that the scripts share. Imports nothing heavy, so --help and mistakes are answered at once."""

import argparse
import sys
from collections import Counter
from difflib import get_close_matches

from common.cli.streams import BAD_INPUT, one_line
from common.cli.types import (
    MOST_EPOCHS,
    MOST_JOBS,
    address,
    folder,
    number_from_zero,
    positive_number,
    seed_list,
    seed_words,
    whole_number,
)
from common.seeds import ALL, MOST_SEEDS, VARIED

STRATEGIES = ("auto", "single", "mirrored")
DETERMINISMS = ("auto", "on", "off")


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a mistake in one line."""

    def __init__(self, **kwargs):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)

    def parse_args(self, args=None, namespace=None):
        """As argparse's, with a guess at the flag that was meant. Both arguments default to None, as there."""
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flags = [word.split("=")[0] for word in unknown if word.startswith("--")]
            near = get_close_matches(flags[0], self._option_string_actions, n=1, cutoff=0.8) if flags else []
            self.error(f"unrecognized arguments: {' '.join(unknown)}" + "".join(f"; is {name} meant?" for name in near))
        return known

    def error(self, message):
        """End the process with one line."""
        self.exit(BAD_INPUT, f"{self.prog}: error: {one_line(message)} (see --help)\n")


def build_parser(experiment):
    """The parser of an experiment's script: the flags of its settings, and those that all scripts have.

    Args:
        experiment: the `Experiment`.
    """
    parser = Parser(prog=f"{experiment.name}.py", description=experiment.description, epilog=f"example:\n  {experiment.example}")
    _add_what_is_trained(parser, experiment)
    for setting in experiment.settings:
        _add_setting(parser, setting)
    _add_controls(parser, experiment)
    _add_files(parser)
    _add_devices(parser)
    _add_progress(parser)
    return parser


def _add_what_is_trained(parser, experiment):
    parser.add_argument(
        "--datasets",
        nargs="+",
        metavar="NAME",
        choices=[*experiment.datasets, "all"],
        help=f"{', '.join(experiment.datasets)}, or all, which downloads what is missing (default: those at hand without a download)",
    )
    parser.add_argument(
        "--seeds",
        nargs="+",
        metavar="N",
        type=seed_words,
        help="one number is a count of seeds (5 means 0 to 4); several, or one with a comma (7,), are the seeds themselves; those that are "
        "done are not trained again (default: the dataset's own number)",
    )
    parser.add_argument(
        "--vary",
        nargs="+",
        metavar="SOURCE",
        choices=VARIED,
        default=[ALL],
        help="what differs from seed to seed: all, or one source of randomness, with the others held at seed 42: weights, order, data; of "
        "several, the results are those of the first, and the spread by source is shown (default: all)",
    )
    parser.add_argument(
        "--until-decided",
        action="store_true",
        help="add seeds, in at most four looks, until all claims are decided; the more looks, the stricter each",
    )
    parser.add_argument(
        "--max-seeds",
        metavar="N",
        type=whole_number(1, MOST_SEEDS),
        help="the most seeds that --until-decided trains (default: four times those of the first look)",
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=whole_number(1, MOST_EPOCHS),
        default=experiment.epochs,
        help="passes over the training data (default: %(default)s)",
    )


def _add_controls(parser, experiment):
    """The flags of controls, of an experiment whose report has some."""
    questions = experiment.report.control_questions()
    if not questions:
        parser.set_defaults(controls=None, control_seeds=None)
        return
    parser.add_argument(
        "--controls",
        nargs="*",
        metavar="QUESTION",
        choices=questions,
        help="also train what it takes to switch a cause off: matched, removed and injected causes, for the report's why-questions; of "
        f"these questions: {', '.join(questions)} (without a name: all)",
    )
    parser.add_argument(
        "--control-seeds",
        metavar="N",
        type=whole_number(1, MOST_SEEDS),
        help="the seeds of what --controls adds, the first N of each dataset's (default: 5)",
    )


def _add_setting(parser, setting):
    """The flag of a `Setting`. It takes several values, which are compared; a switch takes none."""
    flag, default = f"--{setting.flag}", list(setting.default)
    if setting.type is bool:
        parser.add_argument(flag, action="store_const", const=[True], default=default, help=setting.help)
        return
    names = f": {', '.join(setting.choices)}" if setting.choices else ""
    words = " ".join(map(str, default)) or "the dataset's own"
    aliases = dict(setting.aliases)
    parser.add_argument(
        flag,
        nargs="+",
        metavar=setting.flag.rpartition("-")[2].upper(),
        type=(lambda word: aliases.get(word, word)) if aliases else setting.type,
        choices=setting.choices,
        default=default,
        help=f"{setting.help}{names}; several are compared (default: {words})",
    )


def _add_files(parser):
    add = parser.add_argument
    add("--out", metavar="DIR", type=folder, default="plots", help="folder for tables and figures (default: %(default)s)")
    add(
        "--data-dir",
        metavar="DIR",
        type=folder,
        help="folder with Fashion-MNIST's IDX, CSV or npz files (default: Keras's folder, then /kaggle/input)",
    )
    add(
        "--cache",
        metavar="DIR",
        type=folder,
        help="folder for what later calls need not find out again, or off (default: NETWORKS_CACHE, else a folder in the user's cache)",
    )
    add("--fresh", action="store_true", help="train again what is done already")
    add("--tensorboard", action="store_true", help="also write TensorBoard logs, to DIR/<script>/tensorboard")


def _add_devices(parser):
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default="auto",
        help="single: one device; mirrored: share every batch out to all GPUs; auto: mirrored where two or more GPUs gain by it (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--determinism",
        choices=DETERMINISMS,
        default="auto",
        help="whether TensorFlow's deterministic operations are asked for; auto: on GPUs only, since a CPU's other operations are "
        "deterministic too, and faster (default: %(default)s)",
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


def _add_progress(parser):
    parser.add_argument(
        "--max-minutes",
        metavar="MIN",
        type=positive_number,
        help="stop training after so many minutes, between two epochs; the same command goes on from there",
    )
    parser.add_argument(
        "--checkpoint-every",
        metavar="SEC",
        type=number_from_zero,
        default=30.0,
        help="save the state of a training every so many seconds, so that the same command goes on from there if it is killed; 0: every "
        "epoch (default: %(default)g)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def parse(experiment, argv=None):
    """The flags of a call, checked also where several words are concerned at once.

    Args:
        experiment: the `Experiment`.
        argv: list of words. Defaults to None, the process's own.

    Returns:
        The namespace, with `seeds` as a list of ints, or None for each dataset's own, and a list of values for each setting.
    """
    parser = build_parser(experiment)
    words = sys.argv[1:] if argv is None else argv
    flags = Counter(word.split("=")[0] for word in words if word.startswith("--"))
    twice = [flag for flag, count in flags.items() if count > 1]
    if twice:
        parser.error(f"argument {twice[0]}: given twice; give it once, with all its values")
    args = parser.parse_args(words)
    try:
        args.seeds = args.seeds and seed_list(args.seeds)
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument --seeds: {error}")
    _check_looks(parser, args)
    if args.control_seeds and args.controls is None:
        parser.error("argument --control-seeds: it is the number of seeds of --controls; give both")
    for flag in ("datasets", "seeds", "vary", "controls", *(setting.flag for setting in experiment.settings)):
        values = getattr(args, flag.replace("-", "_")) or []
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            parser.error(f"argument --{flag}: {twice[0]} is given twice; give it once")
    if "all" in (args.datasets or []) and len(args.datasets) > 1:
        parser.error("argument --datasets: all stands for every dataset; give it alone")
    return args


def _check_looks(parser, args):
    """Whether --until-decided and --max-seeds fit the seeds."""
    if args.max_seeds is not None and not args.until_decided:
        parser.error("argument --max-seeds: it is the limit of --until-decided; give both, or --seeds alone")
    if args.until_decided and args.seeds and args.seeds != list(range(len(args.seeds))):
        parser.error("argument --until-decided: it adds seeds to a count; give --seeds one number, or leave it out")
    if args.max_seeds is not None and args.seeds and len(args.seeds) > args.max_seeds:
        parser.error(f"argument --seeds: {len(args.seeds)} is more than --max-seeds {args.max_seeds} allows")

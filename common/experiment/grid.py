"""From flags to cells: every arm on every dataset, and with every value of what is compared besides."""

import itertools
from dataclasses import replace

from common.experiment.cell import Cell


def compared(experiment, args):
    """What the common flags compare besides the arms.

    Args:
        experiment: the `Experiment`.
        args: parsed flags.

    Returns:
        `(experiment, factors)`: the experiment with a column for what has several values, and `{setting: values}`.
    """
    factors = {"init": args.init, "batch_norm": _without_and(args.batch_norm), "dropout": _without_and(args.dropout)}
    several = [name for name, values in factors.items() if len(values) > 1]
    return replace(experiment, arm_columns=(*experiment.arm_columns, *several)), factors


def build_cells(experiment, arms, factors, args, sizes, fingerprints):
    """The cells that the flags ask for, in the order in which they are shown.

    Args:
        experiment: the `Experiment`.
        arms: list of dicts, `{setting: value}`.
        factors: `{setting: values}`, from `compared`.
        args: parsed flags, of which seeds, epochs and batch_size are used.
        sizes: `{dataset: number of training samples}`.
        fingerprints: `{dataset: hash of its arrays}`.
    """
    return [
        Cell(
            experiment=experiment.name,
            dataset=name,
            arm=arm,
            seeds=tuple(args.seeds),
            epochs=args.epochs,
            # All batches that hold every sample are the same batch.
            batch_size=min(args.batch_size or experiment.default_batch_size[name], size),
            data=fingerprints[name],
            **dict(zip(factors, values, strict=True)),
        )
        for name, size in sizes.items()
        for arm in arms
        for values in itertools.product(*factors.values())
    ]


def _without_and(value):
    """The values of a switch: every arm is trained without it, and, if it is given, with it."""
    return [value] if not value else [type(value)(), value]

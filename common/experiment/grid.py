"""From flags to cells: every combination of the settings' values on every dataset, in as many looks as may be taken at the results."""

import itertools
from dataclasses import replace

from common.experiment.cell import Cell
from common.experiment.knobs import SPARSE, WATCHED

LOOKS = 4  # that --until-decided takes at most
CONTROL_SEEDS = 5  # of what --controls adds: a cause that matters is seen with few


def compared(experiment, args):
    """The values of the settings.

    Args:
        experiment: the `Experiment`.
        args: parsed flags.

    Returns:
        `(experiment, values)`: the experiment with the settings that have several values among its arms, and `{setting: values}`.
    """
    values = {setting.name: setting.values(getattr(args, setting.flag.replace("-", "_"))) for setting in experiment.settings}
    return experiment.comparing([name for name, several in values.items() if len(several) > 1]), values


def seed_counts(first, most):
    """The numbers of seeds at which the results are looked at, ascending: evenly spaced from `first` to `most`, at most `LOOKS`."""
    return list(dict.fromkeys(first + (most - first) * look // (LOOKS - 1) for look in range(LOOKS)))


def build_cells(experiment, values, args, datasets, sizes, fingerprints, seeds_of, vary):
    """The cells that the flags ask for, in the order in which they are shown.

    Args:
        experiment: the `Experiment`.
        values: `{setting: values}`, from `compared`.
        args: parsed flags, of which the epochs are used.
        datasets: `{name: Dataset}`, which have the values of settings without a default.
        sizes: `{dataset: number of training samples}`.
        fingerprints: `{dataset: hash of its arrays}`.
        seeds_of: `{dataset: seeds}`.
        vary: what differs from seed to seed, see `common.seeds`.
    """
    order = sorted(values, key=lambda name: name not in experiment.slowest)
    cells = []
    for name, size in sizes.items():
        of_dataset = {setting: several or (getattr(datasets[name], setting),) for setting, several in values.items()}
        # All batches that hold every sample are the same batch.
        of_dataset["batch_size"] = tuple(dict.fromkeys(min(batch_size, size) for batch_size in of_dataset["batch_size"]))
        for combination in itertools.product(*map(of_dataset.get, order)):
            settings = dict(zip(order, combination, strict=True))
            settings = {setting: settings[setting] for setting in values}
            cells.append(Cell(experiment.name, name, settings, tuple(seeds_of[name]), args.epochs, fingerprints[name], vary))
    return cells


def build_control_cells(cells, arms_on, most_seeds=CONTROL_SEEDS):
    """The cells of arms that controls need beside those that the flags ask for.

    Args:
        cells: those that the flags ask for, of one source of randomness, list of `Cell`.
        arms_on: function of a dataset's name that returns the arms, list of `{setting: value}`. A setting that an arm leaves out has the
            first value of the call.
        most_seeds: the number of seeds, the first of those of the dataset. Defaults to 5.

    Returns:
        List of `Cell`, none of them among `cells`. A knob, a setting without a flag, stands in those cells alone that turn it. Their layers
        are measured after few epochs, unless the arm watches them.
    """
    first, known, found = {}, {cell.name for cell in cells}, {}
    for cell in cells:
        first.setdefault(cell.dataset, cell)
    for dataset, base in first.items():
        for arm in arms_on(dataset):
            cell = replace(base, settings={**base.settings, **arm}, seeds=base.seeds[:most_seeds])
            if cell.name not in known:
                found.setdefault(cell.name, cell if WATCHED in arm else replace(cell, settings={**cell.settings, SPARSE: True}))
    return list(found.values())

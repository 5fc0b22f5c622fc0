"""From flags to cells: every combination of the settings' values on every dataset, in as many looks as may be taken at the results."""

import itertools

from common.experiment.cell import Cell

LOOKS = 4  # that --until-decided takes at most


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

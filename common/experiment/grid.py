"""From flags to cells: every combination of the settings' values on every dataset."""

import itertools

from common.experiment.cell import Cell


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


def build_cells(experiment, values, args, datasets, sizes, fingerprints):
    """The cells that the flags ask for, in the order in which they are shown.

    Args:
        experiment: the `Experiment`.
        values: `{setting: values}`, from `compared`.
        args: parsed flags, of which seeds and epochs are used.
        datasets: `{name: Dataset}`, which have the values of settings without a default.
        sizes: `{dataset: number of training samples}`.
        fingerprints: `{dataset: hash of its arrays}`.
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
            cells.append(Cell(experiment.name, name, settings, tuple(args.seeds), args.epochs, fingerprints[name]))
    return cells

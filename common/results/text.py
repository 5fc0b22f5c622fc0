"""The result table as text, for the screen and for the page."""

from common.data import label
from common.experiment import formatting
from common.experiment.measures import registry


def describe_settings(experiment, cell):
    """One line on what the arms of a dataset have in common."""
    seeds, epochs = (f"{n} {unit}{'s' if n != 1 else ''}" for n, unit in ((len(cell.seeds), "seed"), (cell.epochs, "epoch")))
    shared = {name: value for name, value in cell.settings.items() if name not in experiment.arm_columns}
    words = [f"batch {shared.pop('batch_size')}"] if "batch_size" in shared else []
    words += [f"{formatting.name_of(shared.pop('init'))} initialisation"] if "init" in shared else []
    return ", ".join([seeds, epochs, *words, *(formatting.setting(name, value) for name, value in shared.items() if value)])


def result_blocks(results):
    """The result table of each dataset, as text: list of dicts with `dataset`, `settings`, `header` and `rows`."""
    experiment, blocks = results.experiment, []
    columns = [results.measures[name] for name in experiment.columns]
    for dataset, rows in results.tables["table"].groupby("dataset", sort=False):
        any_diverged = bool((rows["diverged_mean"] > 0).any())
        header = [*map(formatting.name_of, experiment.arm_columns), *(measure.heading for measure in columns)]
        settings = describe_settings(experiment, next(cell for cell in results.cells if cell.dataset == dataset))
        block = {"dataset": label(dataset), "settings": settings, "header": header + ["diverged"] * any_diverged, "rows": []}
        for row in rows.to_dict("records"):
            numbers = [_text(measure, row, interval=measure is columns[0]) for measure in columns]
            if any_diverged:
                numbers.append(f"{row['diverged_mean'] * row['n']:.0f} of {row['n']}")
            block["rows"].append([*(formatting.word(row[column]) for column in experiment.arm_columns), *numbers])
        blocks.append(block)
    return blocks


def legend(experiment):
    """One line that explains the columns of the result table, but those whose heading says it."""
    measures = registry(experiment)
    explained = [f"{measures[name].heading}: {measures[name].label}" for name in experiment.columns[1:]]
    return f"Means over seeds [95 % interval]. {'; '.join(explained)}."


def _text(measure, row, interval):
    mean, low, high = (row[f"{measure.name}_{part}"] for part in ("mean", "ci_low", "ci_high"))
    return formatting.with_interval(mean, low, high, measure.unit) if interval else formatting.in_table(mean, measure.unit)

"""The result table as text, for the screen and for the page."""

from common.data import DATASETS, label
from common.experiment import formatting
from common.experiment.measures import registry
from common.seeds import ALL, HELD

SOURCES = {"weights": "initialisation", "order": "order of the batches"}
MEANS = (
    "Means over seeds, geometric ones of losses and norms [95 % interval]; where runs fall into two groups, the number in each [95 % "
    "interval of the first's share]; no interval where runs lie near chance, at a bound, or are equal: they are in summary.csv and in "
    "the figure final_accuracy."
)
AVERAGED = {"log": "Geometric mean", "time": "Epochs, counted from 1: the mean", "share": "Mean", "linear": "Mean", "event": "Share"}
DIVERGED = "runs that diverged"
TESTED = "differences of accuracy include the error of the test samples, other intervals hold for these samples alone"


def describe_settings(experiment, cell):
    """One line on what the arms of a dataset have in common."""
    seeds, epochs = (f"{n} {unit}{'s' if n != 1 else ''}" for n, unit in ((len(cell.seeds), "seed"), (cell.epochs, "epoch")))
    shared = {name: value for name, value in cell.settings.items() if name not in experiment.arm_columns}
    words = [f"batch {shared.pop('batch_size')}"] if "batch_size" in shared else []
    words += [f"{formatting.name_of(shared.pop('init'))} initialisation"] if "init" in shared else []
    return ", ".join([seeds, epochs, *words, *(formatting.setting(name, value) for name, value in shared.items() if value)])


def conditions(cell):
    """A sentence on what the intervals of a cell's results hold for: what its runs share stays as it is."""
    name, dataset = label(cell.dataset), DATASETS[cell.dataset]
    if cell.vary in ("weights", "order"):
        return f"Only the {SOURCES[cell.vary]} differs from seed to seed, all else is held at seed {HELD}; {TESTED}"
    alone = "" if cell.vary == ALL else f" Weights and orders are held at seed {HELD}."
    if dataset.correction:
        share = f"variances of means are widened by {dataset.correction:.2g} of a run's (Nadeau & Bengio)"
        return f"Each seed splits {name} anew; since splits share samples, {share}{alone and '.'}{alone.rstrip('.')}"
    if dataset.has_own_samples:
        return f"Each seed draws points of its own{alone and '.'}{alone.rstrip('.')}"
    return f"All runs have {name}'s own training and test images; {TESTED}"


def result_blocks(results):
    """The result table of each dataset, as text: list of dicts with `dataset`, `settings`, `conditions`, `header`, short as
    a terminal needs it, `columns`, the same in full, pairs of a heading and the name of its measure, empty if it has none; and `rows`."""
    experiment, blocks = results.experiment, []
    columns = [results.measures[name] for name in experiment.columns]
    for dataset, rows in results.tables["table"].groupby("dataset", sort=False):
        any_diverged = bool((rows["diverged_mean"] > 0).any())
        header = [*map(formatting.name_of, experiment.arm_columns), *(measure.heading for measure in columns)]
        cell = next(cell for cell in results.cells if cell.dataset == dataset)
        texts = {"dataset": label(dataset), "settings": describe_settings(experiment, cell), "conditions": conditions(cell)}
        in_full = [
            *((name, "") for name in header[: len(experiment.arm_columns)]),
            *((title(measure), measure.name) for measure in columns),
        ]
        in_full += [(DIVERGED, "")] * any_diverged
        block = {**texts, "header": header + ["diverged"] * any_diverged, "columns": in_full, "rows": []}
        grouped = groups_by_cell(results.tables["groups"], experiment.arm_columns)
        for row in rows.to_dict("records"):
            groups = grouped.get((dataset, *map(row.get, experiment.arm_columns)), {})
            numbers = [measured(measure, row, groups, measure is columns[0], cell.epochs) for measure in columns]
            if any_diverged:
                numbers.append(f"{row['diverged_mean'] * row['n']:.0f} of {row['n']}")
            block["rows"].append([*(formatting.word(row[column]) for column in experiment.arm_columns), *numbers])
        blocks.append(block)
    return blocks


def legend(experiment):
    """One line that explains the columns of the result table, but those whose heading says it."""
    measures = registry(experiment)
    explained = [f"{measures[name].heading}: {measures[name].label}" for name in experiment.columns[1:]]
    return f"{MEANS} {'; '.join(explained)}."


def title(measure):
    """The heading of a `Measure` on the page, with the unit of its numbers there."""
    return f"{measure.title or measure.label}{', %' if measure.unit == 'share' else ''}"


def glossary(experiment):
    """An entry on each column of the result table, list of `(name of the measure, heading, text)`."""
    found = []
    for measure in map(registry(experiment).__getitem__, experiment.columns):
        words = [f"{measure.label[:1].upper()}{measure.label[1:]}."] if measure.title else []
        words += ["In percent, the mean over runs." if measure.unit == "share" else f"{AVERAGED[measure.kind]} over runs."]
        words += ["Never: no run, or not half of them, got there."] if measure.missing == "never" else []
        found.append((measure.name, title(measure), " ".join([*words, f"Each run's is in summary.csv, {measure.name}."])))
    return found


def groups_by_cell(groups, arm_columns):
    """`{(dataset, *arm): {measure: its two rows, dicts}}` of `groups.csv`."""
    found = {}
    for key, rows in groups.groupby(["dataset", *arm_columns], sort=False):
        found[key] = {measure: of_measure.to_dict("records") for measure, of_measure in rows.groupby("measure", sort=False)}
    return found


def measured(measure, row, groups, interval, epochs=None):
    """A measure of a cell, as text.

    Args:
        measure: the `Measure`.
        row: of `table.csv`, a dict.
        groups: the cell's groups, see `groups_by_cell`.
        interval: whether with its interval; of two groups, that of the first's share.
        epochs: number of epochs of a run, beyond which a time that may never come did not. Defaults to None: no such time is asked for.
    """
    epochs = epochs if measure.missing == "never" else None
    if measure.name in groups:
        return formatting.in_groups(groups[measure.name], measure.unit, epochs, interval)
    mean, low, high = (row[f"{measure.name}_{part}"] for part in ("mean", "ci_low", "ci_high"))
    if epochs is not None and mean > epochs:
        return "never"
    return formatting.with_interval(mean, low, high, measure.unit) if interval else formatting.in_table(mean, measure.unit)

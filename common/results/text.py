"""The result table as text, for the screen and for the page."""

from common.experiment.names import display


def describe_settings(experiment, cell):
    """One line on what the arms of a dataset have in common."""
    seeds = "1 seed" if len(cell.seeds) == 1 else f"{len(cell.seeds)} seeds"
    epochs = "1 epoch" if cell.epochs == 1 else f"{cell.epochs} epochs"
    init = [] if "init" in experiment.arm_columns else [f"{cell.init} initialisation"]
    others = [f"{_heading(name)} {value:g}" for name, value in cell.arm.items() if name not in experiment.arm_columns and value != 0]
    return ", ".join([seeds, epochs, f"batch {cell.batch_size}", *init, *others])


def result_blocks(experiment, tables, cells):
    """The result table of each dataset, as text: list of dicts with `dataset`, `settings`, `header` and `rows`."""
    blocks = []
    for dataset, rows in tables["table"].groupby("dataset", sort=False):
        any_diverged = (rows["diverged_mean"] > 0).any()
        header = (
            [_heading(column) for column in experiment.arm_columns]
            + [column.header for column in experiment.columns]
            + (["diverged"] if any_diverged else [])
        )
        settings = describe_settings(experiment, next(cell for cell in cells if cell.dataset == dataset))
        block = {"dataset": display(dataset), "settings": settings, "header": header, "rows": []}
        for row in rows.to_dict("records"):
            numbers = [column.text(row) for column in experiment.columns]
            if any_diverged:
                numbers.append(f"{row['diverged_mean'] * row['n']:.0f} of {row['n']}")
            block["rows"].append([*(_word(row[column]) for column in experiment.arm_columns), *numbers])
        blocks.append(block)
    return blocks


def _heading(setting):
    return setting.removeprefix("base_learning_").replace("_", " ")


def _word(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"

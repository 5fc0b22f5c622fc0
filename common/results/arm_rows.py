"""The rows of arms in the tables of a call, whether the flags ask for them or controls only."""

from common.experiment.knobs import CONTROL, UNCHANGED, changes, words_of
from common.lazy import lazy_modules

np, pd = lazy_modules("numpy pandas")


def rows_of(results, name, arm):
    """The rows of an arm in a table.

    Args:
        results: the `Results`, or `DatasetResults`, of one dataset.
        name: of the table; where controls were run, `control_<name>` has more rows.
        arm: `{setting: value}`, as in the parts of a control.

    Returns:
        DataFrame, without rows if the arm was not run.

    Example:

    ```python
    rows_of(results, "layers", {"activation": "sigmoid", "hidden_layers": 6})
    ```
    """
    base, columns = results.cells[0].settings, results.experiment.arm_columns
    found = [results.tables[one].assign(control=UNCHANGED) for one in [name] if one in results.tables]
    found += [results.tables[one] for one in [f"{CONTROL}{name}"] if one in results.tables]
    if not found:
        return pd.DataFrame()
    rows = pd.concat(found, ignore_index=True)
    wanted = {column: arm.get(column, base[column]) for column in columns} | {"control": words_of(changes(arm, base, results.experiment))}
    return rows[np.logical_and.reduce([rows[column] == value for column, value in wanted.items()])]


def labelled(results, name, arms):
    """The rows of several arms, with a column `arm` in front.

    Args:
        results, name: see `rows_of`.
        arms: `{label: arm}`.

    Returns:
        DataFrame; None if an arm was not run.
    """
    found = {label: rows_of(results, name, arm) for label, arm in arms.items()}
    if not found or any(rows.empty for rows in found.values()):
        return None
    return pd.concat([rows.assign(arm=label) for label, rows in found.items()], ignore_index=True)

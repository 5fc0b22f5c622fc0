"""The spread of final accuracies over seeds, by what varies from seed to seed."""

import numpy as np
import pandas as pd
from scipy.special import chdtri

from common.data import label
from common.experiment import formatting
from common.stats import two_groups

ROUNDING = 1e-9  # accuracies nearer than this are equal
COLUMNS = ["source", "than", "n", "sd", "ci_low", "ci_high", "variance_ratio"]


def by_source(accuracies, arm_columns):
    """`spread.csv`: a row for each source of randomness and arm, and for each arm's difference from the first of the same further settings.

    Args:
        accuracies: `{source: DataFrame}` with a row per run: dataset, the arm's columns, seed and final_test_accuracy, a fraction.
        arm_columns: names of the columns that tell arms apart. The arms that differ in the first alone are compared.

    Returns:
        DataFrame: dataset, the arm's columns; `source`; `than`, the value of the first column in the arm from which a difference is taken,
        seed by seed, empty for the accuracy itself; `n`, runs; `sd`, their standard deviation; `ci_low` and `ci_high`, its 95 %
        interval, of independent normal values, empty where runs fall into two groups; and, of differences, `variance_ratio`: their
        variance divided by the sum of the two arms' variances. It is 1 where pairs buy nothing.

    Example:

    ```python
    by_source({"all": runs}, ("optimizer",))["sd"]
    ```
    """
    rows = []
    for source, runs in accuracies.items():
        by_arm = {
            arm: of_arm.set_index("seed")["final_test_accuracy"] for arm, of_arm in runs.groupby(["dataset", *arm_columns], sort=False)
        }
        for (dataset, first, *further), values in by_arm.items():
            of_arm = dict(zip(["dataset", *arm_columns], (dataset, first, *further), strict=True))
            rows.append({**of_arm, "source": source, "than": "", **_spread(values)})
            than = next(arm[1] for arm in by_arm if (arm[0], *arm[2:]) == (dataset, *further))
            if than != first:
                other = by_arm[(dataset, than, *further)]
                variances = values.var() + other.var()
                ratio = (values - other).var() / variances if variances > 0 else np.nan
                rows.append({**of_arm, "source": source, "than": str(than), **_spread(values - other), "variance_ratio": ratio})
    return pd.DataFrame(rows, columns=["dataset", *arm_columns, *COLUMNS])


def blocks(spread, arm_columns):
    """The standard deviations as text, of datasets on which several sources were varied: list of dicts with `dataset`
    (its label), `heading`, `header` and `rows`.

    Args:
        spread: `spread.csv`.
        arm_columns: names of the columns that tell arms apart.
    """
    found = []
    for dataset, rows in spread.groupby("dataset", sort=False):
        sources = list(rows["source"].unique())
        if len(sources) > 1:
            table = []
            for key, of_arm in rows.groupby([*arm_columns, "than"], sort=False):
                sds = of_arm.set_index("source")["sd"]
                minus = f"minus {formatting.name_of(key[-1])}" if key[-1] else ""
                table.append(
                    [*map(formatting.word, key[:-1]), minus, *(formatting.number(100 * sds.get(source, np.nan)) for source in sources)]
                )
            name = label(dataset)
            heading = f"Standard deviation of the final accuracy over seeds on {name}, in points, by what varies"
            header = [*map(formatting.name_of, arm_columns), "", *sources]
            found.append({"dataset": name, "heading": heading, "header": header, "rows": table})
    return found


def _spread(values):
    n, sd = len(values), float(values.std()) if np.ptp(values) > ROUNDING else 0.0
    if n < 2 or two_groups(values) is not None:
        return {"n": n, "sd": sd if n > 1 else np.nan, "ci_low": np.nan, "ci_high": np.nan}
    low, high = (sd * np.sqrt((n - 1) / chdtri(n - 1, level)) for level in (0.025, 0.975))
    return {"n": n, "sd": sd, "ci_low": float(low), "ci_high": float(high)}

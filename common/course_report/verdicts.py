"""From claims and `summary.csv` to verdicts.

Intervals are as wide as Holm's adjustment over all claims of a call demands, so that the chance of any wrong verdict among them is at most
5 %.
"""

import numpy as np
import pandas as pd

from common import stats
from common.course_report.claims import LOWEST

VERDICTS = ("supported", "contradicted", "inconclusive")
LEAST_SEEDS = 5
ALPHA = 0.05
TIMES = ("epochs_to_target",)
MAY_BE_UNKNOWN = ("inactive", "off_fraction", "dead", "dormant", "accuracy")  # what NaN does not make infinite
COLUMNS = ["id", "dataset", "statistic", "estimate", "ci_low", "ci_high", "n", "p_value", "verdict"]
COLUMNS += ["needs", "confidence", "method", "note"]


def decide(claims, summary, arm_columns, epochs):
    """The verdicts.

    Args:
        claims: the Claims.
        summary: `summary.csv`, a row per run.
        arm_columns: its columns that tell arms apart.
        epochs: `{dataset: epochs of each run}`.

    Returns:
        DataFrame with the columns of `claims.csv`, a row per claim and dataset. `estimate`, `ci_low`, `ci_high` are those of the part that
        decides; `needs` is its margin; `confidence` that of the interval; `p_value` is two-sided and Holm-adjusted; `note` says why a claim
        was not decided.
    """
    tests, rows = [], []
    for dataset, runs in summary.groupby("dataset", sort=False):
        for claim in claims:
            if dataset not in claim.datasets:
                continue
            try:
                parts = [_part(part, runs, arm_columns, epochs[dataset]) for part in claim.parts]
                _require(claim, runs, epochs[dataset])
            except CannotDecide as reason:
                rows.append({"id": claim.id, "dataset": dataset, "verdict": "inconclusive", "note": str(reason)})
                continue
            rows.append({"id": claim.id, "dataset": dataset})
            tests.append((rows[-1], claim, parts, *_p_values(claim, dataset, parts)))
    p_values = [min(1.0, 2 * min(supports, contradicts)) for *_, supports, contradicts, _, _ in tests]
    for test, adjusted, level in zip(tests, *stats.holm(p_values, ALPHA), strict=True):
        row, claim, parts, supports, contradicts, weakest, worst = test
        decided = adjusted <= ALPHA
        row["verdict"] = "inconclusive" if not decided else "supported" if supports <= contradicts else "contradicted"
        against = supports > contradicts
        deciding = worst if against else weakest
        confidence = 1 - level / (len(parts) if against else 1)
        part, (values, statistic) = claim.parts[deciding], parts[deciding]
        numbers = [stats.location(values), *stats.location_interval(values, confidence), part.margin(row["dataset"])]
        if part.times is not None:
            numbers = np.exp(numbers)
        row.update(zip(("estimate", "ci_low", "ci_high"), map(float, numbers[:3]), strict=True))
        row["needs"] = f"{'>' if part.sign > 0 else '<'} {numbers[3]:.3g}"
        row.update(statistic=statistic, n=len(values), p_value=adjusted, confidence=confidence, method=stats.method_for(values), note="")
    return pd.DataFrame(rows, columns=COLUMNS)


class CannotDecide(Exception):
    """Why a claim is left open."""


def _require(claim, runs, epochs):
    for column, values in (claim.requires or {}).items():
        missing = [value for value in values if value not in set(runs[column])]
        if missing:
            raise CannotDecide(f"needs {_display(column)} {', '.join(map(str, missing))}")
    if epochs < claim.least_epochs:
        raise CannotDecide(f"needs {claim.least_epochs} epochs, has {epochs}")
    seeds = runs["seed"].nunique()
    if seeds < LEAST_SEEDS:
        raise CannotDecide(f"needs {LEAST_SEEDS} seeds, has {seeds}")


def _part(part, runs, arm_columns, epochs):
    """`(values by seed, the statistic in words)` of a part."""
    values, words = [], []
    for measure, arm in part.arms:
        settings, rows = rows_of_arm(runs, arm_columns, arm, measure)
        values.append(values_of(rows, measure, epochs))
        words.append(" ".join(_word(name, settings[name]) for name in arm))
    return _effects(part, *values), part.describe(*words)


def _effects(part, values, others=None):
    """By seed, what is compared with the part's margin."""
    if others is None:
        return values
    if part.times is None:
        return stats.paired_differences(values, others)
    with np.errstate(divide="ignore"):
        return stats.paired_differences(np.log(values), np.log(others))


def rows_of_arm(runs, arm_columns, arm, measure):
    """The settings of an arm, and its runs, by seed."""
    settings = {}
    for column in arm_columns:
        wanted = arm.get(column, "first")
        if wanted in ("first", "highest"):
            present = list(runs[column].unique())
            wanted = present[0] if wanted == "first" else max(present)
        if wanted != LOWEST:
            settings[column] = wanted
    for column, wanted in arm.items():
        if column not in arm_columns:
            raise CannotDecide(f"needs --{column.replace('_', '-')}")
        if wanted != LOWEST and settings[column] not in set(runs[column]):
            raise CannotDecide(f"needs {_display(column)} {wanted}")
    rows = runs[np.logical_and.reduce([runs[column] == value for column, value in settings.items()])]
    if LOWEST in arm.values():
        (column,) = [name for name, value in arm.items() if value == LOWEST]
        means = rows.groupby(column, sort=False)[measure].apply(lambda of_arm: of_arm.fillna(np.inf).mean())
        if means.empty:
            raise CannotDecide(f"needs {_display(column)}")
        settings[column] = means.idxmin()
        rows = rows[rows[column] == settings[column]]
    if rows.empty:
        raise CannotDecide(f"needs {' '.join(str(value) for value in arm.values())}")
    return settings, rows.sort_values("seed")


def values_of(rows, measure, epochs):
    """The measure of each run: a time that was not reached is censored, a loss or gradient that is not finite infinite."""
    values = rows[measure].to_numpy(dtype=np.float64)
    if measure in TIMES:
        return stats.restricted(values, epochs)
    unknown = any(word in measure for word in MAY_BE_UNKNOWN)
    return values if unknown else np.where(np.isnan(values), np.inf, values)


def _p_values(claim, dataset, parts):
    """One-sided p-values that all parts hold, and that one fails; the part that is nearest to failing, and the one that fails most."""
    holds, fails = [], []
    for part, (values, _) in zip(claim.parts, parts, strict=True):
        above, below = (test(values, part.margin(dataset)) for test in (stats.p_above, stats.p_below))
        holds.append(above if part.sign > 0 else below)
        fails.append(below if part.sign > 0 else above)
    # All must hold: the largest (Berger 1982). One may fail: the smallest, times their number (Bonferroni).
    return max(holds), min(1.0, len(parts) * min(fails)), int(np.argmax(holds)), int(np.argmin(fails))


def _word(setting, value):
    return f"{_display(setting)} {value}" if setting in ("batch_norm", "dropout") else str(value)


def _display(column):
    return column.removeprefix("base_").replace("_", " ")


def in_words(row):
    """How a row of claims.csv reads: `(estimate with its interval, what the claim needs)`; points for shares, times for ratios."""
    if not isinstance(row["statistic"], str):
        return "", ""
    ratio = ") / " in row["statistic"]
    points = not ratio and any(word in row["statistic"] for word in ("accuracy", "fraction"))
    unit = " x" if ratio else " %" if points else " epochs" if "epochs" in row["statistic"] else ""
    scale = 100 if points else 1
    estimate, low, high = (_short(scale * row[part], points) for part in ("estimate", "ci_low", "ci_high"))
    sign, needs = row["needs"].split()
    return f"{estimate}{unit} [{low}, {high}]", f"{sign} {scale * float(needs):g}{unit}"


def _short(value, points):
    return f"{value:.1f}" if points or abs(value) >= 100 else f"{value:.2g}"

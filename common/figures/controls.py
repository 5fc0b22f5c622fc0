"""The figures of Experiment C's controls, as far as the tables hold what they need."""

from dataclasses import replace

import pandas as pd

from common import figures
from common.experiment import formatting
from common.experiment.knobs import CONTROL, UNCHANGED
from common.results.controlled import middle_of

JUMPS = {UNCHANGED: "undisturbed", "jump=1000": "one gradient x 1000"}  # {change of a control: its name in figures}
LIMITS = {"times_limit=0.5": "half of 2/λ", "times_limit=2": "twice 2/λ", "times_limit=4": "four times 2/λ"}


def planned(results, styles, rate, gain, reference):
    """All figures of controls.

    Args:
        results: the `DatasetResults`.
        styles: the `Styles` of optimizers, rates and what else tells arms apart.
        rate: the first rate of which all schedules are compared.
        gain: the factor by which momentum's steps add up to more than its rates.
        reference: the arm at whose ends the lines between ends begin, in words.

    Returns:
        List of `PlannedFigure`.
    """
    matched = matched_rates(results, styles, gain)
    optimizers, results = replace(styles, shade=None, shades=None), results.on_control_seeds()
    return [
        *matched,
        *sum_of_rates(results, optimizers, rate, gain),
        *interventions(results, optimizers, JUMPS, ("test_accuracy",), "recovery", ": one gradient, 1000 times as long"),
        *interventions(results, optimizers, LIMITS, ("test_accuracy", "train_loss"), "limit", ": the rate moved to multiples of 2/λ"),
        *lines_between(results, styles, reference),
    ]


def matched_rates(results, styles, gain):
    """Momentum on SGD at the rate to which its steps add up; over all seeds, as the verdicts on it are, where all its arms have them.

    Args:
        results: the `DatasetResults`.
        styles: the `Styles` of optimizers and rates.
        gain: the factor by which momentum's steps add up to more than its rates.

    Returns:
        List of `PlannedFigure`, with one or none.
    """
    history = _unchanged(results)
    history = history[history["schedule"] == results.tables["history"]["schedule"].iloc[-1]]
    history = history[history["base_learning_rate"].isin(styles.shades)]
    seeds = {(name, round(rate, 9)): set(of_arm) for (name, rate), of_arm in history.groupby(["optimizer", "base_learning_rate"])["seed"]}
    pairs = [(rate, round(rate * gain, 9)) for name, rate in sorted(seeds, reverse=True) if name == "momentum"]
    pairs = [(slow, fast) for slow, fast in pairs if {("sgd", slow), ("sgd", fast)} <= seeds.keys()][:2]
    if not pairs:
        return []
    shown = [seeds[arm] for slow, fast in pairs for arm in (("momentum", slow), ("sgd", slow), ("sgd", fast))]
    shared = set.intersection(*shown)
    if any(of_arm != shared for of_arm in shown):
        results = results.on_control_seeds()  # whose note says so
    history = history[history["seed"].isin(shared)]
    content = history, pairs, replace(styles, dashes=()), results.panel("train_loss")
    return [results.figure(figures.matched_figure, "matched_rate", *content, title=": momentum and the rate that it amounts to")]


def sum_of_rates(results, styles, rate, gain):
    """Accuracy against the sum of rates, of all schedules; `rate` is the first rate, the others are those of `matched_rates`."""
    history = _unchanged(results)
    history = history[(history["base_learning_rate"] == rate) & history["optimizer"].isin(styles.colors)]
    names = set(history["optimizer"])
    groups = [names & set(group) for group in (("sgd", "momentum"), ("adam",))]
    groups = [tuple(name for name in styles.colors if name in group) for group in groups if group]
    if history["schedule"].nunique() < 2:
        return []
    title = f", learning rate {formatting.exact(rate)}: accuracy and the sum of rates"
    content = history, replace(styles, dashes=("schedule",)), results.measures["test_accuracy"], groups, {"momentum": gain}
    return [results.figure(figures.sums_figure, "sum_of_rates", *content, title=title)]


def interventions(results, styles, changes, measures, kind, title):
    """Curves of arms in which controls intervened, beside those in which they did not.

    Args:
        results: the `DatasetResults`.
        styles: the `Styles` of optimizers.
        changes: `{value of the column control: its name in the legend}`.
        measures: names of the columns that are drawn, `"test_accuracy"` first.
        kind: first word of the file name.
        title: words that follow the dataset's name in the heading.

    Returns:
        List of `PlannedFigure`, with one or none.
    """
    if f"{CONTROL}history" not in results.tables:
        return []
    history = pd.concat([results.tables["history"].assign(control=UNCHANGED), results.tables[f"{CONTROL}history"]])
    history = pd.concat([history[history["control"] == change] for change in changes])  # which is their order in the legend
    changed = history[history["control"] != UNCHANGED]
    if changed.empty:
        return []
    arms = changed[["optimizer", "base_learning_rate", "schedule"]].drop_duplicates()
    history = history.merge(arms).assign(control=lambda rows: rows["control"].map(changes))
    first_value = {name: values.iloc[0] for name, values in results.tables["history"][list(results.arm_columns)].items()}
    further = [name for name in results.arm_columns if name not in arms]
    for name in further:
        history = history[history[name] == first_value[name]]
    panels = [results.panel(name) for name in measures]
    content = history, replace(styles, dashes=("control",)), panels, middle_of(int(history["epoch"].max()))
    return [results.figure(figures.intervention_figure, kind, *content, title=title)]


def lines_between(results, styles, reference):
    """The loss between the ends of optimizers; `reference` is the arm at whose ends the lines begin, in words."""
    tables = results.tables
    if f"{CONTROL}lines" not in tables or tables[f"{CONTROL}lines"].empty:
        return []
    content = tables[f"{CONTROL}lines"], tables[f"{CONTROL}ends"], replace(styles, dashes=())
    title = ": on the straight line between two optimizers' ends"
    return [results.figure(figures.between_figure, "line", *content, results.measures["train_loss"], reference, title=title)]


def _unchanged(results):
    """The history of all arms whose settings are those of the first beside optimizer, rate and schedule, of those without a knob."""
    history = results.tables["history"]
    if f"{CONTROL}history" in results.tables:
        of_controls = results.tables[f"{CONTROL}history"]
        history = pd.concat([history, of_controls[of_controls["control"] == UNCHANGED]])
    for name in results.arm_columns:
        if name not in ("optimizer", "base_learning_rate", "schedule"):
            history = history[history[name] == history[name].iloc[0]]
    return history

"""From questions and tables to answers in words."""

import numpy as np
import pandas as pd

from common.course_report import verdicts
from common.course_report.questions import Contrast, Course, Extremes, Vanishing
from common.stats import location_interval, paired_differences, restricted

UNKNOWN = "not measured in this run"


def answer_all(questions, tables, arm_columns):
    """`answers.csv`: a row per dataset and question; columns dataset, id, question, answer.

    Args:
        questions: the Questions.
        tables: `{name: DataFrame}`: summary, layers, history and claims, of all datasets.
        arm_columns: the columns that tell arms apart.
    """
    rows = []
    for dataset in tables["summary"]["dataset"].unique():
        of_dataset = {name: tables[name][tables[name]["dataset"] == dataset] for name in ("summary", "layers", "history", "claims")}
        for question in questions:
            sentences = [_sentence(fact, of_dataset, list(arm_columns)) for fact in question.facts]
            rows.append({"dataset": dataset, "id": question.id, "question": question.words, "answer": " ".join(sentences)})
    return pd.DataFrame(rows, columns=["dataset", "id", "question", "answer"])


def _sentence(fact, tables, arm_columns):
    try:
        if isinstance(fact, Extremes):
            words = _extremes(fact, tables, arm_columns)
        elif isinstance(fact, Contrast):
            words = _contrast(fact, tables, arm_columns)
        elif isinstance(fact, Course):
            words = _course(fact, tables, arm_columns)
        elif isinstance(fact, Vanishing):
            words = _vanishing(fact, tables, arm_columns)
        else:
            return _verdicts(fact, tables)
    except verdicts.CannotDecide as reason:
        words = f"{UNKNOWN} ({reason})"
    return f"{fact.words[0].upper()}{fact.words[1:]}: {words}."


def _extremes(fact, tables, arm_columns):
    runs, epochs = tables["summary"], tables["history"]["epoch"].max()
    for column, value in fact.among:
        if column in runs and (runs[column] == value).any():
            runs = runs[runs[column] == value]
    values = runs[fact.measure]
    if fact.measure in verdicts.TIMES:
        values = pd.Series(restricted(values, epochs), values.index)
    groups = values.groupby([runs[column] for column in arm_columns], sort=False)
    means, missing = groups.mean(), groups.apply(lambda of_arm: of_arm.isna().sum())
    means = means.where(missing == 0, np.nan).dropna()
    never = runs[fact.measure].isna().groupby([runs[column] for column in arm_columns], sort=False).sum()
    sizes = groups.size()
    if means.empty:
        return UNKNOWN
    if len(means) == 1 or np.isclose(means.min(), means.max(), rtol=1e-12):
        return f"{_number(means.iloc[0], fact.percent)} in {'the only arm' if len(means) == 1 else 'all arms'}"
    lowest, highest = means.idxmin(), means.idxmax()
    return "; ".join(
        f"{name} {_number(means[arm], fact.percent)} under {_arm(arm)}"
        + (f" ({never[arm]} of {sizes[arm]} runs never)" if fact.measure in verdicts.TIMES and never[arm] else "")
        for name, arm in (("lowest", lowest), ("highest", highest))
    )


def _contrast(fact, tables, arm_columns):
    runs, epochs = tables["summary"], tables["history"]["epoch"].max()
    settings, values = [], []
    for arm, measure in ((fact.of, fact.measure), (fact.than, fact.than_measure or fact.measure)):
        of_arm, rows = verdicts.rows_of_arm(runs, arm_columns, arm, measure)
        settings.append(" ".join(str(of_arm[name]) for name in arm))
        values.append(verdicts.values_of(rows, measure, epochs))
    difference = paired_differences(*values)
    means = [f"{name} {_number(of_arm.mean(), fact.percent)}" for name, of_arm in zip(settings, values, strict=True)]
    low, high = location_interval(difference)
    if not np.isfinite([low, high]).all():
        return f"{means[0]}, {means[1]}; too few finite runs to compare"
    relation = "higher" if low > 0 else "lower" if high < 0 else "not clearly different"
    shown = ", ".join(_number(bound, fact.percent) for bound in (low, high))
    return f"{means[0]}, {means[1]}; the first is {relation}, by {_number(difference.mean(), fact.percent)} [{shown}]"


def _course(fact, tables, arm_columns):
    settings, _ = verdicts.rows_of_arm(tables["summary"], arm_columns, fact.arm, "final_test_accuracy")
    layers = tables["layers"]
    layers = layers[np.logical_and.reduce([layers[column] == value for column, value in settings.items()])]
    parts = []
    for layer, rows in layers.groupby("layer", sort=False):
        first, last = (rows[rows["epoch"] == epoch][fact.quantity].mean() for epoch in (rows["epoch"].min(), rows["epoch"].max()))
        if np.isfinite([first, last]).all():
            turn = "up" if last > first else "down" if last < first else "unchanged"
            parts.append(f"{layer} {_number(first, fact.percent)} to {_number(last, fact.percent)} ({turn})")
    return f"{', '.join(parts) or UNKNOWN}, {_arm(settings.values())}"


def _vanishing(fact, tables, arm_columns):
    keys = [*arm_columns, "layer", "epoch"]
    means = tables["layers"].groupby(keys, sort=False)[fact.quantity].mean().dropna()
    if means.empty:
        return UNKNOWN
    accuracy = tables["summary"].groupby(arm_columns, sort=False)["final_test_accuracy"].mean()
    parts = []
    for name, place in (("smallest", means.idxmin()), ("largest", means.idxmax())):
        *arm, layer, epoch = place
        ends = accuracy[tuple(arm) if len(arm) > 1 else arm[0]]
        where = f"in {layer} under {_arm(arm)} at epoch {epoch}"
        parts.append(f"{name} {_number(means[place], False)} {where}, whose accuracy ends at {_number(ends, True)}")
    return "; ".join(parts)


def _verdicts(fact, tables):
    rows = tables["claims"][tables["claims"]["id"].isin(fact.ids)].to_dict("records")
    parts = []
    for row in rows:
        found, needs = verdicts.in_words(row)
        parts.append(f"{row['id']} is {row['verdict']} ({row['note'] or f'{found}, needs {needs}'})")
    return f"Claims: {'; '.join(parts) or 'none on this dataset'}."


def _arm(values):
    values = values if isinstance(values, tuple | list) or not isinstance(values, str) else (values,)
    return " ".join(str(value) for value in values)


def _number(value, percent):
    return f"{100 * value:.1f} %" if percent else f"{value:.1f}" if 1 <= abs(value) < 1e5 else f"{value:.2g}"

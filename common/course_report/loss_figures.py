"""The figures of Experiment A's controls: which arms each sets beside each other. Each is planned where the tables have all its arms."""

import pandas as pd

from common import figures
from common.course_report.loss_arms import CROSS_ENTROPY, LINEAR, MSE, RATE, WIDE_RATE, confident, matched, sgd, wide
from common.experiment.formatting import exact, name_of
from common.results.arm_rows import rows_of

HUES = tuple(arm["loss"] for arm in (CROSS_ENTROPY, MSE, LINEAR))  # as in the other figures of the page
MATCHED = "times K²/2"
TIMES = {times: f"logits times {times}" for times in (1, 10, 100)}
GROUPS = {"easy": "right after epoch 1", "hard": "wrong after epoch 1"}


def plan(results):
    """The figures of a dataset, list of `PlannedFigure`; `results` are its `DatasetResults`."""
    results = results.on_control_seeds()
    planned = [_confident_start(results), _matched_scale(results), _sample_gradients(results), _wide_rate(results)]
    return [figure for figure in planned if figure is not None]


def _confident_start(results):
    arms = [(confident(arm, times) if times > 1 else arm, words) for arm in (MSE, CROSS_ENTROPY) for times, words in TIMES.items()]
    rows = [(name_of(arm["loss"]), words, rows_of(results, "history", arm)) for arm, words in arms]
    styles = figures.Styles("loss", colors=HUES, shade="line", shades=tuple(TIMES.values())[::-1])  # the surest is the darkest
    return _figure(results, "confident_start", rows, styles, ": from an unsure start and from confident ones")


def _matched_scale(results):
    rows = []
    rates = f"SGD, lr {exact(RATE)}", f"AdamW, lr {exact(results.cells[0]['base_learning_rate'])}"
    for words, change in zip(rates, (sgd, dict), strict=True):
        arms = (CROSS_ENTROPY, "as it is"), (MSE, "as it is"), (matched(MSE), MATCHED)
        rows += [(words, scale, rows_of(results, "history", change(arm))) for arm, scale in arms]
    styles = figures.Styles("loss", ("line",), HUES, (("as it is",), (MATCHED,)))
    title = ": MSE as it is, and with the first gradient of cross-entropy"
    return _figure(results, "matched_scale", rows, styles, title)


def _wide_rate(results):
    arms = (
        (sgd(MSE, WIDE_RATE), f"lr {exact(WIDE_RATE)}"),
        (sgd(LINEAR, 1.0), "lr 1"),
        (sgd(LINEAR, WIDE_RATE), f"lr {exact(WIDE_RATE)}"),
        (wide(sgd(LINEAR, WIDE_RATE)), f"lr {exact(WIDE_RATE)}, outputs ÷ 10"),
    )
    rows = [("SGD", words, rows_of(results, "history", arm)) for arm, words in arms]
    return _figure(results, "wide_rate", rows, figures.Styles("loss", ("line",), HUES), ": large rates of SGD, with softmax and without")


def _sample_gradients(results):
    rows = []
    for arm in (MSE, CROSS_ENTROPY) if "by_sample" in results.tables else ():
        of_arm = rows_of(results, "by_sample", arm)
        rows += [(name_of(arm["loss"]), words, of_arm[of_arm["group"] == group]) for group, words in GROUPS.items()]
    styles = figures.Styles("loss", ("line",), HUES)
    title = ": gradients of easy and of hard samples ÷ before training"
    return _figure(results, "sample_gradients", rows, styles, title, "sample_grad_mean")


def _figure(results, kind, rows, styles, title, measure="train_accuracy"):
    """A figure of `(panel, line, rows of a table)`s; None if some have no rows."""
    if not rows or not all(len(of_arm) for *_, of_arm in rows):
        return None
    table = pd.concat([of_arm.assign(panel=panel, line=line) for panel, line, of_arm in rows], ignore_index=True)
    return results.figure(figures.side_by_side_figure, kind, table, results.measures[measure], styles, "panel", title=title)

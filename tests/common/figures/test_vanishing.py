"""Gradients relative to their start: each run by its own."""

import numpy as np
from scipy.stats import gmean

from common import figures
from tests.support.frames import every
from tests.support.made_up_figures import SHARES, logits_table


def test_gradients_are_relative_to_each_runs_own_before_training_and_what_is_0_throughout_has_no_panel():
    table = logits_table()
    drawing = figures.vanishing_figure(table, figures.Styles("loss"), SHARES)
    median, mean, wrong = drawing.figure.axes
    for ax, column in ((median, "logit_grad_median"), (mean, "logit_grad_mean")):
        runs = table[column].to_numpy().reshape(2, 4, 4)  # losses, seeds, epochs
        lines = [line for line in ax.lines if len(line.get_xdata()) == 4]
        for line, expected in zip(lines, gmean(runs / runs[..., :1], axis=1), strict=True):
            np.testing.assert_allclose(line.get_ydata(), expected)
    with_it = figures.vanishing_figure(table.assign(vanished_fraction=0.1), figures.Styles("loss"), SHARES)
    assert len(with_it.figure.axes) == 4 and wrong.get_ylabel() == SHARES[0].label


def test_what_is_relative_to_the_first_epoch_is_so_run_by_run_in_any_order_of_rows():
    table = every(layer=["a", "b"], seed=[0, 1], epoch=[1, 2, 3])
    table["norm"] = np.random.default_rng(0).lognormal(size=len(table))
    runs = table["norm"].to_numpy().reshape(4, 3)
    shuffled = table.sample(frac=1, random_state=0)
    relative = figures.relative_to_first(shuffled, "norm", ["layer"])
    assert relative.index.equals(shuffled.index)
    np.testing.assert_allclose(relative.sort_index().to_numpy().reshape(4, 3), runs / runs[:, :1])

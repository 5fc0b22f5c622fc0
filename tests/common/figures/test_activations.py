"""Histograms of activations: what is drawn are shares of the outputs, in bins and on an axis that all panels share."""

import numpy as np

from tests.support.drawn import values as numbers
from tests.support.made_up_figures import activations, outputs

SEEDS = 3


def test_activations_of_all_arms_and_stages_are_shown_on_one_axis_in_the_same_bins():
    arms = [[outputs(0.01), outputs(1, seed=1)], [outputs(0.3, seed=2), outputs(2, seed=3)]]
    _, panels = activations(*arms)
    bins = panels[0, 0].patches[0].get_data().edges
    assert len({panel.get_xlim() for panel in panels.flat}) == 1 and {panel.get_xscale() for panel in panels.flat} == {"linear"}
    for row, stages in zip(panels, arms, strict=True):
        for panel, values in zip(row, stages, strict=True):
            shares, edges, _ = panel.patches[0].get_data()
            np.testing.assert_array_equal(edges, bins)
            np.testing.assert_allclose(shares, 100 * np.histogram(values, bins)[0] / values.size)


def test_an_arm_with_far_smaller_outputs_keeps_bins_of_its_own_and_the_axis_is_logarithmic_beyond_them():
    arms = [[outputs(1), outputs(4, seed=1)], [outputs(0.1, seed=2), outputs(0.2, seed=3)]]
    drawing, panels = activations(*arms)
    wide, narrow = (row[0].patches[0].get_data().edges for row in panels)
    assert wide[1] - wide[0] > 4 * (narrow[1] - narrow[0]) and len({panel.get_xlim() for panel in panels.flat}) == 1
    assert {panel.get_xscale() for panel in panels.flat} == {"symlog"}
    assert numbers(drawing.note) == [2.0 ** round(np.log2(max(values.max() for values in arms[1])))]
    for panel, values in zip(panels[1], arms[1], strict=True):
        np.testing.assert_allclose(panel.patches[0].get_data().values, 100 * np.histogram(values, narrow)[0] / values.size)


def test_the_bars_of_an_arm_with_minute_outputs_are_wide_enough_to_be_seen():
    minute = 1e-4 * np.random.default_rng(0).normal(size=(SEEDS, 400))
    drawing, ((_,), (panel,)) = activations([outputs(1)], [minute])
    (bend,), (shares, edges, _) = numbers(drawing.note), panel.patches[0].get_data()
    assert edges[1] - edges[0] >= 0.99 * bend / 32 and panel.get_xlim()[1] > 1
    np.testing.assert_allclose(shares, 100 * np.histogram(minute, edges)[0] / minute.size)


def test_outputs_that_float32_cannot_tell_from_0_are_one_bar():
    rounded = 1e-9 * np.random.default_rng(0).normal(size=(SEEDS, 400))
    _, ((tiny, zero, _),) = activations([rounded, np.zeros((SEEDS, 4)), outputs(3)])
    for panel, text in ((tiny, "0 to rounding"), (zero, "all exactly 0")):
        shares, edges, _ = panel.patches[0].get_data()
        assert len(shares) == 1 and shares[0] == 100 and edges[0] == -edges[1] and panel.texts[0].get_text() == text
    _, ((all_tiny,),) = activations([rounded])
    assert len(all_tiny.patches[0].get_data().values) > 1  # where nothing is larger, they are outputs like others


def test_a_stage_without_a_finite_output_is_empty():
    drawing, ((first, last),) = activations([outputs(1), np.full((SEEDS, 4), np.nan)])
    assert first.patches and not last.patches and numbers(drawing.finding) == []

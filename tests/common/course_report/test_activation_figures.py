"""The figures of Experiment B's controls are planned where all their arms were run, and get the rows of these arms."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import exp_b_activation
from common.course_report import activation_arms, activation_figures
from common.experiment import share
from common.experiment.cell import Cell
from common.experiment.knobs import CONTROL, UNCHANGED, changes, words_of
from common.results import arm_rows
from tests.support.frames import every

EXPERIMENT = exp_b_activation.EXPERIMENT
BASE = {setting.name: setting.default[0] for setting in EXPERIMENT.settings if setting.default}
EPOCHS = 9
NAMES = {"attenuation", "dead_dose", "rewinds"}


def controls():
    """The arms that the figures show, beside those that the flags ask for."""
    arms = [arm for of_depth in activation_arms.DEPTHS.values() for arm in of_depth.values()]
    arms += [activation_arms.usual(arm) for arm in (activation_arms.RELU, activation_arms.LEAKY, activation_arms.SIGMOID)]
    arms += [activation_arms.HALF_DEAD, activation_arms.ALL_DEAD, activation_arms.REVIVED, activation_arms.watched(frozen="hidden_1")]
    return [arm for place, arm in enumerate(arms) if arm not in arms[:place]]


def results(arms):
    """Made-up results of the arms of a plain call and of some of controls, of which each arm's accuracy is a number of its own."""
    tables = {}
    for place, arm in enumerate([{"activation": "relu"}, {"activation": "sigmoid"}, *arms]):
        control = words_of(changes({**BASE, **arm}, BASE, EXPERIMENT))
        front = {"dataset": ["moons"], "activation": [arm["activation"]], "control": [control], "seed": range(3)}
        made = {
            "summary": every(**front).assign(final_test_accuracy=place / 100),
            "layers": every(**front, epoch=range(1, EPOCHS + 1), layer=[f"hidden_{i}" for i in range(1, 7)] + ["logits"]),
            "rewinds": every(**front, layer=["hidden_1"], rewound_to=[0, 3]).assign(rewound_accuracy=0.5, trained_accuracy=0.75),
        }
        made["layers"] = made["layers"].assign(grad_norm=2.0 ** made["layers"]["epoch"], always_off_fraction=place / 100)
        for name, table in made.items():
            plain = control == UNCHANGED
            if plain and name == "rewinds":
                continue
            table = table.drop(columns="control") if plain else table
            tables.setdefault(name if plain else f"{CONTROL}{name}", []).append(table)
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    cells = [Cell("exp_b_activation", "moons", BASE, (0, 1, 2), EPOCHS, "0")]
    measures = {"final_test_accuracy": share("final_test_accuracy", "accuracy")._replace(lowest=0.5)}
    figure = lambda function, kind, *content, **options: SimpleNamespace(kind=kind, draw=lambda: function(*content))  # noqa: E731
    found = SimpleNamespace(tables=tables, cells=cells, experiment=EXPERIMENT, measures=measures, figure=figure)
    found.on_control_seeds = lambda: found
    return found


def planned(arms):
    return {figure.kind: figure for figure in activation_figures.planned(results(arms))}


def test_every_figure_is_planned_where_all_arms_were_run_and_can_be_drawn():
    found = planned(controls())
    assert found.keys() == NAMES and all(figure.draw().finding for figure in found.values())


@pytest.mark.parametrize(
    ("missing", "lost"),
    [
        (activation_arms.DEEP_SIGMOID, {"attenuation"}),
        (activation_arms.REVIVED, {"dead_dose"}),
        (activation_arms.usual(activation_arms.LEAKY), {"rewinds"}),
    ],
)
def test_a_figure_of_which_an_arm_was_not_run_is_not_planned(missing, lost):
    assert planned([arm for arm in controls() if arm != missing]).keys() == NAMES - lost
    assert not planned([])


def test_an_arms_rows_are_its_own_whether_a_flag_asks_for_it_or_a_control():
    arms = controls()
    of_call = results(arms)
    for place, arm in enumerate([{"activation": "relu"}, {"activation": "sigmoid"}, *arms]):
        rows = arm_rows.rows_of(of_call, "summary", arm)
        assert (rows["final_test_accuracy"] == place / 100).all() and rows["seed"].tolist() == [0, 1, 2]
    assert arm_rows.rows_of(of_call, "summary", {"activation": "relu", "slope": 0.5}).empty
    assert arm_rows.rows_of(of_call, "nothing", arms[0]).empty
    assert arm_rows.labelled(of_call, "summary", {"a": arms[0], "b": {"activation": "relu", "slope": 0.5}}) is None


def test_the_dead_units_are_those_after_a_third_of_the_training():
    drawing = planned(controls())["dead_dose"].draw()
    (ax,) = drawing.figure.axes
    places = np.array([np.ravel(line.get_xydata()) for line in ax.lines if len(line.get_xdata()) == 1])
    np.testing.assert_allclose(places[:, 0], places[:, 1])  # as made up, of each arm the same number
    assert str(EPOCHS // 3) in ax.get_xlabel()

"""The kind of each measure: the scale on which it is judged has the values that it can have."""

import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.experiment.measures import registry

EXPERIMENTS = [module.EXPERIMENT for module in (exp_a_loss, exp_b_activation, exp_c_optimizer)]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_what_can_be_negative_is_judged_on_a_linear_scale_and_nothing_else(experiment):
    measures = registry(experiment)
    linear = {name for name, measure in measures.items() if measure.kind == "linear"}
    signed = {"trend", "late_gain", "accuracy_gap", "accuracy_cost", "stopped_accuracy_gap", "accuracy_dip", "barrier"}
    signed |= {f"inactive_growth_hidden_{i}" for i in (1, 2)} | {f"rewound_cost_{layer}" for layer in ("hidden_1", "hidden_2", "logits")}
    falls = {"idle_fall", "late_fall", "loss_rises", "early_loss_rises", "smoothed_loss_rises"}
    in_powers_of_ten = falls | {"curves_apart"}  # which are logarithms already
    assert linear == (signed | in_powers_of_ten | {"accuracy_falls"}) & measures.keys()  # and 0 is a likely change of an accuracy
    assert {name for name in linear if measures[name].lowest == 0} == in_powers_of_ten | {"accuracy_falls"}
    times = {"epochs_to_target", "epochs_to_95pct", "epochs_to_90_train", "smallest_grad_epoch", "epochs_to_recover"}
    assert {name for name, measure in measures.items() if measure.kind == "time"} == times & measures.keys()
    assert all(measures[name].missing == "never" for name in times & measures.keys())
    assert [name for name, measure in measures.items() if measure.kind == "event"] == ["diverged"]


def test_chance_bounds_accuracies_and_zero_other_shares_and_falls():
    on = {name: measure.on(0.25, 0.1) for name, measure in registry(exp_b_activation.EXPERIMENT).items()}
    assert on["final_test_accuracy"].lowest == on["best_test_accuracy"].lowest == 0.1
    assert on["revived_fraction"].lowest == on["idle_fall"].lowest == 0
    assert on["early_train_accuracy"].lowest == 0.1
    assert on["trend"].lowest == on["accuracy_cost"].lowest == on["accuracy_gap"].lowest == -float("inf")
    assert {measure.correction for measure in on.values()} == {0.25}

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
    assert linear == {"trend", "idle_fall", "accuracy_cost"} & measures.keys()
    assert {name for name, measure in measures.items() if measure.kind == "time"} == {"epochs_to_target", "epochs_to_95pct"}
    assert [name for name, measure in measures.items() if measure.kind == "event"] == ["diverged"]


def test_chance_bounds_accuracies_and_zero_other_shares_and_falls():
    on = {name: measure.on(0.25, 0.1) for name, measure in registry(exp_b_activation.EXPERIMENT).items()}
    assert on["final_test_accuracy"].lowest == on["best_test_accuracy"].lowest == 0.1
    assert on["revived_fraction"].lowest == on["idle_fall"].lowest == 0
    assert on["trend"].lowest == on["accuracy_cost"].lowest == -float("inf")
    assert {measure.correction for measure in on.values()} == {0.25}

"""Facts say what the tables say, and the opposite if the tables say the opposite."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import exp_a_loss
from common.course_report import deciding
from common.course_report.claims import Above, Claim
from common.course_report.facts import Writer
from common.course_report.questions import Contrast, Course, Extremes, Vanishing
from common.course_report.runs import Runs
from common.experiment import Measure
from common.experiment.formatting import number
from common.experiment.measures import registry
from tests.support.frames import every


def tables(a, b, times=(3.0, 5.0), spread=1.01):
    """Two arms whose accuracies are a and b and whose first layer's gradient is a tenth of the accuracy at the first of two epochs, half of
    that at the second, in geometric means; `spread` is the factor from seed to seed there."""
    keys = every(dataset=["digits"], loss=["a", "b"], seed=range(5))
    level, time = (keys["loss"].map(dict(zip("ab", values, strict=True))) for values in ((a, b), times))
    accuracy = level + np.random.default_rng(0).normal(0, 0.001, 10)
    stages = pd.DataFrame({"epoch": [1, 1, 2, 2], "layer": ["hidden_1", "logits"] * 2, "size": [0.1, 0.2, 0.05, 0.1]})
    layers = keys.assign(level=level).merge(stages, how="cross")
    summary = keys.assign(final_test_accuracy=accuracy, min_train_loss=accuracy, epochs_to_target=time)
    factor = np.where(layers["epoch"] == 2, spread ** (layers["seed"] - 2.0), 1)
    return summary, layers.assign(grad_norm=layers["level"] * layers["size"] * factor)


MEASURES = {**registry(exp_a_loss.EXPERIMENT), "grad_norm": Measure("grad_norm", "gradient norm")}


def answer(fact, *levels, correction=0.0, **options):
    summary, layers = tables(*levels, **options)
    runs = Runs(summary, ("loss",), MEASURES, epochs=2, correction=correction)
    return Writer(runs, layers, []).sentence(fact)


@pytest.mark.parametrize(("levels", "word"), [((0.9, 0.8), "higher"), ((0.8, 0.9), "lower"), ((0.9, 0.9), "not clearly different")])
def test_a_contrast_turns_with_the_data(levels, word):
    assert f"the first is {word}, difference" in answer(Contrast("final_test_accuracy", "accuracy", {"loss": "a"}, {"loss": "b"}), *levels)


@pytest.mark.parametrize("correction", [0.0, 4.0])
def test_a_loss_is_compared_by_its_ratio_of_geometric_means(correction):
    summary, _ = tables(0.9, 0.45)
    a, b = (np.log(summary["min_train_loss"][summary["loss"] == arm].to_numpy()) for arm in "ab")
    half = scipy.stats.t.ppf(0.975, 4) * (a - b).std(ddof=1) * np.sqrt(1 / 5 + correction)
    estimate, low, high = (number(np.exp((a - b).mean() + shift)) for shift in (0, -half, half))
    text = answer(Contrast("min_train_loss", "loss", {"loss": "a"}, {"loss": "b"}), 0.9, 0.45, correction=correction)
    assert f"{estimate} x [{low}, {high}]" in text


def test_an_arm_whose_runs_fall_into_two_groups_is_told_by_both():
    summary, layers = tables(0.8, 0.4)
    summary.loc[4, "final_test_accuracy"] = 0.1
    facts = Extremes("final_test_accuracy", "accuracy"), Contrast("final_test_accuracy", "accuracy", {"loss": "a"}, {"loss": "b"})
    writer = Writer(Runs(summary, ("loss",), MEASURES, epochs=2), layers, [])
    text = " ".join(map(writer.sentence, facts))
    low, high = scipy.stats.binomtest(1, 5).proportion_ci()
    assert text.count(f"10.0 % in 1 of 5 runs [{100 * low:.0f}, {100 * high:.0f} %] and 80.0 % in 4") == 2
    assert text.endswith("b 40.0 %; too few runs to compare.")  # by the signs of five differences


def test_extremes_turn_with_the_data_and_count_who_never_came():
    fact = Extremes("final_test_accuracy", "accuracy")
    assert answer(fact, 0.9, 0.8).endswith("under a.") and answer(fact, 0.8, 0.9).endswith("under b.")
    text = answer(Extremes("epochs_to_target", "epochs"), 0.9, 0.8, times=(2.0, np.nan))
    assert text == "Epochs: of the arms lowest 2.0 under a; highest never in 5 runs under b."


def test_a_course_and_the_ends_of_a_gradient_name_layer_epoch_and_arm():
    assert answer(Course("grad_norm", "gradient", {"loss": "a"}), 0.8, 0.4) == (
        "Gradient: hidden_1 0.08 to 0.04 (down), logits 0.16 to 0.08 (down), a."
    )
    # The ratio is half by the factor of four from seed to seed; its interval, of five, reaches beyond 1.
    unclear = "Gradient: hidden_1 0.08 to 0.04, logits 0.16 to 0.08, a."
    assert answer(Course("grad_norm", "gradient", {"loss": "a"}), 0.8, 0.4, spread=4.0) == unclear
    text = answer(Vanishing("grad_norm", "gradient"), 0.8, 0.4)
    assert "smallest 0.02 in hidden_1 under b at epoch 2" in text and "largest 0.16 in logits under a at epoch 1" in text


def test_what_was_not_run_is_said():
    text = answer(Contrast("final_test_accuracy", "accuracy", {"loss": "c"}, {"loss": "b"}), 0.8, 0.4)
    assert text == "Accuracy: not measured in this run (needs loss c)."


@pytest.mark.parametrize("swapped", [False, True])
def test_a_contrast_that_a_claim_decides_has_the_claims_interval(swapped):
    """One interval for one effect, the other way round where the claim has it so."""
    summary, layers = tables(0.9, 0.8)
    runs = Runs(summary, ("loss",), MEASURES, epochs=2)
    arms = [{"loss": "b"}, {"loss": "a"}] if swapped else [{"loss": "a"}, {"loss": "b"}]
    claim = Claim("X", "", (Above("final_test_accuracy", *arms, by=0.05),), ("digits",), 1)
    (verdict,) = deciding.decide([claim], {"digits": runs})
    low, high = sorted((-1 if swapped else 1) * 100 * end for end in (verdict.ci_low, verdict.ci_high))
    text = Writer(runs, layers, [verdict]).sentence(Contrast("final_test_accuracy", "accuracy", {"loss": "a"}, {"loss": "b"}))
    assert text.endswith(f"points [{low:.1f}, {high:.1f}].")

"""Answers say what the tables say, and the opposite if the tables say the opposite."""

import numpy as np
import pandas as pd
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.course_report.answers import answer_all
from common.course_report.questions import Contrast, Course, Extremes, Question, Vanishing, Verdicts


def tables(a, b, times=(3.0, 5.0)):
    """Two arms whose accuracies are a and b and whose first layer's gradient is a tenth of the accuracy at each of two epochs."""
    random, rows, layers = np.random.default_rng(0), [], []
    for arm, level, time in (("a", a, times[0]), ("b", b, times[1])):
        for seed in range(5):
            accuracy = level + random.normal(0, 0.001)
            rows.append({"dataset": "digits", "loss": arm, "seed": seed, "final_test_accuracy": accuracy, "epochs_to_target": time})
            layers += [
                {"dataset": "digits", "loss": arm, "seed": seed, "epoch": epoch, "layer": layer, "grad_norm": level / 10 * size / epoch}
                for epoch in (1, 2)
                for layer, size in (("hidden_1", 1), ("logits", 2))
            ]
    claims = pd.DataFrame({"id": ["X"], "dataset": "digits", "statistic": ["d(a) - d(b)"], "verdict": "supported", "note": ""})
    claims = claims.assign(estimate=0.5, ci_low=0.4, ci_high=0.6, needs="> 0.1", n=5)
    history = pd.DataFrame({"dataset": ["digits"] * 2, "epoch": [1, 2]})
    return {"summary": pd.DataFrame(rows), "layers": pd.DataFrame(layers), "history": history, "claims": claims}


def answer(fact, *levels, **options):
    (row,) = answer_all((Question("Q", "?", (fact,)),), tables(*levels, **options), ["loss"]).to_dict("records")
    return row["answer"]


@pytest.mark.parametrize(("levels", "word"), [((0.9, 0.8), "higher"), ((0.8, 0.9), "lower"), ((0.9, 0.9), "not clearly different")])
def test_a_contrast_turns_with_the_data(levels, word):
    text = answer(Contrast("final_test_accuracy", "accuracy", {"loss": "a"}, {"loss": "b"}, percent=True), *levels)
    assert f"the first is {word}, by" in text


def test_extremes_turn_with_the_data_and_count_who_never_came():
    fact = Extremes("final_test_accuracy", "accuracy", percent=True)
    assert answer(fact, 0.9, 0.8).endswith("under a.") and answer(fact, 0.8, 0.9).endswith("under b.")
    text = answer(Extremes("epochs_to_target", "epochs"), 0.9, 0.8, times=(2.0, np.nan))
    assert text == "Epochs: lowest 2.0 under a; highest 3.0 under b (5 of 5 runs never)."


def test_a_course_and_the_ends_of_a_gradient_name_layer_epoch_and_arm():
    assert answer(Course("grad_norm", "gradient", {"loss": "a"}), 0.8, 0.4) == (
        "Gradient: hidden_1 0.08 to 0.04 (down), logits 0.16 to 0.08 (down), a."
    )
    text = answer(Vanishing("grad_norm", "gradient"), 0.8, 0.4)
    assert "smallest 0.02 in hidden_1 under b at epoch 2" in text and "largest 0.16 in logits under a at epoch 1" in text


def test_verdicts_and_what_was_not_run_are_said():
    assert answer(Verdicts(("X",)), 0.8, 0.4) == "Claims: X is supported (0.5 [0.4, 0.6], needs > 0.1)."
    text = answer(Contrast("final_test_accuracy", "accuracy", {"loss": "c"}, {"loss": "b"}), 0.8, 0.4)
    assert text == "Accuracy: not measured in this run (needs loss c)."


def test_all_questions_of_the_report_are_asked():
    asked = {
        script.NAME: [question.id for question in script.EXPERIMENT.report.questions]
        for script in (exp_a_loss, exp_b_activation, exp_c_optimizer)
    }
    common = ["Q1", "Q2", "Q3", "Q4"]
    assert asked["exp_a_loss"] == [*common, "A1", "A2", "A3", "A4"]
    assert asked["exp_b_activation"] == [*common, "B1", "B2", "B3", "B4"]
    assert asked["exp_c_optimizer"] == [*common, "Q5", "C1", "C2", "C3", "C4", "C5"]

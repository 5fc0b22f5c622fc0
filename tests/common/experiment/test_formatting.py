"""Numbers, settings and arms in words, and what a missing number looks like on disk, against values written by hand."""

import math

import numpy as np
import pytest

from common.experiment import Measure, formatting, measures, share

nan = math.nan


@pytest.mark.parametrize(
    ("value", "unit", "shown", "in_table"),
    [
        (0.0, "", "0", "0"),
        (0.012345, "", "0.012", "0.012"),
        (1e-9, "loss", "1e-09", "1e-09"),
        (-3.44, "", "-3.4", "-3.4"),
        (1234.56, "", "1234.6", "1234.6"),
        (123456.0, "", "1.2e+05", "1.2e+05"),
        (math.inf, "", "inf", "inf"),
        (nan, "", "-", "-"),
        (0.93912, "share", "93.9 %", "93.9"),
        (nan, "share", "-", "-"),
        (0.5, "epochs", "0.5", "0.5"),
        (12.0, "epochs", "12.0", "12.0"),
        (nan, "epochs", "-", "-"),
    ],
)
def test_a_number_has_about_two_digits_and_a_share_is_in_percent(value, unit, shown, in_table):
    assert formatting.in_unit(value, unit) == shown
    assert formatting.in_table(value, unit) == in_table


def test_an_interval_stands_in_brackets_where_it_is_known():
    assert formatting.with_interval(0.939, 0.925, 0.954, "share", " %") == "93.9 % [92.5, 95.4]"
    assert formatting.with_interval(0.0123, 0.01, 1.5, "") == "0.012 [0.01, 1.5]"
    assert formatting.with_interval(0.939, nan, nan, "share", " %") == "93.9 %"


def test_two_groups_have_the_interval_of_their_share_and_a_time_beyond_the_last_epoch_is_none():
    groups = [{"location": at, "runs": runs, "share_low": 0.122, "share_high": 0.738} for at, runs in ((0.1, 4), (0.603, 6))]
    assert formatting.in_groups(groups, "share") == "4 at 10.0, 6 at 60.3 %"
    assert formatting.in_groups(groups, "share", interval=True) == "4 [12, 74 %] at 10.0, 6 at 60.3 %"
    times = [{**group, "location": at} for group, at in zip(groups, (45.1, 301.0), strict=True)]
    assert formatting.in_groups(times, "epochs", epochs=300) == "never (6 of 10)"


@pytest.mark.parametrize(
    ("name", "value", "in_words", "as_word"),
    [
        ("optimizer", "adam", "Adam", "adam"),
        ("optimizer", "my_own", "my own", "my_own"),
        ("base_learning_rate", 0.01, "lr 0.01", "0.01"),
        ("batch_size", 64, "batch size 64", "64"),
        ("batch_norm", True, "batch norm", "yes"),
        ("batch_norm", np.False_, "no batch norm", "no"),
        ("dropout", 0.0, "dropout 0", "0"),
    ],
)
def test_a_setting_in_words_and_as_its_flag_takes_it(name, value, in_words, as_word):
    assert formatting.setting(name, value) == in_words
    assert formatting.word(value) == as_word


def test_an_arm_is_the_values_of_its_settings():
    assert (
        formatting.arm(("loss", "batch_norm", "base_learning_rate"), ("mse_softmax", True, 1e30)) == "MSE on softmax, batch norm, lr 1e+30"
    )


def test_fields_are_left_empty_where_there_is_nothing_to_tell():
    empty = measures.left_empty(
        [Measure("a", "", missing="never"), share("b", "", missing="not measured"), share("c", ""), Measure("d", "")]
    )
    assert empty == {f"{name}{part}" for name in "ab" for part in ("", "_mean", "_sd", "_ci_low", "_ci_high")}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.01, "0.01"),
        (1, "1"),
        (1.0, "1"),
        (1e-5, "1e-05"),
        (0.1234567, "0.1234567"),
        (np.float64(0.1234568), "0.1234568"),
        (123456789, "123456789"),
    ],
)
def test_settings_that_differ_have_names_that_do(value, words):
    assert formatting.exact(value) == words and float(words) == value
    assert formatting.setting("learning_rate", value).endswith(f" {words}") and formatting.word(value) == words

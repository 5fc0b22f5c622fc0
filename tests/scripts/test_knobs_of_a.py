"""What the controls of Experiment A turn, against Keras and NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import exp_a_loss
from common.experiment.cell import Cell
from tests.support.closed_forms import closed_form

SETTINGS = {"loss": "mse_softmax", "base_learning_rate": 0.1, "init": "pytorch", "batch_norm": False, "dropout": 0.0, "batch_size": 64}


def cell(**turned):
    return Cell("exp_a_loss", "digits", {**SETTINGS, **turned}, (0,), 5, "0f3a")


def network(**turned):
    keras.utils.set_random_seed(0)
    return exp_a_loss.build_model(cell(**turned), 64, 10)


def test_a_confident_start_multiplies_the_first_logits_and_nothing_else():
    x = np.random.default_rng(0).normal(size=(20, 64)).astype("float32")
    plain, turned = network(), network(logit_scale=100)
    np.testing.assert_allclose(turned.predict(x, verbose=0), 100 * plain.predict(x, verbose=0), rtol=1e-4)
    for one, other in zip(plain.weights[:-2], turned.weights[:-2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_optimizer_is_adamw_unless_a_control_wants_sgd():
    plain, turned = (exp_a_loss.build_optimizer(one, 10) for one in (cell(), cell(optimizer="sgd")))
    assert type(plain) is keras.optimizers.AdamW and type(turned) is keras.optimizers.SGD
    assert float(plain.learning_rate) == float(turned.learning_rate) == pytest.approx(0.1) and turned.momentum == 0


@pytest.mark.parametrize(
    ("turned", "expected"),
    [
        ({}, lambda z, y: closed_form("mse_softmax", z, y)),
        ({"loss_scale": "matched"}, lambda z, y: 50 * closed_form("mse_softmax", z, y)),
        ({"loss": "mse_linear", "target_scale": 10}, lambda z, y: closed_form("mse_linear", z / 10, y) / 10),
    ],
)
def test_the_loss_is_the_arms_but_for_what_a_control_turns(turned, expected):
    random = np.random.default_rng(0)
    z, y = random.normal(size=(50, 10)).astype("float32"), random.integers(0, 10, 50)
    logits = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_mean(exp_a_loss.build_loss(cell(**turned))(tf.constant(y), logits))
    gradient = tape.gradient(loss, logits).numpy() * (len(z) if loss.shape == () else 1)
    np.testing.assert_allclose(gradient, expected(z, y), rtol=1e-4, atol=1e-6)

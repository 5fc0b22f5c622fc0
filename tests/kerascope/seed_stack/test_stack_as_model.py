"""A SeedStack is a Keras model like others: optimizers, callbacks, saving, prediction, evaluation; what would not be exact is refused."""

import random

import keras
import numpy as np
import pytest

from kerascope.seed_stack import EarlyStopping, SeedStack
from tests.support import trainings
from tests.support.trainings import BATCH, CLASSES, SAMPLES, assert_same_weights, build, cross_entropy, trained_alone, trained_stack


@pytest.fixture(scope="module", name="samples")
def the_samples():
    return trainings.samples()


class NormalisedSGD(keras.optimizers.SGD):
    """A custom optimizer that couples all that shares a variable."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient / keras.ops.sqrt(keras.ops.sum(gradient**2)), variable, learning_rate)


class SignSGD(keras.optimizers.SGD):
    """A custom optimizer that does not."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(keras.ops.sign(gradient), variable, learning_rate)


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: keras.optimizers.Lamb(), "Lamb"),
        (lambda: keras.optimizers.Adafactor(), "Adafactor"),
        (lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()), "LossScaleOptimizer"),
        (lambda: NormalisedSGD(), "NormalisedSGD"),
        *([(lambda: keras.optimizers.Muon(), "Muon")] if hasattr(keras.optimizers, "Muon") else []),
    ],
)
def test_optimizers_that_couple_members_are_refused(make, culprit):
    with pytest.raises(ValueError, match=f"{culprit} would couple the members"):
        SeedStack(build, [0]).compile(make(), loss=cross_entropy())


ELEMENTWISE = [getattr(keras.optimizers, name) for name in ("RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion")]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", [*ELEMENTWISE, SignSGD])
def test_other_elementwise_optimizers_train_as_alone(samples, optimizer):
    alone, _ = trained_alone(samples, 1, optimizer(0.01))
    assert_same_weights(trained_stack(samples, [0, 1], optimizer(0.01)).member(1), alone)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [([], "at least one"), ([1, 1], "differ"), ([-1], "integer from 0"), ([2**32], "integer from 0"), ([0.5], "integer from 0")],
)
def test_unusable_seeds_are_refused(seeds, message):
    with pytest.raises(ValueError, match=message):
        SeedStack(build, seeds)


def test_models_that_cannot_be_stacked_are_refused():
    with pytest.raises(ValueError, match="begin a Sequential with"):
        SeedStack(lambda: keras.Sequential([keras.layers.Dense(2)]), [0])


def test_unusable_samples_are_refused(samples):
    stack = SeedStack(build, [0])
    stack.compile("sgd", loss=cross_entropy())
    with pytest.raises(ValueError, match="same number of samples"):
        stack.fit(samples[0], samples[1][:-1])
    with pytest.raises(ValueError, match="batch_size"):
        stack.fit(*samples, batch_size=0)


def test_building_a_stack_leaves_the_global_random_state_alone():
    np.random.seed(5)
    random.seed(5)
    expected = np.random.rand(), random.random()
    np.random.seed(5)
    random.seed(5)
    SeedStack(build, [0, 1])
    assert (np.random.rand(), random.random()) == expected


@pytest.mark.slow
def test_weights_are_saved_and_loaded(samples, tmp_path):
    stack = trained_stack(samples, [0, 1], keras.optimizers.Adam(0.01))
    stack.save_weights(tmp_path / "stack.weights.h5")
    fresh = SeedStack(build, [0, 1])
    fresh.load_weights(tmp_path / "stack.weights.h5")
    np.testing.assert_array_equal(fresh.predict(samples[0], verbose=0), stack.predict(samples[0], verbose=0))


@pytest.mark.slow
def test_predict_gives_every_members_outputs(samples):
    x = samples[0]
    stack = trained_stack(samples, [0, 1], keras.optimizers.Adam(0.01))
    outputs = stack.predict(x, batch_size=7, verbose=0)
    assert outputs.shape == (SAMPLES, 2, CLASSES)
    for i in (0, 1):
        np.testing.assert_allclose(outputs[:, i], stack.member(i).predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_evaluate_agrees_with_plain_keras_whatever_the_metric(samples):
    x, y = samples
    stack = SeedStack(build, [0, 1])
    stack.compile("sgd", loss=cross_entropy(), metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2")])
    ours = stack.evaluate(x, y, return_dict=True, per_member=True)
    for i in (0, 1):
        alone = stack.member(i)
        alone.compile("sgd", loss=cross_entropy(), metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2")])
        theirs = alone.evaluate(x, y, return_dict=True, verbose=0)
        for name in ("loss", "accuracy", "top2"):
            np.testing.assert_allclose(ours[name][i], theirs[name], rtol=1e-5)
    assert stack.evaluate(x, y) == pytest.approx([np.mean(v) for v in ours.values()])


@pytest.mark.slow
def test_evaluation_in_several_batches_covers_every_sample(samples, monkeypatch):
    monkeypatch.setattr("kerascope.seed_stack.evaluation.EVALUATION_BATCH", 16)  # 50 samples: 4 batches of 12 and a rest of 2
    test_evaluate_agrees_with_plain_keras_whatever_the_metric(samples)


@pytest.mark.slow
def test_keras_callbacks_work(samples, tmp_path):
    x, y = samples
    stack = SeedStack(build, [0, 1])
    stack.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    stack.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=6,
        verbose=0,
        validation_data=(x, y),
        callbacks=[
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
            keras.callbacks.ModelCheckpoint(str(tmp_path / "best.weights.h5"), monitor="val_loss", save_weights_only=True),
            EarlyStopping(monitor="val_loss", patience=1, min_delta=100),
        ],
    )
    assert len(stack.history.history["loss"]) == 2  # stopped early
    assert (tmp_path / "log.csv").read_text().count("\n") == 3
    assert (tmp_path / "best.weights.h5").exists()


@pytest.mark.slow
def test_training_in_two_parts_equals_training_in_one(samples):
    whole = trained_stack(samples, [0, 1], keras.optimizers.Adam(0.01), epochs=4)
    parts = trained_stack(samples, [0, 1], keras.optimizers.Adam(0.01), epochs=2)
    parts.fit(*samples, batch_size=BATCH, epochs=4, initial_epoch=2, verbose=0)
    for a, b in zip(whole.variables, parts.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(whole.frame().to_numpy(), parts.frame().to_numpy())


@pytest.mark.slow
def test_backup_and_restore_goes_on_where_a_crash_was(samples, tmp_path):
    class Crash(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    def fit(crash):
        stack = SeedStack(build, [0, 1])
        stack.compile(keras.optimizers.Adam(0.01), loss=cross_entropy())
        callbacks = [keras.callbacks.BackupAndRestore(str(tmp_path / "backup")), *crash]
        stack.fit(*samples, batch_size=BATCH, epochs=4, verbose=0, callbacks=callbacks)
        return stack

    with pytest.raises(RuntimeError, match="power cut"):
        fit([Crash()])
    resumed = fit([])
    assert resumed.history.epoch == [2, 3]
    whole = trained_stack(samples, [0, 1], keras.optimizers.Adam(0.01), epochs=4)
    for a, b in zip(whole.trainable_variables, resumed.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b)

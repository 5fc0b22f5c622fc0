"""The samples that a probe takes, as `fit` takes them, and what it says of others."""

import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.monitors import ActivationMonitor, GradientMonitor, LogitMonitor, MonitorWarning, NoiseMonitor

layers = keras.layers
X = np.random.default_rng(0).normal(size=(24, 5)).astype("float32")
Y = np.arange(24) % 3


def model_of(*inner, loss=None):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([*inner, layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.0), loss=loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def told(model, *monitors, x=X, y=Y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, verbose=0, callbacks=list(monitors))
    return [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]


class Batches(keras.utils.PyDataset):
    def __init__(self, batches, endless=False):
        super().__init__()
        self.batches, self.endless = batches, endless

    def __len__(self):
        return self.batches

    @property
    def num_batches(self):
        return None if self.endless else self.batches

    def __getitem__(self, index):
        return X[index * 8 : index * 8 + 8], Y[index * 8 : index * 8 + 8]


DATASET = tf.data.Dataset.from_tensor_slices((X, Y))
FORMS = {
    "PyDataset": lambda: (Batches(3),),
    "Dataset of unknown length": lambda: (DATASET.batch(7).filter(lambda x, y: True),),
    "DataFrame": lambda: (pd.DataFrame(X), pd.Series(Y)),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "float64": lambda: (X.astype("float64"), Y),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_samples_in_another_form_measure_the_same(form):
    arrays, other = GradientMonitor(X, Y), GradientMonitor(*FORMS[form]())
    assert told(model_of(keras.Input((5,))), arrays, other) == []
    np.testing.assert_allclose(other.frame()["grad_norm"], arrays.frame()["grad_norm"], rtol=1e-5)


@pytest.mark.parametrize("form", ["tf.SparseTensor", "SciPy"])
def test_a_sparse_probe_measures_as_a_dense_one(form):
    x = np.where(X > 0.5, X, 0)
    sparse = tf.sparse.from_dense(x)
    if form == "SciPy":
        sparse = pytest.importorskip("scipy.sparse").csr_matrix(x)
    monitors = [GradientMonitor(x, Y), GradientMonitor(sparse, Y), NoiseMonitor(sparse, Y)]
    assert [message.split()[0] for message in told(model_of(keras.Input((5,), sparse=True)), *monitors, x=sparse)] == ["NoiseMonitor"]
    np.testing.assert_allclose(monitors[1].frame()["grad_norm"], monitors[0].frame()["grad_norm"], rtol=1e-5)


class Mean(layers.Layer):
    """The mean over the rows of a ragged batch."""

    def call(self, x):
        return tf.reduce_mean(x, axis=1)


class OverRows(keras.Model):
    def __init__(self):
        super().__init__()
        self.mean, self.out = Mean(), layers.Dense(3)

    def call(self, x):
        return self.out(self.mean(x)[:, None])


def test_a_ragged_probe_is_measured():
    x = tf.RaggedTensor.from_row_lengths(X.ravel(), [4, 6] * 12)
    model = OverRows()
    model(x)
    model.compile(keras.optimizers.SGD(0.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    monitor = GradientMonitor(x, Y)
    model.fit(X, Y, verbose=0, callbacks=[monitor])
    means = np.array([row.numpy().mean() for row in x], "float64")[:, None]
    kernel, bias = (v.numpy().astype("float64") for v in model.trainable_variables)
    p = np.exp(means * kernel + bias)
    d = (p / p.sum(1, keepdims=True) - np.eye(3)[Y]) / 24
    expected = np.sqrt(((means.T @ d) ** 2).sum() + (d.sum(0) ** 2).sum())
    assert monitor.frame("model")["grad_norm"].item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "texts",
    [np.array, *(pytest.param(kind, marks=pytest.mark.slow) for kind in (list, lambda texts: np.array(texts, object), tf.constant))],
    ids=["array", "list", "object", "tensor"],
)
def test_strings_are_samples(texts):
    x = texts([f"word{i % 5} word{i % 3}" for i in range(24)])
    vectorise = layers.TextVectorization(max_tokens=9, output_mode="tf_idf")
    vectorise.adapt([f"word{i}" for i in range(5)])
    model = model_of(keras.Input((), dtype="string"), vectorise)
    monitor = GradientMonitor(x, Y)
    assert told(model, monitor, x=tf.constant(x)) == []
    dense = GradientMonitor(vectorise(tf.constant(x)), Y)
    after = keras.Sequential([keras.Input((len(vectorise.get_vocabulary()),)), model.layers[-1]])
    after.compile(keras.optimizers.SGD(0.0), loss=model.loss)
    told(after, dense, x=vectorise(tf.constant(x)).numpy())
    np.testing.assert_allclose(monitor.frame()["grad_norm"], dense.frame()["grad_norm"], rtol=1e-5)


def endless():
    while True:
        yield X[:4], Y[:4]


SIGNATURE = tf.TensorSpec((4, 5)), tf.TensorSpec((4,), tf.int64)
REFUSED = {
    "a generator of unknown length": (
        lambda: (tf.data.Dataset.from_generator(endless, output_signature=SIGNATURE),),
        ValueError,
        "endless",
    ),
    "an endless Dataset": (lambda: (DATASET.batch(4).repeat(),), ValueError, "endless"),
    "an endless PyDataset": (lambda: (Batches(3, endless=True),), ValueError, "endless"),
    "a Dataset without batches": (lambda: (DATASET,), ValueError, "batched"),
    "a generator": (lambda: (endless(),), TypeError, "generator"),
    "rows of several lengths": (lambda: ([[1.0], [1.0, 2.0]], [0, 1]), TypeError, "list"),
    "parts of several lengths": (lambda: (X, Y[:5]), ValueError, "same number"),
    "both kinds of weights": (lambda: (X, Y, 1, np.ones(24), None, None, {0: 2.0}), ValueError, "not both"),
}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.slow) if "generator of" in kind else kind for kind in REFUSED])
def test_a_probe_that_cannot_be_is_refused_at_once_in_one_line(kind):
    make, error, words = REFUSED[kind]
    with pytest.raises(error, match=words) as raised:
        GradientMonitor(*make())
    assert "\n" not in str(raised.value)


def two_inputs():
    inputs = keras.Input((5,)), keras.Input((5,))
    model = keras.Model(inputs, layers.Dense(3, activation="relu")(layers.Add()(list(inputs))))
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    return model


def test_a_tuple_is_two_inputs_for_a_model_of_two_and_told_for_one_of_one():
    y = np.eye(3)[Y]
    monitor = ActivationMonitor((X, X))
    assert told(two_inputs(), monitor, x=(X, X), y=y) == [] and len(monitor.frame())
    model = model_of(keras.Input((5,)), layers.Dense(4, activation="relu"))
    messages = told(model, GradientMonitor((X, Y)), ActivationMonitor((X, Y)))
    assert len(messages) == 2 and all("two arguments" in message for message in messages)


@pytest.mark.parametrize("stacked", [False, True])
def test_a_probe_without_the_targets_that_the_loss_needs_is_told_so(stacked):
    def build():
        return model_of(keras.Input((5,)))

    model = SeedStack(build, [0]) if stacked else build()
    model.compile(keras.optimizers.SGD(0.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    (message,) = told(model, GradientMonitor(X))
    assert "targets" in message and "give y" in message
    with pytest.raises(ValueError, match="targets"):
        LogitMonitor(X)


def test_samples_of_another_shape_than_the_model_takes_are_told_with_both():
    (message,) = told(model_of(keras.Input((5,)), layers.Dense(2, activation="relu")), ActivationMonitor(X[0]))
    assert "(5,)" in message and "(None, 5)" in message

"""Training mode, eager models, rows of layers and weights, and outputs of layers, against plain Keras and NumPy."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.layers import layer_paths
from kerascope.monitors import ActivationMonitor, GradientMonitor, HessianTraceMonitor, MonitorWarning, NoiseMonitor
from kerascope.monitors.core.layers import weights_by_layer

layers, ops = keras.layers, keras.ops
X = np.random.default_rng(0).normal(2, 3, (32, 5)).astype("float32")
Y = np.arange(32) % 3


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def fit(model, *monitors, x=X, y=Y, epochs=1, learning_rate=0.0, **compile_arguments):
    model.compile(keras.optimizers.SGD(learning_rate), loss=cross_entropy(), **compile_arguments)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, epochs=epochs, verbose=0, shuffle=False, callbacks=list(monitors))
    return [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]


def normalising():
    keras.utils.set_random_seed(0)
    normalise = layers.BatchNormalization(name="normalise", momentum=0.0)
    return keras.Sequential(
        [keras.Input((5,)), layers.Dense(6, name="in"), normalise, layers.ReLU(name="relu"), layers.Dense(3, name="out")]
    )


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("stacked", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_gradient_in_either_mode_is_that_of_a_tape_in_that_mode(training, stacked):
    model = SeedStack(normalising, [0]) if stacked else normalising()
    x, y = X[:10], Y[:10]  # other statistics than those that the training leaves
    gradients, activations = GradientMonitor(x, y, training=training), ActivationMonitor(x, training=training)
    assert fit(model, gradients, activations) == []
    alone = model.member(0) if stacked else model
    outputs = keras.Model(alone.inputs, [alone.outputs[0], alone.get_layer("relu").output])
    values = [v.numpy() for v in alone.variables]
    with tf.GradientTape() as tape:
        logits, relu = outputs(x, training=training)
        loss = cross_entropy()(y, logits)
    expected = np.sqrt(sum((g.numpy().astype("float64") ** 2).sum() for g in tape.gradient(loss, alone.trainable_weights)))
    assert gradients.frame("model")["grad_norm"].item() == pytest.approx(expected, rel=1e-4)
    assert activations.frame()["activation_std"].item() == pytest.approx(relu.numpy().std(), rel=1e-4)
    for variable, value in zip(alone.variables, values, strict=True):
        variable.assign(value)


@pytest.mark.slow
def test_measuring_in_training_mode_leaves_statistics_and_random_states_as_they_are():
    ends = []
    for monitored in (False, True):
        keras.utils.set_random_seed(1)
        drop = [layers.Dropout(0.4), layers.GaussianNoise(0.3), layers.BatchNormalization()]
        model = keras.Sequential([keras.Input((5,)), layers.Dense(8, activation="relu"), *drop, layers.Dense(3)])
        monitors = [
            GradientMonitor(X, Y, training=True),
            ActivationMonitor(X, training=True),
            HessianTraceMonitor(X, Y, training=True, samples=2),
        ]
        assert fit(model, *(monitors if monitored else ()), epochs=3, learning_rate=0.1) == []
        ends.append([np.array(v) for v in model.variables])
    for with_monitors, without in zip(*ends, strict=True):
        np.testing.assert_array_equal(with_monitors, without)


class Noisy(layers.Layer):
    """Draws from TensorFlow's own generators, in inference too; with or without a seed, traceable or not."""

    def __init__(self, seed, traceable):
        super().__init__()
        self.seed, self.traceable = seed, traceable

    def call(self, x):
        if not self.traceable:
            float(tf.convert_to_tensor(x)[0, 0])  # works eagerly only
        return x + 0.1 * tf.random.normal(tf.shape(x), seed=self.seed)


class WithNoise(keras.Model):
    def __init__(self, seed, traceable):
        super().__init__()
        self.noise, self.hidden, self.out = Noisy(seed, traceable), layers.Dense(4, activation="relu"), layers.Dense(3)

    def call(self, x):
        return self.out(self.hidden(self.noise(x)))


@pytest.mark.parametrize(("seed", "traceable"), [(None, True), (5, True), (None, False)])
def test_an_eager_training_with_random_numbers_of_tensorflow_ends_as_without_monitors(seed, traceable):
    ends = []
    for monitored in (False, True):
        keras.utils.set_random_seed(2)
        model = WithNoise(seed, traceable)
        model(X[:2])
        monitors = GradientMonitor(X, Y), ActivationMonitor(X)
        told = fit(model, *(monitors if monitored else ()), epochs=2, learning_rate=0.1, run_eagerly=True)
        assert told == [] and (not monitored or all(len(monitor.frame()) for monitor in monitors))
        ends.append([np.array(v) for v in model.variables] + [tf.random.uniform(()).numpy()])
    for with_monitors, without in zip(*ends, strict=True):
        np.testing.assert_array_equal(with_monitors, without)


class Scaled(layers.Layer):
    """A wrapper with a weight of its own."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, shape):
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")
        self.inner.build(shape)

    def call(self, x):
        return self.factor * self.inner(x)


class Tied(keras.Model):
    """An embedding whose table is also the output's kernel; and a layer with the name of the model."""

    def __init__(self):
        super().__init__(name="tied")
        self.table, self.out, self.same = layers.Embedding(7, 4, name="table"), layers.Layer(name="out"), layers.Dense(4, name="tied")
        self.table.build((None,))
        self.out.kernel = self.table.embeddings
        self.own = self.add_weight(shape=(), initializer="ones", name="own")

    def call(self, x):
        return self.own * self.same(self.table(x)) @ ops.transpose(self.out.kernel)


def test_a_wrapper_with_a_weight_has_a_row_beside_its_layer_frozen_or_not():
    inner = layers.Dense(6, activation="relu", name="inner")
    model = keras.Sequential(
        [keras.Input((5,)), Scaled(inner, name="scaled"), layers.TimeDistributed(layers.Dense(2, name="d"), name="timed")][:2]
    )
    model.add(layers.Dense(3, name="out"))
    gradients = GradientMonitor(X, Y)
    fit(model, gradients)
    assert gradients.frame()["layer"].tolist() == ["scaled", "scaled/inner", "out"]
    paths = [path for path, _ in layer_paths(model)]
    inner.trainable = model.layers[0].trainable = False
    assert [path for path, _ in layer_paths(model)] == paths
    norms = gradients.frame("weight").set_index(["layer", "weight"])["weight_norm"]
    assert norms["scaled", "factor"] == 1 and norms["scaled/inner", "kernel"] == pytest.approx(np.linalg.norm(inner.kernel), rel=1e-5)


def test_names_are_unique_and_a_tied_weight_counts_once():
    model = Tied()
    model(np.zeros((1, 2), int))
    found = weights_by_layer(model)
    variables = [v for of_layer in found.values() for v in of_layer]
    assert {path: len(of_layer) for path, of_layer in found.items()} == {"tied_1": 1, "table": 1, "tied": 2}
    assert len({id(v) for v in variables}) == len(variables) == len(model.trainable_variables)


def test_model_layers_and_weights_are_parts_of_the_same_gradient():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="relu", name="a"), layers.Dense(3, name="b")])
    monitor = GradientMonitor(X, Y)
    fit(model, monitor)
    with tf.GradientTape() as tape:
        loss = cross_entropy()(Y, model(X))
    gradients = [g.numpy().astype("float64") for g in tape.gradient(loss, model.trainable_weights)]
    weights = monitor.frame("weight")
    assert list(zip(weights["layer"], weights["weight"], strict=True)) == [("a", "kernel"), ("a", "bias"), ("b", "kernel"), ("b", "bias")]
    np.testing.assert_allclose(weights["grad_norm"], [np.linalg.norm(g) for g in gradients], rtol=1e-4)
    np.testing.assert_allclose(weights["grad_mean_abs"], [np.abs(g).mean() for g in gradients], rtol=1e-4)
    of_model = monitor.frame("model").iloc[0]
    flat = np.concatenate([g.ravel() for g in gradients])
    assert of_model["grad_norm"] == pytest.approx(np.linalg.norm(flat), rel=1e-5)
    assert of_model["grad_mean_abs"] == pytest.approx(np.abs(flat).mean(), rel=1e-5)
    assert model.history.history["grad_norm"] == pytest.approx([of_model["grad_norm"]])


def test_activations_of_the_model_are_those_of_all_units_together_and_linear_layers_are_measured_on_demand():
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(9, "relu", name="r"), layers.Dense(4, "tanh", name="t"), layers.Dense(3, name="l")]
    )
    few, all_layers = ActivationMonitor(X), ActivationMonitor(X, linear=True)
    fit(model, few, all_layers)
    assert few.frame()["layer"].tolist() == ["r", "t"] and all_layers.frame()["layer"].tolist() == ["r", "t", "l"]
    relu, tanh, linear = (np.asarray(o, "float64") for o in keras.Model(model.inputs, [layer.output for layer in model.layers])(X))
    for monitor, outputs in ((few, (relu, tanh)), (all_layers, (relu, tanh, linear))):
        row, values = monitor.frame("model").iloc[0], np.concatenate([o.ravel() for o in outputs])
        units = sum(o.shape[1] for o in outputs)
        assert row["inactive_fraction"] == pytest.approx((values <= 0).mean(), abs=1e-6)
        assert row["activation_mean"] == pytest.approx(values.mean(), rel=1e-5)
        assert row["activation_std"] == pytest.approx(values.std(), rel=1e-5)
        assert row["dead_fraction"] == pytest.approx((relu <= 0).all(0).sum() / units)
        assert row["saturated_fraction"] == pytest.approx((1 - tanh**2 < 0.01).mean(), abs=1e-6)
        dormant = sum((np.abs(o).mean(0) <= 0.025 * np.abs(o).mean()).sum() for o in outputs)
        assert row["dormant_fraction"] == pytest.approx(dormant / units)
    alone = keras.Sequential([keras.Input((5,)), layers.Dense(3)])
    (told,) = fit(alone, ActivationMonitor(X))
    assert "linear=True" in told


@pytest.mark.slow
@pytest.mark.parametrize("stacked", [False, True])
def test_outputs_of_recurrent_attention_and_normalising_layers_are_measured_from_outside(stacked):
    def build():
        keras.utils.set_random_seed(4)
        inputs = keras.Input((6, 5))
        hidden = layers.Dense(4, name="both")(inputs)
        if not stacked:
            hidden = layers.Bidirectional(layers.GRU(3, return_sequences=True, name="gru"), name="both")(inputs)
        hidden = layers.LayerNormalization(name="norm")(hidden)
        hidden = hidden if stacked else layers.LSTM(4, return_sequences=True, name="lstm")(hidden)
        hidden = layers.MultiHeadAttention(2, 3, name="attention")(hidden, hidden)
        return keras.Model(inputs, layers.Dense(3, name="out")(layers.GlobalAveragePooling1D()(hidden)))

    x = np.random.default_rng(1).normal(size=(32, 6, 5)).astype("float32")
    model = SeedStack(build, [4]) if stacked else build()
    names = ["both", "norm", "attention", *([] if stacked else ["lstm"])]
    monitor = ActivationMonitor(x, outputs=names, layers="nothing*", logs=False)
    assert fit(model, monitor, x=x) == []
    frame = monitor.frame().set_index("layer")
    alone = model.member(0) if stacked else model
    assert sorted(frame.index) == sorted(names)
    for name in names:
        outputs = np.asarray(keras.Model(alone.inputs, alone.get_layer(name).output)(x), "float64").reshape(32 * 6, -1)
        np.testing.assert_allclose(
            frame.loc[name, ["activation_mean", "activation_std"]], [outputs.mean(), outputs.std()], rtol=1e-3, atol=1e-5
        )
        assert frame.loc[name, "inactive_fraction"] == pytest.approx((outputs <= 0).mean(), abs=2e-3)
        assert frame.loc[name, ["dead_fraction", "saturated_fraction"]].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a recurrent layer", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("tf.map_fn", "tf.scan"))])
def test_noise_of_a_model_with_loops_is_that_of_its_samples_without_an_attempt_to_vectorise(kind, monkeypatch):
    class Loop(layers.Layer):
        def call(self, x):
            if kind == "tf.map_fn":
                return tf.map_fn(tf.sin, x)
            return tf.transpose(tf.scan(lambda a, b: 0.5 * a + b, tf.transpose(x)))

    loop = [layers.Reshape((5, 1)), layers.SimpleRNN(3)] if kind == "a recurrent layer" else [Loop()]
    model = keras.Sequential([keras.Input((5,)), layers.Dense(5), *loop, layers.Dense(3)])
    monitor = NoiseMonitor(X[:6], Y[:6], batch_size=4)
    monkeypatch.setattr(tf, "vectorized_map", lambda *args, **kwargs: pytest.fail("vectorised"))
    assert fit(model, monitor) == []
    gradients = []
    for i in range(6):
        with tf.GradientTape() as tape:
            loss = cross_entropy()(Y[i : i + 1], model(X[i : i + 1]))
        gradients.append(np.concatenate([g.numpy().ravel() for g in tape.gradient(loss, model.trainable_weights)]).astype("float64"))
    gradients = np.stack(gradients)
    mean, trace = gradients.mean(0), gradients.var(0, ddof=1).sum()
    assert monitor.frame()["norm_test"].item() == pytest.approx(np.sqrt(trace / 4) / np.linalg.norm(mean), rel=1e-3)

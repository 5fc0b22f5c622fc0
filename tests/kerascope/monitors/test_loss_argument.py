"""Monitors of models that train by more than a compiled loss, by `loss=`, against plain gradients; refusals and told differences."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.monitors import GradientMonitor, HessianTraceMonitor, LogitMonitor, MonitorWarning, NoiseMonitor, SharpnessMonitor
from tests.support.foreign import FOREIGN, Distiller, digits, small_classifier


def train(model, x, y=None, callbacks=(), **fit):
    """The `MonitorWarning`s of a training of one epoch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, verbose=0, callbacks=list(callbacks), **fit)
    return [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]


def gradient_norm(model, loss, variables=None, **batch):
    """The norm of the gradient of a loss by all weights, float64."""
    values = [v.value for v in variables or model.trainable_variables]
    with keras.StatelessScope(state_mapping=[(v, v.value) for v in model.variables]), tf.GradientTape() as tape:
        tape.watch(values)
        value = loss(model, batch)
    gradients = tape.gradient(value, values, unconnected_gradients="zero")
    return np.sqrt(sum((tf.convert_to_tensor(g).numpy().astype("float64") ** 2).sum() for g in gradients))


@pytest.mark.parametrize("build", [pytest.param(b, marks=() if b is FOREIGN[0] else pytest.mark.slow) for b in FOREIGN])
def test_a_model_with_a_train_step_of_its_own_is_measured_by_its_loss_and_not_without(build):
    model, x, y, loss = build()
    batch = {"x": x[:8], **({} if y is None else {"y": y[:8]})}
    data = [tf.constant(part) for part in batch.values()]
    monitor, without = GradientMonitor(*batch.values(), loss=loss), GradientMonitor(*batch.values())
    told = train(model, x, y, [monitor, without])
    assert len(told) == 1 and "loss=" in told[0] and type(model).__name__ in told[0]
    assert without.frame().empty and without.problems
    expected = gradient_norm(model, loss, **dict(zip(batch, data, strict=True)))
    assert monitor.frame("model")["grad_norm"].item() == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(np.sqrt((monitor.frame()["grad_norm"] ** 2).sum()), expected, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [SharpnessMonitor, HessianTraceMonitor, NoiseMonitor])
def test_every_monitor_of_a_loss_takes_one(kind):
    model, x, y, loss = FOREIGN[-1]()
    monitor = kind(x[:8], y[:8], loss=loss)
    assert train(model, x, y, [monitor]) == [] and np.isfinite(monitor.frame().iloc[0, -1])


@pytest.mark.slow
def test_the_loss_function_gets_the_member_of_a_stack():
    x, y = digits()
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def doubled(model, batch):
        return 2 * loss_function(batch["y"], model(batch["x"], training=False))

    stack = SeedStack(small_classifier, [0, 1])
    stack.compile(keras.optimizers.SGD(0.1), loss=loss_function)
    compiled, double, logits = (
        kind(x, y, loss=loss, logs=False) for kind, loss in ((GradientMonitor, None), (GradientMonitor, doubled), (LogitMonitor, doubled))
    )
    assert train(stack, x, y, [compiled, double, logits]) == []
    np.testing.assert_allclose(double.frame()["grad_norm"], 2 * compiled.frame()["grad_norm"], rtol=1e-5)
    last = logits.frame().query("epoch == 1")
    for member in range(2):
        alone = stack.member(member)
        assert last["probe_loss"].iloc[member] == pytest.approx(2 * float(loss_function(y, alone(x))), rel=1e-5)


def test_a_compute_loss_of_its_own_is_what_is_measured():
    class Scaled(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return 7 * keras.ops.mean((y_pred - y) ** 2) + keras.ops.mean(x**2) * self.layers[0].kernel[0, 0]

    model = Scaled([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), loss="mae")
    x, y = np.random.default_rng(0).normal(size=(2, 16, 3)).astype("float32")
    monitor = GradientMonitor(x, y[:, :1])
    assert train(model, x, y[:, :1], [monitor]) == []
    w, b = (v.numpy().astype("float64") for v in model.trainable_variables)
    error = x @ w + b - y[:, :1]
    kernel = 14 * x.T @ error / 16 + np.array([[np.mean(x.astype("float64") ** 2)], [0], [0]])
    expected = np.sqrt((kernel**2).sum() + (14 * error.mean()) ** 2)
    assert monitor.frame("model")["grad_norm"].item() == pytest.approx(expected, rel=1e-5)


def test_the_compiled_loss_of_a_model_with_its_own_train_step_is_measured_on_demand():
    class Clipping(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    x, y = digits()
    model = Clipping(small_classifier().layers)
    model.compile(keras.optimizers.SGD(0.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    monitor = GradientMonitor(x, y, loss="compiled")
    assert train(model, x, y, [monitor]) == []
    expected = gradient_norm(model, lambda model, batch: model.loss(batch["y"], model(batch["x"])), x=x, y=y)
    assert monitor.frame("model")["grad_norm"].item() == pytest.approx(expected, rel=1e-5)


def test_a_test_step_or_a_metric_of_its_own_is_no_objection():
    class Own(keras.Sequential):
        def test_step(self, data):
            return super().test_step(data)

        def compute_metrics(self, *args, **kwargs):
            return super().compute_metrics(*args, **kwargs)

    x, y = digits()
    model = Own(small_classifier().layers)
    model.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    monitor = GradientMonitor(x, y)
    assert train(model, x, y, [monitor]) == [] and len(monitor.frame())


@pytest.mark.parametrize(("loss", "error"), [("mse", ValueError), (3, ValueError)])
def test_a_loss_that_is_none_is_refused(loss, error):
    with pytest.raises(error, match="loss must be"):
        GradientMonitor(*digits(), loss=loss)


def test_a_loss_that_is_no_scalar_and_a_sum_are_told():
    x, y = digits()
    model = small_classifier()
    model.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"))
    vector = GradientMonitor(x, y, loss=lambda model, batch: model(batch["x"])[:, 0])
    noise, logits, one, several = (
        kind(x, y)
        for kind in (
            NoiseMonitor,
            LogitMonitor,
            GradientMonitor,
            lambda x, y: GradientMonitor(tf.data.Dataset.from_tensor_slices((x, y)).batch(9)),
        )
    )
    told = train(model, x, y, [vector, noise, logits, one, several])
    assert sorted(message.split()[0] for message in told) == ["GradientMonitor", "GradientMonitor", "LogitMonitor", "NoiseMonitor"]
    assert len(one.frame()) and several.frame().empty


@pytest.mark.parametrize("kind", ["sample_weight", "class_weight", "a Dataset with weights"])
def test_weights_of_fit_that_the_probe_lacks_are_told(kind):
    x, y = digits()
    model = small_classifier()
    model.compile(keras.optimizers.SGD(0.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    weights = np.linspace(0, 2, len(x)).astype("float32")
    fit = {"sample_weight": {"sample_weight": weights}, "class_weight": {"class_weight": {0: 3.0}}}.get(kind, {})
    data = (x, y) if fit else (tf.data.Dataset.from_tensor_slices((x, y, weights)).batch(8),)
    without, weighted = GradientMonitor(x, y), GradientMonitor(x, y, class_weight={0: 2.0}, logs=False)
    told = train(model, *data, callbacks=[without, weighted], **fit)
    assert len(told) == 1 and "class_weight=" in told[0]
    assert len(without.frame()) and without.problems and not weighted.problems


@pytest.mark.slow
def test_classes_weigh_in_the_probe_as_in_fit():
    x, y = digits()
    model = small_classifier()
    model.compile(keras.optimizers.SGD(0.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    of_class = {0: 4.0, 2: 0.5}
    weights = np.array([of_class.get(int(label), 1.0) for label in y])
    monitors = [
        GradientMonitor(x, y, class_weight=of_class),
        GradientMonitor(x, y, sample_weight=weights),
        GradientMonitor(
            x,
            np.eye(3)[y],
            class_weight=of_class,
            loss=lambda model, batch: (
                keras.ops.sum(
                    batch["sample_weight"] * keras.losses.categorical_crossentropy(batch["y"], model(batch["x"]), from_logits=True)
                )
                / len(x)
            ),
        ),
    ]
    history = model.fit(x, y, batch_size=len(x), verbose=0, class_weight=of_class, callbacks=monitors).history
    values = [monitor.frame("model")["grad_norm"].item() for monitor in monitors]
    np.testing.assert_allclose(values, values[0], rtol=1e-5)
    logits = LogitMonitor(x, y, class_weight=of_class)
    model.fit(x, y, batch_size=len(x), verbose=0, class_weight=of_class, callbacks=[logits])
    assert logits.frame()["probe_loss"].iloc[0] == pytest.approx(history["loss"][0], rel=1e-5)


def test_a_distilled_student_is_measured_after_steps_too():
    model, x, y, loss = FOREIGN[-1]()
    assert isinstance(model, Distiller)
    monitor = GradientMonitor(x[:8], y[:8], every="2 steps", loss=loss, layers="student*")
    assert train(model, x, y, [monitor], batch_size=8) == []
    assert monitor.frame("model")["step"].tolist() == [2, 4] and all("teacher" not in layer for layer in monitor.frame()["layer"])


@pytest.mark.parametrize("reduction", ["none", None])
def test_a_loss_without_a_reduction_is_measured_as_keras_trains_by_it_and_is_told_where_a_mean_is_needed(reduction):
    x, y = digits()
    model = small_classifier()
    model.compile(keras.optimizers.SGD(1e-3), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction))
    before = [v.numpy().astype("float64") for v in model.trainable_variables]
    gradients, logits = GradientMonitor(x, y, every=[0]), LogitMonitor(x, y)
    told = train(model, x, y, [gradients, logits], batch_size=len(x))
    moved = sum(((v.numpy() - w) ** 2).sum() for v, w in zip(model.trainable_variables, before, strict=True))
    assert [message.split()[0] for message in told] == ["LogitMonitor"] and "mean" in told[0]
    assert gradients.frame("model")["grad_norm"].item() == pytest.approx(1e3 * np.sqrt(moved), rel=1e-2)

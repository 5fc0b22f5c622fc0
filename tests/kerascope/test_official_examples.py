"""Keras's official examples, shrunk, through all monitors and through SeedStack: nobody wrote those models for this library."""

import random
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.monitors import (
    ActivationMonitor,
    GradientMonitor,
    HessianTraceMonitor,
    HistogramMonitor,
    LogitMonitor,
    MonitorWarning,
    NoiseMonitor,
    PredictionMonitor,
    SharpnessMonitor,
    UpdateMonitor,
)
from tests.support.official import EXAMPLES

BATCH, EPOCHS = 16, 2
NO_LOSS = ("ActivationMonitor", "PredictionMonitor", "UpdateMonitor")
OVERRIDES = [name for name, example in EXAMPLES.items() if example.refused == "train_step"]


pytestmark = pytest.mark.slow


class Ends(keras.callbacks.Callback):
    """The training's own results, and the state of everything, when training ends."""

    def on_train_end(self, logs=None):
        optimizers = [value for value in vars(self.model).values() if isinstance(value, keras.optimizers.Optimizer)]
        self.state = [np.array(v) for owner in [self.model, *optimizers] for v in owner.variables]
        self.random = random.getstate(), np.random.get_state()[1].tolist(), tf.random.uniform(()).numpy()


def train(example, callbacks):
    """The example's model, trained; its end; and its history without what monitors add."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    model, ends = example.build(), Ends()
    model.compile(**example.compile_arguments())
    own = {"epochs": EPOCHS, "batch_size": BATCH, "verbose": 0, **example.fit_arguments}
    history = model.fit(*example.data(), callbacks=[ends, *example.callbacks(), *callbacks], **own).history
    return model, ends, history


def monitors_of(example, **loss):
    """Each monitor by its class's name, with the example's data as probe. LogitMonitor is left out where nothing is a class."""
    x, y = example.data()
    weights = {name: example.fit_arguments[name] for name in ("sample_weight", "class_weight") if name in example.fit_arguments}
    probe = {"x": x, "y": y, **weights, **loss}
    monitors = [
        ActivationMonitor(x),
        GradientMonitor(**probe),
        HessianTraceMonitor(**probe, every=EPOCHS, samples=2),
        HistogramMonitor(**probe, every=[EPOCHS]),
        NoiseMonitor(**probe, every=EPOCHS),
        SharpnessMonitor(**probe, every=EPOCHS, iterations=3),
        UpdateMonitor(),
    ]
    if isinstance(x, np.ndarray):
        monitors.append(PredictionMonitor(x))
    if example.misclassified:
        monitors.append(LogitMonitor(**probe, every=EPOCHS))
    return {type(monitor).__name__: monitor for monitor in monitors}


def measured(monitor):
    """Whether a monitor has measured anything."""
    if isinstance(monitor, HistogramMonitor | PredictionMonitor):
        return any(name not in ("x", "epochs") for name in monitor.arrays())
    return len(monitor.frame()) > 0


@pytest.fixture(scope="module", params=EXAMPLES)
def trained(request):
    """An example, its model trained with all monitors, the monitors, their warnings, and the ends with them and without."""
    example = EXAMPLES[request.param]
    _, *bare = train(example, [])
    monitors = monitors_of(example, **({"loss": example.loss} if example.loss else {}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model, *ends = train(example, list(monitors.values()))
    return example, model, monitors, [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)], ends, bare


def test_an_example_ends_bit_for_bit_as_without_monitors(trained):
    *_, (ends, history), (bare, bare_history) = trained
    assert len(ends.state) == len(bare.state) > 0 and ends.random == bare.random
    for with_monitors, without in zip(ends.state, bare.state, strict=True):
        np.testing.assert_array_equal(with_monitors, without)
    assert {name: history[name] for name in bare_history} == bare_history


def test_every_monitor_measures_an_example_or_says_in_one_warning_why_not(trained):
    example, _, monitors, messages, *_ = trained
    for name, monitor in monitors.items():
        warned = [message for message in messages if message.startswith(name)]
        assert measured(monitor) == (name not in example.unmeasured), (name, warned)
        assert len(warned) <= 1 and (measured(monitor) or warned), (name, warned)


def variables_by_layer(model):
    """The trained variables by the layer that made them: `{path: [variable]}`, by Keras's own paths."""
    found = {}
    for variable in model.trainable_variables:
        found.setdefault(variable.path.rpartition("/")[0], []).append(variable)
    return found


def plain_loss(example, model):
    """The loss of all samples in inference mode, by Keras alone."""
    x, y = tf.nest.map_structure(lambda part: None if part is None else tf.convert_to_tensor(part), example.data())
    if example.loss:
        return example.loss(model, {"x": x, "y": y})
    weight = example.fit_arguments.get("sample_weight")
    if classes := example.fit_arguments.get("class_weight"):
        weight = np.array([classes[label] for label in np.ravel(y)], "float32")
    return model.compute_loss(x, y, model(x, training=False), weight, training=False)


def test_gradient_norms_of_an_example_are_those_of_a_plain_tape(trained):
    example, model, monitors, *_ = trained
    by_layer = variables_by_layer(model)
    with tf.GradientTape() as tape:
        loss = plain_loss(example, model)
    gradients = tape.gradient(loss, {path: [v.value for v in variables] for path, variables in by_layer.items()})

    def norm(of_layer):
        parts = [np.array(tf.convert_to_tensor(g), "float64").ravel() for g in of_layer if g is not None]
        return np.linalg.norm(np.concatenate(parts)) if parts else 0.0

    frame = monitors["GradientMonitor"].frame()
    ours = np.sort(frame.query("epoch == @EPOCHS")["grad_norm"])
    theirs = np.sort([norm(of_layer) for of_layer in gradients.values()])
    assert (theirs > 0).any()
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)


def test_misclassified_samples_of_an_example_are_those_that_numpy_counts(trained):
    example, model, monitors, *_ = trained
    if not example.misclassified:
        pytest.skip("no classes")
    x, y = example.data()
    frame = monitors["LogitMonitor"].frame()
    assert frame["misclassified_fraction"].iloc[-1] == pytest.approx(example.misclassified(model.predict(x, verbose=0), y), abs=1e-6)


@pytest.mark.parametrize("name", OVERRIDES)
def test_without_a_loss_of_its_own_an_overridden_training_is_not_measured_by_the_compiled_one(name):
    monitors = {name: monitor for name, monitor in monitors_of(EXAMPLES[name]).items() if hasattr(monitor, "probe") and name not in NO_LOSS}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(EXAMPLES[name], list(monitors.values()))
    for name, monitor in monitors.items():
        warned = [str(w.message) for w in caught if issubclass(w.category, MonitorWarning) and str(w.message).startswith(name)]
        assert len(warned) == 1 and "loss=" in warned[0], (name, warned)
        if name == "HistogramMonitor":  # Its activations need no loss.
            assert not any(key.startswith("gradient") for key in monitor.arrays())
        else:
            assert not measured(monitor), name


def verified(name, **arguments):
    """The report on a stack of two, compiled as the example compiles but for the arguments."""
    example = EXAMPLES[name]
    keras.utils.clear_session()
    stack = SeedStack(example.build, [0, 1])
    stack.compile(**{**example.compile_arguments(), **arguments})
    weight = {"sample_weight": example.fit_arguments["sample_weight"]} if "sample_weight" in example.fit_arguments else {}
    report = stack.verify(*example.data(), batch_size=BATCH, **weight)
    assert len(report.frame()) >= len(stack.template.trainable_variables)
    return report


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if not example.refused])
def test_the_members_of_a_stacked_example_end_as_if_trained_alone(name):
    report = verified(name, **({"optimizer": keras.optimizers.SGD(0.1)} if EXAMPLES[name].repeats_tokens else {}))
    assert report.ok, report


@pytest.mark.parametrize("name", ["text_from_scratch", "collaborative_filtering"])
def test_an_optimizer_that_squares_the_gradients_of_repeated_tokens_is_told_and_seen(name):
    report = verified(name)
    worst = report.frame().set_index("weight")["difference"].idxmax()
    assert not report.ok and "embeddings" in worst and "Embedding" in str(report)


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.refused])
def test_an_example_that_cannot_be_stacked_is_refused_in_one_line(name):
    example = EXAMPLES[name]

    def stack_and_train():
        stack = SeedStack(example.build, [0, 1])
        stack.compile(**example.compile_arguments())
        stack.fit(*example.data(), verbose=0)

    with pytest.raises(ValueError, match=example.refused) as refusal:
        stack_and_train()
    assert "\n" not in str(refusal.value)

"""RewindMonitor against plain Keras: the weights of a layer set by hand, and `evaluate`."""

import copy

import keras
import numpy as np
import pandas as pd
import pytest

from common.callbacks import records_of
from common.training.checkpoint import Checkpoint
from kerascope import PerMember, SeedStack
from kerascope.monitors import ActivationMonitor, GradientMonitor, MonitorWarning, RewindMonitor, rewinds
from tests.support.frames import of_seed

L = keras.layers
RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(40, 6)).astype("float32"), RANDOM.integers(0, 3, 40)
TOKENS = RANDOM.integers(1, 9, (40, 5)) * (np.arange(5) < RANDOM.integers(2, 6, (40, 1)))  # 0 is masked
EPOCHS, EVERY = 4, (0, 1, 3)
MEASURED = ["rewound_loss", "rewound_accuracy"]


def perceptron():
    return keras.Sequential([keras.Input((6,)), L.Dense(5, "relu", name="hidden"), L.Dense(3, name="logits")])


def normalised():
    """Statistics of normalisation, noise, a layer in a model, losses of weights and of activations."""
    inner = keras.Sequential([keras.Input((6,)), L.Dense(5, "tanh", kernel_regularizer="l2", name="dense"), L.Dropout(0.2)], name="inner")
    norm = L.BatchNormalization(momentum=0.5, name="norm")
    return keras.Sequential([keras.Input((6,)), inner, norm, L.Dense(3, "softmax", activity_regularizer="l1", name="classes")])


def binary():
    return keras.Sequential([keras.Input((6,)), L.Dense(4, "relu", name="hidden"), L.Dense(1, "sigmoid", name="side")])


def recurrent():
    """Operations without a vectorised form, and positions that are masked."""
    layers = [
        L.Embedding(9, 4, mask_zero=True, name="words"),
        L.SimpleRNN(4, return_sequences=True, name="memory"),
        L.Dense(3, name="tags"),
    ]
    return keras.Sequential([keras.Input((5,), dtype="int32"), *layers])


def in_two_outputs():
    x = keras.Input((6,))
    hidden = L.Dense(4, "tanh", name="hidden")(x)
    return keras.Model(x, [L.Dense(3, name="classes")(hidden), L.Dense(1, name="number")(hidden)])


def from_logits(**settings):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, **settings)


TAGS = RANDOM.integers(0, 3, (40, 5))
NETWORKS = {  # {name: (build, x, y, loss)}
    "classes": (perceptron, X, Y, from_logits),
    "one-hot": (normalised, X, np.eye(3, dtype="float32")[Y], lambda: "categorical_crossentropy"),
    "two classes": (binary, X, Y % 2, lambda: "binary_crossentropy"),
    "numbers": (perceptron, X, X[:, :3], lambda: "mse"),
    "a sum": (perceptron, X, Y, lambda: from_logits(reduction="sum")),
    "masked positions": (recurrent, TOKENS, TAGS, from_logits),
    "several outputs": (in_two_outputs, X, [Y, X[:, :1]], lambda: [from_logits(), "mse"]),
}
QUICK = ("classes",)


def trained(model, x, y, *callbacks, **fit):
    return model.fit(x, y, **{"batch_size": 16, "epochs": EPOCHS, "verbose": 0, "callbacks": list(callbacks), **fit})


def compiled(model, loss, **arguments):
    model.compile(keras.optimizers.SGD(0.3, momentum=0.9), loss, metrics=None if isinstance(loss, list) else ["accuracy"], **arguments)
    return model


class Kept(keras.callbacks.Callback):
    """The weights of every layer that has some, after each epoch: `seen[epoch][path]`, lists of arrays."""

    def on_train_begin(self, logs=None):
        self.seen = [self.now()]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.now())

    def now(self):
        return {path: layer.get_weights() for path, layer in with_weights(self.model)}


def with_weights(model, prefix=""):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from with_weights(layer, f"{prefix}{layer.name}/")
        elif layer.weights:
            yield prefix + layer.name, layer


def by_hand(model, seen, x, y, epochs=EVERY, size=64):
    """A table as that of the monitor, without accuracies that Keras does not compute; the model keeps its weights."""
    rows, before = [], model.get_weights()
    for epoch in epochs:
        for path, layer in with_weights(model):
            layer.set_weights(seen[epoch][path])
            values = model.evaluate(x, y, batch_size=size, verbose=0, return_dict=True)
            rows.append((epoch, path, values["loss"], values.get("accuracy", np.nan)))
            model.set_weights(before)
    values = model.evaluate(x, y, batch_size=size, verbose=0, return_dict=True)
    table = pd.DataFrame(rows, columns=["rewound_to", "layer", *MEASURED])
    return table.assign(trained_loss=values["loss"], trained_accuracy=values.get("accuracy", np.nan))


def assert_same(measured, expected, **tolerance):
    measured = measured.drop(columns="seed", errors="ignore").reset_index(drop=True)
    pd.testing.assert_frame_equal(measured, expected, check_dtype=False, **{"rtol": 1e-5, "atol": 1e-6, **tolerance})


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NETWORKS])
def test_a_layer_set_back_is_measured_as_with_weights_set_by_hand(name):
    build, x, y, loss = NETWORKS[name]
    keras.utils.set_random_seed(1)
    model, monitor, kept = compiled(build(), loss()), RewindMonitor(x, y, every=EVERY), Kept()
    trained(model, x, y, kept, monitor)
    expected = by_hand(model, kept.seen, x, y)
    if name == "numbers":  # Keras's accuracy of numbers means nothing
        expected[["rewound_accuracy", "trained_accuracy"]] = np.nan
    if name == "masked positions":
        counted = TOKENS > 0
        right = (model.predict(x, verbose=0).argmax(-1) == y)[counted].mean()
        np.testing.assert_allclose(expected["trained_accuracy"], right, rtol=1e-6)  # the oracle leaves out what is masked
    assert len(expected) == len(EVERY) * len(list(with_weights(model)))
    assert_same(monitor.frame(), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name == "one-hot" else pytest.mark.slow) for name in NETWORKS])
def test_the_training_and_the_model_are_bit_for_bit_as_without_the_monitor(name):
    build, x, y, loss = NETWORKS[name]
    ends = []
    for callbacks in ([], [RewindMonitor(x, y, every=EVERY)]):
        keras.utils.set_random_seed(1)
        model = compiled(build(), loss())
        history = trained(model, x, y, *callbacks).history
        ends.append(([np.array(v) for v in [*model.variables, *model.optimizer.variables]], history))
    (bare, bare_history), (watched, history) = ends
    assert all(np.array_equal(one, other) for one, other in zip(bare, watched, strict=True)) and history == bare_history


def stack_of(build, loss, seeds=(4, 0, 7), **arguments):
    return compiled(SeedStack(build, seeds), loss, **{"jit_compile": False, **arguments})


class OfMember(keras.callbacks.Callback):
    """`Kept.seen` of the last member, from copies of it."""

    def on_train_begin(self, logs=None):
        self.seen = []
        self.on_epoch_end(-1)

    def on_epoch_end(self, epoch, logs=None):
        due = epoch + 1 in EVERY
        self.seen.append({path: layer.get_weights() for path, layer in with_weights(self.model.member(-1))} if due else {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "own", "jit"),
    [
        ("classes", True, False),
        ("classes", False, True),
        ("one-hot", False, False),
        ("masked positions", False, False),
        ("two classes", True, False),
    ],
)
def test_a_member_is_measured_as_the_model_with_its_weights_alone(name, own, jit):
    build, x, y, loss = NETWORKS[name]
    stack, kept = stack_of(build, loss(), jit_compile=jit), OfMember()
    x_own, y_own = (np.stack([np.roll(part, shift, axis=0) for shift in shifts]) for part, shifts in ((x, (0, 1, 2)), (y, (0, 2, 4))))
    monitor = RewindMonitor(*((PerMember(x_own), PerMember(y_own)) if own else (x, y)), every=EVERY)
    trained(stack, x, y, kept, monitor)
    before = [np.array(v) for v in stack.variables]
    expected = by_hand(compiled(stack.member(-1), loss()), kept.seen, *((x_own[-1], y_own[-1]) if own else (x, y)))
    assert_same(of_seed(monitor.frame(), stack.seeds[-1]), expected)
    assert monitor.frame()["seed"].unique().tolist() == stack.seeds
    assert all(np.array_equal(one, np.array(v)) for one, v in zip(before, stack.variables, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "is_split"), [("classes", True), pytest.param("a sum", False, marks=pytest.mark.slow)])
def test_samples_are_evaluated_in_parts_where_that_changes_nothing(name, is_split, monkeypatch):
    build, x, y, loss = NETWORKS[name]
    keras.utils.set_random_seed(1)
    model, monitor, kept = compiled(build(), loss()), RewindMonitor(x, y, every=EVERY), Kept()
    seen, evaluate = [], rewinds.evaluate_rewound
    monkeypatch.setattr(rewinds, "MOST_SAMPLES", 3 * 13)
    monkeypatch.setattr(rewinds, "evaluate_rewound", lambda *args: seen.append(len(args[1])) or evaluate(*args))
    trained(model, x, y, kept, monitor)
    assert_same(monitor.frame(), by_hand(model, kept.seen, x, y))
    assert seen == [1, 4, *([4, 4] if is_split else [1, 1])]  # four batches of 10


@pytest.mark.slow
def test_a_training_that_goes_on_measures_what_one_without_a_break_does(tmp_path):
    def train(content=None):
        stack, monitor = stack_of(perceptron, from_logits(), (4, 0)), RewindMonitor(X, Y, every=EVERY)
        checkpoint = Checkpoint(content, every=0, keep=states.append)
        checkpoint.monitors = {"rewinds": monitor}
        trained(stack, X, Y, monitor, checkpoint)
        return monitor

    states = []
    whole = train()
    pd.testing.assert_frame_equal(train(states[1]).frame(), whole.frame(), check_exact=True)  # broken off after two epochs
    again = RewindMonitor(X, every=EVERY)
    np.savez(tmp_path / "state.npz", **whole.get_state())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as arrays:
        again.set_state(dict(arrays))
    pd.testing.assert_frame_equal(again.frame(), whole.frame(), check_exact=True)


def test_epochs_before_a_training_begins_are_told_and_left_out():
    model = compiled(perceptron(), from_logits())
    with pytest.warns(MonitorWarning, match="does not set back to epochs 0, 1: this training begins after epoch 2"):
        trained(model, X, Y, monitor := RewindMonitor(X, Y, every=EVERY), initial_epoch=2)
    assert monitor.frame()["rewound_to"].unique().tolist() == [3]


@pytest.mark.slow
def test_each_training_has_copies_of_its_own_and_a_copied_monitor_none():
    model, monitor, kept = compiled(perceptron(), from_logits()), RewindMonitor(X, Y, layers="hid*"), Kept()
    trained(model, X, Y, monitor)
    copied = copy.deepcopy(monitor)
    trained(model, X, Y, kept, monitor, copied)
    expected = by_hand(model, kept.seen, X, Y, epochs=[0])
    for frame in (monitor.frame(), copied.frame()):
        assert frame["fit"].tolist() == [1, 2]
        assert_same(frame[frame["fit"] == 2].drop(columns="fit"), expected[expected["layer"] == "hidden"])
    assert set(copied.get_state()) == set(copy.deepcopy(copied).get_state()) | {f"copy/0/{i}" for i in range(2)}


@pytest.mark.slow
def test_in_a_loop_of_ones_own_each_call_measures_the_present_model():
    model, monitor, kept = compiled(perceptron(), from_logits()), RewindMonitor(X, Y, every=[0, 2]), Kept()
    kept.set_model(model)
    kept.on_train_begin()
    assert (monitor.measure(model, epoch=0)["rewound_to"] == 0).all()
    for epoch in range(3):
        model.train_on_batch(X, Y)
        kept.on_epoch_end(epoch)
        table = monitor.measure(model)
    assert_same(table, by_hand(model, kept.seen, X, Y, epochs=[0, 2]))
    pd.testing.assert_frame_equal(monitor.frame(), table)


def test_a_member_that_diverged_has_no_accuracy_and_leaves_the_others_alone():
    def build():
        model = perceptron()
        scale = np.float32(1e30) if float(keras.ops.max(model.layers[0].kernel)) > threshold else 1
        model.layers[1].set_weights([weight * scale + (scale > 1) * 1e30 for weight in model.layers[1].get_weights()])
        return model

    threshold = np.inf
    largest = [float(keras.ops.max(SeedStack(build, [seed]).template.layers[0].kernel)) for seed in (4, 0)]
    threshold = min(largest)
    stack, monitor = stack_of(build, from_logits(), (4, 0)), RewindMonitor(X, Y)
    with pytest.warns(UserWarning, match="diverged"):
        trained(stack, X, Y, monitor)
    frame = monitor.frame()
    doomed = frame["seed"] == stack.seeds[int(np.argmax(largest))]
    assert frame.loc[doomed, ["trained_loss", "trained_accuracy"]].isna().all(axis=None)
    assert np.isfinite(frame.loc[~doomed, [q.name for q in monitor.quantities]]).all(axis=None)


def test_steps_are_refused():
    with pytest.raises(ValueError, match="after epochs, not steps"):
        RewindMonitor(X, Y, every="10 steps")


@pytest.mark.slow
def test_the_table_of_a_cell_stands_beside_that_of_its_layers():
    stack = stack_of(perceptron, from_logits())
    monitors = {"gradients": GradientMonitor(X, Y), "activations": ActivationMonitor(X), "rewinds": RewindMonitor(X, Y, every=EVERY)}
    trained(stack, X, Y, *monitors.values())
    records = records_of(monitors)
    pd.testing.assert_frame_equal(records.tables["rewinds"], monitors["rewinds"].frame())
    assert len(records.tables["layers"]) == 3 * EPOCHS * 2 and "rewound_loss" not in records.tables["layers"]
    assert {"rewound_loss", "trained_accuracy"} <= {quantity.name for quantity in records.quantities}


@pytest.mark.slow
def test_the_chart_has_a_line_per_layer_and_one_of_the_model_as_trained():
    plt = pytest.importorskip("matplotlib.pyplot")
    stack, monitor = stack_of(perceptron, from_logits()), RewindMonitor(X, Y, every=EVERY)
    assert len(monitor.plot().axes) == 1
    trained(stack, X, Y, monitor)
    frame, figure = monitor.frame(), monitor.plot()
    for ax, name in zip(figure.axes, MEASURED, strict=True):
        *of_layers, of_trained = ax.lines
        for line, layer in zip(of_layers, ("hidden", "logits"), strict=True):
            means = frame[frame["layer"] == layer].groupby("rewound_to")[name].mean()
            np.testing.assert_allclose(line.get_xydata(), np.stack([means.index, means], axis=1), rtol=1e-6)
        np.testing.assert_allclose(of_trained.get_ydata(), frame[name.replace("rewound", "trained")].mean(), rtol=1e-6)
    plt.close("all")

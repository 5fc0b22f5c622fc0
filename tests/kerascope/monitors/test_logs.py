"""The values of monitors in Keras's logs, and measurements after so many steps."""

import warnings

import keras
import numpy as np
import pytest

from kerascope.monitors import ActivationMonitor, GradientMonitor, LogitMonitor, MonitorWarning, UpdateMonitor
from kerascope.monitors.core.logs import LogKeys
from kerascope.seed_stack import SeedStack
from tests.support.frames import columns
from tests.support.perceptron import SAMPLES, build, cross_entropy


def compiled(model):
    model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    return model


def logged(probe, monitor, model=None):
    """The keys that a monitor adds to the history of a training of an epoch."""
    model = model or compiled(build("tanh"))
    return {key: values[0] for key, values in model.fit(*probe, verbose=0, callbacks=[monitor]).history.items() if key != "loss"}


@pytest.mark.parametrize("kind", [GradientMonitor, ActivationMonitor, UpdateMonitor])
def test_without_a_word_about_it_the_logs_get_the_values_of_the_whole_model(probe, kind):
    monitor = kind(*{UpdateMonitor: (), ActivationMonitor: probe[:1]}.get(kind, probe))
    keys = logged(probe, monitor)
    assert list(keys) == columns(monitor)
    np.testing.assert_allclose([*keys.values()], monitor.frame(per="model")[columns(monitor)].to_numpy()[0], rtol=1e-6)
    assert len(monitor.frame()) == (2 if kind is ActivationMonitor else 3)  # without the linear one


LAYERS = ["hidden_1", "hidden_2", "logits"]


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        (False, []),
        ((), []),
        ("distance", ["distance"]),
        ("distance/*", [f"distance/{layer}" for layer in LAYERS]),
        ("distance/hidden_?", ["distance/hidden_1", "distance/hidden_2"]),
        ("distance/*/bias", [f"distance/{layer}/bias" for layer in LAYERS]),
        ("*/logits/kernel", [f"{name}/logits/kernel" for name in columns(UpdateMonitor())]),
        (["distance", "*ratio/logits"], ["distance", "update_ratio/logits"]),
    ],
)
def test_patterns_choose_the_keys(probe, logs, expected):
    assert sorted(logged(probe, UpdateMonitor(logs=logs))) == sorted(expected)


def test_true_is_the_model_and_its_layers_and_the_values_are_means_over_the_seeds(probe):
    monitor = UpdateMonitor(logs=True)
    keys = logged(probe, monitor, compiled(SeedStack(lambda: build("tanh"), [5, 3])))
    names = columns(monitor)
    keys = {key: value for key, value in keys.items() if key.split("/")[0] in names}  # without those of the stack itself
    assert sorted(keys) == sorted([*names, *(f"{name}/{layer}" for name in names for layer in LAYERS)])
    for layer, rows in monitor.frame().groupby("layer"):
        assert keys[f"distance/{layer}"] == pytest.approx(rows["distance"].mean(), rel=1e-6)


@pytest.mark.parametrize("logs", ["distnace", "distnace/*", ["distance", "grad_norm"], "logits", "dist?", "/distance"])
def test_a_pattern_that_names_no_quantity_is_refused_at_once(logs):
    with pytest.raises(ValueError, match=r"logs=.*update_ratio, distance"):
        UpdateMonitor(logs=logs)


@pytest.mark.parametrize("pattern", ["distance/hiden_*", "*/logits/kernels", "distance/", "dist*/conv"])
def test_a_pattern_that_names_no_layer_is_refused_before_anything_is_trained(probe, pattern):
    model = compiled(build("tanh"))
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"logs=.*hidden_1, .*logits"):
        model.fit(*probe, verbose=0, callbacks=[UpdateMonitor(logs=pattern)])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_pattern_of_a_layer_in_a_layer_keeps_its_whole_path():
    keys = LogKeys(["norm/encoder/*"], ["norm"])
    names = {
        "model": [()],
        "layer": [("encoder/dense",), ("encoder",), ("head",)],
        "weight": [("encoder/dense", "bias"), ("encoder", "scale")],
    }
    assert {scope: [key for *_, key in chosen] for scope, chosen in keys.choose(names).items()} == {
        "layer": ["norm/encoder/dense"],
        "weight": ["norm/encoder/scale"],
    }


class Steps(keras.callbacks.Callback):
    """All weights after each step, float64."""

    def on_train_begin(self, logs=None):
        self.seen = [self.now()]

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(self.now())

    def now(self):
        return np.concatenate([w.ravel() for w in self.model.get_weights()]).astype("float64")


def test_after_so_many_steps_the_weights_of_that_step_are_measured(probe):
    """An epoch is 4 steps: 40 samples in batches of 10."""
    monitor, steps = UpdateMonitor(every="3 steps"), Steps()
    model = compiled(build("tanh"))
    history = model.fit(*probe, batch_size=SAMPLES // 4, epochs=3, verbose=0, callbacks=[steps, monitor]).history
    frame = monitor.frame(per="model")
    assert frame[["step", "epoch"]].to_numpy().tolist() == [[3, 1], [6, 2], [9, 3], [12, 3]]
    expected = [np.linalg.norm(steps.seen[step] - steps.seen[0]) for step in (3, 6, 9, 12)]
    np.testing.assert_allclose(frame["distance"], expected, rtol=1e-4)
    np.testing.assert_allclose(history["distance"], [expected[0], expected[1], expected[3]], rtol=1e-4)  # the last of each epoch
    model.fit(*probe, batch_size=SAMPLES // 4, epochs=1, verbose=0, callbacks=[steps, monitor])
    assert monitor.frame(per="model")["step"].tolist() == [3, 6, 9, 12, 3]


def test_steps_that_cannot_be_counted_are_refused(probe):
    stack, model = compiled(SeedStack(build, [0, 1])), build()
    with pytest.raises(ValueError, match=r"steps.*epochs"):
        stack.fit(*probe, verbose=0, callbacks=[UpdateMonitor(every="5 steps")])
    model.compile("sgd", cross_entropy(), steps_per_execution=2)
    with pytest.raises(ValueError, match="steps_per_execution=1"):
        model.fit(*probe, verbose=0, callbacks=[UpdateMonitor(every="5 steps")])


def test_a_monitor_of_epochs_leaves_keras_free_to_run_ahead_of_its_callbacks(probe):
    """Keras does so only if no callback has methods for batches of its own."""
    for monitor in (UpdateMonitor(), GradientMonitor(*probe), LogitMonitor(*probe)):
        for name in ("on_train_batch_begin", "on_train_batch_end", "on_batch_end"):
            assert getattr(type(monitor), name) is getattr(keras.callbacks.Callback, name) and name not in vars(monitor)


def test_a_monitor_that_overwrites_what_another_logged_says_so_once(probe):
    gradients, updates = GradientMonitor(*probe), UpdateMonitor(every=2)
    with pytest.warns(MonitorWarning, match="overwrites update_ratio") as caught:
        compiled(build("tanh")).fit(*probe, epochs=4, verbose=0, callbacks=[gradients, updates])
    assert len([w for w in caught if w.category is MonitorWarning]) == 1
    assert len(updates.problems) == 1 and len(updates.frame("model")) == 2


def test_means_leave_out_members_that_diverged_or_are_stopped():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.stop_members([False, True, False])

    x, y = np.random.default_rng(0).normal(size=(2, 16, 3)).astype("float32")
    stack = SeedStack(lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="out")]), [0, 1, 2])
    stack.compile(keras.optimizers.SGD(0.1), loss="mse")
    stack.member_learning_rates = [0.1, 0.1, np.inf]
    monitor = GradientMonitor(x, y[:, :1], logs=["weight_norm", "weight_norm/out"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = stack.fit(x, y[:, :1], epochs=2, verbose=0, callbacks=[Stop(), monitor]).history
    norms = monitor.frame("model").pivot(index="epoch", columns="seed", values="weight_norm")
    assert not np.isfinite(norms[2]).any() and np.isfinite(norms[[0, 1]]).all(axis=None)
    for key in ("weight_norm", "weight_norm/out"):
        assert history[key] == pytest.approx([norms.loc[1, 0], norms.loc[2, 0]])

"""Callbacks act on each member of a SeedStack as Keras's own act on a model that is trained alone."""

import warnings

import keras
import numpy as np
import pytest

import kerascope
from kerascope import SeedStack, StackWarning
from kerascope.seed_stack import NotStackable
from tests.support.against_keras import alone, assert_same_weights, stack_of

L = keras.layers
RANDOM = np.random.default_rng(3)
POINTS, LABELS = RANDOM.normal(size=(50, 6)).astype("float32"), RANDOM.integers(0, 3, 50)
VALIDATION = RANDOM.normal(size=(40, 6)).astype("float32"), RANDOM.integers(0, 3, 40)
SEEDS, EPOCHS = (3, 1, 2), 12


def build():
    return keras.Sequential([keras.Input((6,)), L.Dense(8, "relu"), L.BatchNormalization(), L.Dropout(0.2), L.Dense(3)])


def adam():
    return keras.optimizers.Adam(0.03)


def nesterov():
    return keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)


def adamw():
    return keras.optimizers.AdamW(0.03, weight_decay=0.2)


def fit(model, callbacks, epochs=EPOCHS, **more):
    more = {"validation_data": VALIDATION, "batch_size": 25, "shuffle": False, "verbose": 0, **more}
    return model.fit(POINTS, LABELS, epochs=epochs, callbacks=callbacks, **more)


def each_alone(optimizer, callback):
    """The models of all seeds, each trained alone with a callback of its own: `(model, weights before, callback, history)`."""
    for seed in SEEDS:
        model, own = alone(build, seed, optimizer=optimizer), callback()
        before = [np.array(variable) for variable in model.variables]
        yield model, before, own, fit(model, [own])


STOPS = {
    "patience": {"patience": 2},
    "best weights": {"patience": 1, "restore_best_weights": True},
    "accuracy, mode auto": {"monitor": "val_accuracy", "patience": 2, "restore_best_weights": True},
    "mode max": {"monitor": "accuracy", "mode": "max", "patience": 1, "min_delta": 0.05},
    "baseline": {"baseline": 1.05, "patience": 3, "restore_best_weights": True},
    "later": {"start_from_epoch": 4, "patience": 1, "min_delta": 0.01},
    "no patience": {"monitor": "loss"},
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", STOPS.values(), ids=STOPS)
def test_early_stopping_stops_each_member_where_keras_stops_it_alone(settings):
    stack, stop = stack_of(build, optimizer=adam, seeds=SEEDS), kerascope.EarlyStopping(**settings)
    fit(stack, [stop])
    last = []
    for i, (model, before, own, history) in enumerate(each_alone(adam, lambda: keras.callbacks.EarlyStopping(**settings))):
        assert stop.stopped_epochs.get(SEEDS[i], 0) == own.stopped_epoch
        assert_same_weights(stack.member(i), model, before, tolerance=1e-3)
        rows = stack.frame().query(f"seed == {SEEDS[i]}")
        np.testing.assert_allclose(rows["test_loss"], history.history["val_loss"], rtol=1e-4)
        last.append(len(rows))
    assert len(set(last)) > 1 or settings.keys() & {"baseline", "start_from_epoch"} or last[0] < EPOCHS
    assert len(stack.history.epoch) == max(last)


@pytest.mark.slow
def test_members_that_stopped_together_go_on_as_alone():
    stop = lambda kind: kind(min_delta=100, patience=3)  # noqa: E731
    stack, model = stack_of(build, optimizer=adam, seeds=SEEDS), alone(build, SEEDS[2], optimizer=adam)
    before = [np.array(variable) for variable in model.variables]
    for trained, kind in ((stack, kerascope.EarlyStopping), (model, keras.callbacks.EarlyStopping)):
        assert len(fit(trained, [stop(kind)]).epoch) < EPOCHS
        fit(trained, [], epochs=2)
    assert_same_weights(stack.member(2), model, before, tolerance=1e-3)


@pytest.mark.slow
def test_members_that_stopped_at_different_steps_do_not_go_on_together():
    stack = stack_of(build, optimizer=adam, seeds=SEEDS)
    fit(stack, [kerascope.EarlyStopping(patience=1)])
    with pytest.raises(NotStackable, match=r"member\(i\)"):
        fit(stack, [])


RATES = {
    "cooldown": {"patience": 1, "factor": 0.5, "cooldown": 2},
    "min_lr": {"patience": 1, "factor": 0.2, "min_lr": 0.004},
    "accuracy": {"monitor": "val_accuracy", "patience": 2, "factor": 0.3, "min_delta": 0.02},
    "mode max": {"monitor": "accuracy", "mode": "max", "patience": 1, "factor": 0.7},
}


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "settings"), [(adamw if name != "cooldown" else nesterov, RATES[name]) for name in RATES], ids=RATES)
def test_rates_fall_for_each_member_as_keras_lets_them_fall_alone(optimizer, settings):
    stack = stack_of(build, optimizer=optimizer, seeds=SEEDS)
    fit(stack, [kerascope.ReduceLROnPlateau(**settings)])
    rates = stack.frame().pivot(index="seed", columns="epoch", values="learning_rate").loc[list(SEEDS)].to_numpy()
    for i, (model, before, _, history) in enumerate(each_alone(optimizer, lambda: keras.callbacks.ReduceLROnPlateau(**settings))):
        np.testing.assert_allclose(rates[i], history.history["learning_rate"], rtol=1e-6)
        assert_same_weights(stack.member(i), model, before, tolerance=1e-3)
    assert (rates[:, -1] < rates[:, 0]).any()


@pytest.mark.slow
def test_a_reduced_rate_stays_in_a_second_fit():
    stack, model = stack_of(build, optimizer=adamw, seeds=SEEDS), alone(build, SEEDS[1], optimizer=adamw)
    before = [np.array(variable) for variable in model.variables]
    for trained, kind in ((stack, kerascope.ReduceLROnPlateau), (model, keras.callbacks.ReduceLROnPlateau)):
        fit(trained, [kind(patience=1, factor=0.5)], epochs=8)
        fit(trained, [], epochs=2)
    assert_same_weights(stack.member(1), model, before, tolerance=1e-3)
    assert stack.frame().query("seed == 1")["learning_rate"].iloc[-1] < 0.03


def with_a_sick_member(callbacks, **more):
    """A stack of which seed 1 has weights that are no numbers; and what it told."""
    seeds = iter(SEEDS)

    def doomed():
        model = build()
        if next(seeds) == 1:
            model.layers[-1].bias.assign(model.layers[-1].bias + np.nan)
        return model

    stack = SeedStack(doomed, SEEDS)
    stack.compile(adam(), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", StackWarning)
        fit(stack, callbacks, **more)
    return stack, [str(warning.message) for warning in told if warning.category is StackWarning]


@pytest.mark.slow
def test_a_member_that_diverged_neither_ends_nor_blinds_the_callbacks_of_the_others(tmp_path):
    stop = kerascope.EarlyStopping(patience=3, restore_best_weights=True)
    checkpoint = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "best.weights.h5"), monitor="val_loss", save_best_only=True, save_weights_only=True
    )
    stack, told = with_a_sick_member([keras.callbacks.TerminateOnNaN(), checkpoint, stop], epochs=8)
    assert len(stack.history.epoch) > 1 and np.isfinite(stack.history.history["val_loss"]).all()
    assert (tmp_path / "best.weights.h5").exists() and np.isfinite(checkpoint.best)
    assert stop.stopped_epochs[1] == 3
    healthy = stack.frame().query("seed != 1").groupby("epoch")["test_loss"].mean()
    np.testing.assert_allclose(stack.history.history["val_loss"][:4], healthy[:4], rtol=1e-5)
    assert len(told) == 1 and "seeds 1." in told[0]


@pytest.mark.slow
def test_logs_hold_each_members_values_on_demand():
    stack, _ = with_a_sick_member([], epochs=2, log_members=True)
    for seed in SEEDS:
        expected = stack.frame().query(f"seed == {seed}")["test_accuracy"]
        np.testing.assert_allclose(stack.history.history[f"val_accuracy/seed_{seed}"], expected, rtol=1e-6)
    stack, _ = with_a_sick_member([], epochs=2)
    assert not any("/" in name for name in stack.history.history)


@pytest.mark.parametrize(
    ("callback", "instead"),
    [
        (keras.callbacks.EarlyStopping("loss"), "kerascope.EarlyStopping"),
        (keras.callbacks.ReduceLROnPlateau("loss"), "kerascope.ReduceLROnPlateau"),
        (type("Mine", (keras.callbacks.EarlyStopping,), {})("loss"), "kerascope.EarlyStopping"),
        (keras.callbacks.ModelCheckpoint("all.keras"), "save_weights_only"),
        (keras.callbacks.SwapEMAWeights(), "use_ema"),
        (keras.callbacks.TensorBoard("logs", histogram_freq=1), "HistogramMonitor"),
    ],
)
def test_callbacks_that_would_act_by_a_mean_are_refused_and_write_nothing(callback, instead, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stack = stack_of(build)
    with pytest.raises(NotStackable, match=instead):
        fit(stack, [callback])
    assert not stack.records and not list(tmp_path.iterdir())


class OneCycle(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        pass


TOLD = [
    (OneCycle(), "on_train_batch_begin of OneCycle"),
    (keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None), "LambdaCallback"),
]


@pytest.mark.parametrize(("callback", "words"), TOLD)
def test_hooks_for_batches_are_told(callback, words):
    with pytest.warns(StackWarning, match=words):
        fit(stack_of(build, seeds=[1]), [callback], epochs=1)


@pytest.mark.filterwarnings("error::kerascope.StackWarning")
def test_callbacks_that_mean_the_same_are_not(tmp_path):
    callbacks = [keras.callbacks.CSVLogger(str(tmp_path / "log.csv")), keras.callbacks.TerminateOnNaN()]
    fit(stack_of(build, seeds=[1]), callbacks, epochs=1)


def test_a_monitor_of_an_unknown_name_is_told_with_the_names_that_there_are():
    with pytest.warns(StackWarning, match="val_f1.*val_loss"):
        fit(stack_of(build, seeds=[1]), [kerascope.EarlyStopping("val_f1", mode="max")], epochs=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau"])
def test_an_ordinary_model_gets_keras_own_behaviour(name):
    ends = []
    for kind in (getattr(kerascope, name), getattr(keras.callbacks, name)):
        model = alone(build, 3, optimizer=adam)
        history = fit(model, [kind(patience=1)]).history
        ends.append((history["val_loss"], history.get("learning_rate"), [np.array(variable) for variable in model.variables]))
    assert ends[0][:2] == ends[1][:2]
    for ours, theirs in zip(ends[0][2], ends[1][2], strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_a_resumed_training_does_not_forget_who_was_stopped(tmp_path):
    def begin(callbacks, epochs):
        stack = SeedStack(build, SEEDS)
        stack.compile(adam(), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        stack.fit(POINTS, LABELS, epochs=epochs, verbose=0, callbacks=callbacks)

    backup = lambda: keras.callbacks.BackupAndRestore(str(tmp_path), delete_checkpoint=False)  # noqa: E731
    begin([backup()], epochs=1)
    with pytest.raises(kerascope.NotStackable, match="leave out one"):
        begin([backup(), kerascope.EarlyStopping("loss", patience=5)], epochs=3)

"""Interventions in use: resumed trainings, trainings before and after, pools of stacks, monitors beside, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerascope
from kerascope.interventions import ClipGradient, MoveRate, ScaleGradient, SetBack, SwapActivation
from kerascope.monitors import ActivationMonitor, UpdateMonitor
from kerascope.seed_stack import NotStackable, StackPool
from kerascope.seed_stack.metrics import accuracy_metric
from tests.support.interventions import (
    CLASSES,
    OPTIMIZERS,
    POINTS,
    SEEDS,
    alone,
    cross_entropy,
    differences,
    fit,
    identical,
    perceptron,
    stack_of,
    values,
)

L = keras.layers
ALL = {
    "scale": lambda: ScaleGradient(10, "hidden*", epochs=[3, 4], steps=[2]),
    "clip": lambda: ClipGradient(0.05, epochs=[3, 4]),
    "set back": lambda: SetBack("hidden_1", after_epoch=4, to_epoch=1),
    "swap": lambda: SwapActivation("relu", "hidden_*", after_epoch=3),
    "move": lambda: MoveRate(0.5, 3, POINTS, CLASSES),
}
MODELS = {
    "model": lambda jit=False: alone(perceptron, 4, "momentum", jit),
    "stack": lambda jit=False: stack_of(perceptron, "momentum", jit),
}


def kinds(*fast):
    return [
        pytest.param(kind, model, marks=() if (kind, model) in fast else pytest.mark.slow, id=f"{kind}-{model}")
        for kind in ALL
        for model in MODELS
    ]


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(("kind", "model"), kinds(("set back", "model")))
def test_a_training_that_is_resumed_ends_bit_for_bit_as_one_without_a_break(kind, model, jit_compile):
    def resumed(at):
        fit(first := MODELS[model](jit_compile), [before := ALL[kind]()], epochs=at)
        second, after = MODELS[model](jit_compile), ALL[kind]()
        second.optimizer.build(second.trainable_variables)
        states = ([*trained.variables, *trained.optimizer.variables] for trained in (second, first))
        for variable, value in zip(*states, strict=True):
            variable.assign(value)
        after.set_state(before.get_state())
        fit(second, [after], epochs=6, initial_epoch=at)
        return second

    fit(whole := MODELS[model](jit_compile), [ALL[kind]()], epochs=6)
    assert all(identical(whole, resumed(at)) for at in (2, 4))


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_changed_before_the_first_epoch_of_an_intervention(model, jit_compile):
    fit(without := MODELS[model](jit_compile), epochs=2)
    fit(with_all := MODELS[model](jit_compile), [make() for make in ALL.values()], epochs=2)
    assert identical(without, with_all)


@pytest.mark.slow
def test_a_training_after_one_with_an_intervention_is_as_ever_even_if_that_was_broken_off():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    models = [alone(perceptron, 4, optimizer) for optimizer in ("momentum",) * 3]
    fit(models[0], epochs=1)
    fit(models[1], [ScaleGradient(0)], epochs=1)
    with pytest.raises(KeyboardInterrupt):
        fit(models[2], [ScaleGradient(0), Stop()], epochs=1)
    for model in models[1:]:
        assert all(np.array_equal(*pair) for pair in zip(values(model)[:6], values(alone(perceptron, 4)), strict=False))
    begin = values(models[0])
    for model in models:
        for variable, value in zip([*model.weights, *model.optimizer.variables], begin, strict=True):
            variable.assign(value)
        fit(model, epochs=2)
    assert identical(models[0], models[1]) and identical(models[0], models[2])


def pooled(pool, learning_rate, callbacks):
    optimizer = keras.optimizers.SGD(learning_rate, momentum=0.9)
    stack = pool.stack(perceptron, SEEDS, optimizer, cross_entropy(), [accuracy_metric()])
    fit(stack, callbacks)
    return stack, values(stack)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=() if kind == "swap" else pytest.mark.slow) for kind in ALL])
def test_a_training_of_a_pool_after_one_with_an_intervention_is_as_in_a_new_pool(kind):
    pool = StackPool()
    with_one, first = pooled(pool, 0.02, [ALL[kind]()])
    again, second = pooled(pool, 0.02, [])
    _, expected = pooled(StackPool(), 0.02, [])
    assert with_one is again and all(map(np.array_equal, second, expected)) and not all(map(np.array_equal, first, expected))
    assert all(map(np.array_equal, pooled(pool, 0.02, [ALL[kind]()])[1], first))


@pytest.mark.slow
def test_trainings_of_a_pool_with_other_factors_and_layers_share_their_graphs():
    pool = StackPool()
    stack, _ = pooled(pool, 0.02, [ScaleGradient(10, "hidden_1", [2])])
    graphs = list(stack._graphs.values())
    again, _ = pooled(pool, 0.1, [ScaleGradient(0, "hidden_2", [1, 3], [2])])
    assert again is stack and list(stack._graphs.values()) == graphs and len(graphs) == 2  # of epochs with a change and without


@pytest.mark.slow
def test_a_pool_gives_a_rate_to_each_member_at_a_constant_rate():
    move = MoveRate(0.5, 1, POINTS, CLASSES)
    stack, _ = pooled(StackPool(), 0.02, [move])
    rates = move.frame()["rate"].to_numpy()
    assert len(set(rates)) == len(SEEDS)
    for seed, rate in zip(SEEDS, rates, strict=True):
        assert stack.frame().query(f"seed == {seed}")["learning_rate"].tolist() == pytest.approx([0.02, rate, rate, rate])


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_monitors_beside_a_swap_measure_with_the_present_function_and_keep_what_they_have(model):
    swap = SwapActivation(lambda z: tf.ones_like(z) * 3 + 0 * z, "hidden_1", after_epoch=2)
    activations, updates, before = ActivationMonitor(POINTS, linear=True), UpdateMonitor(), ActivationMonitor(POINTS, logs=False)
    fit(trained := MODELS[model](), [before, swap, activations, updates])
    means = activations.frame().query("layer == 'hidden_1'").groupby("epoch")["activation_mean"].first()
    assert list(np.isclose(means, 3)) == [False, True, True, True]
    assert list(np.isclose(before.frame().query("layer == 'hidden_1'").groupby("epoch")["activation_mean"].first(), 3)) == [0, 0, 1, 1]
    fit(plain := MODELS[model](), [alike := UpdateMonitor()], epochs=2)
    rows = updates.frame()
    np.testing.assert_array_equal(rows[rows["epoch"] <= 2]["distance"], alike.frame()["distance"])
    assert rows["distance"].notna().all() and not identical(plain, trained)
    one = trained.member(0) if model == "stack" else trained
    outputs = trained.predict(POINTS, verbose=0)[:, 0] if model == "stack" else trained.predict(POINTS, verbose=0)
    np.testing.assert_allclose(outputs, one(POINTS), rtol=1e-5, atol=1e-6)
    assert (one.get_layer("hidden_1")(POINTS).numpy() == 3).all()


def test_evaluation_within_fit_goes_by_the_present_function():
    model = alone(perceptron, 4)
    history = fit(model, [SwapActivation(lambda z: 0 * z, "hidden_2", after_epoch=1)], epochs=2, validation_data=(POINTS, CLASSES))
    logits = np.tile(np.array(model.get_layer("logits").bias, "float64"), (len(POINTS), 1))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert history.history["val_loss"][1] == pytest.approx(-np.log(p[np.arange(len(POINTS)), CLASSES]).mean(), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("setting", [{"clipnorm": 0.01}, {"global_clipnorm": 0.01}, {"loss_scale_factor": 64.0}])
def test_a_change_comes_before_the_optimizers_own_clipping_and_after_its_scaling(setting):
    def made():
        return keras.optimizers.SGD(0.1, **setting)

    callbacks = [ScaleGradient(5, "hidden_1"), ClipGradient(0.02, "hidden_2")]
    fit(model := alone(perceptron, 4, made()), callbacks, epochs=1)
    fit(stack := stack_of(perceptron, made()), callbacks, epochs=1, shuffle=False)
    twin = alone(perceptron, 4)
    for start in range(0, len(POINTS), 16):
        rows = slice(start, start + 16)
        with tf.GradientTape() as tape:
            loss = cross_entropy()(CLASSES[rows], twin(POINTS[rows]))
        gradients = [np.array(g, "float64") for g in tape.gradient(loss, [v.value for v in twin.trainable_variables])]
        gradients[:2] = [5 * g for g in gradients[:2]]
        norm = np.sqrt(sum((g**2).sum() for g in gradients[2:4]))
        gradients[2:4] = [g * min(1, 0.02 / norm) for g in gradients[2:4]]
        whole = np.sqrt(sum((g**2).sum() for g in gradients))
        for variable, g in zip(twin.trainable_variables, gradients, strict=True):
            size = {"clipnorm": np.sqrt((g**2).sum()), "global_clipnorm": whole}.get(next(iter(setting)), 0)
            variable.assign(np.array(variable, "float64") - 0.1 * g * min(1, 0.01 / max(size, 1e-12)) if size else variable - 0.1 * g)
    assert differences(model, twin) < 1e-6 and differences(stack.member(0), twin) < 1e-6


def test_decoupled_weight_decay_goes_on_at_a_gradient_of_zero():
    model = alone(perceptron, 4, keras.optimizers.AdamW(0.1, weight_decay=0.5))
    before = [np.array(v) for v in model.weights]
    fit(model, [ScaleGradient(0)], epochs=1)
    for now, then in zip(model.weights, before, strict=True):
        np.testing.assert_allclose(now, then * (1 - 0.1 * 0.5) ** 3, rtol=1e-5)


def test_a_factor_of_zero_silences_a_gradient_that_is_not_finite():
    model = alone(perceptron, 4)
    model.fit(POINTS * np.inf, CLASSES, verbose=0, callbacks=[ScaleGradient(0)])
    assert all(np.isfinite(v).all() for v in model.get_weights())


class Asks(keras.Model):
    """A model with a train_step of its own, which asks the compiled optimizer or another."""

    def __init__(self, other=None):
        super().__init__()
        self.dense, self.other = L.Dense(3, name="dense"), other
        self.build((None, 6))

    def build(self, shape):
        self.dense.build(shape)
        self.built = True

    def call(self, x):
        return self.dense(x)

    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, self(x)))
        gradients = tape.gradient(loss, self.trainable_variables)
        (self.other or self.optimizer).apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


def test_a_train_step_that_asks_the_compiled_optimizer_is_changed_and_one_that_asks_another_is_refused():
    fit(model := alone(Asks, 4), [ScaleGradient(0)], epochs=1)
    for now, then in zip(model.weights, alone(Asks, 4).weights, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.raises(ValueError, match="does not ask the compiled optimizer"):
        fit(alone(lambda: Asks(keras.optimizers.SGD()), 4), [ScaleGradient(0)], epochs=1)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_several_steps_in_one_execution_are_changed_by_epochs_and_not_by_steps(jit_compile):
    together, one = (alone(perceptron, 4, "SGD", jit_compile, steps_per_execution=number) for number in (3, 1))
    for model in (together, one):
        fit(model, [ScaleGradient(7, "hidden_1", epochs=[2])])
    assert differences(together, one) < 1e-6
    with pytest.raises(ValueError, match="steps_per_execution=1"):
        fit(together, [ScaleGradient(7, steps=[1])])


def test_a_model_of_mixed_precision_is_clipped_by_the_norm_of_the_unscaled_gradient():
    def build():
        return keras.Sequential([keras.Input((6,)), *(L.Dense(4, "relu", name=name, dtype="mixed_float16") for name in "abc"), L.Dense(3)])

    model = alone(build, 4, keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1.0)))
    before = [np.array(v, "float64") for v in model.weights]
    model.fit(POINTS, CLASSES, batch_size=len(POINTS), verbose=0, callbacks=[ClipGradient(0.001, "[ab]"), ScaleGradient(0, "c")])
    steps = [np.array(now, "float64") - then for now, then in zip(model.weights, before, strict=True)]
    norms = [np.sqrt((kernel**2).sum() + (bias**2).sum()) for kernel, bias in zip(steps[::2], steps[1::2], strict=True)]
    assert norms[:3] == pytest.approx([0.001, 0.001, 0], rel=1e-3) and norms[3] > 0.01


def test_a_repeated_token_of_an_embedding_is_clipped_by_the_norm_of_its_whole_gradient():
    tokens, classes = np.array([[0, 0], [0, 1]]), np.array([0, 1])

    def build():
        return keras.Sequential([keras.Input((2,), dtype="int32"), L.Embedding(3, 4, name="tokens"), L.Flatten(), L.Dense(2)])

    model = alone(build, 4, keras.optimizers.SGD(1.0))
    before = np.array(model.get_layer("tokens").embeddings)
    model.fit(tokens, classes, verbose=0, callbacks=[ClipGradient(0.01, "tokens")])
    assert np.linalg.norm(np.array(model.get_layer("tokens").embeddings) - before) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.slow
def test_a_member_that_was_stopped_is_not_set_back_and_one_that_stops_then_is():
    def callbacks(module):
        return [module.EarlyStopping(monitor="loss", min_delta=0.02, patience=1), SetBack("*", after_epoch=4, to_epoch=2)]

    stack = stack_of(perceptron, "Adam")
    fit(stack, callbacks(kerascope), epochs=8, shuffle=False)
    for i, seed in enumerate(SEEDS):
        fit(model := alone(perceptron, seed, "Adam"), callbacks(keras.callbacks), epochs=8)
        assert differences(stack.member(i), model) < 1e-5


WRONG = {
    "factor": lambda: ScaleGradient("big"),
    "factor not finite": lambda: ScaleGradient(float("nan")),
    "norm": lambda: ClipGradient(0),
    "epochs": lambda: ScaleGradient(2, epochs=3),
    "no epochs": lambda: ScaleGradient(2, epochs=[]),
    "epoch 0": lambda: ClipGradient(2, epochs=[0]),
    "steps": lambda: ScaleGradient(2, steps=[1.5]),
    "layers": lambda: ScaleGradient(2, layers=[3]),
    "layers of SetBack": lambda: SetBack(None, after_epoch=2),
    "to_epoch": lambda: SetBack("*", after_epoch=2, to_epoch=2),
    "to_epoch below 0": lambda: SetBack("*", after_epoch=2, to_epoch=-1),
    "after_epoch": lambda: SetBack("*", after_epoch=True),
    "activation": lambda: SwapActivation("no such function", "*", 2),
    "activation layer": lambda: SwapActivation(L.ReLU(), "*", 2),
    "after_epoch of a swap": lambda: SwapActivation("relu", "*", 0),
    "multiple": lambda: MoveRate(-1, 2, POINTS, CLASSES),
    "after_epoch of a rate": lambda: MoveRate(1, "2", POINTS, CLASSES),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_refused_at_once_in_one_line(make):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        make()


DECAY = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
REFUSED = {
    "no such layer, scaled": (lambda: ScaleGradient(2, "nowhere*"), "SGD"),
    "no such layer, clipped": (lambda: ClipGradient(2, ["nowhere"]), "SGD"),
    "no such layer, set back": (lambda: SetBack("nowhere", after_epoch=1), "SGD"),
    "no such layer, swapped": (lambda: SwapActivation("relu", "nowhere", 1), "SGD"),
    "no limit of stability": (lambda: MoveRate(1, 1, POINTS, CLASSES), "Adam"),
    "a schedule": (lambda: MoveRate(1, 1, POINTS, CLASSES), lambda: keras.optimizers.SGD(DECAY)),
}


@pytest.mark.parametrize("model", ["model", "stack"])
@pytest.mark.parametrize(("make", "optimizer"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused_in_one_line_before_training(make, optimizer, model):
    optimizer = OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer()
    trained = stack_of(perceptron, optimizer, seeds=[1, 2]) if model == "stack" else alone(perceptron, 1, optimizer)
    before = values(trained)
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        fit(trained, [make()], epochs=1)
    assert all(map(np.array_equal, before, values(trained)))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["set back", "move"])
def test_a_training_that_begins_later_without_the_state_is_refused(kind, model):
    with pytest.raises(ValueError, match="the training begins after epoch 3"):
        fit(MODELS[model](), [ALL[kind]()], initial_epoch=3)


def test_layers_that_are_activation_functions_themselves_cannot_be_swapped():
    model = alone(lambda: keras.Sequential([keras.Input((6,)), L.Dense(3), L.ReLU(name="own")]), 1)
    with pytest.raises(ValueError, match=r"own is an activation function itself$"):
        fit(model, [SwapActivation("tanh", "own", 1)])


@pytest.mark.parametrize(
    "callbacks",
    [
        lambda: [SwapActivation("relu", "*", 1), kerascope.EarlyStopping("loss")],
        lambda: [MoveRate(1, 1, POINTS, CLASSES), kerascope.ReduceLROnPlateau("loss")],
        lambda: [MoveRate(1, 1, POINTS, CLASSES), keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)],
    ],
)
def test_a_stack_refuses_callbacks_that_contradict_each_other(callbacks):
    with pytest.raises(NotStackable, match=r"^[^\n]+leave out one$"):
        fit(stack_of(perceptron, seeds=[1, 2]), callbacks())


@pytest.mark.slow
def test_two_rates_that_are_moved_one_after_the_other_go_on_after_a_break_with_the_later_one():
    def callbacks():
        return [MoveRate(0.5, 3, POINTS, CLASSES), MoveRate(0.1, 1, POINTS, CLASSES)]

    fit(first := stack_of(perceptron), before := callbacks(), epochs=4)
    second, after = stack_of(perceptron), callbacks()
    for one, other in zip(after, before, strict=True):
        one.set_state(other.get_state())
    fit(second, after, epochs=5, initial_epoch=4)
    np.testing.assert_array_equal(second.member_learning_rates, before[0].frame()["rate"].astype("float32"))
    assert (first.member_learning_rates == second.member_learning_rates).all()


@pytest.mark.slow
def test_the_records_of_a_training_in_which_rates_became_the_members_own_have_one_shape():
    fit(stack := stack_of(perceptron), [MoveRate(0.5, 1, POINTS, CLASSES)], epochs=2)
    assert {np.shape(value) for record in stack.records for name, value in record.items() if name != "epoch"} == {(len(SEEDS),)}

"""Members with samples, or seeds by kind, of their own end as plain keras.Model.fit on those; the oracle is always plain Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerascope
from kerascope import NotStackable, PerMember, SeedStack
from kerascope.seed_stack import StackPool
from tests.support.against_keras import alone, assert_same_logs, assert_same_weights, classification, fit_alone
from tests.support.mlp import build_mlp

L = keras.layers
SEEDS, SAMPLES = [5, 2, 9], 50  # 50 = 3 x 16 + 2: the last batch is uneven
RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(3, SAMPLES, 6)).astype("float32"), RANDOM.integers(0, 3, (3, SAMPLES))
W = RANDOM.uniform(0.2, 2, (3, SAMPLES)).astype("float32")
OPTIMIZERS = {
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.01),
}


def build():
    return build_mlp(6, 3, hidden=(8, 5))


def build_with_state():
    return keras.Sequential([keras.Input((6,)), L.Dense(8), L.BatchNormalization(), L.ReLU(), L.Dropout(0.3), L.Dense(3)])


def build_with_two_inputs():
    a, b = keras.Input((2,)), keras.Input((4,))
    return keras.Model([a, b], L.Dense(3)(L.Concatenate()([a, b])))


def stack_of(build=build, optimizer="momentum", jit=False, **seeds):
    stack = SeedStack(build, SEEDS, **seeds)
    stack.compile(OPTIMIZERS[optimizer](), jit_compile=jit, **classification())
    return stack


def of_member(part, i):
    if isinstance(part, tuple):
        return tuple(of_member(one, i) for one in part)
    return tf.nest.map_structure(lambda values: values[i], part.values) if isinstance(part, PerMember) else part


def assert_ends_as_alone(stack, i, x, y, sample_weight=None, build=build, optimizer="momentum", tolerance=1e-5, **fit):
    """Member `i` of a stack that was trained with these arguments; `fit_alone` takes the batches of the seed that it is given."""
    model = alone(build, stack.weight_seeds[i], optimizer=OPTIMIZERS[optimizer])
    before = [np.array(variable) for variable in model.variables]
    own = {name: of_member(part, i) for name, part in {"x": x, "y": y, "sample_weight": sample_weight, **fit}.items()}
    history = fit_alone(model, stack.order_seeds[i], **own)
    assert_same_weights(stack.member(i), model, before, tolerance)
    assert_same_logs(stack, history, i, tolerance)


OWN_POINTS = PerMember(X[:, :9]), Y[0, :9]
VALIDATION = PerMember(X[:, :20]), PerMember(Y[:, :20]), PerMember(W[:, :20])
CASES = {  # arguments of fit, and how it is trained
    "all own": ({"x": PerMember(X), "y": PerMember(Y), "sample_weight": PerMember(W)}, {}),
    "own labels": ({"x": X[0], "y": PerMember(Y), "validation_data": (X[1], Y[1])}, {"jit": True, "optimizer": "adamw"}),
    "own points": ({"x": PerMember(X), "y": Y[0], "sample_weight": W[0], "validation_data": VALIDATION}, {"optimizer": "adamw"}),
    "own weights": (
        {"x": X[0], "y": Y[0], "sample_weight": PerMember(W), "validation_data": OWN_POINTS},
        {"jit": True},
    ),
    "full batch": ({"x": PerMember(X), "y": Y[0], "batch_size": SAMPLES, "shuffle": False}, {"jit": True}),
    "state": ({"x": PerMember(X), "y": PerMember(Y)}, {"build": build_with_state, "tolerance": 1e-4}),
    "several inputs": ({"x": PerMember([X[..., :2], X[..., 2:]]), "y": Y[0]}, {"build": build_with_two_inputs}),
}


@pytest.mark.parametrize(
    ("fit", "how"), [pytest.param(*case, id=name, marks=() if name == "all own" else pytest.mark.slow) for name, case in CASES.items()]
)
def test_a_member_with_samples_of_its_own_ends_as_plain_fit_on_them(fit, how):
    stack = stack_of(**{name: value for name, value in how.items() if name != "tolerance"})
    stack.fit(**{"batch_size": 16, **fit}, epochs=2, verbose=0)
    assert_ends_as_alone(stack, 2, **fit, **{name: value for name, value in how.items() if name != "jit"})


@pytest.mark.slow
def test_members_stop_where_they_would_alone_by_the_last_of_their_own_samples_with_classes_weighted_by_their_own_labels():
    y = np.stack([Y[0], (X[1, :, 0] > 0).astype(int), Y[2]])
    arguments = {"batch_size": SAMPLES, "shuffle": False, "epochs": 12, "verbose": 0, "validation_split": 0.4, "class_weight": {0: 3.0}}
    stack = SeedStack(build, SEEDS)
    stack.compile(keras.optimizers.SGD(0.5), jit_compile=False, **classification())
    stopping = kerascope.EarlyStopping(monitor="val_loss", patience=1)
    stack.fit(PerMember(X), PerMember(y), callbacks=[stopping], **arguments)
    lengths = stack.frame()["seed"].value_counts()
    for i, seed in enumerate(SEEDS):
        model = alone(build, seed, optimizer=lambda: keras.optimizers.SGD(0.5))
        before = [np.array(variable) for variable in model.variables]
        alone_stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1)
        history = model.fit(X[i], y[i], callbacks=[alone_stopping], **arguments).history
        assert lengths[seed] == len(history["loss"])
        assert_same_weights(stack.member(i), model, before, 1e-4)
    assert lengths.nunique() > 1


@pytest.mark.slow
def test_a_training_that_is_resumed_with_own_samples_and_seeds_by_kind_ends_as_plain_fit():
    seeds = {"weight_seeds": [4, 4, 7], "order_seeds": [1, 6, 1]}
    data = {"x": X[0], "y": PerMember(Y)}
    first, second = stack_of(**seeds), stack_of(**seeds)
    first.fit(**data, batch_size=16, epochs=1, verbose=0)
    second.optimizer.build(second.trainable_variables)
    for variable, saved in zip(
        [*second.variables, *second.optimizer.variables], [*first.variables, *first.optimizer.variables], strict=True
    ):
        variable.assign(np.array(saved))
    second.fit(**data, batch_size=16, epochs=2, initial_epoch=1, verbose=0)
    assert second.frame()["seed"].unique().tolist() == SEEDS
    second.records = [*first.records, *second.records]
    assert_ends_as_alone(second, 1, **data, epochs=2)
    assert np.abs(np.array(second.member(0).weights[0]) - np.array(second.member(1).weights[0])).max() > 1e-3


@pytest.mark.slow
def test_verification_trains_the_member_alone_on_its_own_samples_from_its_own_seeds():
    stack = stack_of(build_with_state, weight_seeds=[4, 4, 7], order_seeds=[1, 6, 1])
    report = stack.verify(PerMember(X), Y[0], sample_weight=PerMember(W), batch_size=16, member=1)
    assert report.ok, report


@pytest.mark.slow
def test_a_stack_that_is_used_again_takes_over_the_seeds_by_kind():
    pool = StackPool()
    for seeds in ({}, {"weight_seeds": [4, 4, 7], "order_seeds": [1, 6, 1]}):
        metrics = [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        stack = pool.stack(build, SEEDS, OPTIMIZERS["momentum"](), classification()["loss"], metrics, **seeds)
        stack.fit(X[0], Y[0], batch_size=16, epochs=1, verbose=0)
    assert_ends_as_alone(stack, 1, X[0], Y[0], epochs=1)


@pytest.mark.slow
def test_evaluation_and_prediction_take_each_members_own_samples():
    stack = stack_of()
    results = stack.evaluate(PerMember(X), PerMember(Y), sample_weight=W[0], return_dict=True, per_member=True)
    outputs = stack.predict(PerMember(X), verbose=0)
    assert outputs.shape == (SAMPLES, 3, 3)
    for i in (0, 2):
        model = stack.member(i)
        np.testing.assert_allclose(outputs[:, i], model(X[i]), rtol=1e-5, atol=1e-6)
        model.compile("sgd", **classification())
        loss, accuracy = model.evaluate(X[i], Y[i], sample_weight=W[0], verbose=0)
        np.testing.assert_allclose([results["loss"][i], results["accuracy"][i]], [loss, accuracy], rtol=1e-5)


DATASET = tf.data.Dataset.from_tensor_slices((X[0], Y[0])).batch(16)
OWN = PerMember(X), PerMember(Y)
REFUSED = {
    "members": ({"x": PerMember(X[:2]), "y": Y[0]}, "samples for 2 members, and the stack has 3"),
    "members of validation": ({"x": X[0], "y": Y[0], "validation_data": (PerMember(X[:2]), Y[0])}, "samples for 2 members"),
    "a pair within": ({"x": X[0], "y": Y[0], "validation_data": PerMember((X, Y))}, "validation_data is a pair"),
    "different members": ({"x": PerMember(X[:2]), "y": PerMember(Y)}, "different numbers of members: 2, 3"),
    "samples": ({"x": PerMember(X), "y": PerMember(Y[:, :40])}, "same number of samples.*40, 50"),
    "no axis of samples": ({"x": X[0], "y": PerMember(Y[0, :3])}, "same number of samples"),
    "Dataset": ({"x": PerMember(DATASET)}, "Dataset within PerMember"),
    "beside a Dataset": ({"x": DATASET, "y": PerMember(Y)}, "Dataset has its targets"),
    "Dataset as y": ({"x": PerMember(X), "y": DATASET}, "y must be arrays"),
    "within a structure": ({"x": [PerMember(X), X[0]], "y": Y[0]}, "whole structure"),
    "both weights": ({"x": OWN[0], "y": OWN[1], "sample_weight": PerMember(W), "class_weight": {0: 2.0}}, "not both"),
}


@pytest.mark.parametrize(("arguments", "reason"), REFUSED.values(), ids=REFUSED)
def test_samples_that_are_not_each_members_own_are_refused_in_one_line_before_anything_is_trained(arguments, reason):
    stack = SeedStack(lambda: keras.Sequential([keras.Input((6,)), L.Dense(3)]), SEEDS)
    stack.compile("sgd", **classification())
    with pytest.raises(ValueError, match=reason) as refused:
        stack.fit(**arguments, epochs=1, verbose=0)
    assert "\n" not in str(refused.value) and stack.records == [] and int(stack.optimizer.iterations) == 0


def test_seeds_by_kind_are_one_for_each_member_and_every_method_wants_samples_for_all_members():
    with pytest.raises(ValueError, match="weight_seeds needs one seed for each of 3 members, got 2"):
        SeedStack(build, SEEDS, weight_seeds=[1, 2])
    with pytest.raises(ValueError, match="a seed is an integer"):
        SeedStack(build, SEEDS, order_seeds=[1, 2, -1])
    stack = stack_of()
    with pytest.raises(NotStackable, match=r"call predict\(PerMember"):
        stack(PerMember(X))
    with pytest.raises(NotStackable, match="no steps"):
        stack.predict(PerMember(X), steps=2)
    for method in (stack.predict, stack.evaluate, stack.verify):
        with pytest.raises(ValueError, match="samples for 2 members"):
            method(PerMember(X[:2]))

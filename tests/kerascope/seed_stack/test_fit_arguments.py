"""The arguments of `fit`: datasets, weights, splits and sizes mean what they mean in plain Keras."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerascope.seed_stack import NotStackable
from tests.support.against_keras import alone, assert_same_logs, assert_same_weights, assert_trains_as_alone, stack_of

L = keras.layers
RANDOM = np.random.default_rng(2)
POINTS, LABELS = RANDOM.normal(size=(50, 6)).astype("float32"), RANDOM.integers(0, 3, 50)
WEIGHTS = np.linspace(0.2, 2, 50)


def build():
    return keras.Sequential([keras.Input((6,)), L.Dense(5, "relu"), L.Dropout(0.2), L.Dense(3)])


def weighted():
    return {
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
        "weighted_metrics": [keras.metrics.SparseCategoricalAccuracy(name="weighted")],
    }


def one_hot():
    return {"loss": keras.losses.CategoricalCrossentropy(from_logits=True), "metrics": ["accuracy"]}


def assert_fits_as_keras(make_arguments, compiled=weighted, epochs=3):
    """Both are given the same arguments; they are made twice, as a shuffled dataset goes on where it was."""
    stack = stack_of(build, compiled)
    stack.fit(**make_arguments(), epochs=epochs, verbose=0)
    model = alone(build, stack.seeds[1], compiled)
    before = [np.array(variable) for variable in model.variables]
    history = model.fit(**make_arguments(), epochs=epochs, verbose=0).history
    assert_same_weights(stack.member(1), model, before)
    assert_same_logs(stack, history, 1)


def batches(*parts, size=16):
    return tf.data.Dataset.from_tensor_slices(parts).batch(size)


def shuffled(**again):
    return tf.data.Dataset.from_tensor_slices((POINTS, LABELS)).shuffle(50, seed=7, **again).batch(16)


DATASETS = {
    "shuffled once, uneven last batch": lambda: {"x": shuffled(reshuffle_each_iteration=False)},
    "with weights": lambda: {"x": batches(POINTS, LABELS, WEIGHTS)},
    "even": lambda: {"x": batches(POINTS, LABELS, size=10)},
    "validation dataset": lambda: {
        "x": batches(POINTS, LABELS),
        "validation_data": batches(POINTS[:20], LABELS[:20], WEIGHTS[:20], size=7),
    },
    "class_weight": lambda: {"x": batches(POINTS, LABELS), "class_weight": {0: 2.0, 2: 0.5}},
    "prefetched": lambda: {"x": batches(POINTS, LABELS).map(lambda x, y: (2 * x, y)).prefetch(2)},
    "arrays, dataset to validate on": lambda: {
        "x": POINTS,
        "y": LABELS,
        "shuffle": False,
        "batch_size": 16,
        "validation_data": batches(POINTS, LABELS, size=9),
    },
}


@pytest.mark.parametrize(
    "arguments",
    [pytest.param(case, id=name, marks=() if name.startswith("shuffled") else pytest.mark.slow) for name, case in DATASETS.items()],
)
def test_datasets_train_in_their_own_order(arguments):
    assert_fits_as_keras(arguments)


@pytest.mark.slow
def test_a_dataset_that_shuffles_begins_as_in_keras_and_is_shuffled_anew_for_each_epoch():
    # Keras reads a dataset more than once an epoch: from the second epoch on, its order depends on the version.
    assert_fits_as_keras(lambda: {"x": shuffled()}, epochs=1)
    orders = []

    def noted(x, y):
        tf.py_function(lambda first: orders.append(float(first)), [x[0, 0]], [])
        return x, y

    stack_of(build).fit(shuffled().map(noted), epochs=3, verbose=0)
    assert len({tuple(orders[start : start + 4]) for start in (0, 4, 8)}) == 3 and len(orders) == 12


@pytest.mark.slow
def test_a_dataset_may_have_more_samples_in_one_epoch_than_in_another():
    def growing():
        rows = tf.Variable(24)

        def rows_of_epoch():
            rows.assign_add(8)
            yield from zip(POINTS[: rows.numpy()], LABELS[: rows.numpy()], strict=True)

        signature = tf.TensorSpec((6,)), tf.TensorSpec((), tf.int64)
        return tf.data.Dataset.from_generator(rows_of_epoch, output_signature=signature).batch(16)

    stack = stack_of(build)
    stack.fit(growing(), epochs=2, verbose=0)
    model = alone(build, stack.seeds[1])
    before = [np.array(variable) for variable in model.variables]
    for rows in (32, 40):
        model.fit(POINTS[:rows], LABELS[:rows], batch_size=16, shuffle=False, verbose=0)
    assert_same_weights(stack.member(1), model, before)


REFUSED = {
    "endless": (lambda: {"x": batches(POINTS, LABELS).repeat()}, "endless"),
    "uneven inner batches": (lambda: {"x": batches(POINTS[:30], LABELS[:30]).concatenate(batches(POINTS, LABELS))}, "batches of one size"),
    "empty": (lambda: {"x": batches(POINTS, LABELS).take(0)}, "empty"),
    "steps_per_epoch": (lambda: {"x": POINTS, "y": LABELS, "steps_per_epoch": 2}, "steps_per_epoch"),
    "validation_steps": (lambda: {"x": POINTS, "y": LABELS, "validation_steps": 2}, "validation_steps"),
    "generator": (lambda: {"x": ((POINTS, LABELS) for _ in range(3))}, "generator"),
    "ragged": (lambda: {"x": tf.ragged.constant([[1.0], [2.0, 3.0]]), "y": LABELS[:2]}, "RaggedTensor"),
    "sparse": (lambda: {"x": tf.sparse.from_dense(POINTS), "y": LABELS}, "SparseTensor"),
    "ragged dataset": (
        lambda: {"x": tf.data.Dataset.from_tensor_slices((tf.ragged.constant([[1.0], [2.0, 3.0]]), LABELS[:2])).batch(2)},
        "RaggedTensor",
    ),
    "lists of several lengths": (lambda: {"x": [[1.0], [2.0, 3.0]], "y": LABELS[:2]}, "x must be arrays"),
}


class Chunks(keras.utils.PyDataset):
    """The points in four batches; counts its epochs."""

    epochs = 0

    def on_epoch_end(self):
        self.epochs += 1

    def __len__(self):
        return 4

    def __getitem__(self, number):
        return POINTS[16 * number : 16 * (number + 1)], LABELS[16 * number : 16 * (number + 1)]


@pytest.mark.slow
def test_a_pydataset_is_read_anew_for_each_epoch():
    assert_fits_as_keras(lambda: {"x": Chunks(), "shuffle": False})
    chunks = Chunks()
    stack_of(build).fit(chunks, epochs=3, verbose=0)
    assert chunks.epochs == 2  # between epochs; Keras's own count depends on the version


@pytest.mark.parametrize(("arguments", "message"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_what_is_no_finite_set_of_equal_batches_is_refused_in_one_line(arguments, message):
    stack = stack_of(build)
    with pytest.raises(NotStackable, match=message) as refusal:
        stack.fit(**arguments(), verbose=0)
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 300


CLASS_WEIGHT = {0: 3.0, 1: 0.5}
ARGUMENTS = {
    "class_weight": (LABELS, weighted, {"class_weight": CLASS_WEIGHT}),
    "class_weight of a column": (LABELS[:, None], weighted, {"class_weight": CLASS_WEIGHT}),
    "class_weight of one-hot": (np.eye(3)[LABELS], one_hot, {"class_weight": CLASS_WEIGHT}),
    "class_weight beside validation": (
        LABELS,
        weighted,
        {"class_weight": CLASS_WEIGHT, "validation_data": (POINTS[:20], LABELS[:20])},
    ),
    "sample_weight": (LABELS, weighted, {"sample_weight": WEIGHTS, "validation_data": (POINTS[:20], LABELS[:20], WEIGHTS[:20])}),
    "default batch_size": (LABELS, weighted, {"batch_size": None}),
    "float64, unsigned and bool": (LABELS.astype("uint8"), weighted, {}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("y", "compiled", "fit"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_weights_and_sizes_are_those_of_keras(y, compiled, fit):
    assert_trains_as_alone(build, POINTS.astype("float64"), y, compiled=compiled, **fit)


SPLIT = {
    "alone": {},
    "and sample_weight": {"sample_weight": WEIGHTS},
    "and class_weight": {"class_weight": CLASS_WEIGHT},
    "every other epoch": {"validation_freq": 2},
    "at some epochs": {"validation_freq": [1, 3]},
}


@pytest.mark.parametrize("more", [pytest.param(more, id=name, marks=pytest.mark.slow) for name, more in SPLIT.items()])
def test_validation_split_takes_the_last_samples(more):
    assert_fits_as_keras(lambda: {"x": POINTS, "y": LABELS, "shuffle": False, "batch_size": 16, "validation_split": 0.3, **more})


@pytest.mark.slow
def test_pandas_objects_are_arrays():
    table = pd.DataFrame(POINTS, columns=list("abcdef")).assign(kind=LABELS)
    arguments = {"x": table[list("abcdef")], "y": table["kind"], "shuffle": False, "sample_weight": pd.Series(WEIGHTS)}
    assert_fits_as_keras(lambda: arguments)


@pytest.mark.slow
def test_weights_of_each_output():
    def two():
        inputs = keras.Input((6,))
        return keras.Model(inputs, {"kind": L.Dense(3, name="kind")(inputs), "size": L.Dense(1, name="size")(inputs)})

    def compiled():
        return {"loss": {"kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "size": "mse"}}

    y, weights = {"kind": LABELS, "size": POINTS[:, :1]}, {"kind": WEIGHTS, "size": WEIGHTS[::-1].copy()}
    assert_trains_as_alone(two, POINTS, y, weights, compiled=compiled)
    with pytest.raises(ValueError, match="class_weight"):
        stack_of(two, compiled).fit(POINTS, y, class_weight=CLASS_WEIGHT)


def test_arguments_that_exclude_each_other_are_refused():
    stack = stack_of(build)
    for arguments, message in [
        ({"x": shuffled(), "y": LABELS}, "leave out y"),
        ({"x": shuffled(), "batch_size": 8}, "batch_size"),
        ({"x": shuffled(), "validation_split": 0.2}, "validation_split"),
        ({"x": POINTS, "y": LABELS, "class_weight": CLASS_WEIGHT, "sample_weight": WEIGHTS}, "not both"),
    ]:
        with pytest.raises(ValueError, match=message):
            stack.fit(**arguments, verbose=0)

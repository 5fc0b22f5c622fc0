"""Each private name of Keras and TensorFlow in `kerascope.compat` still does what kerascope needs, and stands nowhere else."""

import ast
import re

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack, compat
from tests.support.scripts import ROOT

KERASCOPE = ROOT / "kerascope"


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = [keras.layers.Dense(2), keras.layers.Dense(3)]

    def call(self, inputs):
        return self.inner[1](self.inner[0](inputs))


def test_sublayers_are_those_directly_within_a_layer():
    block = Block()
    model = keras.Sequential([keras.Input((4,)), block])
    assert compat.sublayers(model) == [block] and compat.sublayers(block) == block.inner
    assert compat.sublayers(block.inner[0]) == [] == compat.sublayers("no layer")


def test_graph_operations_are_layers_and_operations_of_a_functional_model_alone():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.ops.relu(keras.layers.Dense(2, name="dense")(inputs)))
    assert [type(operation).__name__ for operation in compat.graph_operations(model)] == ["InputLayer", "Dense", "Relu"]
    assert compat.graph_operations(Block()) is None


@pytest.mark.parametrize("name", compat.ACTIVATION_OPERATIONS)
def test_an_activation_of_keras_ops_becomes_an_operation_of_that_class(name):
    function = getattr(keras.ops, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), None)
    if function is None:
        pytest.skip(f"this Keras has no {name}")
    arguments = (0.5, 0.0) if name == "Threshold" else ()
    inputs = keras.Input((4,))
    assert name in [type(operation).__name__ for operation in keras.Model(inputs, function(inputs, *arguments)).operations]


def test_the_schedule_of_an_optimizer_is_the_one_it_was_made_with():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
    assert compat.learning_rate_schedule(keras.optimizers.SGD(schedule)) is schedule
    assert compat.learning_rate_schedule(keras.optimizers.SGD(0.1)) is None


def test_steps_taken_are_those_that_the_schedule_sees():
    seen = []

    class Schedule(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            seen.append((int(compat.steps_taken(optimizer)), int(step)))
            return 0.1

    # Keras evaluates the schedule at every second step; the public `iterations` counts those alone.
    optimizer, weight = keras.optimizers.SGD(Schedule(), gradient_accumulation_steps=2), keras.Variable(1.0)
    for _ in range(4):
        optimizer.apply([tf.constant(1.0)], [weight])
    assert seen == [(1, 1), (3, 3)] and compat.steps_taken(optimizer).dtype == tf.int64


@pytest.mark.parametrize("learning_rate", [0.1, keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)])
def test_an_optimizer_steps_with_the_fixed_learning_rate_and_keeps_its_own(learning_rate):
    optimizer, weight = keras.optimizers.SGD(learning_rate), keras.Variable(1.0)
    with compat.fixed_learning_rate(optimizer, tf.constant(0.5)):
        optimizer.apply([tf.constant(1.0)], [weight])
    assert float(weight) == 0.5
    if isinstance(learning_rate, float):
        assert float(optimizer.learning_rate) == pytest.approx(0.1)
    optimizer.apply([tf.constant(1.0)], [weight])
    assert float(weight) == pytest.approx(0.5 - (0.1 if isinstance(learning_rate, float) else learning_rate(1)))


def test_backup_and_restore_leaves_the_restored_epoch(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"), delete_checkpoint=False)
    for expected in (None, 2):
        assert compat.restored_epoch(model) is None
        model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0, callbacks=[backup])
        assert compat.restored_epoch(model) == expected


def test_a_stack_neither_trains_nor_saves_the_weights_of_its_template(tmp_path):
    stack = SeedStack(lambda: keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="of_template")]), [0, 1])
    own = {id(variable) for variable in stack.variables}
    assert own and not own & {id(variable) for variable in stack.template.variables} and stack.layers == []
    stack.save_weights(tmp_path / "stack.weights.h5")
    names = []
    with h5py.File(tmp_path / "stack.weights.h5") as file:
        file.visit(names.append)
    assert names and not [name for name in names if "template" in name]


@pytest.mark.parametrize("attribute", ["activation", "call"])
def test_keras_calls_the_replaced_attribute_of_a_layer_within_the_block_alone(attribute):
    layer = keras.layers.Dense(2, activation="tanh", kernel_initializer="ones")
    before, variables = np.array(layer(np.ones((1, 2)))), len(layer.variables)
    with compat.replaced_attribute(layer, attribute, lambda inputs, **_: inputs + 100):
        assert (np.array(layer(np.ones((1, 2)))) >= 100).all() and len(layer.variables) == variables
    np.testing.assert_array_equal(layer(np.ones((1, 2))), before)


def test_vectorized_map_is_quiet_within_the_block(caplog):
    def convolve_by_each(kernel):
        return tf.nn.conv2d(tf.ones((1, 3, 3, 1)), tf.reshape(kernel, (1, 3, 1, 1)), 1, "SAME")

    def convert():
        with pytest.raises(ValueError, match="loop invariant"):
            tf.vectorized_map(convolve_by_each, tf.ones((2, 3)), fallback_to_while_loop=False)

    tf.get_logger().addHandler(caplog.handler)
    try:
        with compat.quiet_vectorized_map():
            convert()
        assert not caplog.records
        convert()
        assert caplog.records
    finally:
        tf.get_logger().removeHandler(caplog.handler)


MODULES = {path: list(ast.walk(ast.parse(path.read_text()))) for path in sorted(KERASCOPE.rglob("*.py"))}


def defined(nodes):
    """The names that a module defines: functions, classes, variables, and attributes that it assigns."""
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}


def foreign_names(path):
    """The private names in a module that neither it nor, for those of `self`, another module of kerascope defines; private modules."""
    inherited, found = set().union(*map(defined, MODULES.values())), set()
    for node in MODULES[path]:
        if isinstance(node, ast.Attribute):
            of_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            found |= {node.attr} - (inherited if of_self else defined(MODULES[path]))
        elif isinstance(node, ast.ImportFrom):
            found |= set() if node.level else {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} - inherited
    private_modules = {word for word in ("keras.src", "tensorflow.python") if word in path.read_text()}
    return {name for name in found if re.fullmatch(r"_[a-z]\w*", name)} | private_modules


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(KERASCOPE)))
def test_private_names_of_others_stand_in_compat_alone(path):
    assert bool(foreign_names(path)) == (path.name == "compat.py")

"""Each private name of Keras and TensorFlow in `kerascope.compat` still does what kerascope needs, and stands nowhere else."""

import ast
import re
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack, compat

KERASCOPE = Path(compat.__file__).parent  # of the package that is tested: the checkout's or an installed one


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


def test_private_attributes_of_keras_are_told_from_those_of_a_user():
    block = Block()
    block._factor = 2.0
    functional = keras.Model(inputs := keras.Input((4,)), block(inputs))
    for model in (functional, keras.Sequential([keras.Input((4,)), block]), block):
        own = [name for name in vars(model) if not compat.is_private_attribute(name)]
        assert [name for name in own if name.startswith("_")] == ["_factor"] * (model is block)


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
    assert own and not own & {id(variable) for variable in stack.template.variables}
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


def test_own_weights_of_a_layer_are_its_own_frozen_or_not():
    block = Block()
    block.build((None, 4))
    dense = block.inner[0]
    dense.build((None, 4))
    dense.trainable = False
    assert list(compat.own_weights(dense)) == [dense.kernel, dense.bias] and list(compat.own_weights(block)) == []
    assert list(compat.own_weights("no layer")) == []


@pytest.mark.parametrize("function", ["softmax", "sigmoid"])
def test_logits_are_what_goes_into_the_last_softmax_or_sigmoid(function):
    z = tf.constant([[1.0, 2.0]])
    assert compat.keras_logits(keras.layers.Activation(function)(z)) is z and compat.keras_logits(z) is z


def test_the_mask_of_an_embedding_goes_with_its_outputs():
    tokens = tf.constant([[1, 0]])
    outputs = keras.layers.Dense(2)(keras.layers.Embedding(3, 2, mask_zero=True)(tokens))
    np.testing.assert_array_equal(compat.keras_mask(outputs), tokens != 0)
    assert compat.keras_mask(tokens) is None


def test_random_numbers_drawn_in_the_block_are_none_of_those_after_it():
    draws = []
    for inside in (0, 3):
        tf.random.set_seed(4)
        tf.random.normal(())
        with compat.kept_random_state():
            for _ in range(inside):
                tf.random.normal(())
        draws.append([float(tf.random.normal(())) for _ in range(4)])
    assert draws[0] == draws[1]


@pytest.mark.parametrize("given", [None, "class_weight", "sample_weight", "Dataset"])
def test_the_weights_that_fit_got_are_seen_from_its_callbacks(given):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    x, y, weights = np.ones((4, 2)), np.ones((4, 1)), np.ones(4)
    fit = {"class_weight": {"class_weight": {1: 2.0}}, "sample_weight": {"sample_weight": weights}}.get(given, {})
    data = (tf.data.Dataset.from_tensor_slices((x, y, weights)).batch(2),) if given == "Dataset" else (x, y)
    seen = []
    callback = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(compat.weights_in_fit(model)))
    model.fit(*data, verbose=0, callbacks=[callback], **fit)
    assert seen == [given is not None] and not compat.weights_in_fit(model)


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


def slices_one_by_one(function, slices):
    parts = [function(tf.nest.map_structure(lambda t, i=i: t[i], slices)) for i in range(2)]
    return tf.nest.map_structure(lambda *of_all: tf.stack(of_all), *parts)


@pytest.mark.parametrize("setting", [{"clipnorm": 1.0}, {"global_clipnorm": 1.0}, {"clipvalue": 0.5}, {"weight_decay": 0.3}])
def test_an_optimizer_updates_slices_as_weights_of_their_own_each_at_its_rate(setting):
    start, gradients, rates = np.ones((2, 3, 2), "float32"), np.random.default_rng(0).normal(size=(2, 3, 2)) * 9, [0.1, 0.7]
    optimizer, stacked = keras.optimizers.SGD(0.5, **setting), keras.Variable(start)
    with compat.stacked_optimizer(optimizer, tf.constant(rates), slices_one_by_one):
        optimizer.apply([tf.constant(gradients, tf.float32)], [stacked])
    for member, rate in enumerate(rates):
        weight = keras.Variable(start[member])
        keras.optimizers.SGD(rate, **setting).apply([tf.constant(gradients[member], tf.float32)], [weight])
        np.testing.assert_allclose(stacked[member], weight, rtol=1e-5)
    stepped = np.array(stacked)
    optimizer.apply([tf.zeros((2, 3, 2))], [stacked])  # the optimizer's own rate again
    decayed = stepped * (1 - 0.5 * setting.get("weight_decay", 0))
    np.testing.assert_allclose(stacked, decayed, rtol=1e-5)


def test_a_mask_that_is_put_on_outputs_is_left_out_of_a_loss():
    outputs = tf.constant([[[1.0], [5.0]]])
    loss = keras.losses.MeanSquaredError()
    before = float(loss(tf.zeros((1, 2, 1)), outputs))
    compat.set_keras_mask(outputs, tf.constant([[True, False]]))
    assert (before, float(loss(tf.zeros((1, 2, 1)), outputs))) == pytest.approx((13, 1))


def test_the_direction_of_a_compiled_metric_is_that_in_which_it_improves():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", keras.metrics.BinaryAccuracy(name="hits")])
    model.evaluate(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    assert [compat.metric_direction(model, name) for name in ("mean_absolute_error", "hits", "other")] in (
        ["down", "up", None],
        [None, "up", None],  # named mae, in other versions
    )


def test_argmax_of_keras_is_vectorised():
    compat.allow_vectorized_bitcast()
    values = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    found = tf.vectorized_map(lambda x: keras.ops.argmax(x, -1), tf.constant(values), fallback_to_while_loop=False)
    np.testing.assert_array_equal(found, values.argmax(-1))


def test_an_error_without_call_info_passes_a_layer_as_it_is():
    class Failing(keras.layers.Layer):
        def call(self, x):
            raise compat.without_call_info(ValueError("in one line"))

    with pytest.raises(ValueError, match=r"^in one line$"):
        Failing()(np.ones((1, 2)))


@pytest.mark.parametrize("by", ["name", "variable"])
def test_exclusions_from_weight_decay_are_taken_over(by):
    def decayed(optimizer, variable):
        optimizer.apply([tf.zeros_like(variable.value)], [variable])
        return float(variable.value[0]) < 1

    with keras.name_scope("norm"):
        one, other, plain = (keras.Variable([1.0], name=name) for name in ("gamma", "stacked", "kernel"))
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    if by == "name":
        optimizer.exclude_from_weight_decay(var_names=["norm/gamma"])
        made = keras.optimizers.SGD(0.1, weight_decay=0.5)
        compat.copy_weight_decay_exclusions(optimizer, made)
        assert not decayed(made, one)
    else:
        optimizer.exclude_from_weight_decay(var_list=[one])
        compat.exclude_stacked_from_weight_decay(optimizer, [one, plain], [other, plain])
        optimizer.build([other, plain])
        optimizer.apply([tf.zeros(1), tf.zeros(1)], [other, plain])
        assert float(other.value[0]) == 1 and float(plain.value[0]) < 1


@pytest.mark.parametrize("call", ["apply", "apply without variables", "apply_gradients", "loss scale", "inner optimizer"])
def test_an_optimizer_applies_what_a_function_makes_of_its_gradients_within_the_block_alone(call):
    weight, seen = keras.Variable([1.0]), []
    optimizer = keras.optimizers.SGD(0.5, loss_scale_factor=8.0 if call == "loss scale" else None)
    optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0) if call == "inner optimizer" else optimizer
    optimizer.build([weight])

    def change(gradients, variables):
        seen.extend(variables)
        return [2 * gradient for gradient in gradients]

    def apply(gradient):
        if call == "apply_gradients":
            optimizer.apply_gradients([(gradient, weight)])
        else:
            optimizer.apply([gradient], *([[weight]] if call != "apply without variables" else []))

    gradient = tf.constant([8.0 if call in ("loss scale", "inner optimizer") else 1.0])
    with compat.optimizer_with(optimizer, change):
        apply(gradient)
    assert float(weight.value[0]) == 0 and seen == [weight]
    apply(gradient)
    assert float(weight.value[0]) == -0.5


def test_the_function_that_fit_calls_for_each_batch_is_replaced_and_made_anew():
    model, calls = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "linear")]), []
    model.compile("sgd", loss="mse")
    x, y = np.ones((4, 2)), np.ones((4, 1))
    model.fit(x, y, verbose=0)
    present = compat.train_function(model)
    other = compat.new_train_function(model)
    assert compat.train_function(model) is present is not other
    compat.set_train_function(model, lambda batches: calls.append(batches) or other(batches))
    model.fit(x, y, verbose=0)
    assert len(calls) == 1


def test_functions_that_are_made_anew_compute_with_the_layers_as_they_are_now():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "linear", name="dense")])
    model.compile("sgd", loss="mse")
    x, y = np.ones((4, 2)), np.ones((4, 1))
    for call in (model.fit, model.evaluate):
        call(x, y, verbose=0)
    model.predict(x, verbose=0)
    compat.set_untracked(model.get_layer("dense"), "activation", lambda z: 0 * z + 3)
    compat.remake_functions(model)
    assert (model.predict(x, verbose=0) == 3).all() and model.evaluate(x, y, verbose=0) == 4
    assert model.fit(x, y, verbose=0).history["loss"] == [4]


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


def test_the_metadata_of_histograms_names_tensorboards_plugin():
    pytest.importorskip("tensorboard", reason="TensorBoard, which is optional, is not installed")
    assert compat.histogram_summary_metadata().plugin_data.plugin_name == "histograms"

"""Every private or undocumented name of Keras and TensorFlow that kerascope uses, and nothing else.

Each was seen in the version that its docstring names; those of Keras also in Keras 3.8.0. `tests/kerascope/test_compat.py` has a test for
each, which fails when the name goes, and a test that finds such names elsewhere in kerascope.
"""

import contextlib
import logging

import keras
import tensorflow as tf

# Classes that `keras.ops.relu` and its like become in a functional model; `keras.ops` has no public table of them. Keras 3.15.1.
ACTIVATION_OPERATIONS = (
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Silu", "Sigmoid", "LogSigmoid", "HardSigmoid", "HardSilu", "Tanh"),
    *("HardTanh", "Softmax", "Softplus", "Softsign", "SoftShrink", "HardShrink", "TanhShrink", "Squareplus", "Threshold"),
)


def sublayers(layer):
    """The layers directly within a layer or model.

    `Layer._flatten_layers` is what `Model.layers` calls; a layer that is no model has no public list. Keras 3.15.1.
    """
    if isinstance(layer, keras.Model):
        return layer.layers
    return layer._flatten_layers(include_self=False, recursive=False) if isinstance(layer, keras.Layer) else []


def graph_operations(model):
    """The layers and operations of a functional model, in order; None for any other layer.

    `Functional.operations` is undocumented. `Model.layers` leaves out operations such as `keras.ops.relu`. Keras 3.15.1.
    """
    return getattr(model, "operations", None)


def learning_rate_schedule(optimizer):
    """The optimizer's `LearningRateSchedule`, or None if its learning rate is constant.

    `Optimizer._learning_rate` holds it; the public `learning_rate` is the schedule's value at this moment. Keras 3.15.1.
    """
    learning_rate = optimizer._learning_rate
    return learning_rate if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule) else None


def steps_taken(optimizer):
    """The number at which the optimizer evaluates its schedule, an int64 scalar tensor.

    `Optimizer._iterations`; with `gradient_accumulation_steps`, the public `iterations` is another number. Keras 3.15.1.
    """
    return tf.cast(optimizer._iterations.value, tf.int64)


@contextlib.contextmanager
def fixed_learning_rate(optimizer, learning_rate):
    """Within the block, the optimizer's learning rate is `learning_rate`, a scalar tensor. No variable is assigned.

    `Optimizer._get_current_learning_rate` is where `Optimizer.apply` asks for it. Keras 3.15.1.
    """
    with replaced_attribute(optimizer, "_get_current_learning_rate", lambda: learning_rate):
        yield


def restored_epoch(model):
    """The epoch at which `keras.callbacks.BackupAndRestore` resumes the training, or None.

    The callback leaves it in `Model._initial_epoch`, for `Model.fit`. Keras 3.15.1.
    """
    return getattr(model, "_initial_epoch", None)


def set_untracked(owner, name, value):
    """Set an attribute of a Keras object without its variables becoming the object's own.

    Keras tracks variables and layers in its own `__setattr__`, past which this goes. Keras 3.15.1.
    """
    object.__setattr__(owner, name, value)


@contextlib.contextmanager
def replaced_attribute(owner, name, value):
    """Within the block, the attribute of a Keras object is `value`; Keras's tracking does not notice.

    Keras looks up `activation`, `call` and `_get_current_learning_rate` on the instance. Keras 3.15.1.
    """
    attributes = vars(owner)
    present, before = name in attributes, attributes.get(name)
    attributes[name] = value
    try:
        yield
    finally:
        if present:
            attributes[name] = before
        else:
            del attributes[name]


@contextlib.contextmanager
def quiet_vectorized_map():
    """Within the block, `tf.vectorized_map` does not log the operations that it cannot convert.

    It logs through `tf.get_logger()`, which is undocumented. TensorFlow 2.21.0.
    """
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)

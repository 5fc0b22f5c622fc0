"""Every private or undocumented name of Keras and TensorFlow that kerascope uses, and nothing else.

Each was seen in the version that its docstring names; those of Keras also in Keras 3.8.0. `tests/kerascope/test_compat.py` has a test for
each, which fails when the name goes, and a test that finds such names elsewhere in kerascope.
"""

import contextlib
import functools
import inspect
import logging
import random

import keras
import tensorflow as tf
from tensorflow.python.eager import context

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


def own_weights(layer):
    """The weights that a layer itself added as trainable, whether it is frozen now or not; those of layers within it are not among them.

    `Layer._trainable_variables` holds them; the public `trainable_variables` is empty for a frozen layer. Keras 3.15.1.
    """
    return getattr(layer, "_trainable_variables", ())


@functools.cache
def _private_attributes():
    one = keras.Input((1,), name="one")
    model = keras.Model(one, keras.layers.Identity(name="same")(one), name="model")
    return frozenset([*vars(keras.Layer(name="layer")), *vars(model), "_functional"])


def is_private_attribute(name):
    """Whether Keras, or TensorFlow's tracking, keeps something of its own in an attribute of a layer or model of this name.

    Those of a layer are found by making one; `Sequential._functional` and the prefix `_self_` are not. Keras 3.15.1.
    """
    return name.startswith("_") and (name.startswith("_self_") or name in _private_attributes())


def graph_operations(model):
    """The layers and operations of a functional model, in order; None for any other layer.

    `Functional.operations` is undocumented. `Model.layers` leaves out operations such as `keras.ops.relu`. Keras 3.15.1.
    """
    return getattr(model, "operations", None)


def keras_mask(tensor):
    """The mask that Keras hands on with the outputs of a layer, and leaves out of a loss; None if there is none.

    `_keras_mask`, an attribute of the tensor. Keras 3.15.1.
    """
    return getattr(tensor, "_keras_mask", None)


def keras_logits(outputs):
    """The inputs of the softmax or sigmoid function of Keras that a model ends in; the outputs themselves if it ends in none.

    `_keras_logits`, an attribute of the tensor, from which Keras computes cross-entropies. Keras 3.15.1.
    """
    return getattr(outputs, "_keras_logits", outputs)


def learning_rate_schedule(optimizer):
    """The optimizer's `LearningRateSchedule`, or None if its learning rate is constant.

    `Optimizer._learning_rate` holds it; the public `learning_rate` is the schedule's value at this moment. Keras 3.15.1.
    """
    learning_rate = optimizer._learning_rate
    return learning_rate if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule) else None


def has_callable_learning_rate(optimizer):
    """Whether the optimizer calls a function of the user, which is no schedule, for its learning rate; see above. Keras 3.15.1."""
    return learning_rate_schedule(optimizer) is None and callable(optimizer._learning_rate)


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


@contextlib.contextmanager
def stacked_optimizer(optimizer, learning_rate, map_slices):
    """Within the block, the optimizer treats each slice of a weight `(members, ...)` as a weight of its own.

    `Optimizer._clip_gradients` clips by norms over whole weights; `_apply_weight_decay` and `update_step` take one learning rate. With
    replicas, `apply` adds up their gradients after it has clipped them. Keras 3.15.1.

    Args:
        optimizer: the optimizer. One that computes over whole weights has an attribute `leading_axes`, 0, which is 1 within the block: the
            number of axes in front of a weight's own, which tell members apart.
        learning_rate: tensor, a scalar, or `(members,)`.
        map_slices: function that maps a function over the leading axis of a structure of tensors.
    """
    clip, decay, update = optimizer._clip_gradients, optimizer._apply_weight_decay, optimizer.update_step

    def clip_slices(gradients):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync  # Only here, within a replica, is the strategy known.
        if replicas == 1 and optimizer.clipvalue:
            return clip(gradients)
        clipped = map_slices(clip, [gradient * replicas for gradient in gradients])
        return [gradient / replicas for gradient in clipped]

    def rate_for(variable):
        return tf.reshape(learning_rate, [-1] + [1] * (len(variable.shape) - 1))

    def decay_slices(variables):
        for variable in variables:
            with fixed_learning_rate(optimizer, rate_for(variable)):
                decay([variable])

    changed = {}
    if optimizer.clipnorm or optimizer.global_clipnorm or optimizer.clipvalue:
        changed["_clip_gradients"] = clip_slices
    if learning_rate.shape.rank:
        changed["_apply_weight_decay"] = decay_slices
        changed["update_step"] = lambda gradient, variable, _: update(gradient, variable, rate_for(variable))
    if hasattr(optimizer, "leading_axes"):
        changed["leading_axes"] = 1
    with contextlib.ExitStack() as stack:
        stack.enter_context(fixed_learning_rate(optimizer, learning_rate))
        for name, function in changed.items():
            stack.enter_context(replaced_attribute(optimizer, name, function))
        yield


def set_keras_mask(tensor, mask):
    """Put a mask on a tensor, which losses and metrics then leave out; see `keras_mask`. Keras 3.15.1."""
    tensor._keras_mask = mask


def metric_direction(model, name):
    """`"up"` or `"down"` for a compiled metric that is better when it is larger or smaller; None if Keras does not say.

    `Metric._direction`, by which `keras.callbacks.EarlyStopping(mode="auto")` decides. Keras 3.15.1.
    """
    for metric in model.metrics:
        for one in getattr(metric, "metrics", [metric]):
            if one.name == name:
                return getattr(one, "_direction", None)
    return None


def metric_function(metric):
    """The function `(y_true, y_pred)` of a `keras.metrics.MeanMetricWrapper`, with its arguments: `_fn` and `_fn_kwargs`. Keras 3.15.1."""
    return functools.partial(metric._fn, **metric._fn_kwargs)


def allow_vectorized_bitcast():
    """Let `tf.vectorized_map` convert `Bitcast`, which `keras.ops.argmax` and with it accuracy consist of.

    Converters are registered through a private module. TensorFlow 2.21.0.
    """
    from tensorflow.python.ops.parallel_for import pfor

    if "Bitcast" not in pfor._pfor_converter_registry:

        @pfor.RegisterPFor("Bitcast")
        def _convert(pfor_input):
            return pfor.wrap(tf.bitcast(pfor_input.stacked_input(0), pfor_input.get_attr("type")), True)


def without_call_info(error):
    """The error, to which Keras will not add the arguments of the layer's call that it passes through.

    Keras leaves alone an error with the attribute `_keras_call_info_injected`. Keras 3.15.1.
    """
    error._keras_call_info_injected = True
    return error


def copy_weight_decay_exclusions(optimizer, other):
    """Give another optimizer what `Optimizer.exclude_from_weight_decay` was told.

    It keeps the names as a pattern in `_exclude_from_weight_decay_pattern`. Keras 3.15.1.
    """
    other._exclude_from_weight_decay_pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)


def exclude_stacked_from_weight_decay(optimizer, variables, stacked):
    """Exclude stacked variables from weight decay where `Optimizer.exclude_from_weight_decay(var_list=...)` named those of one model.

    It keeps `Optimizer._var_key` of each in the set `_exclude_from_weight_decay`. Keras 3.15.1.

    Args:
        optimizer: the optimizer.
        variables: variables of the model.
        stacked: the stacked variable of each.
    """
    excluded = getattr(optimizer, "_exclude_from_weight_decay", set())
    excluded |= {optimizer._var_key(new) for old, new in zip(variables, stacked, strict=True) if optimizer._var_key(old) in excluded}


def histogram_summary_metadata():
    """The metadata by which TensorBoard shows a tensor of rows `(left, right, count)` in its tab of histograms.

    `tensorboard.plugins.histogram.metadata` is undocumented; `tf.summary.histogram` takes values, and counts them into bins of its own.
    TensorBoard 2.21.0.
    """
    try:
        from tensorboard.plugins.histogram import metadata
    except ImportError:
        raise ImportError("SummaryWriter needs TensorBoard, which is not installed: pip install tensorboard") from None
    return metadata.create_summary_metadata(display_name=None, description=None)


@contextlib.contextmanager
def kept_random_state():
    """Within the block, operations such as `tf.random.normal` that run eagerly get their seeds from a generator other than TensorFlow's.

    A copy of TensorFlow's would not do: the kernel of a random operation is kept by its seed, and goes on where it was. `Context._rng`, a
    `random.Random`, exists after `tf.random.set_seed`. TensorFlow 2.21.0.
    """
    eager = context.context()
    generator = getattr(eager, "_rng", None)
    if generator is not None:
        eager._rng = random.Random("kerascope")
    try:
        yield
    finally:
        if generator is not None:
            eager._rng = generator


def weights_in_fit(model):
    """Whether the `fit` of the model that runs now got weights of samples or classes.

    Keras tells its callbacks nothing about that; the arguments stand in the frame of the call. A method named `fit` with the documented
    arguments `x`, `sample_weight` and `class_weight`, by name or in `**kwargs`. Keras 3.15.1.
    """
    frame = inspect.currentframe()
    while frame is not None and not (frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model):
        frame = frame.f_back
    if frame is None:
        return False
    arguments = {**frame.f_locals.get("kwargs", {}), **frame.f_locals}
    specs = getattr(arguments.get("x"), "element_spec", None)
    in_elements = isinstance(specs, tuple) and len(specs) == 3
    return in_elements or any(arguments.get(name) is not None for name in ("sample_weight", "class_weight"))


@contextlib.contextmanager
def optimizer_with(optimizer, change):
    """Within the block, the optimizer applies the gradients that a function makes of those that it gets, after they are unscaled.

    Each way to an optimizer, `apply_gradients` too, leads through `Optimizer.apply` of the instance, and that of a `LossScaleOptimizer` on
    to the `apply` of its `inner_optimizer`; without variables it takes `Optimizer._trainable_variables`. Keras 3.15.1.

    Args:
        optimizer: the optimizer.
        change: function of a list of gradients, some of which may be None, and a list of their variables that returns the new gradients.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    apply = optimizer.apply

    def apply_changed(grads, trainable_variables=None):
        variables = list(optimizer._trainable_variables if trainable_variables is None else trainable_variables)
        return apply(change(list(grads), variables), None if trainable_variables is None else variables)

    with replaced_attribute(optimizer, "apply", apply_changed):
        yield


def train_function(model):
    """The function that `Model.fit` calls for each batch, or None: the undocumented attribute `Model.train_function`. Keras 3.15.1."""
    return model.train_function


def set_train_function(model, function):
    """Let `Model.fit` call another function for each batch, from the next one on; see above. Keras 3.15.1."""
    model.train_function = function


def new_train_function(model):
    """A train function of the model that is not traced yet; that of the model stays. `Model.make_train_function(force)`. Keras 3.15.1."""
    present = model.train_function
    model.make_train_function(force=True)
    made, model.train_function = model.train_function, present
    return made


def remake_functions(model):
    """Let a model trace anew what `fit`, `evaluate` and `predict` call: `Model.make_train_function(force)` and its like. Keras 3.15.1."""
    for kind in ("train", "test", "predict"):
        if getattr(model, f"{kind}_function", None) is not None:
            getattr(model, f"make_{kind}_function")(force=True)

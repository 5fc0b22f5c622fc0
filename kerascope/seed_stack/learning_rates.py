"""Learning rates as an input of the training graph, not a part of it: trainings that differ in their rates alone share one graph."""

import contextlib

import keras
import tensorflow as tf


def schedule_of(optimizer):
    """The optimizer's `LearningRateSchedule`, or None if its rate is a plain number."""
    rate = optimizer._learning_rate  # its property would give the rate of this moment
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


def learning_rates(optimizer, num_steps):
    """A function without arguments that returns the rates of the optimizer's next `num_steps` steps, float32 `(num_steps,)`."""
    schedule = schedule_of(optimizer)
    if schedule is None:
        return lambda: tf.fill([num_steps], tf.cast(keras.ops.convert_to_tensor(optimizer.learning_rate), tf.float32))

    def rates_from(first):
        steps = first + tf.range(num_steps, dtype=tf.int64)
        return tf.vectorized_map(lambda step: tf.cast(schedule(step), tf.float32), steps)

    # Traced here and once, so that TensorFlow does not take each new training for needless retracing.
    graph = tf.function(rates_from, autograph=False).get_concrete_function(tf.TensorSpec((), tf.int64))
    return lambda: graph(tf.cast(optimizer._iterations.value, tf.int64))


@contextlib.contextmanager
def learning_rate_set_to(optimizer, rate):
    """Within the block, the optimizer's learning rate is `rate`, a scalar tensor."""
    # Past Keras's attribute tracking, and no variable assigned: one step's rate is nothing that the optimizer should remember.
    vars(optimizer)["_get_current_learning_rate"] = lambda: rate
    try:
        yield
    finally:
        del vars(optimizer)["_get_current_learning_rate"]

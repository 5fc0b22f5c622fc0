"""Learning rates as an input of the training graph: trainings that differ only in learning rate share one graph."""

import keras
import tensorflow as tf

from ..compat import learning_rate_schedule, steps_taken


class ConstantLearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that stays, as a schedule: with it, a training shares the graph of one whose rate changes.

    Args:
        learning_rate: a number.
    """

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def __call__(self, step):
        return self.learning_rate

    def get_config(self):
        return {"learning_rate": self.learning_rate}


def upcoming_learning_rates(optimizer, num_steps):
    """A function without arguments that returns the learning rates of the optimizer's next `num_steps` steps, float `(num_steps,)`."""
    schedule, float_type = learning_rate_schedule(optimizer), accurate_float()
    if schedule is None:
        return lambda: tf.fill([num_steps], tf.cast(keras.ops.convert_to_tensor(optimizer.learning_rate), float_type))

    def learning_rates_from(first_step):
        steps = first_step + tf.range(num_steps, dtype=tf.int64)
        return tf.vectorized_map(lambda step: tf.cast(schedule(step), float_type), steps)

    # Traced once, here: TensorFlow would take each new training for needless retracing.
    graph = tf.function(learning_rates_from, autograph=False).get_concrete_function(tf.TensorSpec((), tf.int64))
    return lambda: graph(steps_taken(optimizer))


def accurate_float():
    """The type of sums and learning rates: float32, or float64 if that is Keras's float type."""
    return tf.float64 if keras.config.floatx() == "float64" else tf.float32

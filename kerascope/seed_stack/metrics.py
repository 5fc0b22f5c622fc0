"""Accuracy as a Keras metric that can be computed for many members at once."""

import keras
import tensorflow as tf


def accuracy(y_true, y_pred):
    """Whether the largest of the class scores `(..., classes)` is the one of the integer label; float32, one value a sample."""
    # Not Keras's own: its argmax has no vectorised form, and would be traced once per member.
    labels = tf.reshape(y_true, tf.shape(y_pred)[:-1])
    return tf.cast(tf.equal(tf.argmax(y_pred, -1), tf.cast(labels, tf.int64)), tf.float32)


def accuracy_metric():
    """A Keras metric: the mean of `accuracy`."""
    return keras.metrics.MeanMetricWrapper(accuracy, name="accuracy")

"""Keras's examples on tables: features by name, wide and deep, recommendation, rare classes, a loss within the model."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .example import SAMPLES, Example, integers, normal, uniform, wrong_class, wrong_probability

NUMERIC = {"age": 30 + 10 * normal(SAMPLES), "chol": 240 + 50 * normal(SAMPLES, 1)[:, 0]}
CATEGORIES = {"sex": 2, "thal": 4}
TABLE = {**NUMERIC, **{name: integers(number, SAMPLES) for name, number in CATEGORIES.items()}}
TABLE = {name: column[:, None] for name, column in TABLE.items()}
TARGET = integers(2, SAMPLES)


def build_structured():
    """Numbers normalised by their own statistics, categories in one-hot form, all in the model."""
    inputs, encoded = {}, []
    for name in NUMERIC:
        inputs[name] = keras.Input(shape=(1,), name=name)
        normalizer = layers.Normalization()
        normalizer.adapt(TABLE[name])
        encoded.append(normalizer(inputs[name]))
    for name, number in CATEGORIES.items():
        inputs[name] = keras.Input(shape=(1,), name=name, dtype="int32")
        encoded.append(layers.CategoryEncoding(num_tokens=number, output_mode="one_hot")(inputs[name]))
    x = layers.Dense(8, activation="relu")(layers.concatenate(encoded))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(x)))


structured_data = Example(
    build_structured,
    lambda: (TABLE, TARGET),
    lambda: {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]},
    misclassified=wrong_probability,
    unmeasured=("PredictionMonitor",),
)


def build_wide_and_deep():
    inputs = {name: keras.Input(shape=(1,), name=name, dtype="int32" if name in CATEGORIES else "float32") for name in TABLE}
    wide = [layers.CategoryEncoding(number, output_mode="one_hot")(inputs[name]) for name, number in CATEGORIES.items()]
    deep = [layers.Flatten()(layers.Embedding(number, 2)(inputs[name])) for name, number in CATEGORIES.items()]
    numbers = [inputs[name] for name in NUMERIC]
    wide = layers.BatchNormalization()(layers.concatenate([*wide, *numbers]))
    deep = layers.concatenate([*deep, *numbers])
    for units in (6, 6):
        deep = layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(deep))))
    outputs = layers.Dense(units=3, activation="softmax")(layers.concatenate([wide, deep]))
    return keras.Model(inputs=inputs, outputs=outputs)


wide_and_deep = Example(
    build_wide_and_deep,
    lambda: (TABLE, integers(3, SAMPLES)),
    lambda: {
        "optimizer": keras.optimizers.Adam(learning_rate=0.001),
        "loss": keras.losses.SparseCategoricalCrossentropy(),
        "metrics": [keras.metrics.SparseCategoricalAccuracy()],
    },
    misclassified=wrong_class,
    unmeasured=("PredictionMonitor",),
    repeats_tokens=True,
)


class RecommenderNet(keras.Model):
    """Users and films as vectors and biases; their product, over the batch as the example has it, is the rating."""

    def __init__(self, num_users, num_films, embedding_size, **kwargs):
        super().__init__(**kwargs)
        vectors = {"embeddings_initializer": "he_normal", "embeddings_regularizer": keras.regularizers.l2(1e-6)}
        self.user_embedding = layers.Embedding(num_users, embedding_size, **vectors)
        self.user_bias = layers.Embedding(num_users, 1)
        self.film_embedding = layers.Embedding(num_films, embedding_size, **vectors)
        self.film_bias = layers.Embedding(num_films, 1)

    def call(self, inputs):
        users, films = inputs[:, 0], inputs[:, 1]
        product = ops.tensordot(self.user_embedding(users), self.film_embedding(films), 2)
        return ops.nn.sigmoid(product + self.user_bias(users) + self.film_bias(films))


def build_recommender():
    model = RecommenderNet(7, 11, 4)
    model(tf.zeros((1, 2), "int32"))
    return model


collaborative_filtering = Example(
    build_recommender,
    lambda: (np.stack([integers(7, SAMPLES), integers(11, SAMPLES)], axis=1), uniform(SAMPLES)),
    lambda: {"loss": keras.losses.BinaryCrossentropy(), "optimizer": keras.optimizers.Adam(learning_rate=0.001)},
    unmeasured=("ActivationMonitor", "NoiseMonitor"),
    repeats_tokens=True,
)


def build_fraud_detector():
    return keras.Sequential(
        [
            keras.Input(shape=(8,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


imbalanced_classes = Example(
    build_fraud_detector,
    lambda: (normal(SAMPLES, 8), (integers(5, SAMPLES, 1) == 0).astype("uint8")),
    lambda: {
        "optimizer": keras.optimizers.Adam(1e-2),
        "loss": "binary_crossentropy",
        "metrics": [
            keras.metrics.FalseNegatives(name="fn"),
            keras.metrics.Precision(name="precision"),
            keras.metrics.Recall(name="recall"),
        ],
    },
    fit_arguments={"class_weight": {0: 0.1, 1: 0.4}},
    misclassified=wrong_probability,
)


class LogisticEndpoint(layers.Layer):
    """The loss as a layer, which takes the targets as an input; probabilities without them."""

    def __init__(self, name=None):
        super().__init__(name=name)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def call(self, logits, targets=None, sample_weight=None):
        if targets is not None:
            self.add_loss(self.loss_fn(targets, logits, sample_weight))
        return ops.softmax(logits)


def build_endpoint():
    inputs, targets = keras.Input((5,), name="inputs"), keras.Input((3,), name="targets")
    logits = layers.Dense(3)(layers.Dense(6, activation="relu")(inputs))
    return keras.Model({"inputs": inputs, "targets": targets}, LogisticEndpoint(name="predictions")(logits, targets))


endpoint_layer = Example(
    build_endpoint,
    lambda: ({"inputs": normal(SAMPLES, 5), "targets": keras.utils.to_categorical(integers(3, SAMPLES), 3).astype("float32")}, None),
    lambda: {"optimizer": keras.optimizers.Adam(1e-3)},
    unmeasured=("PredictionMonitor",),
)

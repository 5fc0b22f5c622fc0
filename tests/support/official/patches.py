"""Keras's examples with layers of their own on images and point clouds: transformers of patches, mixers, PointNet, contrastive losses."""

import keras
import numpy as np
from keras import layers, ops

from .example import SAMPLES, Example, integers, normal, uniform, wrong_class

SIDE, PATCH, CLASSES, WIDTH = 8, 4, 3, 6
NUM_PATCHES = (SIDE // PATCH) ** 2
LABELS = integers(CLASSES, SAMPLES)
IMAGES = uniform(SAMPLES, SIDE, SIDE, 3) + LABELS[:, None, None, None].astype("float32") / 2
POINTS = 16


class Patches(layers.Layer):
    """Images cut into flat patches."""

    def __init__(self, patch_size):
        super().__init__()
        self.patch_size = patch_size

    def call(self, images):
        batch, height, width, channels = ops.shape(images)
        rows, columns = height // self.patch_size, width // self.patch_size
        patches = ops.image.extract_patches(images, size=self.patch_size)
        return ops.reshape(patches, (batch, rows * columns, self.patch_size * self.patch_size * channels))


class PatchEncoder(layers.Layer):
    """Patches projected, with an embedding of their position added."""

    def __init__(self, num_patches, projection_dim):
        super().__init__()
        self.num_patches = num_patches
        self.projection = layers.Dense(units=projection_dim)
        self.position_embedding = layers.Embedding(input_dim=num_patches, output_dim=projection_dim)

    def call(self, patch):
        positions = ops.expand_dims(ops.arange(start=0, stop=self.num_patches, step=1), axis=0)
        return self.projection(patch) + self.position_embedding(positions)


def mlp(x, hidden_units, dropout_rate):
    for units in hidden_units:
        x = layers.Dense(units, activation=keras.activations.gelu)(x)
        x = layers.Dropout(dropout_rate)(x)
    return x


def build_vision_transformer():
    augmentation = keras.Sequential([layers.Normalization(), layers.Resizing(SIDE, SIDE), layers.RandomFlip("horizontal")], name="augment")
    augmentation.layers[0].adapt(IMAGES)
    inputs = keras.Input(shape=(SIDE, SIDE, 3))
    encoded = PatchEncoder(NUM_PATCHES, WIDTH)(Patches(PATCH)(augmentation(inputs)))
    x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=WIDTH, dropout=0.1)(x1, x1)
    x2 = layers.Add()([attention, encoded])
    x3 = layers.LayerNormalization(epsilon=1e-6)(x2)
    encoded = layers.Add()([mlp(x3, [2 * WIDTH, WIDTH], 0.1), x2])
    representation = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(encoded))
    features = mlp(layers.Dropout(0.5)(representation), [8], 0.5)
    return keras.Model(inputs=inputs, outputs=layers.Dense(CLASSES)(features))


def from_logits_with_metrics():
    return {
        "optimizer": keras.optimizers.AdamW(learning_rate=0.001, weight_decay=0.0001),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": [
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
            keras.metrics.SparseTopKCategoricalAccuracy(2, name="top-2-accuracy"),
        ],
    }


vision_transformer = Example(
    build_vision_transformer,
    lambda: (IMAGES, LABELS[:, None]),
    from_logits_with_metrics,
    fit_arguments={"validation_split": 0.1},
    misclassified=wrong_class,
)


class MixerLayer(layers.Layer):
    """Two perceptrons: one over the patches, one over the channels."""

    def __init__(self, num_patches, hidden_units, dropout_rate):
        super().__init__()
        self.mlp1 = keras.Sequential(
            [layers.Dense(units=num_patches, activation="gelu"), layers.Dense(units=num_patches), layers.Dropout(rate=dropout_rate)]
        )
        self.mlp2 = keras.Sequential(
            [layers.Dense(units=num_patches, activation="gelu"), layers.Dense(units=hidden_units), layers.Dropout(rate=dropout_rate)]
        )
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    def build(self, input_shape):
        return super().build(input_shape)

    def call(self, inputs):
        x = self.normalize(inputs)
        x = ops.transpose(x, axes=(0, 2, 1))
        x = ops.transpose(self.mlp1(x), axes=(0, 2, 1)) + inputs
        return x + self.mlp2(self.normalize(x))


def build_mlp_mixer():
    inputs = keras.Input(shape=(SIDE, SIDE, 3))
    x = layers.Dense(units=WIDTH)(Patches(PATCH)(inputs))
    x = keras.Sequential([MixerLayer(NUM_PATCHES, WIDTH, 0.2)])(x)
    x = layers.Dropout(rate=0.2)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs=inputs, outputs=layers.Dense(CLASSES)(x))


mlp_mixer = Example(
    build_mlp_mixer,
    lambda: (IMAGES, LABELS),
    from_logits_with_metrics,
    callbacks=lambda: [keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=0)],
    misclassified=wrong_class,
)


class OrthogonalRegularizer(keras.regularizers.Regularizer):
    """A penalty on transformations that are not orthogonal."""

    def __init__(self, num_features, l2reg=0.001):
        self.num_features, self.l2reg, self.eye = num_features, l2reg, ops.eye(num_features)

    def __call__(self, x):
        x = ops.reshape(x, (-1, self.num_features, self.num_features))
        xxt = ops.reshape(ops.tensordot(x, x, axes=(2, 2)), (-1, self.num_features, self.num_features))
        return ops.sum(self.l2reg * ops.square(xxt - self.eye))


def conv_bn(x, filters):
    x = layers.Conv1D(filters, kernel_size=1, padding="valid")(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.0)(x))


def dense_bn(x, units):
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.0)(layers.Dense(units)(x)))


def tnet(inputs, num_features):
    """A learned transformation of the points, identity at first."""
    identity = keras.initializers.Constant(np.eye(num_features).flatten())
    x = layers.GlobalMaxPooling1D()(conv_bn(inputs, 6))
    x = layers.Dense(
        num_features * num_features,
        kernel_initializer="zeros",
        bias_initializer=identity,
        activity_regularizer=OrthogonalRegularizer(num_features),
    )(x)
    return layers.Dot(axes=(2, 1))([inputs, layers.Reshape((num_features, num_features))(x)])


def build_pointnet():
    inputs = keras.Input(shape=(POINTS, 3))
    x = conv_bn(tnet(inputs, 3), 6)
    x = layers.Dropout(0.3)(dense_bn(layers.GlobalMaxPooling1D()(x), 6))
    return keras.Model(inputs=inputs, outputs=layers.Dense(CLASSES, activation="softmax")(x), name="pointnet")


pointnet = Example(
    build_pointnet,
    lambda: (normal(SAMPLES, POINTS, 3), LABELS),
    lambda: {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": keras.optimizers.Adam(learning_rate=0.001),
        "metrics": ["sparse_categorical_accuracy"],
    },
    misclassified=wrong_class,
    unmeasured=("NoiseMonitor",),
)


class SupervisedContrastiveLoss(keras.losses.Loss):
    """Samples of one class attract each other, all others in the batch repel: no sum over samples."""

    def __init__(self, temperature=1.0, name=None):
        super().__init__(name=name)
        self.temperature = temperature

    def __call__(self, labels, feature_vectors, sample_weight=None):
        vectors = keras.utils.normalize(feature_vectors, axis=1)
        logits = ops.divide(ops.matmul(vectors, ops.transpose(vectors)), self.temperature)
        labels = ops.reshape(labels, (-1, 1))
        alike = ops.cast(ops.equal(labels, ops.transpose(labels)), logits.dtype)
        share = alike / ops.sum(alike, axis=1, keepdims=True)
        return -ops.mean(ops.sum(share * ops.log_softmax(logits, axis=1), axis=1))


def build_encoder_with_projection():
    inputs = keras.Input(shape=(SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, strides=2, activation="relu")(inputs)
    encoder = keras.Model(inputs=inputs, outputs=layers.GlobalAveragePooling2D()(x), name="encoder")
    return keras.Model(inputs=inputs, outputs=layers.Dense(5, activation="relu")(encoder(inputs)), name="encoder_with_projection_head")


supervised_contrastive = Example(
    build_encoder_with_projection,
    lambda: (IMAGES, LABELS),
    lambda: {"optimizer": keras.optimizers.Adam(0.001), "loss": SupervisedContrastiveLoss(0.05)},
    unmeasured=("NoiseMonitor",),
)

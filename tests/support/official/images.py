"""Keras's examples on images, with ordinary layers: classification, segmentation, denoising, pairs, several outputs, transfer."""

import keras
import numpy as np
from keras import layers, ops

from .example import SAMPLES, Example, integers, normal, uniform, wrong_class, wrong_logit, wrong_one_hot

SIDE, CLASSES = 12, 3
LABELS = integers(CLASSES, SAMPLES)
IMAGES = (uniform(SAMPLES, SIDE, SIDE, 1) + LABELS[:, None, None, None] / 2).astype("float32")
COLOURED = uniform(SAMPLES, SIDE, SIDE, 3)


def build_mnist_convnet():
    return keras.Sequential(
        [
            keras.Input(shape=(SIDE, SIDE, 1)),
            layers.Conv2D(4, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(6, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


mnist_convnet = Example(
    build_mnist_convnet,
    lambda: (IMAGES, keras.utils.to_categorical(LABELS, CLASSES)),
    lambda: {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    fit_arguments={"validation_split": 0.1},
    misclassified=wrong_one_hot,
)


def build_denoising_autoencoder():
    image = layers.Input(shape=(SIDE, SIDE, 1))
    x = layers.Conv2D(4, (3, 3), activation="relu", padding="same")(image)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    x = layers.Conv2D(4, (3, 3), activation="relu", padding="same")(x)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    x = layers.Conv2DTranspose(4, (3, 3), strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(4, (3, 3), strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
    return keras.Model(image, x)


def noisy_and_clean():
    clean = uniform(SAMPLES, SIDE, SIDE, 1)
    return np.clip(clean + 0.4 * normal(SAMPLES, SIDE, SIDE, 1), 0.0, 1.0), clean


denoising_autoencoder = Example(
    build_denoising_autoencoder,
    noisy_and_clean,
    lambda: {"optimizer": "adam", "loss": "binary_crossentropy"},
)


def build_unet():
    """Separable convolutions with residuals on the way down, transposed ones on the way up."""
    inputs = keras.Input(shape=(SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    before = x
    x = layers.BatchNormalization()(layers.SeparableConv2D(6, 3, padding="same")(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = before = layers.add([x, layers.Conv2D(6, 1, strides=2, padding="same")(before)])
    x = layers.BatchNormalization()(layers.Conv2DTranspose(6, 3, padding="same")(layers.Activation("relu")(x)))
    residual = layers.Conv2D(6, 1, padding="same")(layers.UpSampling2D(4)(before))
    x = layers.add([layers.UpSampling2D(4)(x), residual])
    return keras.Model(inputs, layers.Conv2D(CLASSES, 3, activation="softmax", padding="same")(x))


unet_segmentation = Example(
    build_unet,
    lambda: (COLOURED, integers(CLASSES, SAMPLES, SIDE, SIDE, 1)),
    lambda: {"optimizer": keras.optimizers.Adam(1e-3), "loss": "sparse_categorical_crossentropy"},
    misclassified=wrong_class,
)


def euclidean_distance(vectors):
    x, y = vectors
    squares = ops.sum(ops.square(x - y), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(squares, keras.backend.epsilon()))


def build_siamese():
    """Two images through one network; the distance of their embeddings, normalised, tells whether they are alike."""
    inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.BatchNormalization()(inputs)
    x = layers.Conv2D(4, (5, 5), activation="tanh")(x)
    x = layers.AveragePooling2D(pool_size=(2, 2))(x)
    x = layers.BatchNormalization()(layers.Flatten()(x))
    embedding = keras.Model(inputs, layers.Dense(5, activation="tanh")(x))
    first, second = keras.Input((SIDE, SIDE, 1)), keras.Input((SIDE, SIDE, 1))
    distance = layers.Lambda(euclidean_distance, output_shape=(1,))([embedding(first), embedding(second)])
    outputs = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(distance))
    return keras.Model(inputs=[first, second], outputs=outputs)


def contrastive_loss(margin):
    def contrastive(y_true, y_pred):
        return ops.mean((1 - y_true) * ops.square(y_pred) + y_true * ops.square(ops.maximum(margin - y_pred, 0)))

    return contrastive


def pairs():
    other = np.random.default_rng(0).permutation(SAMPLES)
    return [IMAGES, IMAGES[other]], (LABELS[other] != LABELS).astype("float32")


siamese_contrastive = Example(
    build_siamese,
    pairs,
    lambda: {"loss": contrastive_loss(margin=1), "optimizer": "RMSprop", "metrics": ["accuracy"]},
    unmeasured=("PredictionMonitor",),
)


def build_several_outputs():
    """A digit's class and whether it is odd, from one trunk, by name."""
    image = keras.Input(shape=(SIDE, SIDE, 1), name="image")
    x = layers.Conv2D(4, 3, activation="relu")(image)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    block = layers.MaxPooling2D(3)(x)
    x = layers.Conv2D(4, 3, activation="relu", padding="same")(block)
    x = layers.GlobalAveragePooling2D()(layers.add([x, block]))
    x = layers.Dropout(0.5)(layers.Dense(6, activation="relu")(x))
    outputs = {"digit": layers.Dense(CLASSES, name="digit")(x), "odd": layers.Dense(1, activation="sigmoid", name="odd")(x)}
    return keras.Model(inputs=image, outputs=outputs, name="digits")


several_outputs = Example(
    build_several_outputs,
    lambda: (IMAGES, {"digit": LABELS, "odd": (LABELS % 2).astype("float32")[:, None]}),
    lambda: {
        "optimizer": keras.optimizers.RMSprop(1e-3),
        "loss": {"digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "odd": keras.losses.BinaryCrossentropy()},
        "loss_weights": {"digit": 1.0, "odd": 0.2},
        "metrics": {"digit": ["acc"], "odd": ["mae"]},
    },
    unmeasured=("PredictionMonitor",),
)


def build_transfer():
    """A frozen base in inference mode under a new head of one logit."""
    base = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), layers.Conv2D(4, 3, strides=2, use_bias=False), layers.BatchNormalization(), layers.ReLU(6.0)],
        name="base",
    )
    base.trainable = False
    inputs = keras.Input(shape=(SIDE, SIDE, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    x = base(layers.Rescaling(scale=1 / 127.5, offset=-1)(x), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(1)(x))


transfer_learning = Example(
    build_transfer,
    lambda: (255 * COLOURED, LABELS % 2),
    lambda: {
        "optimizer": keras.optimizers.Adam(),
        "loss": keras.losses.BinaryCrossentropy(from_logits=True),
        "metrics": [keras.metrics.BinaryAccuracy()],
    },
    misclassified=wrong_logit,
)

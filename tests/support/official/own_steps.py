"""Keras's examples that override what is trained: a VAE, a GAN, distillation, contrastive pretraining, a step of one's own."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .example import SAMPLES, Example, integers, normal, uniform

SIDE, LATENT, CLASSES = 8, 2, 3
IMAGES = uniform(SAMPLES, SIDE, SIDE, 1)
LABELS = integers(CLASSES, SAMPLES)
FIXED_NOISE = normal(64, LATENT)


class Sampling(layers.Layer):
    """A point drawn from the encoder's distribution."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_variance = inputs
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.seed_generator)


def reconstruction_and_divergence(data, reconstruction, mean, log_variance):
    reconstructed = ops.mean(ops.sum(keras.losses.binary_crossentropy(data, reconstruction), axis=(1, 2)))
    divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
    return reconstructed, ops.mean(ops.sum(divergence, axis=1))


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        names = ("total_loss", "reconstruction_loss", "kl_loss")
        self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker = (keras.metrics.Mean(name=name) for name in names)

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            mean, log_variance, z = self.encoder(data)
            losses = reconstruction_and_divergence(data, self.decoder(z), mean, log_variance)
            total = sum(losses)
        self.optimizer.apply_gradients(zip(tape.gradient(total, self.trainable_weights), self.trainable_weights, strict=True))
        for tracker, value in zip(self.metrics, (total, *losses), strict=True):
            tracker.update_state(value)
        return {"loss": self.total_loss_tracker.result(), "kl_loss": self.kl_loss_tracker.result()}


def build_vae():
    inputs = keras.Input(shape=(SIDE, SIDE, 1))
    x = layers.Conv2D(3, 3, activation="relu", strides=2, padding="same")(inputs)
    x = layers.Dense(4, activation="relu")(layers.Flatten()(x))
    mean, log_variance = layers.Dense(LATENT, name="z_mean")(x), layers.Dense(LATENT, name="z_log_var")(x)
    encoder = keras.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])], name="encoder")
    latent = keras.Input(shape=(LATENT,))
    x = layers.Reshape((4, 4, 2))(layers.Dense(4 * 4 * 2, activation="relu")(latent))
    x = layers.Conv2DTranspose(3, 3, activation="relu", strides=2, padding="same")(x)
    decoder = keras.Model(latent, layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x), name="decoder")
    return VAE(encoder, decoder)


def vae_loss(model, batch):
    """The objective at the mean of the encoder's distribution, without a draw."""
    mean, log_variance, _ = model.encoder(batch["x"], training=False)
    return sum(reconstruction_and_divergence(batch["x"], model.decoder(mean, training=False), mean, log_variance))


variational_autoencoder = Example(
    build_vae,
    lambda: (IMAGES, None),
    lambda: {"optimizer": keras.optimizers.Adam()},
    loss=vae_loss,
    unmeasured=("ActivationMonitor", "PredictionMonitor"),
    refused="train_step",
)


class GAN(keras.Model):
    """A generator and a discriminator, each with its optimizer."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator, self.generator, self.latent_dim = discriminator, generator, latent_dim
        self.seed_generator = keras.random.SeedGenerator(1337)

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
        self.d_loss_metric, self.g_loss_metric = keras.metrics.Mean(name="d_loss"), keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images):
        batch_size = ops.shape(real_images)[0]
        noise = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
        images = ops.concatenate([self.generator(noise), real_images], axis=0)
        labels = ops.concatenate([ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0)
        labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(images))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        noise = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(ops.zeros((batch_size, 1)), self.discriminator(self.generator(noise)))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def build_gan():
    discriminator = keras.Sequential(
        [
            keras.Input(shape=(SIDE, SIDE, 1)),
            layers.Conv2D(3, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="discriminator",
    )
    generator = keras.Sequential(
        [
            keras.Input(shape=(LATENT,)),
            layers.Dense(4 * 4 * 2),
            layers.Reshape((4, 4, 2)),
            layers.Conv2DTranspose(3, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, kernel_size=5, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )
    return GAN(discriminator=discriminator, generator=generator, latent_dim=LATENT)


def generator_loss(model, batch):
    """The share of fixed noise that the discriminator sees through."""
    noise = tf.constant(FIXED_NOISE)[: tf.shape(batch["x"])[0]]
    p_fake = model.discriminator(model.generator(noise, training=False), training=False)
    return tf.reduce_mean(-tf.math.log(1 - p_fake))


dcgan = Example(
    build_gan,
    lambda: (IMAGES, None),
    lambda: {
        "d_optimizer": keras.optimizers.Adam(learning_rate=0.0001),
        "g_optimizer": keras.optimizers.Adam(learning_rate=0.0001),
        "loss_fn": keras.losses.BinaryCrossentropy(),
    },
    loss=generator_loss,
    unmeasured=("ActivationMonitor", "PredictionMonitor", "NoiseMonitor"),
    refused="train_step",
)


class Distiller(keras.Model):
    """A student that learns from labels and from a teacher."""

    def __init__(self, student, teacher):
        super().__init__()
        self.teacher, self.student = teacher, student

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn, self.distillation_loss_fn = student_loss_fn, distillation_loss_fn
        self.alpha, self.temperature = alpha, temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        softened = (ops.softmax(scores / self.temperature, axis=1) for scores in (teacher_pred, y_pred))
        distillation_loss = self.distillation_loss_fn(*softened) * self.temperature**2
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


def build_distiller():
    def network(name, filters):
        return keras.Sequential(
            [
                keras.Input(shape=(SIDE, SIDE, 1)),
                layers.Conv2D(filters, (3, 3), strides=(2, 2), padding="same"),
                layers.LeakyReLU(negative_slope=0.2),
                layers.MaxPooling2D(pool_size=(2, 2), strides=(1, 1), padding="same"),
                layers.Flatten(),
                layers.Dense(CLASSES),
            ],
            name=name,
        )

    teacher = network("teacher", 5)
    teacher.trainable = False
    model = Distiller(student=network("student", 2), teacher=teacher)
    model(IMAGES[:1])
    return model


def distillation_loss(model, batch):
    student, teacher = model.student(batch["x"], training=False), model.teacher(batch["x"], training=False)
    hard = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(batch["y"], student))
    divergence = tf.nn.softmax(teacher / 10) * (tf.nn.log_softmax(teacher / 10) - tf.nn.log_softmax(student / 10))
    return 0.1 * hard + 0.9 * 10**2 * tf.reduce_mean(tf.reduce_sum(divergence, axis=1))


knowledge_distillation = Example(
    build_distiller,
    lambda: (IMAGES, LABELS),
    lambda: {
        "optimizer": keras.optimizers.Adam(),
        "metrics": [keras.metrics.SparseCategoricalAccuracy()],
        "student_loss_fn": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "distillation_loss_fn": keras.losses.KLDivergence(),
        "alpha": 0.1,
        "temperature": 10,
    },
    loss=distillation_loss,
    refused="compute_loss",
)


class ContrastiveModel(keras.Model):
    """SimCLR: two augmented views of a batch, each image to be found among all of the other view."""

    def __init__(self, temperature=0.1):
        super().__init__()
        self.temperature = temperature
        self.contrastive_augmenter = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.RandomFlip(), layers.GaussianNoise(0.1)])
        self.encoder = keras.Sequential(
            [keras.Input((SIDE, SIDE, 1)), layers.Conv2D(3, 3, strides=2, activation="relu"), layers.Flatten(), layers.Dense(5, "relu")],
            name="encoder",
        )
        self.projection_head = keras.Sequential([keras.Input((5,)), layers.Dense(5, activation="relu"), layers.Dense(5)], name="projection")
        self.contrastive_loss_tracker = keras.metrics.Mean(name="c_loss")

    @property
    def metrics(self):
        return [self.contrastive_loss_tracker]

    def contrastive_loss(self, projections_1, projections_2):
        first, second = (keras.utils.normalize(projections, axis=1) for projections in (projections_1, projections_2))
        similarities = ops.matmul(first, ops.transpose(second)) / self.temperature
        labels = ops.arange(ops.shape(first)[0])
        losses = (keras.losses.sparse_categorical_crossentropy(labels, s, True) for s in (similarities, ops.transpose(similarities)))
        return sum(ops.mean(loss) for loss in losses) / 2

    def train_step(self, images):
        views = [self.contrastive_augmenter(images, training=True) for _ in range(2)]
        weights = self.encoder.trainable_weights + self.projection_head.trainable_weights
        with tf.GradientTape() as tape:
            loss = self.contrastive_loss(*(self.projection_head(self.encoder(view, training=True)) for view in views))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.contrastive_loss_tracker.update_state(loss)
        return {"c_loss": self.contrastive_loss_tracker.result()}


def contrastive_loss(model, batch):
    """The images against their mirror images: no draw."""
    views = (model.projection_head(model.encoder(images, training=False)) for images in (batch["x"], batch["x"][:, :, ::-1]))
    first, second = (tf.nn.l2_normalize(projections, axis=1) for projections in views)
    similarities = first @ tf.transpose(second) / model.temperature
    rows, columns = (tf.linalg.diag_part(tf.nn.log_softmax(similarities, axis=axis)) for axis in (1, 0))
    return -tf.reduce_mean(rows + columns) / 2


contrastive_pretraining = Example(
    ContrastiveModel,
    lambda: (IMAGES, None),
    lambda: {"optimizer": keras.optimizers.Adam()},
    loss=contrastive_loss,
    unmeasured=("ActivationMonitor", "PredictionMonitor", "NoiseMonitor"),
    refused="train_step",
)


class CustomStep(keras.Model):
    """The guide to custom training steps: a functional model whose step is written out."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = keras.ops.mean(keras.losses.mean_squared_error(y, y_pred)) + 0.1 * ops.mean(ops.abs(y_pred))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def build_custom_step():
    inputs = keras.Input(shape=(6,))
    return CustomStep(inputs, layers.Dense(1)(layers.Dense(4, activation="selu")(inputs)))


def custom_step_loss(model, batch):
    y_pred = model(batch["x"], training=False)
    return tf.reduce_mean(tf.square(y_pred - batch["y"])) + 0.1 * tf.reduce_mean(tf.abs(y_pred))


custom_train_step = Example(
    build_custom_step,
    lambda: (normal(SAMPLES, 6), np.abs(normal(SAMPLES, 1))),
    lambda: {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]},
    loss=custom_step_loss,
    refused="train_step",
)

"""Models that train by more than a compiled loss, with data, and with what they train by as a function of model and batch."""

import keras
import numpy as np
import tensorflow as tf

layers, ops = keras.layers, keras.ops
SAMPLES = 40


def digits():
    """Points and one of three classes each."""
    random = np.random.default_rng(7)
    return random.normal(size=(SAMPLES, 5)).astype("float32"), random.integers(0, 3, SAMPLES).astype("int32")


def small_classifier():
    return keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="tanh"), layers.Dense(3)])


class Sampling(layers.Layer):
    """A draw from a normal distribution, with a generator of its own."""

    def __init__(self):
        super().__init__()
        self.generator = keras.random.SeedGenerator(5)

    def call(self, inputs):
        mean, log_variance = inputs
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.generator)


class ByTape(keras.Model):
    """A model that one loss trains, a function of the batch, by a tape."""

    def trained_by(self, batch):
        raise NotImplementedError

    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.trained_by({"x": x, "y": y})
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights, strict=True))
        return {"loss": loss}


class Variational(ByTape):
    def __init__(self):
        super().__init__()
        inputs = keras.Input((5,))
        hidden = layers.Dense(6, activation="relu")(inputs)
        mean, log_variance = layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_variance")(hidden)
        self.encoder = keras.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])])
        self.decoder = keras.Sequential([keras.Input((2,)), layers.Dense(5, name="decode")])

    def trained_by(self, batch):
        mean, log_variance, z = self.encoder(batch["x"])
        divergence = -0.5 * ops.sum(1 + log_variance - mean**2 - ops.exp(log_variance), axis=1)
        return 50 * ops.mean((self.decoder(z) - batch["x"]) ** 2) + ops.mean(divergence)


class Contrastive(ByTape):
    """Two views of a sample are alike, those of different samples are not."""

    def __init__(self):
        super().__init__()
        self.encode = keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="selu"), layers.Dense(3)])

    def call(self, x):
        return self.encode(x)

    def trained_by(self, batch):
        x = batch["x"]
        one, two = (ops.normalize(self.encode(view), axis=1) for view in (x, x[:, ::-1]))
        similar = ops.matmul(one, ops.transpose(two)) / 0.5
        return ops.mean(keras.losses.sparse_categorical_crossentropy(ops.arange(ops.shape(x)[0]), similar, from_logits=True))


class Distiller(ByTape):
    def __init__(self):
        super().__init__()
        self.student = keras.Sequential([keras.Input((5,)), layers.Dense(3, name="out")], name="student")
        self.teacher = keras.Sequential([keras.Input((5,)), layers.Dense(3, name="out")], name="teacher")
        self.teacher.trainable = False

    def call(self, x):
        return self.student(x)

    def trained_by(self, batch):
        student, teacher = self.student(batch["x"]), self.teacher(batch["x"])
        soft = keras.losses.kl_divergence(ops.softmax(teacher / 3), ops.softmax(student / 3))
        hard = keras.losses.sparse_categorical_crossentropy(batch["y"], student, from_logits=True)
        return ops.mean(0.3 * hard + 0.7 * soft)


class Adversarial(keras.Model):
    """Two networks, each with an optimizer of its own; there is no `call`."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.Input((2,)), layers.Dense(5, name="paint")], name="generator")
        judge = [keras.Input((5,)), layers.Dense(4), layers.LeakyReLU(name="leaky"), layers.Dense(1, name="judge")]
        self.discriminator = keras.Sequential(judge, name="discriminator")

    def compile(self, **kwargs):
        super().compile()
        self.optimizers = {name: keras.optimizers.Adam(0.01) for name in ("generator", "discriminator")}

    @staticmethod
    def generator_loss(model, batch):
        noise = batch["x"][:, :2]
        return ops.mean(ops.softplus(-model.discriminator(model.generator(noise))))

    @staticmethod
    def discriminator_loss(model, batch):
        fake = model.discriminator(model.generator(batch["x"][:, :2]))
        return ops.mean(ops.softplus(-model.discriminator(batch["x"])) + ops.softplus(fake))

    def train_step(self, data):
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        logs = {}
        for name in ("discriminator", "generator"):
            network = getattr(self, name)
            with tf.GradientTape() as tape:
                logs[name] = getattr(self, f"{name}_loss")(self, {"x": x})
            gradients = tape.gradient(logs[name], network.trainable_weights)
            self.optimizers[name].apply_gradients(zip(gradients, network.trainable_weights, strict=True))
        return logs


def _by_tape(kind, with_targets):
    keras.utils.set_random_seed(2)
    model, (x, y) = kind(), digits()
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    return model, x, y if with_targets else None, lambda model, batch: model.trained_by(batch)


def variational():
    return _by_tape(Variational, False)


def contrastive():
    return _by_tape(Contrastive, False)


def distilled():
    return _by_tape(Distiller, True)


def adversarial():
    keras.utils.set_random_seed(2)
    model = Adversarial()
    model.compile()
    return model, digits()[0], None, Adversarial.generator_loss


FOREIGN = (variational, contrastive, adversarial, distilled)

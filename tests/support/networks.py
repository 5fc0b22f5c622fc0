"""Keras models of many kinds, each with data, and with its loss and some of its activations written out once more by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

layers, ops = keras.layers, keras.ops
SAMPLES = 40


@dataclass
class Network:
    """A compiled model, and what a test has to know of it.

    Attributes:
        x, y, sample_weight: data as given to `fit`.
        loss: function without arguments: the loss of all samples in inference mode, in plain operations.
        weights: `{layer: variables}`, all that are trained.
        activations: function without arguments: `{layer: outputs}` of all layers with an activation function that can be measured.
        unseen: those that cannot.
    """

    model: keras.Model
    x: object
    y: object
    loss: Callable
    weights: dict
    activations: Callable
    sample_weight: object = None
    unseen: list = field(default_factory=list)


def random_array(*shape):
    return np.random.default_rng(shape).normal(size=shape).astype("float32")


def random_labels(classes, dtype="int32"):
    return np.random.default_rng(classes).integers(0, classes, SAMPLES).astype(dtype)


def cross_entropies(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def affine(x, layer):
    # As tensors: NumPy would make an array of a Keras variable, which no gradient passes.
    return tf.convert_to_tensor(x) @ layer.kernel.value + layer.bias.value


def from_logits():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Penalised(layers.Dense):
    """Adds a loss of its own; Keras's activity regularisation divides by the number of samples in some versions and not in others."""

    def call(self, x):
        outputs = super().call(x)
        self.add_loss(0.1 * ops.mean(ops.square(outputs)))
        return outputs


def two_inputs_two_outputs():
    """Dicts in and out, two weighted losses and two of layers, weights of the samples, an operation as activation."""
    a, b = keras.Input((5,), name="a"), keras.Input((3,), name="b")
    dense_a = layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01), name="dense_a")
    dense_b = Penalised(8, name="dense_b")
    label, number = layers.Dense(3, name="label"), layers.Dense(1, name="number")
    hidden = layers.Add()([dense_a(a), ops.tanh(dense_b(b))])
    model = keras.Model({"a": a, "b": b}, {"label": label(hidden), "number": number(hidden)})
    model.compile(
        keras.optimizers.Adam(0.01), loss={"label": from_logits(), "number": "mse"}, loss_weights={"label": 1.0, "number": 0.3}, metrics={}
    )
    x = {"a": random_array(SAMPLES, 5), "b": random_array(SAMPLES, 3)}
    y = {"label": random_labels(3), "number": random_array(SAMPLES, 1)}
    weight = np.abs(random_array(SAMPLES))

    def activations():
        of_b = affine(x["b"], dense_b)
        of_a, tanh = tf.nn.relu(affine(x["a"], dense_a)), tf.tanh(of_b)
        outputs = {name: affine(of_a + tanh, layer) for name, layer in (("label", label), ("number", number))}
        return {"dense_a": of_a, "dense_b": of_b, "tanh": tanh, **outputs}

    def loss():
        z = activations()
        labels = tf.reduce_mean(weight * cross_entropies(z["label"], y["label"]))
        numbers = 0.3 * tf.reduce_mean(weight * tf.square(z["number"] - y["number"])[:, 0])
        return labels + numbers + 0.01 * tf.reduce_sum(dense_a.kernel.value**2) + 0.1 * tf.reduce_mean(z["dense_b"] ** 2)

    weights = {layer.name: [layer.kernel, layer.bias] for layer in (dense_a, dense_b, label, number)}
    return Network(model, x, y, loss, weights, activations, {"label": weight, "number": weight})


class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(6, activation="relu", name="dense")
        self.normalise = layers.BatchNormalization(name="normalise")
        self.dropout = layers.Dropout(0.3)

    def call(self, x, training=None):
        return self.dropout(self.normalise(self.dense(x), training=training), training=training)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.blocks = [Block(name="block"), Block(name="block")]
        self.shared = layers.Dense(6, activation="sigmoid", name="shared")
        self.frozen = layers.Dense(6, trainable=False, name="frozen")
        self.unused = layers.Dense(3, activation="relu", name="unused")
        self.out = layers.Dense(3, name="out")
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")
        self.unused.build((None, 6))

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.factor * self.out(self.frozen(self.shared(self.shared(x))))


def subclassed():
    """Layers in layers in a list, two of one name, a layer called twice, one frozen, one without gradient, a weight of the model itself."""
    model = Subclassed()
    x, y = random_array(SAMPLES, 6), random_labels(3)
    model(x[:1])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss=from_logits())

    def activations():
        found, z = {}, x
        for name, block in zip(("block/dense", "block_1/dense"), model.blocks, strict=True):
            found[name] = tf.nn.relu(affine(z, block.dense))
            norm = block.normalise
            z = (found[name] - norm.moving_mean) / tf.sqrt(norm.moving_variance + norm.epsilon) * norm.gamma + norm.beta
        calls = []
        for _ in range(2):
            z = tf.sigmoid(affine(z, model.shared))
            calls.append(z)
        found["shared"] = tf.concat(calls, 0)
        found["frozen"] = affine(z, model.frozen)
        found["out"] = affine(found["frozen"], model.out)
        return found

    def loss():
        return tf.reduce_mean(cross_entropies(model.factor.value * activations()["out"], y))

    weights = {"subclassed": [model.factor]}
    for name, block in zip(("block", "block_1"), model.blocks, strict=True):
        weights[f"{name}/dense"] = [block.dense.kernel, block.dense.bias]
        weights[f"{name}/normalise"] = [block.normalise.gamma, block.normalise.beta]
    for layer in (model.shared, model.unused, model.out):
        weights[layer.name] = [layer.kernel, layer.bias]
    return Network(model, x, y, loss, weights, activations, unseen=["unused"])


def convolutional():
    """Random flips, a convolution, batch normalisation, pooling and a model in the model; softmax as output."""
    inner = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="normalise"), layers.ReLU(name="relu")],
        name="inner",
    )
    out = layers.Dense(3, activation="softmax", name="out")
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.RandomFlip(), inner, layers.MaxPool2D(), layers.Flatten(), layers.Dropout(0.2), out]
    )
    model.compile(keras.optimizers.RMSprop(0.01), loss="sparse_categorical_crossentropy")
    x, y = random_array(SAMPLES, 6, 6, 1), random_labels(3)
    conv, norm = inner.get_layer("conv"), inner.get_layer("normalise")

    def activations():
        z = tf.nn.conv2d(x, conv.kernel.value, 1, "VALID") + conv.bias
        normal = (z - norm.moving_mean) / tf.sqrt(norm.moving_variance + norm.epsilon) * norm.gamma + norm.beta
        relu = tf.nn.relu(normal)
        pooled = tf.reshape(tf.nn.max_pool2d(relu, 2, 2, "VALID"), [SAMPLES, -1])
        return {"inner/conv": z, "inner/relu": relu, "out": tf.nn.softmax(affine(pooled, out))}

    def loss():
        return -tf.reduce_mean(tf.math.log(tf.gather(activations()["out"], y, batch_dims=1)))

    weights = {"inner/conv": [conv.kernel, conv.bias], "inner/normalise": [norm.gamma, norm.beta], "out": [out.kernel, out.bias]}
    return Network(model, x, y, loss, weights, activations)


def sequences():
    """Embedding, recurrent layers in both directions, attention, layer normalisation, a layer over time."""
    inputs = keras.Input((5,), dtype="int32")
    embedding, recurrent = layers.Embedding(11, 4, name="embedding"), layers.SimpleRNN(3, return_sequences=True, name="rnn")
    both = layers.Bidirectional(recurrent, name="both")
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    norm, over_time = layers.LayerNormalization(name="norm"), layers.TimeDistributed(layers.Dense(4, "relu"), name="over_time")
    out = layers.Dense(2, name="out")
    hidden = both(embedding(inputs))
    outputs = out(layers.GlobalAveragePooling1D()(over_time(norm(attention(hidden, hidden)))))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), loss=from_logits())
    x, y = np.random.default_rng(0).integers(0, 11, (SAMPLES, 5)), random_labels(2)

    def activations():
        hidden = both(embedding(x))

        def project(layer, values):
            return tf.einsum("btf,fhd->bthd", values, layer.kernel) + layer.bias

        query, key, value = (project(getattr(attention, f"{name}_dense"), hidden) for name in ("query", "key", "value"))
        scores = tf.nn.softmax(tf.einsum("bqhd,bkhd->bhqk", query, key) / 3**0.5)
        mixed = tf.einsum("bhqk,bkhd->bqhd", scores, value)
        attended = tf.einsum("bqhd,hdf->bqf", mixed, attention.output_dense.kernel) + attention.output_dense.bias
        dense = over_time.layer
        timed = tf.nn.relu(affine(norm(attended), dense))
        projected = {f"attention/{name}": values for name, values in (("query", query), ("key", key), ("value", value))}
        logits = affine(tf.reduce_mean(timed, axis=1), out)
        return {**projected, "attention/attention_output": attended, "over_time": timed, "out": logits}

    def loss():
        return tf.reduce_mean(cross_entropies(activations()["out"], y))

    weights = {"embedding": embedding.trainable_variables}
    for direction in (both.forward_layer, both.backward_layer):
        weights[f"both/{direction.name}"] = direction.trainable_variables
    for name in ("query", "key", "value", "output"):
        layer = getattr(attention, f"{name}_dense")
        weights[f"attention/{layer.name}"] = layer.trainable_variables
    weights.update({"norm": norm.trainable_variables, "over_time": over_time.trainable_variables, "out": out.trainable_variables})
    unseen = [f"both/{direction.name}" for direction in (both.forward_layer, both.backward_layer)]
    return Network(model, x, y, loss, weights, activations, unseen=[*unseen, "attention/softmax"])


class Autoencoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = layers.Dense(3, activation="elu", name="encode"), layers.Dense(5, name="decode")

    def call(self, x):
        decoded = self.decode(self.encode(x))
        self.add_loss(ops.mean(ops.square(decoded - x)))
        return decoded


def autoencoder():
    """No targets: the model adds its loss itself. Run eagerly."""
    model, x = Autoencoder(), random_array(SAMPLES, 5)
    model(x[:1])
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)

    def activations():
        encoded = tf.nn.elu(affine(x, model.encode))
        return {"encode": encoded, "decode": affine(encoded, model.decode)}

    def loss():
        return tf.reduce_mean(tf.square(activations()["decode"] - x))

    weights = {layer.name: [layer.kernel, layer.bias] for layer in (model.encode, model.decode)}
    return Network(model, x, None, loss, weights, activations)


def compiled_by_xla():
    """Several steps in one call, compiled; a layer with a weight that is no kernel."""
    dense, slopes, out = layers.Dense(8, name="dense"), layers.PReLU(name="slopes"), layers.Dense(1, activation="sigmoid", name="out")
    model = keras.Sequential([keras.Input((5,)), dense, slopes, out])
    model.compile(keras.optimizers.SGD(0.1), loss="binary_crossentropy", jit_compile=True, steps_per_execution=2)
    x, y = random_array(SAMPLES, 5), random_labels(2, "float32")[:, None]

    def activations():
        z = affine(x, dense)
        sloped = tf.nn.relu(z) - slopes.alpha * tf.nn.relu(-z)
        return {"dense": z, "slopes": sloped, "out": tf.sigmoid(affine(sloped, out))}

    def loss():
        p = activations()["out"]
        return -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p))

    weights = {"dense": [dense.kernel, dense.bias], "slopes": [slopes.alpha], "out": [out.kernel, out.bias]}
    return Network(model, x, y, loss, weights, activations)


NETWORKS = (two_inputs_two_outputs, subclassed, convolutional, sequences, autoencoder, compiled_by_xla)

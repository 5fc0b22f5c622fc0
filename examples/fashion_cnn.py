"""A small CNN on Fashion-MNIST, watched: where its gradients are large, which of its units are dead, and how far its weights move.

python examples/fashion_cnn.py
"""

import sys
from pathlib import Path

import keras

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # not needed where kerascope is installed
from kerascope.monitors import ActivationMonitor, GradientMonitor, UpdateMonitor

(x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x, x_test = x[..., None] / 255.0, x_test[..., None] / 255.0

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(16, 3, strides=2, activation="relu", name="conv_1"),
        keras.layers.Conv2D(32, 3, strides=2, activation="relu", name="conv_2"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, name="logits"),
    ]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])

gradients, activations = GradientMonitor(x[:256], y[:256], logs="grad_norm/*"), ActivationMonitor(x[:256], logs="dead_fraction/conv*")
callbacks = [gradients, activations, UpdateMonitor(logs=False), keras.callbacks.CSVLogger("log.csv")]
model.fit(x, y, batch_size=128, epochs=5, validation_data=(x_test, y_test), callbacks=callbacks, verbose=2)

print(gradients.frame().to_string(index=False))
print(activations.frame()[["epoch", "layer", "dead_fraction", "inactive_fraction"]].to_string(index=False))
gradients.plot().savefig("gradients.png")

"""Keras's examples on series of numbers: classification, forecasting."""

import keras
import numpy as np

from .example import SAMPLES, Example, integers, normal, wrong_class

STEPS = 16
LABELS = integers(2, SAMPLES)
WAVES = (np.sin(np.arange(STEPS) / (1.5 + LABELS[:, None])) + 0.1 * normal(SAMPLES, STEPS)).astype("float32")[..., None]


def build_series_cnn():
    input_layer = x = keras.layers.Input((STEPS, 1))
    for _ in range(2):
        x = keras.layers.Conv1D(filters=4, kernel_size=3, padding="same")(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    output = keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling1D()(x))
    return keras.models.Model(inputs=input_layer, outputs=output)


timeseries_cnn = Example(
    build_series_cnn,
    lambda: (WAVES, LABELS),
    lambda: {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["sparse_categorical_accuracy"]},
    fit_arguments={"validation_split": 0.2},
    callbacks=lambda: [
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=20, min_lr=0.0001),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=50),
    ],
    misclassified=wrong_class,
)


def build_weather_lstm():
    inputs = keras.layers.Input(shape=(6, 7))
    return keras.Model(inputs=inputs, outputs=keras.layers.Dense(1)(keras.layers.LSTM(5)(inputs)))


weather_forecast = Example(
    build_weather_lstm,
    lambda: (normal(SAMPLES, 6, 7), normal(SAMPLES, 6, 7)[:, -1, :1] / 2),
    lambda: {"optimizer": keras.optimizers.Adam(learning_rate=0.001), "loss": "mse"},
    unmeasured=("ActivationMonitor",),
)

"""The check that Keras runs on TensorFlow, imported before anything that needs it."""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"kerascope works with Keras on TensorFlow, and Keras runs on {keras.backend.backend()!r}: "
        'set the environment variable KERAS_BACKEND to "tensorflow" before keras is imported'
    )

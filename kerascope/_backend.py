"""The check that Keras runs on TensorFlow, imported before anything that needs it."""

import os


def _refusal(backend: str) -> ImportError:
    return ImportError(
        f"kerascope works with Keras on TensorFlow, and Keras runs on {backend!r}: "
        'set the environment variable KERAS_BACKEND to "tensorflow" before keras is imported'
    )


try:
    import keras
except ModuleNotFoundError:  # what another backend needs is not installed (NumPy's imports jax): Keras itself cannot start
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        raise
    raise _refusal(os.environ["KERAS_BACKEND"]) from None

if keras.backend.backend() != "tensorflow":
    raise _refusal(keras.backend.backend())

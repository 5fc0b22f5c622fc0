"""TensorFlow, started without its chatter, and what it trains on."""

import contextlib
import os
import re
import sys
import tempfile

from common.errors import BadInput

# Lines that TensorFlow writes at every start on a machine where nothing is wrong.
CHATTER = re.compile(
    "|".join(
        [
            r"All log messages before absl::InitializeLog",
            r"oneDNN custom operations are on",
            r"Could not find cuda drivers on your machine, GPU will not be used",
            r"This TensorFlow binary is optimized to use available CPU instructions",
            r"To enable the following instructions: .* rebuild TensorFlow",
            r"failed call to cuInit: .*(CUDA_ERROR_NO_DEVICE|UNKNOWN ERROR \(303\))",
            r"Unable to register cu(FFT|DNN|BLAS) factory",
            r"computation placer already registered",
            r"Could not find TensorRT",
        ]
    )
)


def require_tensorflow_backend():
    """Have Keras use TensorFlow; to be called before Keras is imported.

    Raises:
        BadInput: if `KERAS_BACKEND` asks for another.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise BadInput(f"KERAS_BACKEND is {backend!r}, but this project trains with TensorFlow: unset it or set it to tensorflow")


def start():
    """Import TensorFlow and let it find its devices.

    Returns:
        What it will train on, such as `"CPU"` or `"GPU:0 (Tesla T4)"`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with _without_chatter():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            # Else TensorFlow takes all of a GPU's memory, and a second process finds none.
            with contextlib.suppress(RuntimeError):
                tf.config.experimental.set_memory_growth(gpu, True)
        names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
        tf.constant(0)  # the devices' own start-up messages come with the first tensor
    return f"GPU:0 ({names[0]})" if gpus else "CPU"


@contextlib.contextmanager
def _without_chatter():
    """Hold back what the process, its C++ parts included, writes to stderr; let out after the block what is not known chatter."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not CHATTER.search(line):
                    print(line, file=sys.stderr)

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


def start(strategy="auto"):
    """Import TensorFlow, let it find its devices, and choose how to use them.

    Args:
        strategy: `"single"` trains on one device; `"mirrored"` gives each GPU, or each CPU device where there is no GPU, a share of every
            batch (`tf.distribute.MirroredStrategy`); `"auto"` is mirrored with two or more GPUs, else single.

    Returns:
        `(scope, description)`: a function that returns a context in which to build models, and what the training runs on, such as
        `"CPU"` or `"GPU (Tesla T4) x 2, mirrored"`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with _without_chatter():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            # Else TensorFlow takes all of a GPU's memory, and a second process finds none.
            with contextlib.suppress(RuntimeError):
                tf.config.experimental.set_memory_growth(gpu, True)
        kind = f"GPU ({tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'unknown')})" if gpus else "CPU"
        devices = [device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU")]
        tf.constant(0)  # the devices' own start-up messages come with the first tensor
    if strategy == "mirrored" or (strategy == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy(devices).scope, f"{kind} x {len(devices)}, mirrored"
    return contextlib.nullcontext, kind


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

"""The devices that TensorFlow trains on, and its start without the usual chatter on stderr."""

import contextlib
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property

from common import compat, needs
from common.errors import BadInput
from common.lazy import LazyModule

tf = LazyModule("tensorflow")

# When replicas pay. A step that is shared out costs this many seconds more than one on a single device. Measured on two logical CPU devices
# (`python -m benchmarks --only replicas`): 0.7 to 1.6 ms with 50,000 weights, 5.6 ms with 1,200,000, most of it the host's work.
REPLICAS_COST = 2e-3
# Float32 operations a second that a GPU does in products of middling size: half the peak of a Tesla T4 (NVIDIA's data sheet: 8.1e12).
GPU_SPEED = 4e12

MOST_THREADS = 4096

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
            r"XLA service 0x[0-9a-f]+ initialized for platform",
            r"StreamExecutor (device \(\d+\)|\[\d+\]): ",
            r"Compiled cluster using XLA!",
        ]
    )
)


def require_tensorflow_backend():
    """Have Keras use TensorFlow; to be called before Keras is imported.

    Raises:
        BadInput: if `KERAS_BACKEND` asks for another.
    """
    backend = os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow":
        raise BadInput(f"KERAS_BACKEND is {backend!r}, but this project trains with TensorFlow: unset it or set it to tensorflow")


def require_valid_threads():
    """Refuse numbers of threads that TensorFlow would pass over in silence, or end the process for.

    Raises:
        BadInput: if one is not a whole number.
    """
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        number = os.environ.get(name) or "0"
        if not (number.isascii() and number.isdigit()) or int(number) > MOST_THREADS:
            raise BadInput(f"{name} is {number!r}, not a whole number from 0 to {MOST_THREADS}: unset it or give one")


def require_one_worker():
    """Refuse an environment that is set up for training on several machines at once.

    Raises:
        BadInput: if `TF_CONFIG` names several workers, or is not what TensorFlow says it should be.
    """
    try:
        cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
        tasks = sum(len(addresses) for addresses in cluster.values())
    except (ValueError, AttributeError, TypeError):
        raise BadInput("TF_CONFIG is not a JSON object with a cluster of {job: [addresses]}: unset it") from None
    if tasks > 1:
        raise BadInput(
            f"TF_CONFIG names {tasks} workers, but Keras 3 cannot fit under MultiWorkerMirroredStrategy (keras issue 20585): "
            "unset it, and use --cluster to train cells on several machines"
        )


@dataclass(frozen=True)
class DeviceOptions:
    """The choices that a process makes before it trains.

    Attributes:
        strategy: `"single"` trains on one device; `"mirrored"` gives each GPU, or each CPU device where there is no GPU, a share of every
            batch (`tf.distribute.MirroredStrategy`); `"auto"` is mirrored with two or more GPUs and steps that are large enough for it,
            else single. Defaults to `"auto"`.
        determinism: `"on"`, `"off"`, or `"auto"`: whether to ask for TensorFlow's deterministic operations, for the whole process.
            Automatically so on GPUs, whose operations add up in any order else. On a CPU the others give the same bits each time too, and
            an epoch takes 1.0 to 2.0 times as long with these (`python -m benchmarks --only safety`). Defaults to `"auto"`.
    """

    strategy: str = "auto"
    determinism: str = "auto"


AUTO = DeviceOptions()


@dataclass(frozen=True)
class Devices:
    """The devices that TensorFlow found.

    Attributes:
        kind: `"CPU"`, or `"GPU (Tesla T4)"`.
        names: the logical devices, all of a kind.
        strategy: `"auto"`, `"single"` or `"mirrored"`, see `DeviceOptions`.
        deterministic: whether TensorFlow's operations are deterministic, by what it says itself: `TF_DETERMINISTIC_OPS` asks for them, too.
    """

    kind: str
    names: tuple
    strategy: str
    deterministic: bool = False

    def choose(self, arithmetic):
        """Choose the device, or devices, for a cell.

        Args:
            arithmetic: function that returns the floating-point operations of a training step; called only if it matters.

        Returns:
            `(scope, description)`: a function that returns a context in which to build the model, and what it trains on, such as `"CPU"`,
            `"GPU (Tesla T4) x 2, mirrored"`, or `"one of 2 x GPU (Tesla T4), ..."` with the reason.
        """
        replicas = len(self.names)
        if self.strategy == "mirrored" or (
            self.strategy == "auto" and self.kind != "CPU" and replicas > 1 and replicas_pay(arithmetic(), replicas)
        ):
            return self._mirrored.scope, f"{self.kind} x {replicas}, mirrored"
        if self.strategy == "auto" and self.kind != "CPU" and replicas > 1:
            return (
                contextlib.nullcontext,
                f"one of {replicas} x {self.kind}: its steps are too small to share out; --jobs {replicas} has each GPU train cells",
            )
        return contextlib.nullcontext, self.kind

    @cached_property
    def _mirrored(self):
        return tf.distribute.MirroredStrategy(list(self.names))


def replicas_pay(arithmetic, replicas):
    """Whether a step of so many floating-point operations is done sooner by so many GPUs than by one."""
    return arithmetic / GPU_SPEED * (1 - 1 / replicas) > REPLICAS_COST


def start(options=AUTO, only_gpu=None):
    """Import TensorFlow and let it find its devices.

    Args:
        options: the `DeviceOptions`. Defaults to `"auto"` for all.
        only_gpu: number of the GPU that this process uses, counted around where there are fewer. Defaults to None, all of them.

    Returns:
        `Devices`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with _without_chatter():
        gpus = tf.config.list_physical_devices("GPU")
        needs.require_imported()
        if gpus and only_gpu is not None:
            gpus = [gpus[only_gpu % len(gpus)]]
            tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            # Else TensorFlow takes all of a GPU's memory, and a second process finds none.
            with contextlib.suppress(RuntimeError):
                tf.config.experimental.set_memory_growth(gpu, True)
        kind = f"GPU ({tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'unknown')})" if gpus else "CPU"
        names = tuple(device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU"))
        tf.constant(0)  # the devices' own start-up messages come with the first tensor
        if tf.version.VERSION.startswith(("2.18.", "2.19.", "2.20.")):
            _start_xla()
        if options.determinism == "on" or (options.determinism == "auto" and gpus):
            tf.config.experimental.enable_op_determinism()
    return Devices(kind, names, options.strategy, compat.is_op_determinism_enabled())


def _start_xla():
    """Have XLA compile something: with its first program it logs that it is there, in TensorFlow 2.18 to 2.20 at whatever level, in the
    midst of a training. It takes 0.04 to 0.3 s, most of which a first program takes anyway."""
    with contextlib.suppress(tf.errors.OpError):  # XLA lacks a library; a training that needs it says so
        tf.function(lambda: tf.constant(0), autograph=False, jit_compile=True)()


def num_threads():
    """The number of threads that share an operation on the CPU: it decides how sums are split, and so their last bits."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or "0") or len(cores())


def cores():
    """The numbers of the CPU cores that this process may use, in order."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count()))


@contextlib.contextmanager
def _without_chatter():
    """A block that holds back what the process, its C++ parts included, writes to stderr. After the block, all of it but known chatter is
    written."""
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

"""The settings that Keras reads when it is imported: environment variables, and `keras.json` in its folder. They are checked before,
because Keras answers a bad one with a traceback (3.8 to 3.15)."""

import json
import os

from common.errors import BadInput

CAPS = "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"
ADVICE = "mend that, or delete the file: Keras writes a new one"
ALLOWED = {  # {entry of keras.json: (whether Keras takes a value, in words)}
    "floatx": (lambda value: value in ("float16", "float32", "float64"), "float16, float32 or float64"),
    "epsilon": (lambda value: isinstance(value, float), "a number with a decimal point, such as 1e-07"),
    "image_data_format": (lambda value: value in ("channels_last", "channels_first"), "channels_last or channels_first"),
    "nnx_enabled": (lambda value: not value, "false: it is for JAX"),
}


def require_importable():
    """Check what Keras is going to read. Variables that are set and empty are removed: they mean nothing, and Keras takes them for numbers.

    Raises:
        BadInput: if Keras could not be imported, or would train otherwise than the flags say.
    """
    for name in (*CAPS, "KERAS_NNX_ENABLED"):
        if not os.environ.get(name, "x").strip():
            del os.environ[name]
    for name in CAPS:
        if name in os.environ:
            raise BadInput(f"{name} is {os.environ[name]!r}, by which Keras would cut trainings short: unset it, and use --epochs")
    if os.environ.get("KERAS_NNX_ENABLED", "").lower() in ("true", "1"):
        raise BadInput("KERAS_NNX_ENABLED is set, which is for JAX, but this project trains with TensorFlow: unset it")
    path = file()
    if os.path.exists(path) and (problem := _problem(path)):
        raise BadInput(f"{path}: {problem}; {ADVICE}")


def named_folder():
    """Keras's folder as it is named, before it is tried: `KERAS_HOME` as it is, even if it is empty; else `.keras` in the home, or in /tmp
    where that cannot be written."""
    if "KERAS_HOME" in os.environ:
        return os.environ["KERAS_HOME"]
    home = os.path.expanduser("~")
    return os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def file():
    """The path of `keras.json`."""
    return os.path.expanduser(os.path.join(named_folder(), "keras.json"))


def in_words():
    """The variables and the file that Keras reads here, and the advice to mend them; `""` if there are none."""
    read = sorted(name for name in os.environ if name.startswith("KERAS_"))
    if os.path.exists(file()):
        read.append(file())
    return f"it reads {', '.join(read)}: unset or mend what is wrong there" if read else ""


def _problem(path):
    """The reason why Keras cannot be imported with this file, or None."""
    try:
        with open(path) as config:
            settings = json.load(config)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except RecursionError:
        return "is nested too deeply"
    except ValueError:
        return None  # Keras, too, passes over what is no JSON
    if not isinstance(settings, dict):
        return "is no JSON object"
    for name, (allows, words) in ALLOWED.items():
        if name in settings and not allows(settings[name]):
            return f"{name} is {json.dumps(settings[name]):.40}, not {words}"
    return None

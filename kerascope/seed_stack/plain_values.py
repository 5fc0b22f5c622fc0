"""The plain values that an object consists of: numbers, words, hashes of arrays and of code. Objects are compared by them."""

import functools
import hashlib
import numbers
import types

import keras
import numpy as np
import tensorflow as tf

# Names count up from model to model; seeds and initializers only decide the values that a model begins with.
MAY_DIFFER = ("name", "build_config", "shared_object_id")
MAY_DIFFER_ENDINGS = ("seed", "initializer")
LIBRARIES = ("keras", "tensorflow", "tf_keras", "numpy", "jax", "builtins", "functools", "abc", "threading")
# Layers and their variables are compared by themselves; the others belong to one model alone.
LEFT_OUT = (keras.Layer, keras.Variable, keras.KerasTensor, keras.Initializer, keras.Metric, keras.random.SeedGenerator, types.ModuleType)


def plain_values(value, seen, names=None, path=()):
    """The plain values in a structure, `(path, value in words)`; layers and objects of libraries are left out.

    Args:
        value: any object.
        seen: `{id: object}` of those that have been gone through; they are not again.
        names: `{name: name}`, by which strings are replaced. Defaults to `None`: none are.
        path: tuple of str, where the value is. Defaults to `()`.
    """
    if value is None or isinstance(value, numbers.Number | str | bytes | np.generic | range | slice | tf.DType):
        yield path, repr(names.get(value, value) if names and isinstance(value, str) else value)
    elif isinstance(value, np.ndarray) or (isinstance(value, tf.Tensor) and hasattr(value, "numpy")):
        array = np.asarray(value)
        content = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
        yield path, f"an array {array.shape} of {array.dtype} with the hash {hashlib.sha1(content).hexdigest()[:8]}"
    elif isinstance(value, tf.Tensor):
        return  # a symbol that a layer kept when its model was made
    elif isinstance(value, set | frozenset):
        yield path, repr(sorted(map(repr, value)))
    elif not isinstance(value, LEFT_OUT) and id(value) not in seen:
        seen[id(value)] = value
        for name, part in _parts(value).items():
            if name not in MAY_DIFFER and not name.endswith(MAY_DIFFER_ENDINGS):
                yield from plain_values(part, seen, names, (*path, name))


def own_class_attributes(cls):
    """The attributes and methods that a class, if it is not of a library, and its bases define: `{name: value}`."""
    own = [vars(base) for base in reversed(cls.__mro__) if not _is_of_library(base)]
    return {name: value for part in own for name, value in part.items() if not name.startswith("__") or name in ("__call__", "__init__")}


def _parts(value):
    """The parts of an object, `{name: part}`."""
    if isinstance(value, dict):
        return {str(key): part for key, part in value.items()}
    if isinstance(value, list | tuple):
        return {str(i): part for i, part in enumerate(value)}
    if isinstance(value, functools.partial):
        return {"func": value.func, "args": value.args, "keywords": value.keywords}
    if isinstance(value, types.MethodType):
        return {"function": value.__func__, "object": value.__self__}
    if isinstance(value, types.CodeType):
        return {"code": value.co_code, "names": value.co_names, "constants": value.co_consts}
    if isinstance(value, types.FunctionType):
        module = {"function": f"{value.__module__}.{value.__qualname__}"}
        if _is_of_library(value):
            return module
        constants = {"defaults": value.__defaults__, "keywords": value.__kwdefaults__, "closure": _closure(value)}
        return {**module, "code": value.__code__, **constants}
    if isinstance(value, staticmethod | classmethod):
        return {"function": value.__func__}
    if isinstance(value, property):
        return {"getter": value.fget}
    if isinstance(value, type):
        return {"class": value.__qualname__}
    return _parts_of_object(value)


def _closure(function):
    contents = []
    for cell in function.__closure__ or ():
        try:
            contents.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            contents.append(None)
    return contents


def _parts_of_object(value):
    cls = type(value)
    if _is_of_library(cls):  # regularizers, constraints, policies
        config = value.get_config() if hasattr(value, "get_config") else {}
        return {"class": cls.__name__, "config": config}
    slots = [name for base in cls.__mro__ for name in getattr(base, "__slots__", ()) if hasattr(value, name)]
    attributes = {**{name: getattr(value, name) for name in slots}, **getattr(value, "__dict__", {})}
    return {"class": cls.__qualname__, "defined": own_class_attributes(cls), **attributes}


def _is_of_library(value):
    return (getattr(value, "__module__", None) or "builtins").partition(".")[0] in LIBRARIES

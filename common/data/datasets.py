"""The four datasets as arrays: made, or found on disk and checked."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from common.data.fashion_mnist import load_fashion_mnist


class Made(NamedTuple):
    """A dataset that scikit-learn holds or makes.

    Attributes:
        num_classes: of its labels.
        test_size: the share of the samples that are kept for testing.
        make: `(sklearn.datasets)` -> `x, y`.
    """

    num_classes: int
    test_size: float
    make: Callable


MADE = {
    "digits": Made(10, 0.2, lambda sklearn: sklearn.load_digits(return_X_y=True)),
    "moons": Made(2, 0.3, lambda sklearn: sklearn.make_moons(1000, noise=0.3, random_state=42)),
    "circles": Made(2, 0.3, lambda sklearn: sklearn.make_circles(1000, noise=0.2, factor=0.5, random_state=42)),
}
NUM_CLASSES = {"fashion_mnist": 10, **{name: made.num_classes for name, made in MADE.items()}}


def load(name, data_dir=None, download=False):
    """Training and test arrays of a dataset.

    Args:
        name: `"fashion_mnist"` (60,000 + 10,000 images of 28 x 28, scaled to [-1, 1], flattened), `"digits"` (scikit-learn's 1,797 images
            of 8 x 8, 80/20), `"moons"` (two moons, 1,000 points, noise 0.3, 70/30) or `"circles"` (two circles, 1,000 points, noise 0.2,
            factor 0.5, 70/30). The last three are split by class with seed 42 and standardised by the training part.
        data_dir: folder that holds Fashion-MNIST; without it, it is looked for in the Keras cache and in /kaggle/input.
        download: whether Keras may download Fashion-MNIST if it is nowhere.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x float32 `(samples, features)`, y int32 `(samples,)`.

    Raises:
        BadInput: one line that names the folder or file, and what to do.
        ValueError: for an unknown name.
    """
    if name == "fashion_mnist":
        return load_fashion_mnist(data_dir, download)
    if name not in MADE:
        raise ValueError(f"unknown dataset {name!r}: choose from {', '.join(NUM_CLASSES)}")
    # Imported here: scikit-learn takes a second, and a Fashion-MNIST run has no use for it.
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    made = MADE[name]
    x, y = made.make(datasets)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=made.test_size, random_state=42, stratify=y)
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    std[std == 0] = 1  # a pixel that is always blank
    x_train, x_test = (((part - mean) / std).astype(np.float32) for part in (x_train, x_test))
    return (x_train, y_train.astype(np.int32)), (x_test, y_test.astype(np.int32))


def fingerprint(arrays):
    """A short hash of the arrays' contents, so that results from other data are never taken for these."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]

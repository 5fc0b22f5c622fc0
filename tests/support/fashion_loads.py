"""Fashion-MNIST loaded, or refused."""

import re

import numpy as np
import pytest

from common.data import load
from common.errors import BadInput


def assert_holds(loaded, parts):
    for (x, y), (images, labels) in zip(loaded, parts, strict=True):
        np.testing.assert_allclose(x, images.reshape(-1, 784) / 127.5 - 1, atol=1e-6)
        np.testing.assert_array_equal(y, labels)


def refused(*words, **settings):
    """The message with which `load` refuses to load Fashion-MNIST: one line, without advice to delete what is not ours."""
    with pytest.raises(BadInput) as error:
        load("fashion_mnist", *words, **settings)
    message = str(error.value)
    assert "\n" not in message and not re.search(r"\b(delete|remove)", message)
    return message

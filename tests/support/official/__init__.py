"""Keras's official examples (keras.io), shrunk to tiny data: model code as people write it, in words of our own."""

from . import images, own_steps, patches, series, tables, text
from .example import Example

MODULES = (images, patches, text, series, tables, own_steps)
EXAMPLES = {name: value for module in MODULES for name, value in vars(module).items() if isinstance(value, Example)}

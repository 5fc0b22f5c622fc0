"""Many trainings of one Keras model at once: `SeedStack`, and `StackPool`, which uses traced and compiled stacks again."""

from .pool import StackPool
from .stack import SeedStack, batch_order

__all__ = ["SeedStack", "StackPool", "batch_order"]

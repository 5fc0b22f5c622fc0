"""The settings of a cell: one arm on one dataset, over all seeds."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cell:
    """The settings that fix what a cell's tables hold. Another setting is another cell.

    Example:

    ```python
    cell = Cell("exp_c_optimizer", "digits", {"optimizer": "sgd", "batch_size": 64}, seeds=(0, 1), epochs=5, data="0f3a")
    cell["optimizer"]  # "sgd"
    ```
    """

    experiment: str
    dataset: str
    settings: dict  # what flags can vary: {name: value}
    seeds: tuple
    epochs: int
    data: str  # fingerprint of the arrays

    def __getitem__(self, setting):
        return self.settings[setting]

    @property
    def batch_size(self):
        """The number of samples in a step."""
        return self.settings["batch_size"]

    @property
    def id(self):
        """Name of the folder: readable, and unique by a hash of all settings."""
        settings = json.dumps(asdict(self), sort_keys=True)
        words = [name if value is True else str(value) for name, value in self.settings.items() if value]
        return "-".join([self.dataset, *words, hashlib.sha256(settings.encode()).hexdigest()[:10]])

    def epochs_at(self, shares):
        """The epochs after which these shares of the training, from 0 to 1, are done."""
        return [math.ceil(share * self.epochs) for share in shares]

    def seconds_expected(self, samples, features):
        """A rough guess of the cell's time on two cores, good enough to weigh cells against each other in an ETA."""
        steps = -(-samples // self.batch_size)
        weights = features * 256 + 256 * 128  # of the network that all experiments share
        return self.epochs * (steps * 5e-4 + len(self.seeds) * samples * weights * 3e-11)

    def folder(self, root):
        """The cell's folder below the output folder."""
        return Path(root) / self.experiment / "cells" / self.id

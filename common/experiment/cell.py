"""The settings of a cell: one arm on one dataset, over all seeds."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cell:
    """The settings that fix what a cell's tables hold. Another setting is another cell."""

    experiment: str
    dataset: str
    arm: dict  # what the flags vary, or can vary: {name: value}
    seeds: tuple
    epochs: int
    batch_size: int
    init: str
    data: str  # fingerprint of the arrays
    batch_norm: bool = False
    dropout: float = 0.0

    @property
    def id(self):
        """Name of the folder: readable, and unique by a hash of all settings."""
        settings = json.dumps(asdict(self), sort_keys=True)
        words = [self.dataset, *(str(value) for value in self.arm.values()), hashlib.sha256(settings.encode()).hexdigest()[:10]]
        return "-".join(words)

    def setting(self, name):
        """The value of a setting, of the arm or the cell's own."""
        return self.arm[name] if name in self.arm else getattr(self, name)

    def epochs_at(self, shares):
        """The epochs after which these shares of the training, from 0 to 1, are done."""
        return [math.ceil(share * self.epochs) for share in shares]

    def seconds_expected(self, samples, features):
        """A rough guess of what the cell takes on two cores, good enough to weigh cells against each other in an ETA."""
        steps = -(-samples // self.batch_size)
        weights = features * 256 + 256 * 128  # of the network that all experiments share
        return self.epochs * (steps * 5e-4 + len(self.seeds) * samples * weights * 3e-11)

    def folder(self, root):
        return Path(root) / self.experiment / "cells" / self.id

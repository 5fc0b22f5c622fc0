"""UnitActivity: when every single unit is off, and how often it comes back."""

import numpy as np
import pandas as pd

from .core.quantity import Quantity


class UnitActivity:
    """The share of probe samples that switch each unit on, epoch by epoch; `ActivationMonitor(x, units=True).units` is one.

    A sample switches a unit on if the unit's output is above 0. A unit is *off* at an epoch if no sample switches it on; the share of a
    layer's units that are off is `always_off_fraction`. Layers without an activation function are left out.

    Example:

    ```python
    activations = ActivationMonitor(x_train[:256], units=True)
    model.fit(x_train, y_train, epochs=20, callbacks=[activations])
    activations.units.frame().query("revivals > 0")  # the units that were off and came back
    ```
    """

    quantities = (
        Quantity("off_epochs", "epochs at which the unit is off", "epochs", missing="unknown"),
        Quantity("first_off_epoch", "first epoch at which the unit is off", "epochs", missing="never"),
        Quantity("revivals", "times that the unit came back", "1", missing="unknown"),
        Quantity("off_at_end", "off at the end", "", missing="unknown"),
    )

    def __init__(self):
        self.begin(None)

    def begin(self, seeds):
        """Forget all epochs, and take these seeds as the members; None for an ordinary model."""
        self._seeds, self._epochs, self._shares = seeds, [], {}

    def add(self, epoch, shares):
        """Keep the shares `{layer: (members, units)}` of an epoch; 0 is before training."""
        self._epochs.append(epoch)
        for layer, of_units in shares.items():
            self._shares.setdefault(layer, []).append(of_units)

    def arrays(self):
        """All shares as `{name: array}`: `epochs`, int64 `(epochs,)`, and `<layer>`, float32 `(members, epochs, units)`, 0 to 1."""
        arrays = {layer: np.stack(by_epoch, axis=1) for layer, by_epoch in self._shares.items()}
        return {"epochs": np.array(self._epochs, dtype=np.int64), **arrays}

    def set_arrays(self, arrays):
        """Take over the result of another one's `arrays`."""
        self._epochs = arrays["epochs"].tolist()
        self._shares = {layer: list(np.moveaxis(array, 1, 0)) for layer, array in arrays.items() if layer != "epochs"}

    def frame(self):
        """The history of every unit as a tidy DataFrame: a row per seed, layer and unit.

        Columns: `seed`, only if the model has seeds; `layer`; `unit`, from 0; `off_epochs`, the number of measured epochs at which it was
        off; `first_off_epoch`, NaN if never; `revivals`, the number of times that it was off at one measured epoch and not at the next;
        `off_at_end`.
        """
        seeds = self._seeds if self._seeds is not None else [0]
        parts = [
            pd.DataFrame({"seed": seed, "layer": layer, **unit_histories([shares[member] for shares in by_epoch], self._epochs)})
            for member, seed in enumerate(seeds)
            for layer, by_epoch in self._shares.items()
        ]
        if not parts:
            return pd.DataFrame(columns=["seed", "layer", "unit", *(quantity.name for quantity in self.quantities)])
        table = pd.concat(parts, ignore_index=True)
        return table if self._seeds is not None else table.drop(columns="seed")


def unit_histories(shares, epochs):
    """The columns of `UnitActivity.frame` from `unit` on, for one layer of one member.

    Args:
        shares: array `(epochs, units)`, the share of samples that switch a unit on.
        epochs: their numbers.

    Returns:
        A dict of arrays `(units,)`.
    """
    shares = np.asarray(shares)
    off = shares == 0
    return {
        "unit": np.arange(off.shape[1]),
        "off_epochs": off.sum(axis=0),
        "first_off_epoch": np.where(off.any(axis=0), np.asarray(epochs)[off.argmax(axis=0)], np.nan),
        "revivals": (off[:-1] & (shares[1:] > 0)).sum(axis=0),
        "off_at_end": off[-1],
    }

"""UnitActivity: when every single unit is off, and how often it comes back."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .core.quantity import Quantity


class _Fit(NamedTuple):
    """The shares of a training: `{layer: {epoch: (members, units)}}`; and the seeds of its members, or None."""

    layers: dict
    seeds: Any = None


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
        self.clear()

    def clear(self):
        """Forget everything."""
        self._fits = {}

    def add(self, epoch, shares, fit=1, seeds=None):
        """Keep the shares `{layer: (members, units)}` of an epoch.

        Args:
            epoch: number of completed epochs; 0 is before training.
            shares: the shares.
            fit: number of the training. Defaults to `1`.
            seeds: seeds of the members. Defaults to `None`: an ordinary model.
        """
        continued = self._fits.pop(None, _Fit({}))  # by set_arrays
        layers = self._fits.get(fit, continued).layers
        for layer, of_units in shares.items():
            layers.setdefault(layer, {})[epoch] = of_units
        self._fits[fit] = _Fit(layers, seeds)

    def arrays(self):
        """The shares of the last training as `{name: array}`.

        `epochs`, int64 `(epochs,)`, which the members share, and `<layer>`, float32 `(members, epochs, units)`, 0 to
        1; NaN where the layer was not measured.
        """
        layers = [*self._fits.values()][-1].layers if self._fits else {}
        epochs = sorted({epoch for by_epoch in layers.values() for epoch in by_epoch})
        arrays = {}
        for layer, by_epoch in layers.items():
            unknown = np.full_like(next(iter(by_epoch.values())), np.nan)
            arrays[layer] = np.stack([by_epoch.get(epoch, unknown) for epoch in epochs], axis=1)
        return {"epochs": np.array(epochs, dtype=np.int64), **arrays}

    def set_arrays(self, arrays):
        """Take over the result of another one's `arrays`, as the beginning of the training that is added to next."""
        epochs = arrays["epochs"].tolist()
        layers = {layer: dict(zip(epochs, np.moveaxis(array, 1, 0), strict=True)) for layer, array in arrays.items() if layer != "epochs"}
        self._fits = {None: _Fit(layers)}

    def frame(self):
        """The history of every unit as a tidy DataFrame: a row per seed, layer and unit.

        Columns: `seed`, only if the model has seeds; `fit`, from 1, only after several trainings; `layer`; `unit`, from 0; `off_epochs`,
        the number of measured epochs at which it was off; `first_off_epoch`, NaN if never; `revivals`, the number of times that it was off
        at one measured epoch and not at the next; `off_at_end`.
        """
        parts = [
            pd.DataFrame({"seed": seed, "fit": fit, "layer": layer, **unit_histories([of[member] for of in shares.values()], [*shares])})
            for fit, of_fit in self._fits.items()
            for member, seed in enumerate(of_fit.seeds or [None])
            for layer, shares in of_fit.layers.items()
        ]
        if not parts:
            return pd.DataFrame(columns=["seed", "layer", "unit", *(quantity.name for quantity in self.quantities)])
        several, seeds = len(self._fits) > 1, any(of_fit.seeds for of_fit in self._fits.values())
        table = pd.concat(parts, ignore_index=True)
        return table.drop(columns=[*([] if several else ["fit"]), *([] if seeds else ["seed"])])


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

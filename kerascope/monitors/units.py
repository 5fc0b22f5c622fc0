"""UnitActivity: what became of every single unit: which fall silent, when, and which come back."""

import numpy as np
import pandas as pd


class UnitActivity:
    """The share of probe samples that switch each unit on, epoch by epoch; `ActivationMonitor(x, units=True).units` is one.

    A sample switches a unit on if the unit's output is above 0. A unit is *off* at an epoch if no sample switches it on; the share of a
    layer's units that are off is `always_off_fraction`. Layers without an activation function are left out.
    """

    def __init__(self):
        self.begin(None)

    def begin(self, seeds):
        """Forget everything; from now on the members are these seeds (None for an ordinary model)."""
        self._seeds, self._epochs, self._on = seeds, [], {}

    def add(self, epoch, on):
        """Keep the shares `{layer: (members, units)}` of an epoch; 0 is before training."""
        self._epochs.append(epoch)
        for layer, shares in on.items():
            self._on.setdefault(layer, []).append(shares)

    def arrays(self):
        """`epochs` `(epochs,)`, the first of them 0, and for each layer, by name, float32 `(members, epochs, units)`, 0 to 1."""
        arrays = {layer: np.stack(shares, axis=1) for layer, shares in self._on.items()}
        return {"epochs": np.array(self._epochs, dtype=np.int64), **arrays}

    def set_arrays(self, arrays):
        """Take over what `arrays` of another gave."""
        on = {layer: list(np.moveaxis(shares, 1, 0)) for layer, shares in arrays.items() if layer != "epochs"}
        self._epochs, self._on = arrays["epochs"].tolist(), on

    def frame(self):
        """The fate of every unit, tidy: a DataFrame with a row per seed, layer and unit.

        Columns: `seed` (only where the model has seeds); `layer`; `unit`, from 0; `off_epochs`, at how many of the measured epochs it was
        off; `first_off_epoch`, NaN if never; `revivals`, how often it was off at one measured epoch and not at the next; `off_at_end`.
        """
        seeds = self._seeds if self._seeds is not None else [0]
        parts = [
            pd.DataFrame({"seed": seed, "layer": layer, **unit_fates(on, self._epochs)})
            for member, seed in enumerate(seeds)
            for layer, on in ((layer, np.stack(shares, axis=1)[member]) for layer, shares in self._on.items())
        ]
        if not parts:
            return pd.DataFrame(columns=["seed", "layer", "unit", "off_epochs", "first_off_epoch", "revivals", "off_at_end"])
        table = pd.concat(parts, ignore_index=True)
        return table if self._seeds is not None else table.drop(columns="seed")


def unit_fates(on, epochs):
    """The columns of `UnitActivity.frame` from `unit` on, for one layer of one run.

    Args:
        on: array `(epochs, units)`, the share of samples that switch a unit on.
        epochs: their numbers.

    Returns:
        A dict of arrays `(units,)`.
    """
    on = np.asarray(on)
    off = on == 0
    return {
        "unit": np.arange(off.shape[1]),
        "off_epochs": off.sum(axis=0),
        "first_off_epoch": np.where(off.any(axis=0), np.asarray(epochs)[off.argmax(axis=0)], np.nan),
        "revivals": (off[:-1] & (on[1:] > 0)).sum(axis=0),
        "off_at_end": off[-1],
    }

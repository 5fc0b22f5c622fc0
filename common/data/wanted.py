"""The datasets that a call is about."""

from pathlib import Path

from common.data.datasets import DATASETS, load
from common.errors import BadInput


def load_wanted(known, wanted, data_dir):
    """The arrays of the datasets that the flags ask for.

    Args:
        known: names of the experiment's datasets.
        wanted: names of those asked for; `["all"]` for all, downloaded if they are missing; None for those at hand without a download.
        data_dir: the folder that holds Fashion-MNIST, or None.

    Returns:
        `(data, notes)`: `{dataset: ((x_train, y_train), (x_test, y_test))}`, as `load` gives them; and one line on each dataset that was
        left out because it is not at hand.

    Raises:
        BadInput: for a folder that does not exist, or files that cannot be used.
    """
    if data_dir is not None and not Path(data_dir).is_dir():
        raise BadInput(f"--data-dir {data_dir}: no such folder; name the one that holds Fashion-MNIST, or leave the flag out")
    if wanted is not None:
        return {name: load(name, data_dir, download=True) for name in (known if wanted == ["all"] else wanted)}, []
    missing = {name: how for name in known if (how := DATASETS[name].how_to_get(data_dir))}
    return {name: load(name, data_dir) for name in known if name not in missing}, list(missing.values())

"""Which datasets a call is about."""

from pathlib import Path

from common.data.datasets import load
from common.data.fashion_mnist import find_fashion_mnist
from common.errors import BadInput


def load_wanted(known, wanted, data_dir):
    """The arrays of the datasets that the flags ask for.

    Args:
        known: names of the experiment's datasets.
        wanted: names of those asked for; `["all"]` for all, downloaded if they are missing; None for those at hand without a download.
        data_dir: the folder that holds Fashion-MNIST, or None.

    Returns:
        `{dataset: ((x_train, y_train), (x_test, y_test))}`, as `load` gives them.

    Raises:
        BadInput: for a folder that does not exist, or files that cannot be used.
    """
    if data_dir is not None and not Path(data_dir).is_dir():
        raise BadInput(f"--data-dir {data_dir}: no such folder; name the one that holds Fashion-MNIST, or leave the flag out")
    if wanted is not None:
        names, download = (known if wanted == ["all"] else wanted), True
    else:
        names, download = known, False
        if "fashion_mnist" in known and not (data_dir or find_fashion_mnist()):
            names = [name for name in known if name != "fashion_mnist"]
    return {name: load(name, data_dir, download) for name in names}

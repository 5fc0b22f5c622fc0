"""The datasets that a call is about."""

from common.data.arrays import NotAtHand
from common.data.candidates import require_folder
from common.data.datasets import find


def load_wanted(known, wanted, data_dir):
    """The datasets that the flags ask for.

    Args:
        known: names of the experiment's datasets.
        wanted: names of those asked for; `["all"]` for all, downloaded if they are missing; None for those at hand without a download.
        data_dir: the folder that holds Fashion-MNIST, or None.

    Returns:
        `(data, notes)`: `{dataset: Data}`, whose arrays are loaded when they are first used; and one line on each dataset that was left
        out because it is not at hand.

    Raises:
        BadInput: for a folder that does not exist, or files that cannot be used.
    """
    if data_dir is not None:
        require_folder(data_dir)
    data, notes = {}, []
    for name in known if wanted in (None, ["all"]) else wanted:
        try:
            data[name] = find(name, data_dir, download=wanted is not None)
        except NotAtHand as missing:
            if wanted is not None:
                raise
            notes.append(str(missing))
    return data, notes

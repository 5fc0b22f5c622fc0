"""The folder in which Keras keeps datasets, by Keras's rules, without the seconds that importing Keras takes."""

import os
import tempfile
from pathlib import Path

from common.keras_settings import named_folder


def keras_folders():
    """The places where Fashion-MNIST lies if Keras has put it on this machine, in the order in which they are searched.

    The first is the folder that `keras.datasets.fashion_mnist.load_data()` would use now, by the rules of `keras.config` and
    `keras.utils.get_file` (Keras 3.8 to 3.15): `KERAS_HOME`, else `.keras` in the home; in its stead `/tmp/.keras`, if it cannot be
    written. Data need only be read, so the folder that cannot be written is the second.

    Returns:
        One or two Paths, which need not exist.
    """
    named = named_folder()
    folders = [_own_or_temporary(named), os.path.expanduser(named)]
    return list(dict.fromkeys(Path(folder, "datasets", "fashion-mnist") for folder in folders if folder))


def _own_or_temporary(named):
    """Keras makes its folder as it is named, and then looks for it with the home in place of `~`."""
    folder = os.path.expanduser(named)
    made = folder == named and not os.path.exists(folder) and _can_be_made(folder)
    if made or os.access(folder, os.W_OK):
        return folder
    return os.path.join("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir(), ".keras")


def _can_be_made(folder):
    above = os.path.abspath(folder) if folder else ""
    while above and not os.path.lexists(above):
        above = os.path.dirname(above)
    return os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK)

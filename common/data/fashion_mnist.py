"""Fashion-MNIST on disk: the places that are searched, and the set that is chosen there, by what its files hold."""

import contextlib
import logging
import os
import sys
from pathlib import Path

from common.data.arrays import NotAtHand
from common.data.candidates import SETS, candidates, require_folder
from common.data.image_sets import ImageSet
from common.data.keras_folder import keras_folders
from common.errors import BadInput, first_line
from common.lazy import lazy_modules

logger = logging.getLogger(__name__)
devices, keras_datasets, keras_utils = lazy_modules("common.devices keras.datasets keras.utils")

KAGGLE_INPUT = Path("/kaggle/input")
MOST_FINDINGS = 4  # that are written out in a message
NEEDED = (
    f"its four IDX files ({', '.join(role.file for role in SETS['idx'])}), Kaggle's two CSV files "
    f"({' and '.join(role.file for role in SETS['csv'])}) or an .npz of x_train, y_train, x_test and y_test"
)
BY_KERAS = "let Keras download it with --datasets fashion_mnist"
BY_HAND = (
    "put its four IDX files, Kaggle's two CSV files or an .npz of x_train, y_train, x_test and y_test into a folder and name it with "
    "--data-dir"
)
BY_KAGGLE = "on Kaggle, attach the dataset zalando-research/fashionmnist"


class FashionMnist:
    """The loader of Fashion-MNIST's record."""

    def __call__(self, data_dir=None, download=False):
        """The arrays of both parts; see `common.data.load`, also for defaults."""
        return self.found(data_dir, download)[1]()

    def found(self, data_dir=None, download=False):
        """The files, chosen and judged.

        Args:
            data_dir, download: see `common.data.load`, also for defaults.

        Returns:
            `(identity, load)`: text that changes with the contents of the files, and a function that returns the arrays.

        Raises:
            BadInput: one line on what was found where, and what is wrong with it. `NotAtHand`, if no `data_dir` was named.
        """
        chosen, findings = _search(_places(data_dir))
        if chosen is None and data_dir is not None:
            raise BadInput(f"--data-dir {data_dir}: no whole Fashion-MNIST; it needs {NEEDED}; found: {_listed(findings)}")
        if chosen is None and download:
            chosen = _downloaded(findings)
        if chosen is None:
            what = "no whole Fashion-MNIST is on this machine" if findings else "Fashion-MNIST is not on this machine"
            raise NotAtHand(_ways(what, findings, BY_KERAS, BY_HAND, BY_KAGGLE))
        chosen.warn()
        if findings and not chosen.is_whole:
            logger.warning("warning: passed over: %s", _listed(findings))
        return " ".join([chosen.form, *(file.digest for file in chosen.files)]), chosen.arrays


def find_fashion_mnist(data_dir=None):
    """The set of files that is used, or None if there is none.

    Args:
        data_dir: the folder to search, with subfolders. Defaults to None: Keras's folder, then /kaggle/input.

    Returns:
        An `ImageSet`: the first that is whole; if none is, the first that fits together.
    """
    return _search(_places(data_dir))[0]


def _places(data_dir):
    if data_dir is None:
        return [*keras_folders(), KAGGLE_INPUT]
    require_folder(data_dir)
    return [Path(data_dir)]


def _search(places):
    """The first whole set in some folders, or else the first part of one, or None; and one line on each that cannot be used."""
    part, findings = None, []
    for place in places:
        sets, errors = candidates(place)
        findings += [f"{error.filename}: cannot be read ({error.strerror})" for error in errors]
        for candidate in sets:
            if candidate.missing:
                findings.append(f"{candidate.folder}: without {', '.join(candidate.missing)}")
                continue
            one = ImageSet(candidate)
            if one.is_whole:
                return one, findings
            if one.wrong:
                findings.append(one.wrong)
            else:
                part = part or one
    return part, findings


def _listed(findings):
    more = len(findings) - MOST_FINDINGS
    return "; ".join(findings[:MOST_FINDINGS] + [f"and {more} more"] * (more > 0)) or "none of these files"


def _ways(what, findings, *ways):
    found = f" Found: {_listed(findings)}." if findings else ""
    number = {1: "One way", 2: "Two ways", 3: "Three ways"}[len(ways)]
    return f"{what}.{found} {number} to get it: {'; '.join(ways)}"


def _downloaded(findings):
    """The set of files that Keras downloads, or finds in its folder: it is Keras that says where."""
    # Keras brings TensorFlow with it, and its chatter. What --determinism asks for begins with the training, and cannot be taken back.
    devices.start(devices.DeviceOptions(determinism="off"))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            keras_datasets.fashion_mnist.load_data()
            files = [f"{role.file}.gz" for role in SETS["idx"]]
            # Keras downloads no file that is there.
            paths = [keras_utils.get_file(name, origin=name, cache_subdir=os.path.join("datasets", "fashion-mnist")) for name in files]
    except Exception as error:
        # Keras raises a bare Exception; what matters is that the files are not there.
        raise BadInput(_ways(f"download failed ({first_line(error)})", findings, BY_HAND, BY_KAGGLE)) from None
    chosen, of_download = _search([Path(paths[0]).parent])
    if chosen is None:
        what = "Keras found files in its folder, or downloaded them, but they are not Fashion-MNIST"
        raise BadInput(_ways(what, of_download, BY_HAND, BY_KAGGLE))
    return chosen

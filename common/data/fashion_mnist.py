"""Fashion-MNIST on disk: the places that are searched, and the checks of the files that are found."""

import contextlib
import gzip
import hashlib
import logging
import os
import sys
import zlib
from pathlib import Path

from common.errors import BadInput, first_line
from common.lazy import lazy_modules

np, pd, devices, keras_datasets = lazy_modules("numpy pandas common.devices keras.datasets")

KAGGLE_INPUT = Path("/kaggle/input")
SEARCH_DEPTH = 4
PUBLISHED_SIZES = (60_000, 10_000)  # training and test images
SIDE, CLASSES = 28, 10
# The IDX files, and the SHA-256 of what they hold as published (github.com/zalandoresearch/fashion-mnist), not compressed.
PUBLISHED_DIGESTS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
IDX_FILES = tuple(PUBLISHED_DIGESTS)
CSV_FILES = ("fashion-mnist_train.csv", "fashion-mnist_test.csv")
IDX_UNSIGNED_BYTES = 0x08  # third byte of the magic number; the fourth is the number of dimensions
WAYS_TO_GET_IT = (
    "Fashion-MNIST is not on this machine. Three ways to get it: let Keras download it with --datasets fashion_mnist; "
    "put its four IDX files or Kaggle's two CSV files into a folder and name it with --data-dir; "
    "on Kaggle, attach the dataset zalando-research/fashionmnist"
)

logger = logging.getLogger(__name__)


def find_fashion_mnist(data_dir=None):
    """The files of Fashion-MNIST, or None.

    Args:
        data_dir: the folder to search, with subfolders. Defaults to None: the Keras cache (`KERAS_HOME` or ~/.keras), then /kaggle/input.

    Returns:
        Four paths of IDX files (training images, training labels, test images, test labels), each perhaps gzipped, or two paths of CSV
        files (training, test).

    Raises:
        BadInput: if `data_dir` does not hold a complete set.
    """
    if data_dir is not None:
        folder = Path(data_dir)
        if not folder.is_dir():
            raise BadInput(f"--data-dir {folder}: no such folder")
        files = _search(folder)
        if not _complete(files):
            there = ", ".join(sorted(path.name for path in files.values())) or "none of them"
            raise BadInput(
                f"--data-dir {folder}: no complete Fashion-MNIST; put {', '.join(IDX_FILES)} (or with .gz) "
                f"or {' and '.join(CSV_FILES)} there; found: {there}"
            )
        return _complete(files)
    for folder in (keras_cache(), KAGGLE_INPUT):
        if files := _complete(_search(folder)):
            return files
    return None


def keras_cache():
    """The folder in which `keras.datasets.fashion_mnist` keeps its files."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets" / "fashion-mnist"


def _search(folder):
    """All files with the names of Fashion-MNIST's below a folder, `{name without .gz: path}`; those higher up and not gzipped first."""
    names = {*IDX_FILES, *CSV_FILES}
    found = {}
    for root, folders, files in os.walk(folder):
        folders.sort()
        if len(Path(root).relative_to(folder).parts) >= SEARCH_DEPTH:
            folders.clear()
        for file in sorted(files):
            if file.removesuffix(".gz") in names and Path(root, file).is_file():
                found.setdefault(file.removesuffix(".gz"), Path(root, file))
    return found


def _complete(files):
    for names in (IDX_FILES, CSV_FILES):
        if all(name in files for name in names):
            return [files[name] for name in names]
    return None


def how_to_get_fashion_mnist(data_dir=None):
    """One line on how to get Fashion-MNIST; None if it is found, or if `data_dir` (default None) is given, which must hold it."""
    return None if data_dir or find_fashion_mnist() else WAYS_TO_GET_IT


def load_fashion_mnist(data_dir=None, download=False):
    """The images and labels of both parts, `(x_train, y_train), (x_test, y_test)`; see `common.data.load`, also for defaults."""
    files = find_fashion_mnist(data_dir)
    if files is None and download:
        _download()
        files = find_fashion_mnist()
    if files is None:
        raise BadInput(WAYS_TO_GET_IT)
    try:
        parts = [_read_csv(path) for path in files] if len(files) == 2 else [_read_idx_pair(*files[:2]), _read_idx_pair(*files[2:])]
    except OSError as error:
        raise BadInput(f"{error.filename}: cannot be read ({error.strerror}); make it readable or remove it") from None
    sizes = tuple(len(labels) for _, labels in parts)
    if sizes == PUBLISHED_SIZES[::-1]:
        raise BadInput(f"{files[0].parent}: training and test files have each other's names; exchange them")
    if sizes != PUBLISHED_SIZES:
        logger.warning(
            "warning: %s holds %d + %d images, not Fashion-MNIST's %d + %d; going on with these", files[0].parent, *sizes, *PUBLISHED_SIZES
        )
    return tuple((images.astype(np.float32) / np.float32(127.5) - 1, labels.astype(np.int32)) for images, labels in parts)


def _download():
    devices.start()  # Keras brings TensorFlow with it, and its chatter
    try:
        with contextlib.redirect_stdout(sys.stderr):
            keras_datasets.fashion_mnist.load_data()
    except Exception as error:
        # Keras raises a bare Exception; what matters is that the files are not there.
        raise BadInput(f"download failed ({first_line(error)}). {WAYS_TO_GET_IT}") from None


def _damaged(path, what):
    return BadInput(f"{path}: damaged or not Fashion-MNIST ({what}); delete it and get it again")


def _read_idx_pair(images_path, labels_path):
    """Images `(samples, 784)` and labels `(samples,)`, uint8, from a pair of IDX files."""
    images, labels = _read_idx(images_path, 3), _read_idx(labels_path, 1)
    if images.shape[1:] != (SIDE, SIDE):
        raise _damaged(images_path, f"images of {images.shape[1]} x {images.shape[2]}, not {SIDE} x {SIDE}")
    if len(images) != len(labels):
        raise _damaged(labels_path, f"{len(labels)} labels for the {len(images)} images of {images_path.name}")
    _check_labels(labels_path, labels)
    return images.reshape(len(images), -1), labels


def _read_idx(path, dimensions):
    """The array in an IDX file of unsigned bytes (format: yann.lecun.com/exdb/mnist)."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _damaged(path, f"gzip: {error}") from None
    magic = bytes([0, 0, IDX_UNSIGNED_BYTES, dimensions])
    header = 4 + 4 * dimensions
    if content[:4] != magic:
        raise _damaged(path, f"magic number {content[:4].hex() or 'missing'}, not {magic.hex()}")
    if len(content) < header:
        raise _damaged(path, f"{len(content)} bytes, less than its header")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", count=dimensions, offset=4))
    if len(content) != header + int(np.prod(shape, dtype=object)):
        raise _damaged(path, f"{len(content)} bytes, but its header promises {' x '.join(map(str, shape))}")
    _check_digest(path, content, shape[0])
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _check_digest(path, content, samples):
    """Files as large as the published ones are those, bit for bit; of others there is nothing to compare with."""
    name = path.name.removesuffix(".gz")
    published = PUBLISHED_SIZES[0 if name.startswith("train") else 1]
    if samples == published and hashlib.sha256(content).hexdigest() != PUBLISHED_DIGESTS[name]:
        raise _damaged(path, "its SHA-256 is not that of the published file")


def _read_csv(path):
    """Images `(samples, 784)` and labels `(samples,)`, uint8, from one of Kaggle's CSV files."""
    columns = ["label", *(f"pixel{i}" for i in range(1, SIDE * SIDE + 1))]
    try:
        table = pd.read_csv(path, dtype="int64")
    except OSError:
        raise
    except Exception as error:  # pandas has an exception for each kind of damage
        raise _damaged(path, f"CSV: {first_line(error)}") from None
    if list(table.columns) != columns:
        raise _damaged(
            path, f"columns {table.columns[0]}, ..., {table.columns[-1]} ({len(table.columns)}), not label, pixel1, ..., pixel784"
        )
    if len(table) not in PUBLISHED_SIZES and not _ends_with_newline(path):
        raise _damaged(path, f"cut short in line {len(table) + 1}")
    values = table.to_numpy()
    if values.min(initial=0) < 0 or values.max(initial=0) > 255:
        raise _damaged(path, "values outside 0 to 255")
    images, labels = values[:, 1:].astype(np.uint8), values[:, 0].astype(np.uint8)
    _check_labels(path, labels)
    return images, labels


def _ends_with_newline(path):
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _check_labels(path, labels):
    if not len(labels):
        raise _damaged(path, "no samples")
    if labels.max() >= CLASSES:
        raise _damaged(path, f"label {labels.max()}, beyond {CLASSES - 1}")

"""The forms in which files of images and labels come: IDX, Kaggle's CSV, and Keras's npz; each gzipped or not, which the content tells."""

import gzip
import hashlib
import io
import math
import zlib

from common.errors import first_line
from common.lazy import lazy_modules

np, pd = lazy_modules("numpy pandas")

PUBLISHED_SIZES = (60_000, 10_000)  # training and test images
SIDE, CLASSES = 28, 10
# SHA-256 of the four files as published (github.com/zalandoresearch/fashion-mnist), not compressed: images and labels, training and test.
PUBLISHED_DIGESTS = (
    {
        "images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    },
    {
        "images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)
# No digest of Kaggle's CSV files was published, nor which rows they hold in which order. The mean pixel of Fashion-MNIST's images is 72.9
# in training and 73.1 in testing; MNIST's is 33, KMNIST's 49.
MEAN_PIXEL = (70, 76)
NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
IDX_UNSIGNED_BYTES = 0x08  # third byte of the magic number; the fourth is the number of dimensions
GZIP_MAGIC = b"\x1f\x8b"
ANOTHER = "another dataset, such as MNIST, or not as published"


class Unusable(Exception):
    """A file that is damaged, or not of the form that its name promises; the message says what is wrong, without the file's name."""


def unpacked(content):
    """The content of a file, bytes, taken out of gzip if it is in it."""
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unusable(f"damaged gzip: {error}") from None


def read_idx(content, part, kind):
    """The array in an IDX file of unsigned bytes (format: yann.lecun.com/exdb/mnist).

    Args:
        content: bytes, not compressed.
        part: 0 for training, 1 for testing.
        kind: `"images"` or `"labels"`.

    Returns:
        uint8 `(samples, 28, 28)` or `(samples,)`.
    """
    dimensions = 3 if kind == "images" else 1
    magic, header = bytes([0, 0, IDX_UNSIGNED_BYTES, dimensions]), 4 + 4 * dimensions
    if content[:4] != magic:
        raise Unusable(f"damaged: magic number {content[:4].hex() or 'missing'}, not {magic.hex()}")
    if len(content) < header:
        raise Unusable(f"damaged: {len(content)} bytes, less than its header")
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4))
    if len(content) != header + math.prod(shape):
        raise Unusable(f"damaged: {len(content)} bytes, but its header promises {' x '.join(map(str, shape))}")
    array = np.frombuffer(content, np.uint8, offset=header).reshape(shape)
    _check(array, kind)
    _check_digest(content, len(array), part, kind)
    return array


def idx_header(shape):
    """The first bytes of an IDX file of unsigned bytes."""
    return bytes([0, 0, IDX_UNSIGNED_BYTES, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)


def read_csv(content, part):
    """The arrays in one of Kaggle's CSV files.

    Args:
        content: bytes, not compressed.
        part: 0 for training, 1 for testing.

    Returns:
        `(images, labels, doubt)`: uint8 `(samples, 28, 28)` and `(samples,)`, and what cannot be told of them, or None.
    """
    columns = ["label", *(f"pixel{i}" for i in range(1, SIDE * SIDE + 1))]
    try:
        table = pd.read_csv(io.BytesIO(content), dtype="int64")
    except Exception as error:  # pandas has an exception for each kind of damage
        raise Unusable(f"damaged CSV: {first_line(error)}") from None
    if list(table.columns) != columns:
        found = f"{table.columns[0]}, ..., {table.columns[-1]} ({len(table.columns)})"
        raise Unusable(f"columns {found}, not label, pixel1, ..., pixel784")
    values = table.to_numpy()
    if values.min(initial=0) < 0 or values.max(initial=0) > 255:
        raise Unusable("values outside 0 to 255")
    images, labels = values[:, 1:].astype(np.uint8).reshape(-1, SIDE, SIDE), values[:, 0].astype(np.uint8)
    _check(labels, "labels")
    if len(labels) != PUBLISHED_SIZES[part]:
        return images, labels, _doubt(content)
    if not MEAN_PIXEL[0] < images.mean() < MEAN_PIXEL[1]:
        raise Unusable(f"{ANOTHER} (mean pixel {images.mean():.0f}, not {MEAN_PIXEL[0]} to {MEAN_PIXEL[1]})")
    return images, labels, None


def _doubt(content):
    """The question whether a CSV file without a final newline was cut within its last value; None where it cannot have been.

    Its last line has all its fields, or pandas would have refused it; a value that no further digit could follow is whole.
    """
    last = content[-16:].rpartition(b",")[2]
    word = last.strip().decode(errors="replace")
    if last.endswith((b"\n", b"\r", b'"')) or (word.isdigit() and not 1 <= int(word) <= 25):
        return None
    return f"its last line has no end, so its last value, {word}, may have been cut short"


def read_npz(content):
    """The arrays in a file as `keras.datasets` has them.

    Args:
        content: bytes.

    Returns:
        `[(images, labels), ...]` of training and test part: uint8 `(samples, 28, 28)` and `(samples,)`.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            missing = [name for name in NPZ_ARRAYS if name not in arrays]
            if missing:
                raise Unusable(f"without {', '.join(missing)}")
            x_train, y_train, x_test, y_test = (_bytes(arrays[name], name) for name in NPZ_ARRAYS)
    except Unusable:
        raise
    except Exception as error:  # numpy and zipfile have an exception for each kind of damage
        raise Unusable(f"damaged npz: {first_line(error)}") from None
    parts = [(x_train, y_train), (x_test, y_test)]
    for part, (images, labels) in enumerate(parts):
        if images.shape[:1] != labels.shape[:1]:
            raise Unusable(f"images of shape {images.shape}, but labels of shape {labels.shape}")
        for array, kind in ((images, "images"), (labels, "labels")):
            _check(array, kind)
            if len(array) == PUBLISHED_SIZES[part]:
                _check_digest(idx_header(array.shape) + array.tobytes(), len(array), part, kind)
    return parts


def _bytes(array, name):
    if array.dtype.kind not in "iu" or array.min(initial=0) < 0 or array.max(initial=0) > 255:
        raise Unusable(f"{name} holds other than whole numbers from 0 to 255")
    return np.ascontiguousarray(array, np.uint8)


def _check(array, kind):
    if kind == "images" and array.shape[1:] != (SIDE, SIDE):
        raise Unusable(f"images of {' x '.join(map(str, array.shape[1:]))}, not {SIDE} x {SIDE}")
    if kind == "labels" and array.ndim != 1:
        raise Unusable(f"labels of shape {array.shape}, not one each")
    if not len(array):
        raise Unusable("no samples")
    if kind == "labels" and array.max() >= CLASSES:
        raise Unusable(f"label {array.max()}, beyond {CLASSES - 1}")


def _check_digest(content, samples, part, kind):
    """Files as large as the published ones are those, bit for bit; of others there is nothing to compare with."""
    if samples == PUBLISHED_SIZES[part] and hashlib.sha256(content).hexdigest() != PUBLISHED_DIGESTS[part][kind]:
        raise Unusable(f"{ANOTHER} (its SHA-256 is not the published one)")

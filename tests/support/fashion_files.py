"""Small made-up Fashion-MNIST files in the published formats, for tests."""

import gzip
import io

import numpy as np

IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CSV_NAMES = ("fashion-mnist_train.csv", "fashion-mnist_test.csv")
FORMS = (
    "idx",
    "idx.gz",
    "idx with dots",
    "idx.gz with dots",
    "idx, each in a folder",
    "gzip without .gz",
    ".gz without gzip",
    "csv",
    "csv.gz",
    "csv, each in a folder",
    "csv without a final newline",
    "csv of Windows",
    "npz",
)


def made_up(sizes=(120, 40), seed=0):
    """`[(images (n, 28, 28), labels (n,)), ...]` of training and test part, uint8, learnable: each class has a bright row of its own."""
    random = np.random.default_rng(seed)
    parts = []
    for size in sizes:
        labels = (np.arange(size) % 10).astype(np.uint8)
        images = random.integers(0, 100, (size, 28, 28), dtype=np.uint8)
        images[np.arange(size), labels * 2] = 255
        images[:, -1, -1] = 0  # as nearly all of the published ones
        parts.append((images, labels))
    return parts


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def csv_bytes(images, labels):
    header = ",".join(["label", *(f"pixel{i}" for i in range(1, 785))])
    lines = [header, *(",".join(map(str, [label, *image.ravel()])) for image, label in zip(images, labels, strict=True))]
    return ("\n".join(lines) + "\n").encode()


def npz_bytes(parts):
    (x_train, y_train), (x_test, y_test) = parts
    content = io.BytesIO()
    np.savez_compressed(content, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return content.getvalue()


def files(parts, form="idx"):
    """Both parts in one of the `FORMS`: `{path within a folder: content}`."""
    if form == "npz":
        return {"fashion_mnist.npz": npz_bytes(parts)}
    if form.startswith("csv"):
        made = {name: csv_bytes(*part) for name, part in zip(CSV_NAMES, parts, strict=True)}
    else:
        made = dict(zip(IDX_NAMES, (idx_bytes(array) for part in parts for array in part), strict=True))
    if "with dots" in form:
        made = {name.replace("-idx", ".idx"): content for name, content in made.items()}
    if "each in a folder" in form:
        made = {f"{name}/{name}": content for name, content in made.items()}
    if "without a final newline" in form:
        made = {name: content[:-1] for name, content in made.items()}
    if "of Windows" in form:
        made = {name: content.replace(b"\n", b"\r\n") for name, content in made.items()}
    if ".gz" in form and form != "gzip without .gz":
        made = {f"{name}.gz": content for name, content in made.items()}
    if "gz" in form and form != ".gz without gzip":
        made = {name: gzip.compress(content, 1) for name, content in made.items()}
    return made


def write(folder, parts, form="idx"):
    """Write both parts in one of the `FORMS`; gives the paths of the files."""
    paths = []
    for name, content in files(parts, form).items():
        paths.append(folder / name)
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        paths[-1].write_bytes(content)
    return paths

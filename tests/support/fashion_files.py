"""Small made-up Fashion-MNIST files in the published formats, for tests."""

import gzip

import numpy as np

IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CSV_NAMES = ("fashion-mnist_train.csv", "fashion-mnist_test.csv")


def made_up(sizes=(120, 40), seed=0):
    """`[(images (n, 28, 28), labels (n,)), ...]` of training and test part, uint8, learnable: each class has a bright row of its own."""
    random = np.random.default_rng(seed)
    parts = []
    for size in sizes:
        labels = (np.arange(size) % 10).astype(np.uint8)
        images = random.integers(0, 100, (size, 28, 28), dtype=np.uint8)
        images[np.arange(size), labels * 2] = 255
        parts.append((images, labels))
    return parts


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def write(folder, parts, form="idx"):
    """Write both parts as `idx`, `idx.gz` or `csv`."""
    if form == "csv":
        write_csv(folder, parts)
    else:
        write_idx(folder, parts, compress=form == "idx.gz")


def write_idx(folder, parts, compress=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(IDX_NAMES, (array for part in parts for array in part), strict=True):
        content = idx_bytes(array)
        (folder / f"{name}{'.gz' * compress}").write_bytes(gzip.compress(content) if compress else content)


def write_csv(folder, parts):
    folder.mkdir(parents=True, exist_ok=True)
    header = ",".join(["label", *(f"pixel{i}" for i in range(1, 785))])
    for name, (images, labels) in zip(CSV_NAMES, parts, strict=True):
        lines = [header, *(",".join(map(str, [label, *image.ravel()])) for image, label in zip(images, labels, strict=True))]
        (folder / name).write_text("\n".join(lines) + "\n")

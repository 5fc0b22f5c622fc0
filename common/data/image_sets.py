"""Files of images and labels, and the sets that they make, judged by what they hold."""

import hashlib
import logging

from common.data import formats, remembered
from common.errors import BadInput
from common.lazy import LazyModule

np = LazyModule("numpy")

logger = logging.getLogger(__name__)


class ImageFile:
    """A file of images or labels, judged by its content. The judgement is kept in the user's cache under the content's SHA-256.

    Args:
        path: where it lies.
        role: its `Role`.

    Attributes:
        path, role: as given.
        digest: SHA-256 of its content, a str; None if it cannot be read.
        wrong: the reason why it cannot be used, or None.
        samples: the number of samples in it, a list; of npz, one number for each part.
        doubt: what cannot be told of it, or None.
    """

    def __init__(self, path, role):
        self.path, self.role = path, role
        self.digest, self.wrong, self.samples, self.doubt, self._arrays = None, None, [], None, None
        try:
            content = path.read_bytes()
        except OSError as error:
            self.wrong = f"cannot be read ({error.strerror})"
            return
        self.digest = hashlib.sha256(content).hexdigest()
        judgement = remembered.fact("judgements", f"{role} {self.digest}", lambda: self._judge(content))
        self.wrong, self.samples, self.doubt = judgement["wrong"], judgement["samples"], judgement["doubt"]

    def arrays(self):
        """The arrays in the file, uint8: images or labels of IDX; images and labels of CSV; images, labels, images, labels of npz.

        Raises:
            BadInput: if its content is no longer the one that was judged.
        """
        arrays, self._arrays = self._arrays, None  # they are large, and not kept
        if arrays is not None:
            return arrays
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise BadInput(f"{self.path}: cannot be read ({error.strerror})") from None
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise BadInput(f"{self.path}: changed while it was read; run the same command again")
        return self._read(content)[0]

    def _judge(self, content):
        try:
            self._arrays, doubt = self._read(content)
        except formats.Unusable as error:
            return {"wrong": str(error), "samples": [], "doubt": None}
        labels = {"idx": self._arrays, "csv": self._arrays[1:], "npz": self._arrays[1::2]}[self.role.form]
        return {"wrong": None, "samples": list(map(len, labels)), "doubt": doubt}

    def _read(self, content):
        content = formats.unpacked(content)
        form, part, kind = self.role
        if form == "idx":
            return [formats.read_idx(content, part, kind)], None
        if form == "csv":
            *arrays, doubt = formats.read_csv(content, part)
            return arrays, doubt
        return [array for pair in formats.read_npz(content) for array in pair], None


class ImageSet:
    """A set of files that go together.

    Args:
        candidate: the `Candidate`, with all its files.

    Attributes:
        folder: where they lie.
        wrong: the reason why the set cannot be used, which names the file; or None.
        sizes: the numbers of training and test images, a tuple.
        is_whole: whether these are all of Fashion-MNIST's.
    """

    def __init__(self, candidate):
        self.folder, self.form = candidate.folder, candidate.form
        self.files = [_first_usable(paths, role) for role, paths in candidate.files.items()]
        self.sizes = ()
        self.wrong = next((f"{file.path}: {file.wrong}" for file in self.files if file.wrong), None) or self._misfit()
        self.is_whole = self.wrong is None and self.sizes == formats.PUBLISHED_SIZES

    def _misfit(self):
        """Numbers of samples that do not fit, in words; None if they do."""
        if self.form == "idx":
            for images, labels in (self.files[:2], self.files[2:]):
                if images.samples != labels.samples:
                    return f"{labels.path}: {labels.samples[0]} labels for the {images.samples[0]} images of {images.path.name}"
        self.sizes = tuple(number for file in self.files if file.role.kind != "labels" for number in file.samples)
        if self.sizes == formats.PUBLISHED_SIZES[::-1]:
            return f"{self.folder}: training and test files have each other's names; exchange them"
        return None

    def warn(self):
        """Say in the log what is peculiar about the set, if anything is."""
        if not self.is_whole:
            logger.warning(
                "warning: %s holds %d + %d images, not Fashion-MNIST's %d + %d; going on with these",
                *(self.folder, *self.sizes, *formats.PUBLISHED_SIZES),
            )
        for file in self.files:
            if file.doubt:
                logger.warning("warning: %s: %s; going on with it", file.path, file.doubt)

    def arrays(self):
        """Images and labels of both parts, as numbers from -1 to 1 and as they are; see `common.data.load`."""
        arrays = [array for file in self.files for array in file.arrays()]
        return tuple(
            (x.reshape(len(x), -1).astype(np.float32) / np.float32(127.5) - 1, y.astype(np.int32))
            for x, y in zip(arrays[::2], arrays[1::2], strict=True)
        )


def _first_usable(paths, role):
    """The first of several files of one role that can be used; if none can, the first."""
    first = None
    for path in paths:
        file = ImageFile(path, role)
        if file.wrong is None:
            return file
        first = first or file
    return first

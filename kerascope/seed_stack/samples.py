"""The samples that `fit` and `evaluate` of a stack are given, epoch by epoch."""

import math

import keras
import tensorflow as tf

from ..per_member import num_samples, require_members, slice_samples
from ..samples import KINDS, batches_of, is_dense
from .member_scope import NotStackable


class Arrays:
    """Arrays of samples, the same at each epoch.

    Args:
        batch: a batch, see `kerascope.samples.batches_of`.
        by_class: whether its weights are those of classes, by which no validation is weighted. Defaults to `False`.
    """

    batch_size = None
    in_given_order = keras_shuffles = False

    def __init__(self, batch, by_class=False):
        self.batch, self.by_class = batch, by_class

    def split(self, share):
        """The first samples, and the last ones, which are a share `share` of all; as `keras.Model.fit(validation_split=share)`."""
        samples = num_samples(self.batch)
        at = math.floor(samples * (1 - share))
        if not 0 < at < samples:
            raise ValueError(f"validation_split={share} leaves no samples on one side of {samples}")
        first, last = (slice_samples(self.batch, rows) for rows in (slice(at), slice(at, None)))
        return Arrays(first), Arrays({name: part for name, part in last.items() if not (self.by_class and name == "sample_weight")})

    def of_epoch(self):
        """All samples of the next epoch, a batch."""
        return self.batch


class Batches:
    """A Dataset of batches, which is gone through anew at each epoch: all members see its batches, in its order.

    Args:
        dataset: a finite `tf.data.Dataset` or `keras.utils.PyDataset`, whose elements are `x`, `(x, y)` or `(x, y, sample_weight)`.
        class_weight: see `source_of`.

    Raises:
        NotStackable: if it is endless, empty, or if a batch other than the last is of another size than the first.
    """

    in_given_order = True

    def __init__(self, dataset, class_weight):
        self.dataset, self.class_weight = dataset, class_weight
        self.keras_shuffles = isinstance(dataset, keras.utils.PyDataset)
        self.batch, self._is_first = self._read(), True

    def of_epoch(self):
        """See `Arrays.of_epoch`."""
        if self._is_first:  # A dataset that shuffles goes on at each reading: the first epoch has its first order.
            self._is_first = False
            return self.batch
        if isinstance(self.dataset, keras.utils.PyDataset):
            self.dataset.on_epoch_end()
        return self._read()

    def _read(self):
        batches = _dense_batches(self.dataset, class_weight=self.class_weight)
        sizes = [num_samples(batch) for batch in batches]
        if set(sizes[:-1]) - {sizes[0]} or sizes[-1] > sizes[0]:
            raise NotStackable(f"a SeedStack needs batches of one size, of which only the last is smaller; the dataset has {sizes[:10]}")
        self.batch_size = sizes[0]
        return tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *batches)


def source_of(members, x, y=None, sample_weight=None, class_weight=None):
    """The samples as `Arrays` or `Batches`.

    Args:
        members: the number of members, for which `PerMember` must have samples.
        x, y, sample_weight: as given to `keras.Model.fit`. Default to `None`.
        class_weight: `{class: weight}` or None. Defaults to `None`.

    Raises:
        NotStackable: for samples of another kind.
        ValueError: for no samples, parts of different lengths, weights given twice, or samples for another number of members.
    """
    if isinstance(x, KINDS) and y is None and sample_weight is None:
        return Batches(x, class_weight)
    return Arrays(batch_of(members, x, y, sample_weight, class_weight), by_class=class_weight is not None)


def batch_of(members, x, y=None, sample_weight=None, class_weight=None):
    """Arrays as one batch; see `source_of`."""
    batch = _dense_batches(x, y, sample_weight, class_weight)[0]
    require_members(batch, members)
    return batch


def _dense_batches(*args, **kwargs):
    try:
        batches = batches_of(*args, **kwargs)
    except (TypeError, ValueError) as error:
        raise NotStackable(str(error)) from error
    for batch in batches:
        if not is_dense(batch):
            kinds = {type(tensor).__name__ for tensor in tf.nest.flatten(batch) if not isinstance(tensor, tf.Tensor)}
            raise NotStackable(f"the samples have a {' and a '.join(sorted(kinds))}: a SeedStack needs dense arrays")
    return batches

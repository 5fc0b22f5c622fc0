"""Probe: the fixed samples on which monitors measure."""

from ...per_member import num_members, num_samples, slice_samples
from ...samples import batches_of, is_dense

# The most batches that are read from a Dataset that does not know its length: more samples than a probe should have.
MAX_BATCHES = 1000


class Probe:
    """The samples on which a monitor measures, kept in memory in one or several batches.

    A Dataset is read here, once, which moves the order of one that shuffles.

    Args:
        x, y, sample_weight, class_weight: see `kerascope.samples.batches_of`. All but `x` default to `None`. Of `PerMember` parts each
            member is measured on its own.

    Raises:
        ValueError, TypeError: as `batches_of`.

    Attributes:
        batches: list of dicts with the keys `x` and, if there are any, `y` and `sample_weight`; structures of tensors, `Own` or shared.
    """

    def __init__(self, x, y=None, sample_weight=None, class_weight=None):
        try:
            self.batches = batches_of(x, y, sample_weight, class_weight, MAX_BATCHES)
        except (TypeError, ValueError) as error:
            raise type(error)(f"the probe: {error}") from error

    def __len__(self):
        return sum(num_samples(batch) for batch in self.batches)

    @property
    def members(self):
        """The number of members for which there are samples; None if they share them."""
        return num_members(self.batches[0])

    @property
    def has_weights(self):
        """Whether the samples have weights."""
        return "sample_weight" in self.batches[0]

    def without_targets(self):
        """Drop targets and weights. Returns the probe."""
        self.batches = [{"x": batch["x"]} for batch in self.batches]
        return self

    def split(self, size):
        """The same samples as a list of batches of at most `size`; ValueError if they are sparse or ragged."""
        if not all(map(is_dense, self.batches)):
            raise ValueError("the samples are taken one by one, which sparse and ragged tensors do not allow: give a dense probe")
        parts = [(batch, slice(i, i + size)) for batch in self.batches for i in range(0, num_samples(batch), size)]
        return [slice_samples(batch, rows) for batch, rows in parts]

"""The size of a call of the benchmarks."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Size:
    """The most that is measured; the defaults are the whole table.

    Attributes:
        rounds: how often neighbours are timed.
        most: trainings of a section; None for all.
        epochs: that are timed together, or that a cell trains; None for its own number.
        seed_counts: of the curve over seeds.
        cell_counts: of the very large sweeps.
        scripts: the calls of whole scripts, `(script, *flags)` each.
        questions: those whose controls are trained; all by default.
        fashion_mnist: whether there are rows on Fashion-MNIST, where it is on disk.
    """

    rounds: int = 7
    most: int | None = None
    epochs: int | None = None
    seed_counts: tuple = (1, 2, 4, 8, 16, 32)
    cell_counts: tuple = (1_000, 3_000, 10_000)
    scripts: tuple = (("exp_a_loss", "--datasets", "digits"), ("exp_b_activation",), ("exp_c_optimizer", "--datasets", "digits"))
    questions: tuple = ()
    fashion_mnist: bool = True

    def few(self, things):
        """The first `most` of a list."""
        return things[: self.most]

    def cases(self, cases):
        """The first `most` of a list of `Case`, with blocks of `epochs`."""
        return [replace(case, block=self.epochs or case.block) for case in self.few(cases)]


SMALLEST = Size(
    rounds=1,
    most=1,
    epochs=2,  # what one takes is the time from its end to the next's
    seed_counts=(1, 2),
    cell_counts=(4, 8),
    # Two cells, one for each of two jobs.
    scripts=(("exp_b_activation", "--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", 2),),
    questions=("Q3",),
    fashion_mnist=False,
)

"""Verification: a member of a SeedStack against the same model trained alone by `keras.Model.fit`."""

import warnings

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from ..per_member import Own, PerMember, gather_samples, num_samples, of_members, slice_samples
from .members import build_member
from .samples import batch_of
from .separability import new_optimizer
from .stack_warning import StackWarning
from .training import batch_order

ROUNDINGS = 10  # differences of rounding that still count as the same
ROUNDING = {"float16": 1e-3, "bfloat16": 8e-3, "float64": 1e-15}  # of the types in which a model may compute; of float32 1e-7


class Verification:
    """The report of `SeedStack.verify`.

    Example:

    ```python
    stack = SeedStack(build, seeds=range(3))
    stack.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    report = stack.verify(x_train, y_train)
    assert report.ok, report
    report.frame()  # a row per weight
    ```

    Args:
        differences: `{path of a weight: difference}`: the L2 norm of the difference of the two ends, divided by the norm of the change
            that the training alone made to it or, if that is larger, 1 % of the weight's norm.
        rounding: the same differences between two trainings alone, of which one began with weights that differ by rounding. Where the
            true gradient is 0, an optimizer may make whole steps of rounding, alone as well. Empty if no difference asks for it.
        logged: `{name: (stacked, alone)}`, the loss and metrics of the steps; with a third value, that of the other training alone, if
            a difference asks for it.
        tolerance: the largest difference that counts as the same; or ten times that of rounding, if that is larger.
        what: words for what was trained.
        notes: list of what the stack told.

    Attributes:
        ok: whether all weights, the loss and the metrics are the same within the tolerance.
    """

    def __init__(self, differences, rounding, logged, tolerance, what, notes):
        self.differences, self.rounding, self.logged = differences, rounding, logged
        self.tolerance, self.what, self.notes = tolerance, what, notes
        self.log_differences = {name: _relative(*values[:2]) for name, values in logged.items()}
        excused = {
            name: max([tolerance, *(ROUNDINGS * _relative(other, values[1]) for other in values[2:])]) for name, values in logged.items()
        }
        self.different_logs = [name for name, difference in self.log_differences.items() if not difference <= excused[name]]
        self.ok = bool(self.frame()["ok"].all()) and not self.different_logs

    def __bool__(self):
        return self.ok

    def frame(self):
        """A DataFrame with a row per weight or state: `weight`, its path; `difference`; `rounding`, NaN if not asked for; `ok`."""
        rows = [(path, difference, self.rounding.get(path, np.nan)) for path, difference in self.differences.items()]
        table = pd.DataFrame(rows, columns=["weight", "difference", "rounding"])
        largest = np.fmax(self.tolerance, ROUNDINGS * table["rounding"])
        return table.assign(ok=table["difference"] <= largest)

    def __str__(self):
        table = self.frame().sort_values("difference", ascending=False, ignore_index=True)
        if self.ok:
            rounded = table[table["difference"] > self.tolerance]
            others = table["difference"].drop(rounded.index)
            parts = [f"weights differ by {others.max():.0e} at most"] if len(others) else []
            if len(rounded):
                parts.append(f"by rounding, as two trainings alone do, {', '.join(rounded['weight'])}")
            parts.append(f"loss and metrics by {max(self.log_differences.values()):.0e}")
            return f"verified: {self.what}: ends as alone; {'; '.join(parts)}"
        lines = [f"not verified: {self.what}: ends otherwise than alone"]
        lines += [f"{name}: {self.logged[name][0]:.6g} stacked, {self.logged[name][1]:.6g} alone" for name in self.different_logs]
        lines += [f"{row.weight}: difference {row.difference:.2g}" for row in table[~table["ok"]].itertuples()]
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__


def verify(stack, x, y, sample_weight, batch_size, steps, member, tolerance):
    """See `SeedStack.verify`."""
    batch = batch_of(len(stack.seeds), x, y, sample_weight)
    samples = min(steps * batch_size, num_samples(batch))
    batch = slice_samples(batch, slice(samples))
    member = range(len(stack.seeds))[member]
    chosen = [0, member] if member else list(range(len(stack.seeds)))[:2]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StackWarning)
        with stack.distribute_strategy.scope():
            seeds = [[of_kind[i] for i in chosen] for of_kind in (stack.seeds, stack.weight_seeds, stack.order_seeds)]
            twin = type(stack)(stack.build_function, *seeds)
            twin.compile(**_arguments(stack))
        of_chosen = {name: PerMember(part.tensors) if isinstance(part, Own) else part for name, part in of_members(batch, chosen).items()}
        twin.fit(**of_chosen, batch_size=batch_size, verbose=0)
    position = chosen.index(member)
    stacked = [np.array(variable) for variable in twin.member(position).variables]
    alone, before, history = _train_alone(stack, member, batch, batch_size)
    paths, ends = [variable.path for variable in alone.variables], [np.array(variable) for variable in alone.variables]
    differences = dict(zip(paths, map(_difference, stacked, ends, before), strict=True))
    names = {name: _name_in_stack(name, alone, twin) for name in history}
    logged = {name: (float(twin.records[-1][names[name]][position]), history[name][0]) for name in history}
    found = Verification(differences, {}, logged, tolerance, "", [])
    if not found.ok:
        noise = ROUNDING.get(stack.template.compute_dtype, 1e-7)
        other, _, of_other = _train_alone(stack, member, batch, batch_size, noise)
        rounding = dict(zip(paths, map(_difference, [np.array(variable) for variable in other.variables], ends, before), strict=True))
        logged = {name: (*values, of_other[_name_in_stack(name, alone, other)][0]) for name, values in logged.items()}
    else:
        rounding = {}
    what = f"seed {stack.seeds[member]}, {-(-samples // batch_size)} steps of {batch_size} samples with {type(stack.optimizer).__name__}"
    notes = [str(warning.message) for warning in caught if issubclass(warning.category, StackWarning)]
    return Verification(differences, rounding, logged, tolerance, what, notes)


def _train_alone(stack, member, batch, batch_size, noise=0):
    """The model trained alone, from weights with relative noise; its variables before; and its logs."""
    with stack.distribute_strategy.scope():
        alone = build_member(stack.build_function, stack.weight_seeds[member])
        alone.compile(**_arguments(stack))
    random = np.random.default_rng(0)
    for variable in alone.trainable_variables if noise else ():
        variable.assign(np.array(variable) * (1 + noise * random.normal(size=variable.shape)))
    before = [np.array(variable) for variable in alone.variables]
    samples = num_samples(batch)
    order = batch_order(stack.order_seeds[member], 0, samples) if samples > batch_size else np.arange(samples)
    rows = gather_samples(of_members(batch, member), tf.constant(order))
    return alone, before, alone.fit(**rows, batch_size=batch_size, shuffle=False, verbose=0).history


def _arguments(stack):
    """Arguments of `compile` like those of the stack, with an optimizer and metrics of their own, but metrics that cannot be copied."""
    arguments = {**stack.compile_arguments, "optimizer": new_optimizer(stack.optimizer)}
    for name in ("metrics", "weighted_metrics"):
        if arguments.get(name) is not None:
            try:
                arguments[name] = tf.nest.map_structure(_new_metric, arguments[name])
            except Exception:  # A metric need not be serialisable.
                arguments[name] = None
    return arguments


def _new_metric(metric):
    return type(metric).from_config(metric.get_config()) if isinstance(metric, keras.metrics.Metric) else metric


def _name_in_stack(name, alone, stack):
    """The name that a value of the logs has in the stack: outputs may be named after layers, whose names count up."""
    for own, theirs in zip(getattr(alone, "output_names", ()), getattr(stack, "output_names", ()), strict=True):
        if name.startswith(f"{own}_"):
            return theirs + name.removeprefix(own)
    return name


def _relative(value, other):
    return abs(value - other) / max(abs(other), 1e-12)


def _difference(ours, alone, before):
    ours, alone, before = (values.astype("float64").ravel() for values in (ours, alone, before))
    scale = max(np.linalg.norm(alone - before), 0.01 * np.linalg.norm(alone), 1e-12)
    return float(np.linalg.norm(ours - alone) / scale)

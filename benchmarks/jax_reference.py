"""The same trainings in JAX, by hand: `vmap` over seeds, `scan` over steps, one jitted call an epoch. JAX is optional."""

import functools

import numpy as np

from benchmarks.cases import DIGITS, MOONS, Stacked, Training
from benchmarks.table import Row
from benchmarks.timing import alternate, median_ratio
from kerascope.seed_stack import batch_order
from kerascope.seed_stack.members import build_member

EPSILON = 1e-7
WEIGHT_DECAY = 0.01


class Jax(Training):
    """An MLP with ReLU and cross-entropy; the batches are those of a SeedStack's seeds."""

    def __init__(self, case, num_seeds, update, init_state):
        self.num_seeds = num_seeds
        self.update, self.init_state = update, init_state
        self.epoch_number = 0
        super().__init__(case)

    def prepare(self):
        import jax
        import jax.numpy as jnp

        models = [build_member(self.case.build, seed) for seed in range(self.num_seeds)]
        stacked = zip(*(model.trainable_variables for model in models), strict=True)
        self.weights = [jnp.stack([np.array(variable) for variable in variables]) for variables in stacked]
        self.state = self.init_state(self.weights)
        (x, y), (x_test, y_test) = self.case.load()
        self.arrays = [jnp.array(array) for array in (x, y, x_test, y_test)]
        batch = min(self.case.batch_size, len(x))
        self.run_epoch = jax.jit(functools.partial(_epoch, self.update, batch), donate_argnums=(0, 1))

    def train(self, epochs):
        num_samples = len(self.arrays[0])
        for _ in range(epochs):
            if self.case.batch_size < num_samples:
                order = np.stack([batch_order(seed, self.epoch_number, num_samples) for seed in range(self.num_seeds)])
            else:
                order = np.broadcast_to(np.arange(num_samples, dtype=np.int32), (self.num_seeds, num_samples))
            self.weights, self.state, results = self.run_epoch(self.weights, self.state, order, *self.arrays)
            self.results = [np.asarray(result) for result in results]
            self.epoch_number += 1


def _epoch(update, batch_size, weights, state, order, x, y, x_test, y_test):
    import jax
    import jax.numpy as jnp

    def outputs(weights, x):
        for kernel, bias in zip(weights[0:-2:2], weights[1:-2:2], strict=True):
            x = jax.nn.relu(x @ kernel + bias)
        return x @ weights[-2] + weights[-1]

    def loss_and_accuracy(weights, x, y):
        logits = outputs(weights, x)
        loss = -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()
        return loss, (logits.argmax(-1) == y).mean()

    def of_seed(weights, state, order):
        def step(carried, rows):
            weights, state = carried
            (loss, accuracy), gradients = jax.value_and_grad(loss_and_accuracy, has_aux=True)(weights, x[rows], y[rows])
            return update(weights, state, gradients), (loss * len(rows), accuracy * len(rows))

        full = len(order) // batch_size
        carried, sums = jax.lax.scan(step, (weights, state), order[: full * batch_size].reshape(full, batch_size))
        totals = [values.sum() for values in sums]
        if len(order) % batch_size:
            carried, rest = step(carried, order[full * batch_size :])
            totals = [total + value for total, value in zip(totals, rest, strict=True)]
        weights, state = carried
        return weights, state, (*(total / len(order) for total in totals), *loss_and_accuracy(weights, x_test, y_test))

    return jax.vmap(of_seed)(weights, state, order)


def sgd(learning_rate):
    def update(weights, state, gradients):
        return [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)], state

    return update, lambda weights: []


def momentum(learning_rate, beta=0.9):
    def update(weights, state, gradients):
        state = [beta * m - learning_rate * g for m, g in zip(state, gradients, strict=True)]
        return [w + m for w, m in zip(weights, state, strict=True)], state

    return update, lambda weights: [0 * w for w in weights]


def adam(learning_rate, decay=0.0, beta_1=0.9, beta_2=0.999):
    import jax.numpy as jnp

    def update(weights, state, gradients):
        step, means, squares = state
        step = step + 1
        scale = learning_rate * jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        means = [m + (g - m) * (1 - beta_1) for m, g in zip(means, gradients, strict=True)]
        squares = [v + (g * g - v) * (1 - beta_2) for v, g in zip(squares, gradients, strict=True)]
        weights = [
            w * (1 - learning_rate * decay) - scale * m / (jnp.sqrt(v) + EPSILON) for w, m, v in zip(weights, means, squares, strict=True)
        ]
        return weights, (step, means, squares)

    return update, lambda weights: (jnp.zeros(len(weights[0])), [0 * w for w in weights], [0 * w for w in weights])


def rows(size):
    """SeedStack against JAX: whole trainings, compilation included, and an epoch alone."""
    optimizers = [adam(0.01, WEIGHT_DECAY), sgd(0.01), momentum(0.01), adam(0.01)]
    for case, optimizer in zip(size.cases([MOONS, *DIGITS[:3]]), size.few(optimizers), strict=True):
        for num_seeds in (1, 10):
            ours, theirs = Stacked(case, num_seeds), Jax(case, num_seeds, *optimizer)
            seconds = alternate({"ours": ours.train_block, "jax": theirs.train_block}, size.rounds)
            ratio = median_ratio(seconds["ours"], seconds["jax"])
            epochs = " : ".join(f"{1e3 * np.median(seconds[name]) / case.block:.1f} ms" for name in ("ours", "jax"))
            start = f"start {ours.start_seconds:.1f} s : {theirs.start_seconds:.1f} s"
            yield Row(case.name, num_seeds, ratio, "x", 1.0, f"an epoch {epochs}; {start}")

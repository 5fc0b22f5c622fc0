"""Experiment C: why do SGD, momentum and Adam learn differently on one network, and what do learning rate and decay change?

What varies: the optimizer, its learning rate, and whether the rate is constant or multiplied by 0.95 after every epoch.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, the initial weights and the batch order of each seed.
What is measured: loss and accuracy per epoch, the gradient's norm per layer and per step, dead and inactive units, and how sharply the loss
curves, against the curvature beyond which a learning rate overshoots.
"""

import os
import runpy
import sys

if __name__ == "__main__" and {"common", "kerascope"} & sys.modules.keys():  # perhaps a notebook's own
    runpy.run_path(os.path.join(os.path.dirname(os.path.realpath(__file__)), "common", "own_process.py"), {"script": __file__})

from common.course_report.optimizer import REPORT
from common.data import NOT_IN_PLANE
from common.experiment import COMMON, Experiment, Measure, choice, settings
from common.lazy import lazy_modules
from common.run import run

np, keras, models, figures, formatting, monitors = lazy_modules(
    "numpy keras common.models common.figures common.experiment.formatting kerascope.monitors"
)

NAME = "exp_c_optimizer"
EPOCHS = 100
LEARNING_RATES = (0.1, 0.01, 0.001)
MOMENTUM = 0.9
DECAY = 0.95  # of the exponential schedule, after every epoch
OPTIMIZERS = {  # {name: function of the learning rate, or its schedule -> Keras optimizer}
    "sgd": lambda learning_rate: keras.optimizers.SGD(learning_rate),
    "momentum": lambda learning_rate: keras.optimizers.SGD(learning_rate, momentum=MOMENTUM),
    "adam": lambda learning_rate: keras.optimizers.Adam(learning_rate),
}
SCHEDULES = {  # {name: function of the first learning rate and the steps of an epoch -> what the optimizer takes}
    "constant": lambda initial, steps: initial,
    "exponential": lambda initial, steps: keras.optimizers.schedules.ExponentialDecay(initial, steps, DECAY, staircase=True),
}
EARLY_EPOCHS = 5  # after which optimizers are compared early
SHARPNESS_STAGES = (0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.13, 0.2, 0.3, 0.45, 0.7, 1)  # shares of the epochs; it moves most at first
SHARPNESS_TOLERANCE = 0.05  # of the eigenvalue; the figure spans powers of ten


def build_model(cell, input_dim, num_classes):
    """Two hidden layers of 256 and 128 ReLUs, and logits."""
    dense = models.NormalisedDense if cell["batch_norm"] else keras.layers.Dense
    layers = [
        dense(256, "relu", name="hidden_1", **models.initializers(cell["init"], fan_in=input_dim)),
        dense(128, "relu", name="hidden_2", **models.initializers(cell["init"], fan_in=256)),
        keras.layers.Dense(num_classes, name="logits", **models.initializers(cell["init"], fan_in=128)),
    ]
    return keras.Sequential([keras.Input((input_dim,)), *models.with_dropout(layers, cell["dropout"])], name="mlp")


def build_optimizer(cell, steps_per_epoch):
    """The arm's optimizer, on the arm's schedule."""
    return OPTIMIZERS[cell["optimizer"]](SCHEDULES[cell["schedule"]](cell["base_learning_rate"], steps_per_epoch))


def build_monitors(cell, samples):
    """The monitor of the loss's sharpness."""
    x_probe, y_probe = samples.probe()
    stages = cell.epochs_at(SHARPNESS_STAGES)
    return {"sharpness": monitors.SharpnessMonitor(x_probe, y_probe, every=stages, tolerance=SHARPNESS_TOLERANCE)}


def measure(tables, keys):
    """Further measures of each run: its training loss after the first epochs, and the jumps of its gradient's norm between epochs."""
    history = tables["history"]
    early = history["epoch"] == min(EARLY_EPOCHS, history["epoch"].max())
    runs = history[early].set_index(keys)["train_loss"].to_frame("early_train_loss")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = history.assign(log_norm=np.log(history["train_grad_norm"]))
        steps = logs.groupby(keys, sort=False)["log_norm"].diff()
        runs["grad_norm_jumps"] = steps.groupby([logs[key] for key in keys]).agg(lambda of_run: of_run.iloc[1:].std(skipna=False))
    return runs.reset_index()


def draw(results):
    """A figure for each learning rate, one for each optimizer, gradients by layer, sharpness, and the final accuracies."""
    tables, figure, panel, norm = results.tables, results.figure, results.panel, results.measures["grad_norm"]
    further = tuple(name for name in results.arm_columns if name not in ("optimizer", "base_learning_rate"))
    panels = (
        *map(panel, ("train_loss", "test_accuracy", "learning_rate", "train_grad_norm")),
        panel("train_loss", f"training loss, moving average of {figures.SMOOTHING_EPOCHS} epochs", figures.smoothed),
        panel("test_loss", f"test loss, last {figures.CLOSE_UP_EPOCHS} epochs", figures.close_up),
    )
    by_optimizer = figures.Styles(color="optimizer", dashes=further, colors=tuple(OPTIMIZERS))
    by_learning_rate = figures.Styles(color="base_learning_rate", dashes=further)
    planned = []
    for learning_rate in tables["history"]["base_learning_rate"].unique():
        history, layers = (tables[name][tables[name]["base_learning_rate"] == learning_rate] for name in ("history", "layers"))
        at, ending = (f"{words}{formatting.exact(learning_rate)}" for words in (", learning rate ", "_lr"))
        planned.append(figure(figures.curves_figure, "curves", history, by_optimizer, panels, title=f"{at}: the optimizers", ending=ending))
        title = f"{at}: gradient norm by layer, on the probe"
        planned.append(figure(figures.layers_figure, "gradients", layers, norm, by_optimizer, title=title, ending=ending))
    for optimizer, history in tables["history"].groupby("optimizer", sort=False):
        title = f", {formatting.name_of(optimizer)}: the learning rates"
        planned.append(figure(figures.curves_figure, "rates", history, by_learning_rate, panels, title=title, ending=f"_{optimizer}"))
    curvature, limits = ": the curvature of the loss", results.measures["sharpness"]
    return [
        *planned,
        figure(figures.sharpness_figure, "sharpness", tables["sharpness"], limits, "optimizer", further, title=curvature),
        figure(figures.accuracy_figure, "final_accuracy", tables, results.arm_columns, title=": final test accuracy"),
    ]


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment C: optimizers, learning rates and decay",
    question="Why do SGD, momentum and Adam learn differently on one network, and what do learning rate and decay change?",
    description=__doc__,
    example=f"python {NAME}.py --lr 0.01",
    datasets=NOT_IN_PLANE,
    epochs=EPOCHS,
    settings=(
        choice("optimizer", "optimizers", OPTIMIZERS, "optimizers"),
        settings.learning_rate(*LEARNING_RATES, always_an_arm=True),
        choice("schedule", "schedules", SCHEDULES, "learning rate schedules"),
        *COMMON,
    ),
    slowest=("base_learning_rate",),
    columns=("final_test_accuracy", "best_test_accuracy", "epochs_to_95pct", "min_train_loss", "volatility"),
    measures=(
        Measure("early_train_loss", f"training loss after {EARLY_EPOCHS} epochs"),
        Measure("grad_norm_jumps", "jumps of the gradient norm from epoch to epoch, in logs"),
    ),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    measure=measure,
    draw=draw,
    report=REPORT,
)


def main(argv=None):
    """Run the experiment with the words `argv`, by default the process's own; returns the exit status."""
    return run(EXPERIMENT, argv)


if __name__ == "__main__":
    sys.exit(main())

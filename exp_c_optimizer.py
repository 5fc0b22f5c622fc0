"""Experiment C: why do SGD, momentum and Adam learn differently on one network, and what do rate and decay change?

What varies: the optimizer, its learning rate, and whether the rate is constant or multiplied by 0.95 after every epoch.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, the initial weights and the batch order of each seed.
What is measured: loss and accuracy per epoch, the gradient's norm per layer and per step, dead and inactive units, and how sharply the loss
curves, against the curvature beyond which a learning rate overshoots.
"""

import sys

from common import cli
from common.course_report.optimizer import REPORT
from common.experiment import Experiment, columns
from common.run import run

NAME = "exp_c_optimizer"
EPOCHS = 100
BATCH_SIZE = {"fashion_mnist": 128, "digits": 64}
OPTIMIZERS = ("sgd", "momentum", "adam")
LEARNING_RATES = (0.1, 0.01, 0.001)
SCHEDULES = ("constant", "exponential")
MOMENTUM = 0.9
EARLY_EPOCHS = 5  # after which optimizers are compared early
DECAY = 0.95  # of the exponential schedule, after every epoch
SHARPNESS_STAGES = (0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.13, 0.2, 0.3, 0.45, 0.7, 1)  # shares of the epochs; it moves most at first
SHARPNESS_TOLERANCE = 0.05  # of the eigenvalue; the figure spans powers of ten


def build_model(cell, input_dim, num_classes):
    """Two hidden layers of 256 and 128 ReLUs, and logits."""
    import keras

    from common.models import NormalisedDense, initializers, with_dropout

    dense = NormalisedDense if cell.batch_norm else keras.layers.Dense
    layers = [
        dense(256, "relu", name="hidden_1", **initializers(cell.init, fan_in=input_dim)),
        dense(128, "relu", name="hidden_2", **initializers(cell.init, fan_in=256)),
        keras.layers.Dense(num_classes, name="logits", **initializers(cell.init, fan_in=128)),
    ]
    return keras.Sequential([keras.Input((input_dim,)), *with_dropout(layers, cell.dropout)], name="mlp")


def build_optimizer(cell, steps_per_epoch):
    import keras

    decay = {"constant": 1.0, "exponential": DECAY}[cell.arm["schedule"]]
    rate = keras.optimizers.schedules.ExponentialDecay(cell.arm["base_learning_rate"], steps_per_epoch, decay, staircase=True)
    if cell.arm["optimizer"] == "sgd":
        return keras.optimizers.SGD(rate)
    if cell.arm["optimizer"] == "momentum":
        return keras.optimizers.SGD(rate, momentum=MOMENTUM)
    return keras.optimizers.Adam(rate)


def build_monitors(cell, data):
    from common.data import probe
    from kerascope.monitors import SharpnessMonitor

    x_probe, y_probe = probe(*data[0])
    return {"sharpness": SharpnessMonitor(x_probe, y_probe, every=cell.epochs_at(SHARPNESS_STAGES), tolerance=SHARPNESS_TOLERANCE)}


def measure(tables, keys):
    """Further measures of each run: its training loss after the first epochs, and how its gradient's norm jumps between epochs."""
    import numpy as np

    history = tables["history"]
    early = history["epoch"] == min(EARLY_EPOCHS, history["epoch"].max())
    runs = history[early].set_index(keys)["train_loss"].to_frame("early_train_loss")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = history.assign(log_norm=np.log(history["train_grad_norm"]))
        steps = logs.groupby(keys, sort=False)["log_norm"].diff()
        runs["grad_norm_jumps"] = steps.groupby([logs[key] for key in keys]).agg(lambda of_run: of_run.iloc[1:].std(skipna=False))
    return runs.reset_index()


def draw(results):
    """Curves per rate, curves per optimizer, gradients by layer, sharpness, and the final accuracies."""
    from common import figures
    from common.experiment.names import display

    tables, figure = results.tables, results.figure
    others = results.arm_columns[2:]  # the schedule, and what else is compared
    panels = figures.OPTIMIZER_CURVES
    planned = []
    by_optimizer = figures.Styles(color="optimizer", dashes=others, colors=OPTIMIZERS)
    for rate in tables["history"]["base_learning_rate"].unique():
        history, layers = tables["history"].query("base_learning_rate == @rate"), tables["layers"].query("base_learning_rate == @rate")
        at, ending = f", learning rate {rate:g}", f"_lr{rate:g}"
        planned.append(figure(figures.curves_figure, "curves", history, by_optimizer, panels, title=f"{at}: the optimizers", ending=ending))
        title = f"{at}: gradient norm by layer, on the probe"
        planned.append(figure(figures.layers_figure, "gradients", layers, "grad_norm", by_optimizer, title=title, ending=ending))
    by_rate = figures.Styles(color="base_learning_rate", dashes=others)
    for optimizer, history in tables["history"].groupby("optimizer", sort=False):
        title = f", {display(optimizer)}: the learning rates"
        planned.append(figure(figures.curves_figure, "rates", history, by_rate, panels, title=title, ending=f"_{optimizer}"))
    title = ": how sharply the loss curves"
    planned.append(figure(figures.sharpness_figure, "sharpness", tables["sharpness"], "optimizer", others, title=title))
    return [
        *planned,
        figure(figures.accuracy_figure, "final_accuracy", tables["summary"], results.arm_columns, title=": final test accuracy"),
    ]


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment C: optimizers, learning rates and decay",
    question="Why do SGD, momentum and Adam learn differently on one network, and what do learning rate and decay change?",
    arm_columns=("optimizer", "base_learning_rate", "schedule"),
    default_batch_size=BATCH_SIZE,
    columns=(columns.TEST_ACCURACY, columns.BEST_ACCURACY, columns.EPOCHS_TO_95, columns.TRAIN_LOSS, columns.VOLATILITY),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    measure=measure,
    draw=draw,
    report=REPORT,
)


def main(argv=None):
    parser = cli.build_parser(f"{NAME}.py", __doc__, f"python {NAME}.py --lr 0.01", list(BATCH_SIZE), EPOCHS, BATCH_SIZE)
    rates = " ".join(map(str, LEARNING_RATES))
    parser.add_argument(
        "--lr", nargs="+", metavar="RATE", type=cli.positive_number, default=LEARNING_RATES, help=f"learning rates (default: {rates})"
    )
    cli.add_names(parser, "--optimizers", OPTIMIZERS)
    cli.add_names(parser, "--schedules", SCHEDULES)
    args = cli.parse(parser, argv, "lr", "optimizers", "schedules")
    arms = [
        {"optimizer": optimizer, "base_learning_rate": rate, "schedule": schedule}
        for rate in args.lr
        for optimizer in args.optimizers
        for schedule in args.schedules
    ]
    return run(EXPERIMENT, args, arms)


if __name__ == "__main__":
    sys.exit(main())

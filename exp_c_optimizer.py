"""Experiment C: why do SGD, momentum and Adam learn differently on one network, and what do rate and decay change?

What varies: the optimizer, its learning rate, and whether the rate is constant or multiplied by 0.95 after every epoch.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, the initial weights and the batch order of each seed.
What is measured: loss and accuracy per epoch, the gradient's norm per layer and per step, dead and inactive units.
"""

import sys

from common import cli, experiment

NAME = "exp_c_optimizer"
EPOCHS = 100
BATCH_SIZE = {"fashion_mnist": 128, "digits": 64}
OPTIMIZERS = ("sgd", "momentum", "adam")
LEARNING_RATES = (0.1, 0.01, 0.001)
SCHEDULES = ("constant", "exponential")
MOMENTUM = 0.9
DECAY = 0.95  # of the exponential schedule, after every epoch
ARM_COLUMNS = ("optimizer", "base_learning_rate", "schedule")


def build_model(cell, input_dim, num_classes):
    from common.models import build_mlp

    return build_mlp(input_dim, num_classes, activation="relu", init=cell.init)


def build_loss(cell):
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def build_optimizer(cell, steps_per_epoch):
    import keras

    rate = cell.arm["base_learning_rate"]
    if cell.arm["schedule"] == "exponential":
        rate = keras.optimizers.schedules.ExponentialDecay(rate, decay_steps=steps_per_epoch, decay_rate=DECAY, staircase=True)
    if cell.arm["optimizer"] == "sgd":
        return keras.optimizers.SGD(rate)
    if cell.arm["optimizer"] == "momentum":
        return keras.optimizers.SGD(rate, momentum=MOMENTUM)
    return keras.optimizers.Adam(rate)


def draw(tables, folder, settings):
    """A sheet per rate, a sheet per optimizer, gradients by layer, and the final accuracies, for each dataset."""
    from common import plots

    figures = []
    for dataset, note in settings.items():
        history, layers, summary = (plots.of_dataset(tables[name], dataset) for name in ("history", "layers", "summary"))
        by_optimizer = plots.Styles(color="optimizer", dashes="schedule", colors=OPTIMIZERS, dash_values=SCHEDULES)
        for rate in history["base_learning_rate"].unique():
            where = f"{plots.display(dataset)}, learning rate {rate:g}"
            of_rate = history.query("base_learning_rate == @rate")
            figures.append(
                plots.curves_sheet(of_rate, by_optimizer, f"{where}: the optimizers", note, folder / f"curves_{dataset}_lr{rate:g}.png")
            )
            of_rate = layers.query("base_learning_rate == @rate")
            title = f"{where}: gradient norm by layer, on the probe"
            figures.append(
                plots.layers_sheet(of_rate, "grad_norm", by_optimizer, title, note, folder / f"gradients_{dataset}_lr{rate:g}.png")
            )
        by_rate = plots.Styles(color="base_learning_rate", dashes="schedule", colors=None, dash_values=SCHEDULES)
        for optimizer in history["optimizer"].unique():
            title = f"{plots.display(dataset)}, {plots.display(optimizer)}: the learning rates"
            of_optimizer = history.query("optimizer == @optimizer")
            figures.append(plots.curves_sheet(of_optimizer, by_rate, title, note, folder / f"rates_{dataset}_{optimizer}.png"))
        title = f"{plots.display(dataset)}: final test accuracy"
        figures.append(plots.accuracy_sheet(summary, ARM_COLUMNS, title, note, folder / f"final_accuracy_{dataset}.png"))
    return figures


EXPERIMENT = experiment.Experiment(
    name=NAME,
    title="Experiment C: optimizers, learning rates and decay",
    question="Why do SGD, momentum and Adam learn differently on one network, and what do learning rate and decay change?",
    arm_columns=ARM_COLUMNS,
    default_batch_size=BATCH_SIZE,
    build_model=build_model,
    build_loss=build_loss,
    build_optimizer=build_optimizer,
    draw=draw,
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
    return experiment.run(EXPERIMENT, args, arms)


if __name__ == "__main__":
    sys.exit(main())

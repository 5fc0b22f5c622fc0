"""Experiment A: why does cross-entropy train a classifier better than mean squared error?

What varies: the loss: cross-entropy, MSE on softmax outputs, MSE on the raw outputs.
What is held fixed: the network (dense 256, dense 128, logits), AdamW, the initial weights and the batch order of each seed.
What is measured: accuracy, the loss relative to its start, the cross-entropy of every arm's softmax as a common yardstick; the gradient of
each sample's loss by its logits, and the share of samples whose gradient vanishes while they are still misclassified.
"""

import sys

from common import cli
from common.course_report.loss import REPORT
from common.experiment import Experiment, columns, curves
from common.run import run

NAME = "exp_a_loss"
EPOCHS = 30
BATCH_SIZE = {"fashion_mnist": 128, "digits": 64}
LOSSES = ("cross_entropy", "mse_softmax", "mse_linear")
LEARNING_RATE = 0.001
WEIGHT_DECAY = 0.01
STAGES = (0, 0.2, 0.5, 1)  # shares of the training after which logits and their gradients are kept, sample by sample
VANISHED_SHARE = 0.01  # of the median before training: below it a sample's gradient has vanished
LOGIT_PROBE = {"fashion_mnist": 2048, "digits": 256}  # training samples whose logits are measured


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


def build_loss(cell):
    import keras

    from common import losses

    if cell.arm["loss"] == "cross_entropy":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return losses.mse_softmax if cell.arm["loss"] == "mse_softmax" else losses.mse_linear


def build_optimizer(cell, steps_per_epoch):
    import keras

    return keras.optimizers.AdamW(cell.arm["base_learning_rate"], weight_decay=WEIGHT_DECAY)


def build_metrics(cell):
    """The common yardstick: whatever a network was trained on, the cross-entropy of the softmax of its outputs."""
    import keras

    return [keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")]


def build_monitors(cell, data):
    from common.data import probe
    from kerascope.monitors import LogitMonitor

    (x, y), _ = data
    x_probe, y_probe = probe(x, y, LOGIT_PROBE[cell.dataset])
    return {"logits": LogitMonitor(x_probe, y_probe, stages=cell.epochs_at(STAGES), vanished_share=VANISHED_SHARE)}


def measure(tables, keys):
    """Further measures of each run: its loss and its logits after the last epoch, on grounds that do not depend on the loss's scale."""
    from common.results.summary import last_epoch

    logits, history = tables["logits"], last_epoch(tables["history"])
    runs = last_epoch(logits).set_index(keys)[["relative_loss", "logit_grad_median", "vanished_fraction"]]
    runs["most_vanished_fraction"] = logits.groupby(keys)["vanished_fraction"].max()
    layers = tables["layers"].assign(square=tables["layers"]["grad_norm"] ** 2)
    norms = layers.groupby([*keys, "epoch"])["square"].sum(min_count=1).pow(0.5).reset_index(name="norm")
    runs["final_grad_norm"] = last_epoch(norms).set_index(keys)["norm"]
    runs["first_grad_norm"] = norms[norms["epoch"] == 1].set_index(keys)["norm"]
    runs["final_test_cross_entropy"] = history.set_index(keys)["test_cross_entropy"]
    return runs.reset_index()


def draw(results):
    """Curves, gradients by layer, gradients by logit and logits by stage, and the final accuracies."""
    from common import figures

    tables, arm_columns = results.tables, list(results.arm_columns)
    styles = figures.Styles(color="loss", dashes=results.arm_columns[1:], colors=LOSSES)
    curves = tables["history"].merge(tables["logits"].drop(columns="dataset"), on=[*arm_columns, "seed", "epoch"])
    panels = (
        figures.Panel("train_loss", "training loss, each on its own scale"),
        figures.Panel("train_accuracy", "training accuracy", "percent"),
        figures.Panel("relative_loss", "probe loss ÷ its value before training"),
        figures.Panel("test_loss", "test loss, each on its own scale"),
        figures.Panel("test_accuracy", "test accuracy", "percent"),
        figures.Panel("test_cross_entropy", "cross-entropy of the softmax, test set"),
        figures.Panel("logit_grad_median", "gradient by the logits, median"),
        figures.Panel("misclassified_fraction", "misclassified share of the probe", "percent"),
        figures.Panel("vanished_fraction", "wrong with a vanished gradient", "percent"),
    )
    arms = [(results.label(cell), results.arrays("logits", cell)) for cell in results.cells]
    figure = results.figure
    return [
        figure(figures.curves_figure, "curves", curves, styles, panels, title=": the losses"),
        figure(figures.layers_figure, "gradients", tables["layers"], "grad_norm", styles, title=": gradient norm by layer, on the probe"),
        figure(
            figures.logit_gradients_figure, "logit_gradients", arms, VANISHED_SHARE, title=": gradient of each sample's loss by its logits"
        ),
        figure(figures.logits_figure, "logits", arms, title=": logits of the probe"),
        figure(figures.accuracy_figure, "final_accuracy", tables["summary"], arm_columns, title=": final test accuracy"),
    ]


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment A: cross-entropy and mean squared error",
    question="Why does cross-entropy train a classifier better than mean squared error, with softmax and without?",
    arm_columns=("loss",),
    default_batch_size=BATCH_SIZE,
    columns=(
        columns.TEST_ACCURACY,
        columns.EPOCHS_TO_95,
        columns.EPOCHS_TO_TARGET,
        columns.Column("rel.loss", "relative_loss", "short", "loss of the probe at the end, divided by that before training"),
        columns.Column("test CE", "final_test_cross_entropy", "short", "cross-entropy of the softmax on the test set"),
        columns.Column(
            "vanish%", "most_vanished_fraction", "percent", "most samples at any epoch that were wrong with a vanished gradient"
        ),
    ),
    build_loss=build_loss,
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_metrics=build_metrics,
    build_monitors=build_monitors,
    measure=measure,
    draw=draw,
    curves=(
        *curves.COMMON,
        curves.Curve("relative_loss", "probe loss ÷ its value before training", table="logits"),
        curves.Curve("vanished_fraction", "wrong with a vanished gradient", "percent", "logits"),
    ),
    report=REPORT,
)


def main(argv=None):
    parser = cli.build_parser(f"{NAME}.py", __doc__, f"python {NAME}.py --datasets digits", list(BATCH_SIZE), EPOCHS, BATCH_SIZE)
    cli.add_names(parser, "--losses", LOSSES)
    cli.add_rate(parser, LEARNING_RATE)
    args = cli.parse(parser, argv, "losses")
    return run(EXPERIMENT, args, [{"loss": loss, "base_learning_rate": args.lr} for loss in args.losses])


if __name__ == "__main__":
    sys.exit(main())

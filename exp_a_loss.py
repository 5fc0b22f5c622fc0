"""Experiment A: why does cross-entropy train a classifier better than mean squared error?

What varies: the loss: cross-entropy, MSE on softmax outputs, MSE on the raw outputs.
What is held fixed: the network (dense 256, dense 128, logits), AdamW, the initial weights and the batch order of each seed.
What is measured: accuracy, the loss relative to its start, the cross-entropy of every arm's softmax as a common yardstick; the gradient of
each sample's loss by its logits, and the share of samples whose gradient vanishes while they are still misclassified.
"""

import os
import runpy
import sys

if __name__ == "__main__" and {"common", "kerascope"} & sys.modules.keys():  # perhaps a notebook's own
    runpy.run_path(os.path.join(os.path.dirname(os.path.realpath(__file__)), "common", "own_process.py"), {"script": __file__})

from common.course_report.loss import REPORT
from common.data import NOT_IN_PLANE
from common.experiment import COMMON, Experiment, Measure, choice, learning_rate, share
from common.experiment.experiment import CURVES, build_cross_entropy
from common.lazy import lazy_modules
from common.run import run

keras, models, losses, summary, figures, monitors = lazy_modules(
    "keras common.models common.losses common.results.summary common.figures kerascope.monitors"
)

NAME = "exp_a_loss"
EPOCHS = 30
LOSSES = {  # {name: function of the cell -> Keras loss}
    "cross_entropy": build_cross_entropy,
    "mse_softmax": lambda cell: losses.mse_softmax,
    "mse_linear": lambda cell: losses.mse_linear,
}
LEARNING_RATE = 0.001
WEIGHT_DECAY = 0.01
STAGES = (0, 0.2, 0.5, 1)  # shares of the training after which logits and their gradients are kept, sample by sample
VANISHED_SHARE = 0.01  # of the median before training: below it a sample's gradient has vanished
LOGIT_PROBE = 256, 2048  # a tenth of the training samples, within these bounds, have their logits measured


def build_model(cell, input_dim, num_classes):
    """Two hidden layers of 256 and 128 ReLUs, and logits."""
    dense = models.NormalisedDense if cell["batch_norm"] else keras.layers.Dense
    layers = [
        dense(256, "relu", name="hidden_1", **models.initializers(cell["init"], fan_in=input_dim)),
        dense(128, "relu", name="hidden_2", **models.initializers(cell["init"], fan_in=256)),
        keras.layers.Dense(num_classes, name="logits", **models.initializers(cell["init"], fan_in=128)),
    ]
    return keras.Sequential([keras.Input((input_dim,)), *models.with_dropout(layers, cell["dropout"])], name="mlp")


def build_loss(cell):
    """The arm's loss."""
    return LOSSES[cell["loss"]](cell)


def build_optimizer(cell, steps_per_epoch):
    """AdamW at the cell's learning rate."""
    return keras.optimizers.AdamW(cell["base_learning_rate"], weight_decay=WEIGHT_DECAY)


def build_metrics(cell):
    """The common yardstick, whatever the loss: the cross-entropy of the softmax of the outputs."""
    return [keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")]


def build_monitors(cell, samples):
    """The monitor of logits and of the gradients by them."""
    least, most = LOGIT_PROBE
    x_probe, y_probe = samples.probe(min(most, max(least, samples.num_samples // 10)))
    return {"logits": monitors.LogitMonitor(x_probe, y_probe, stages=cell.epochs_at(STAGES), vanished_share=VANISHED_SHARE)}


def measure(tables, keys):
    """Further measures of each run: its loss and its logits after the last epoch, in terms that do not depend on the loss's scale."""
    logits, history = tables["logits"], summary.last_epoch(tables["history"])
    runs = summary.last_epoch(logits).set_index(keys)[["relative_loss", "logit_grad_median", "vanished_fraction"]]
    runs["most_vanished_fraction"] = logits.groupby(keys)["vanished_fraction"].max()
    layers = tables["layers"].assign(square=tables["layers"]["grad_norm"] ** 2)
    norms = layers.groupby([*keys, "epoch"])["square"].sum(min_count=1).pow(0.5).reset_index(name="norm")
    runs["final_grad_norm"] = summary.last_epoch(norms).set_index(keys)["norm"]
    runs["first_grad_norm"] = norms[norms["epoch"] == 1].set_index(keys)["norm"]
    runs["final_test_cross_entropy"] = history.set_index(keys)["test_cross_entropy"]
    return runs.reset_index()


def draw(results):
    """Curves, gradients by layer, gradients by logit and logits by stage, and the final accuracies."""
    tables, columns, figure, panel = results.tables, list(results.arm_columns), results.figure, results.panel
    styles = figures.Styles(color="loss", dashes=results.arm_columns[1:], colors=tuple(LOSSES))
    curves = tables["history"].merge(tables["logits"].drop(columns="dataset"), on=[*columns, "seed", "epoch"])
    panels = (
        panel("train_loss", "training loss, each on its own scale"),
        panel("train_accuracy"),
        panel("relative_loss"),
        panel("test_loss", "test loss, each on its own scale"),
        panel("test_accuracy"),
        panel("test_cross_entropy"),
        panel("logit_grad_median"),
        panel("misclassified_fraction"),
        panel("vanished_fraction"),
    )
    arms = [(results.label(cell), results.arrays("logits", cell)) for cell in results.cells]
    norm, by_logit = results.measures["grad_norm"], ": gradient of each sample's loss by its logits"
    return [
        figure(figures.curves_figure, "curves", curves, styles, panels, title=": the losses"),
        figure(figures.layers_figure, "gradients", tables["layers"], norm, styles, title=": gradient norm by layer, on the probe"),
        figure(figures.logit_gradients_figure, "logit_gradients", arms, VANISHED_SHARE, title=by_logit),
        figure(figures.logits_figure, "logits", arms, title=": logits of the probe"),
        figure(figures.accuracy_figure, "final_accuracy", tables, columns, title=": final test accuracy"),
    ]


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment A: cross-entropy and mean squared error",
    question="Why does cross-entropy train a classifier better than mean squared error, with softmax and without?",
    description=__doc__,
    example=f"python {NAME}.py --datasets digits",
    datasets=NOT_IN_PLANE,
    epochs=EPOCHS,
    settings=(choice("loss", "losses", LOSSES, "losses"), learning_rate(LEARNING_RATE), *COMMON),
    columns=(
        "final_test_accuracy",
        "epochs_to_95pct",
        "epochs_to_target",
        "relative_loss",
        "final_test_cross_entropy",
        "most_vanished_fraction",
    ),
    measures=(
        Measure("train_cross_entropy", "cross-entropy of the softmax, training set"),
        Measure("test_cross_entropy", "cross-entropy of the softmax, test set"),
        Measure("relative_loss", "probe loss ÷ its value before training", heading="rel.loss"),
        Measure("final_test_cross_entropy", "cross-entropy of the softmax on the test set", heading="test CE"),
        share("most_vanished_fraction", "most samples at any epoch that were wrong with a vanished gradient", "vanish%"),
        Measure("first_grad_norm", "gradient norm after the first epoch"),
        Measure("final_grad_norm", "gradient norm at the end"),
    ),
    build_loss=build_loss,
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_metrics=build_metrics,
    build_monitors=build_monitors,
    measure=measure,
    draw=draw,
    curves=(*CURVES, "relative_loss", "vanished_fraction"),
    report=REPORT,
)


def main(argv=None):
    """Run the experiment with the words `argv`, by default the process's own; returns the exit status."""
    return run(EXPERIMENT, argv)


if __name__ == "__main__":
    sys.exit(main())

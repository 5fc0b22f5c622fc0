"""Experiment A: does cross-entropy train a classifier better than mean squared error, with softmax and without, and why?

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
from common.data import DATASETS, NOT_IN_PLANE
from common.experiment import COMMON, Experiment, Measure, choice, learning_rate, share
from common.experiment.experiment import CURVES, build_cross_entropy
from common.lazy import lazy_modules
from common.run import run

keras, models, losses, summary, figures, monitors, by_sample, sample_gradients = lazy_modules(
    "keras common.models common.losses common.results.summary common.figures kerascope.monitors common.results.by_sample "
    "common.training.sample_gradients"
)

NAME = "exp_a_loss"
EPOCHS = 30
LOSSES = {  # {name: function of the cell -> Keras loss}
    "cross_entropy": build_cross_entropy,
    "mse_softmax": lambda cell: losses.mse_softmax,
    "mse_linear": lambda cell: losses.mse_linear,
}
OPTIMIZERS = {  # {name: function of the cell -> Keras optimizer}; the second for controls, which need one that feels a loss's scale
    "adamw": lambda cell: keras.optimizers.AdamW(cell["base_learning_rate"], weight_decay=WEIGHT_DECAY),
    "sgd": lambda cell: keras.optimizers.SGD(cell["base_learning_rate"]),
}
KNOBS = {  # which controls alone turn: {name: its value in all other cells}
    "logit_scale": 1,  # times the first weights and biases of the last layer: how sure of itself the network begins
    "loss_scale": None,  # "matched": MSE on softmax times the factor that gives it cross-entropy's first gradient
    "target_scale": 1,  # the outputs are divided by it before MSE without softmax, as if the targets were so much larger
    "optimizer": "adamw",  # of OPTIMIZERS
}
LEARNING_RATE = 0.001
WEIGHT_DECAY = 0.01
HIDDEN = ("hidden_1", "hidden_2")
STAGES = (0, 0.2, 0.5, 1)  # shares of the training after which logits and their gradients are kept, sample by sample
SAMPLE_STAGES = (0.1, 0.2, 0.35, 0.5, 0.75, 1)  # the same, of the gradients of easy and hard samples
VANISHED_SHARE = 0.01  # of the median before training: below it a sample's gradient has vanished
LATE = 1 / 3  # of the epochs, over which the gradient of samples that are still wrong is averaged
LOGIT_PROBE = 256, 2048  # a tenth of the training samples, within these bounds, have their logits measured
LEFT, NOT = "at the end ÷ its own before training", "not measured"
WRONG = "gradient of misclassified samples ÷ that of all before training,"


def build_model(cell, input_dim, num_classes):
    """Two hidden layers of 256 and 128 ReLUs, and logits; the knob `logit_scale` multiplies the first logits."""
    dense = models.NormalisedDense if cell["batch_norm"] else keras.layers.Dense
    layers = [
        dense(256, "relu", name="hidden_1", **models.initializers(cell["init"], fan_in=input_dim)),
        dense(128, "relu", name="hidden_2", **models.initializers(cell["init"], fan_in=256)),
        keras.layers.Dense(num_classes, name="logits", **models.initializers(cell["init"], fan_in=128)),
    ]
    model = keras.Sequential([keras.Input((input_dim,)), *models.with_dropout(layers, cell["dropout"])], name="mlp")
    for weight in model.get_layer("logits").trainable_variables:
        weight.assign(weight * turned(cell, "logit_scale"))
    return model


def build_loss(cell):
    """The arm's loss; a control may change its scale, or that of its targets."""
    if turned(cell, "loss_scale") == "matched":
        return losses.ScaledSquaredError(factor=losses.matching_factor(DATASETS[cell.dataset].num_classes))
    if turned(cell, "target_scale") != 1:
        return losses.ScaledSquaredError(softmax=False, target=turned(cell, "target_scale"))
    return LOSSES[cell["loss"]](cell)


def build_optimizer(cell, steps_per_epoch):
    """AdamW at the cell's learning rate, or what a control has in its place."""
    return OPTIMIZERS[turned(cell, "optimizer")](cell)


def turned(cell, knob):
    """The value of a knob in a cell."""
    return cell.get(knob, KNOBS[knob])


def build_metrics(cell):
    """The common yardstick, whatever the loss: the cross-entropy of the softmax of the outputs."""
    return [keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")]


def build_monitors(cell, samples):
    """The monitor of logits and of the gradients by them, and that of the gradients of easy and hard samples."""
    least, most = LOGIT_PROBE
    x_probe, y_probe = samples.probe(min(most, max(least, samples.num_samples // 10)))
    return {
        "logits": monitors.LogitMonitor(x_probe, y_probe, stages=cell.epochs_at(STAGES), vanished_share=VANISHED_SHARE),
        "by_sample": sample_gradients.SampleGradients(x_probe, y_probe, cell.epochs_at(SAMPLE_STAGES)),
    }


def measure(tables, keys):
    """Further measures of each run, in terms that do not depend on the loss's scale: its loss, and the gradients by its logits, each beside
    its own start."""
    logits, history = tables["logits"], summary.last_epoch(tables["history"])
    start = logits[logits["epoch"] == 0].set_index(keys)
    runs = summary.last_epoch(logits).set_index(keys)[["relative_loss", "vanished_fraction"]]
    runs["most_vanished_fraction"] = logits.groupby(keys)["vanished_fraction"].max()
    for kind in ("median", "mean"):
        at_end = summary.last_epoch(logits).set_index(keys)[f"logit_grad_{kind}"]
        runs[f"logit_grad_{kind}_left"] = at_end / start[f"logit_grad_{kind}"]
    wrong = logits.set_index(keys)[["epoch", "misclassified_grad_mean"]]
    wrong["relative"] = wrong["misclassified_grad_mean"] / start["logit_grad_mean"].reindex(wrong.index)
    last = logits["epoch"].max()
    runs["wrong_grad_early"] = wrong.loc[wrong["epoch"] == min(1, last), "relative"]
    runs["wrong_grad_late"] = wrong.loc[wrong["epoch"] > (1 - LATE) * last, "relative"].groupby(keys).mean()
    if "by_sample" in tables:
        runs = runs.join(by_sample.measure_by_sample(tables["by_sample"], keys))
    runs["final_test_cross_entropy"] = history.set_index(keys)["test_cross_entropy"]
    return runs.reset_index()


def draw(results):
    """Curves, gradients by layer and by logit over epochs, gradients, logits and activations by stage, and the final accuracies."""
    tables, columns, figure, panel = results.tables, list(results.arm_columns), results.figure, results.panel
    styles = figures.Styles(color="loss", dashes=results.arm_columns[1:], colors=tuple(LOSSES))
    curves = tables["history"].merge(tables["logits"].drop(columns="dataset"), on=[*columns, "seed", "epoch"])
    panels = (
        panel("train_loss", "training loss, own scale"),
        panel("train_accuracy"),
        panel("relative_loss", "probe loss ÷ before training"),
        panel("test_loss", "test loss, own scale"),
        panel("test_accuracy"),
        panel("test_cross_entropy", "test cross-entropy of softmax"),
    )
    shares = panel("misclassified_fraction"), panel("vanished_fraction")
    both = results.measures["relative_loss"], results.measures["test_accuracy"]
    arms = [(results.label(cell), results.arrays("logits", cell)) for cell in results.cells]
    layers, norm = tables["layers"], results.measures["grad_norm"]._replace(name="relative_norm", label="norm ÷ first norm")
    layers = layers.assign(relative_norm=figures.relative_to_first(layers, "grad_norm", [*columns, "layer"]))
    by_layer, by_logit = f": gradient by layer ÷ that of epoch {layers['epoch'].min()}", ": gradient of each sample's loss by its logits"
    relative = ": gradient by the logits ÷ that before training"
    return [
        figure(figures.curves_figure, "curves", curves, styles, panels, title=": the losses"),
        figure(figures.layers_figure, "gradients", layers, norm, styles, title=by_layer),
        figure(figures.loss_accuracy_figure, "loss_and_accuracy", curves, styles, *both, title=": relative loss and test accuracy"),
        figure(figures.vanishing_figure, "vanishing", tables["logits"], styles, shares, title=relative),
        figure(figures.logit_gradients_figure, "logit_gradients", arms, VANISHED_SHARE, title=by_logit),
        figure(figures.logits_figure, "logits", arms, title=": logits of the probe"),
        *results.activations([(results.label(cell), cell) for cell in results.cells], HIDDEN),
        figure(figures.accuracy_figure, "final_accuracy", tables, columns, title=": final test accuracy"),
    ]


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment A: cross-entropy and mean squared error",
    question="Does cross-entropy train a classifier better than mean squared error, with softmax and without, and why?",
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
        share(
            "most_vanished_fraction",
            "most samples at any epoch that were wrong with a vanished gradient",
            "vanish%",
            title="most samples wrong, gradient vanished",
        ),
        Measure("logit_grad_median_left", "median gradient of the samples by their logits at the end ÷ before training", "times"),
        Measure("logit_grad_mean_left", "mean gradient of the samples by their logits at the end ÷ before training", "times"),
        Measure("sample_grad_mean", "gradient of the samples by their logits ÷ before training", "times", missing=NOT),
        Measure("sample_grad_median", "gradient of the median sample by its logits ÷ its own before training", "times", missing=NOT),
        Measure("easy_grad_left", f"gradient of the median sample that is right after the first epoch, {LEFT}", "times"),
        Measure("hard_grad_left", f"gradient of the median sample that is wrong after the first epoch, {LEFT}", "times", missing=NOT),
        Measure(
            "wrong_grad_left", "gradient of the samples that are wrong when some last are ÷ theirs before training", "times", missing=NOT
        ),
        Measure("wrong_grad_early", f"{WRONG} after the first epoch", "times", missing=NOT),
        Measure("wrong_grad_late", f"{WRONG} in the last third", "times", missing=NOT),
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

"""Experiment B: which units die and which gradients vanish under ReLU, LeakyReLU and Sigmoid, and what does it cost?

What varies: the activation. To induce dead ReLUs, weights start small, N(0, 0.01), and biases at 0; --init pytorch trains without that, and
--bias-drop lowers the hidden layers' first biases, which kills more. Several values of either are compared.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, AdamW on the full batch, the initial weights of each seed.
What is measured: inactive, dead, always-off and dormant units per layer and epoch, the fate of every unit, gradients, decision boundaries.
"""

import os
import runpy
import sys
from dataclasses import replace

if __name__ == "__main__" and {"common", "kerascope"} & sys.modules.keys():  # perhaps a notebook's own
    runpy.run_path(os.path.join(os.path.dirname(os.path.realpath(__file__)), "common", "own_process.py"), {"script": __file__})

from common.cli import number_from_zero
from common.course_report.activation import REPORT
from common.data import IN_PLANE
from common.experiment import BATCH_NORM, BATCH_SIZE, DROPOUT, INIT, Experiment, Setting, choice, learning_rate
from common.experiment.experiment import CURVES
from common.experiment.knobs import SPARSE
from common.lazy import lazy_modules
from common.results import layerwise, rests, units
from common.run import run

keras, data, models, figures, monitors, interventions = lazy_modules(
    "keras common.data common.models common.figures kerascope.monitors kerascope.interventions"
)

NAME = "exp_b_activation"
EPOCHS = 300
ACTIVATIONS = {  # {name: activation of a Keras layer}; a function is looked up when it is needed
    "relu": lambda: "relu",
    "leaky_relu": lambda: models.leaky_relu,
    "sigmoid": lambda: "sigmoid",
}
INITS = ("small", "pytorch", "glorot", "he")
LEARNING_RATE = 0.01
WEIGHT_DECAY = 0.01
EARLY_EPOCHS = units.EARLY_EPOCHS  # over which the early gradient is averaged
HIDDEN = ("hidden_1", "hidden_2")
LAYERS = (*HIDDEN, "logits")
REWOUND = (0, 0.01, 0.02, 0.05, 0.1, 0.3)  # shares of the epochs to whose ends a layer is set back
GRID = 101  # points along each side of the plane on which decision boundaries are drawn


def build_model(cell, input_dim, num_classes):
    """Two hidden layers of 256 and 128 units with the arm's activation, and logits; --bias-drop lowers the hidden layers' first biases.

    Knobs of controls: `slope` of LeakyReLU; `hidden_layers`, those from the second on of 128 units; `gain` of the weights that take a
    Sigmoid's outputs; `frozen`, the name of a layer that is not trained.
    """
    dense = models.NormalisedDense if cell["batch_norm"] else keras.layers.Dense
    slope = cell.get("slope")
    activation = ACTIVATIONS[cell["activation"]]() if slope is None else models.LeakyReLU(slope)
    widths = [256] + [128] * (cell.get("hidden_layers", len(HIDDEN)) - 1)
    layers = [
        dense(units, activation, name=f"hidden_{i}", **models.initializers(cell["init"], fan_in))
        for i, (units, fan_in) in enumerate(zip(widths, [input_dim, *widths], strict=False), 1)
    ]
    layers.append(keras.layers.Dense(num_classes, name="logits", **models.initializers(cell["init"], fan_in=widths[-1])))
    model = keras.Sequential([keras.Input((input_dim,)), *models.with_dropout(layers, cell["dropout"])], name="mlp")
    for layer in layers[:-1]:
        layer.bias.assign(layer.bias - cell["bias_drop"])
    if cell.get("gain"):
        models.centred(layers[1:], cell["gain"])
    if cell.get("frozen"):
        model.get_layer(cell["frozen"]).trainable = False
    return model


def build_optimizer(cell, steps_per_epoch):
    """AdamW at the cell's learning rate."""
    return keras.optimizers.AdamW(cell["base_learning_rate"], weight_decay=cell.get("weight_decay", WEIGHT_DECAY))


def build_monitors(cell, samples):
    """The monitor of the outputs over the plane; of a cell that a control needs, that of layers set back, or of the units on all training
    samples."""
    (x, _), _ = samples.fixed  # the same plane for all seeds
    found = {} if cell.get(SPARSE) else {"boundary": monitors.PredictionMonitor(data.plane_grid(x, GRID))}
    if cell.get("rewound"):
        found["rewinds"] = monitors.RewindMonitor(*samples.test, every=cell.epochs_at(REWOUND))
    if cell.get("watched"):
        found["watched"] = monitors.ActivationMonitor(samples.train[0], units=True, logs=False)
    return found


def build_interventions(cell, samples):
    """The other activation function that a control gives the hidden layers after a third of the training."""
    if not cell.get("swapped"):
        return {}
    (third,) = cell.epochs_at([1 / 3])
    return {"swap": interventions.SwapActivation(ACTIVATIONS[cell["swapped"]](), HIDDEN, after_epoch=third)}


def measure(tables, keys):
    """Further measures of each run: the fate of its hidden units, and where its loss rests; and the cost of an arm against the first of
    its activation."""
    runs = units.measure_units(tables, keys, HIDDEN, EARLY_EPOCHS).join(rests.measure_rests(tables["history"], keys))
    runs = runs.join(layerwise.measure_rewinds(tables, keys, LAYERS))
    runs["early_passage"] = layerwise.early_passage(tables["layers"], keys, EARLY_EPOCHS)
    if set(keys) != {"dataset", "activation", "seed"} and "control" not in keys:
        runs["accuracy_cost"] = units.accuracy_cost(tables["summary"], keys, "activation")
    return runs.reset_index()


def draw(results):
    """Curves, gradient flow, movement, units that are off, and final accuracies; the units of each start; and the activations of one start,
    or the cost of several."""
    tables, figure, starts, measures = results.tables, results.figure, results.arm_columns[1:], results.measures
    styles = figures.Styles(color="activation", dashes=starts, colors=tuple(ACTIVATIONS))
    hidden = tables["layers"][tables["layers"]["layer"].isin(HIDDEN)]
    norm, off, moves = (measures[name] for name in ("grad_norm", "always_off_fraction", "update_ratio"))
    panels = tuple(map(results.panel, figures.FOUR_CURVES))
    both = measures["train_loss"], measures["test_accuracy"]
    flow, units_off = ": gradient flow, the norm by layer on the probe", ": units that no sample of the probe switches on"
    planned = [
        figure(figures.curves_figure, "curves", tables["history"], styles, panels, title=": the activations"),
        figure(
            figures.loss_accuracy_figure, "loss_and_accuracy", tables["history"], styles, *both, title=": training loss and test accuracy"
        ),
        figure(figures.layers_figure, "gradients", tables["layers"], norm, styles, title=flow),
        figure(figures.layers_figure, "updates", tables["layers"], moves, styles, title=": movement of each layer in an epoch"),
        figure(figures.layers_figure, "off", hidden, off, styles, title=units_off),
        figure(figures.accuracy_figure, "final_accuracy", tables, results.arm_columns, title=": final test accuracy"),
    ]
    fractions = [measures[f"{name}_fraction"] for name in ("inactive", "always_off", "dead", "dormant", "saturated")]
    for start, ending, cells in results.cells_by(starts):
        arms = [(results.label(cell, "activation"), cell) for cell in cells]
        layers = [(arm, results.rows("layers", cell, layer=HIDDEN)) for arm, cell in arms]
        of_units = [(arm, results.arrays("units", cell), results.rows("units", cell), results.rows("layers", cell)) for arm, cell in arms]
        every_unit = f"{start}: every unit, epoch by epoch, seed {cells[0].seeds[0]}"
        planned += [
            figure(figures.layers_heatmap, "layers", layers, fractions, title=f"{start}: units by layer and epoch", ending=ending),
            figure(figures.units_heatmap, "units", of_units, title=every_unit, ending=ending),
        ]
    if not starts:
        return planned + draw_activations(results)
    costs = [measures[name] for name in ("final_test_accuracy", *(f"final_always_off_fraction_{layer}" for layer in HIDDEN))]
    arms = figures.Styles(color="activation", colors=tuple(ACTIVATIONS))
    return [*planned, figure(figures.dose_figure, "cost", tables["summary"], arms, starts, costs, title=": the cost of the start")]


def draw_activations(results):
    """Decision boundaries and activation histograms."""
    arms, test = [(results.label(cell), cell) for cell in results.cells], results.test_samples(results.cells[0])
    planes = [(arm, cell.seeds, results.arrays("boundary", cell)) for arm, cell in arms]
    boundaries = results.figure(figures.boundaries_figure, "boundaries", planes, *test, title=": decision boundaries")
    return [boundaries, *results.activations(arms, (*HIDDEN, "logits"))]


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment B: ReLU, LeakyReLU and Sigmoid",
    question="Which units die and which gradients vanish under ReLU, LeakyReLU and Sigmoid, and what does it cost?",
    description=__doc__,
    example=f"python {NAME}.py --bias-drop 0 0.005 0.01",
    datasets=IN_PLANE,
    epochs=EPOCHS,
    settings=(
        choice("activation", "activations", ACTIVATIONS, "activations of the hidden layers"),
        learning_rate(LEARNING_RATE),
        Setting("bias_drop", "bias-drop", (0.0,), "lower the first biases of the hidden layers by so much", number_from_zero),
        replace(INIT, choices=INITS, default=INITS[:1]),
        BATCH_SIZE,
        BATCH_NORM,
        DROPOUT,
    ),
    columns=(
        "final_test_accuracy",
        "epochs_to_95pct",
        "mean_inactive_fraction",
        *(f"final_always_off_fraction_{layer}" for layer in HIDDEN),
        "revived_fraction",
        "final_grad_mean_abs",
    ),
    columns_compared=(
        "final_test_accuracy",
        "accuracy_cost",
        "epochs_to_95pct",
        *(f"final_always_off_fraction_{layer}" for layer in HIDDEN),
    ),
    measures=(*units.unit_measures(HIDDEN), *rests.MEASURES, layerwise.PASSAGE, *layerwise.rewind_measures(LAYERS)),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    build_interventions=build_interventions,
    measure=measure,
    keep_units=True,
    draw=draw,
    curves=(*CURVES, "always_off_fraction", "inactive_fraction"),
    report=REPORT,
)


def main(argv=None):
    """Run the experiment with the words `argv`, by default the process's own; returns the exit status."""
    return run(EXPERIMENT, argv)


if __name__ == "__main__":
    sys.exit(main())

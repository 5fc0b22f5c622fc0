"""Experiment B: how do ReLU, LeakyReLU and Sigmoid fail: dead units, vanishing gradients, and what they cost?

What varies: the activation. To induce dead ReLUs, weights start small, N(0, 0.01), and biases at 0; --init report trains without that, and
--bias-drop lowers the hidden layers' first biases, which kills more. Several values of either are compared.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, AdamW on the full batch, the initial weights of each seed.
What is measured: inactive, dead, always-off and dormant units per layer and epoch, the fate of every unit, gradients, decision boundaries.
"""

import sys
from dataclasses import replace

from common import cli
from common.course_report.activation import REPORT
from common.experiment import Experiment, columns, curves
from common.run import run

NAME = "exp_b_activation"
EPOCHS = 300
BATCH_SIZE = {"moons": 700, "circles": 700}  # all training points: the full batch
ACTIVATIONS = ("relu", "leaky_relu", "sigmoid")
INITS = ("small", "report", "glorot", "he")
LEARNING_RATE = 0.01
WEIGHT_DECAY = 0.01
HIDDEN = ("hidden_1", "hidden_2")
EARLY_EPOCHS = 10  # over which the early gradient is averaged
GRID = 101  # points along each side of the plane on which decision boundaries are drawn


def build_model(cell, input_dim, num_classes):
    """Two hidden layers of 256 and 128 units with the arm's activation, and logits; --bias-drop lowers the hidden layers' first biases."""
    import keras

    from common.models import NormalisedDense, initializers, leaky_relu, with_dropout

    dense = NormalisedDense if cell.batch_norm else keras.layers.Dense
    activation = {"relu": "relu", "leaky_relu": leaky_relu, "sigmoid": "sigmoid"}[cell.arm["activation"]]
    layers = [
        dense(256, activation, name="hidden_1", **initializers(cell.init, fan_in=input_dim)),
        dense(128, activation, name="hidden_2", **initializers(cell.init, fan_in=256)),
        keras.layers.Dense(num_classes, name="logits", **initializers(cell.init, fan_in=128)),
    ]
    model = keras.Sequential([keras.Input((input_dim,)), *with_dropout(layers, cell.dropout)], name="mlp")
    for name in HIDDEN:
        bias = model.get_layer(name).bias
        bias.assign(bias - cell.arm["bias_drop"])
    return model


def build_optimizer(cell, steps_per_epoch):
    import keras

    return keras.optimizers.AdamW(cell.arm["base_learning_rate"], weight_decay=WEIGHT_DECAY)


def build_monitors(cell, data):
    from common.data import plane_grid
    from kerascope.monitors import PredictionMonitor

    (x, _), _ = data
    return {"boundary": PredictionMonitor(plane_grid(x, GRID))}


def measure(tables, keys):
    """Further measures of each run: what becomes of its hidden units, and what an arm costs against the first of its activation."""
    from common.results.units import accuracy_cost, measure_units

    runs = measure_units(tables, keys, HIDDEN, EARLY_EPOCHS)
    if {"bias_drop", "init", "batch_norm", "dropout"} & set(keys):
        runs["accuracy_cost"] = accuracy_cost(tables["summary"], keys, "activation")
    return runs.reset_index()


def draw(results):
    """Curves, gradient flow, units that are off, and final accuracies; the units of each start; and what else there is to see of one start,
    or what several cost."""
    from common import figures

    tables, figure, starts = results.tables, results.figure, results.arm_columns[1:]
    styles = figures.Styles(color="activation", dashes=starts, colors=ACTIVATIONS)
    hidden = tables["layers"][tables["layers"]["layer"].isin(HIDDEN)]
    flow, off = ": gradient flow, the norm by layer on the probe", ": units that are off for all samples"
    planned = [
        figure(figures.curves_figure, "curves", tables["history"], styles, figures.FOUR_CURVES, title=": the activations"),
        figure(figures.layers_figure, "gradients", tables["layers"], "grad_norm", styles, title=flow),
        figure(figures.layers_figure, "off", hidden, "always_off_fraction", styles, title=off, scale="percent"),
        figure(figures.accuracy_figure, "final_accuracy", tables["summary"], ["activation", *starts], title=": final test accuracy"),
    ]
    fractions = {f"{name}_fraction": f"{name.replace('_', ' ')}, %" for name in ("inactive", "always_off", "dead", "dormant")}
    for start, ending, cells in results.cells_by(starts):
        arms = [(results.label(cell, "activation"), cell) for cell in cells]
        layers = [(arm, results.rows("layers", cell, layer=HIDDEN)) for arm, cell in arms]
        units = [(arm, results.arrays("units", cell), results.rows("units", cell)) for arm, cell in arms]
        every_unit = f"{start}: every unit, epoch by epoch, seed {cells[0].seeds[0]}"
        planned += [
            figure(figures.layers_heatmap, "layers", layers, fractions, title=f"{start}: units by layer and epoch", ending=ending),
            figure(figures.units_heatmap, "units", units, title=every_unit, ending=ending),
        ]
    if not starts:
        return planned + draw_activations(results)
    measures = {"final_test_accuracy": "test accuracy at the end"}
    measures |= {f"final_always_off_fraction_{layer}": f"units of {layer} that are off at the end" for layer in HIDDEN}
    arms = figures.Styles(color="activation", colors=ACTIVATIONS)
    return [*planned, figure(figures.dose_figure, "cost", tables["summary"], arms, starts, measures, title=": what the start costs")]


def draw_activations(results):
    """Update ratios, decision boundaries and activation histograms."""
    from common import data, figures

    figure, arms = results.figure, [(results.label(cell), cell) for cell in results.cells]
    _, test = data.load(results.dataset)
    rows = [(arm, results.rows("layers", cell)) for arm, cell in arms]
    planes = [(arm, cell.seeds, results.arrays("boundary", cell)) for arm, cell in arms]
    moves, ratio = ": how far an epoch moves each layer", {"update_ratio": "update ratio"}
    planned = [
        figure(figures.layers_heatmap, "updates", rows, ratio, title=moves, log=True),
        figure(figures.boundaries_figure, "boundaries", planes, *test, title=": decision boundaries"),
    ]
    for arm, cell in arms:
        title, ending = f", {arm}: activations by layer and stage", f"_{cell.arm['activation']}"
        planned.append(figure(figures.activations_figure, "activations", results.arrays("histograms", cell), title=title, ending=ending))
    return planned


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment B: ReLU, LeakyReLU and Sigmoid",
    question="Which units die and which gradients vanish under ReLU, LeakyReLU and Sigmoid, and what does it cost?",
    arm_columns=("activation",),
    default_batch_size=BATCH_SIZE,
    columns=(columns.TEST_ACCURACY, columns.EPOCHS_TO_95, columns.INACTIVE, *columns.UNITS_OFF, columns.BACK, columns.GRADIENT),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    measure=measure,
    keep_units=True,
    draw=draw,
    curves=(
        *curves.COMMON,
        curves.Curve("always_off_fraction", "units that are off for all samples", "percent", "layers"),
        curves.Curve("inactive_fraction", "inactive outputs", "percent", "layers"),
    ),
    report=REPORT,
)


def main(argv=None):
    parser = cli.build_parser(
        f"{NAME}.py", __doc__, f"python {NAME}.py --bias-drop 0 0.005 0.01", list(BATCH_SIZE), EPOCHS, BATCH_SIZE, INITS
    )
    cli.add_names(parser, "--activations", ACTIVATIONS)
    cli.add_rate(parser, LEARNING_RATE)
    parser.add_argument(
        "--bias-drop",
        nargs="+",
        metavar="DROP",
        type=cli.number_from_zero,
        default=[0.0],
        help="lower the first biases of the hidden layers by so much; several are compared (default: 0)",
    )
    args = cli.parse(parser, argv, "activations", "bias_drop")
    shown = EXPERIMENT
    if len(args.bias_drop) > 1:
        shown = replace(shown, arm_columns=("activation", "bias_drop"))
    if len(args.bias_drop) > 1 or len(args.init) > 1 or args.batch_norm or args.dropout:
        shown = replace(shown, columns=(columns.TEST_ACCURACY, columns.COST, columns.EPOCHS_TO_95, *columns.UNITS_OFF))
    arms = [
        {"activation": activation, "base_learning_rate": args.lr, "bias_drop": drop}
        for activation in args.activations
        for drop in args.bias_drop
    ]
    return run(shown, args, arms)


if __name__ == "__main__":
    sys.exit(main())

"""Experiment B: how do ReLU, LeakyReLU and Sigmoid fail: dead units, vanishing gradients, and what they cost?

What varies: the activation. To induce dead ReLUs, weights start small, N(0, 0.01), and biases at 0; --init report trains without that, and
--bias-drop lowers the hidden layers' first biases, which kills more. Several values of either are compared.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, AdamW on the full batch, the initial weights of each seed.
What is measured: inactive, dead, always-off and dormant units per layer and epoch, the fate of every unit, gradients, decision boundaries.
"""

import itertools
import sys
from dataclasses import replace

from common import cli, columns, experiment
from common.claims import Above, Below, Claim, improvements
from common.questions import Contrast, Course, Extremes, Question, Vanishing, Verdicts, common_questions

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
    from common.models import build_mlp

    model = build_mlp(input_dim, num_classes, (256, 128), cell.arm["activation"], cell.init, cell.batch_norm, cell.dropout)
    for name in HIDDEN:
        bias = model.get_layer(name).bias
        bias.assign(bias - cell.arm["bias_drop"])
    return model


def build_optimizer(cell, steps_per_epoch):
    import keras

    return keras.optimizers.AdamW(cell.arm["base_learning_rate"], weight_decay=WEIGHT_DECAY)


def build_monitors(cell, data):
    from common.data import plane_grid
    from common.monitors import PredictionMonitor

    (x, _), _ = data
    return {"boundary": PredictionMonitor(plane_grid(x, GRID))}


def measure(tables, keys):
    """Further measures of each run; a layer's are those after the last epoch."""
    from common.summary import last_epoch

    layers, units = tables["layers"], tables["units"]
    last = last_epoch(layers).pivot(index=keys, columns="layer")
    inactive = layers[layers["layer"].isin(HIDDEN)].groupby(keys)["inactive_fraction"]
    runs = inactive.agg(lambda of_run: of_run.mean(skipna=False)).to_frame("mean_inactive_fraction")
    runs["final_grad_mean_abs"] = last["grad_mean_abs"][[*HIDDEN, "logits"]].mean(axis=1, skipna=False)
    of_hidden = layers[layers["layer"].isin(HIDDEN)]
    first = of_hidden[of_hidden["epoch"] == 1].pivot(index=keys, columns="layer")
    early = of_hidden[of_hidden["epoch"] <= EARLY_EPOCHS].groupby([*keys, "layer"])["grad_norm"].mean().unstack()
    for layer in HIDDEN:
        runs[f"first_inactive_fraction_{layer}"] = first["inactive_fraction", layer]
        runs[f"mean_inactive_fraction_{layer}"] = (
            of_hidden[of_hidden["layer"] == layer].groupby(keys)["inactive_fraction"].agg(lambda of_run: of_run.mean(skipna=False))
        )
        runs[f"early_grad_norm_{layer}"] = early[layer]
    quantities = ("always_off_fraction", "dead_fraction", "dormant_fraction", "inactive_fraction")
    for quantity, layer in itertools.product(quantities, HIDDEN):
        runs[f"final_{quantity}_{layer}"] = last[quantity, layer]
    runs["ever_off_fraction"] = (units["off_epochs"] > 0).groupby([units[key] for key in keys]).mean()
    runs["revived_fraction"] = (units["revivals"] > 0).groupby([units[key] for key in keys]).mean()
    runs.loc[runs["mean_inactive_fraction"].isna()] = float("nan")  # diverged
    factors = [key for key in keys if key in ("bias_drop", "init", "batch_norm", "dropout")]
    if factors:  # against the first of their values, seed by seed
        accuracy = tables["summary"].set_index(keys)["final_test_accuracy"]
        runs["accuracy_cost"] = accuracy.groupby(["dataset", "activation", "seed"]).transform("first") - accuracy
    return runs.reset_index()


def draw(results):
    """Curves, gradient flow, units that are off, and final accuracies; the units of each start; and what else there is to see of one start,
    or what several cost."""
    from common import plots

    tables, sheet, starts = results.tables, results.sheet, results.others
    styles = plots.Styles(color="activation", dashes=starts, colors=ACTIVATIONS)
    hidden = tables["layers"][tables["layers"]["layer"].isin(HIDDEN)]
    flow, off = ": gradient flow, the norm by layer on the probe", ": units that are off for all samples"
    figures = [
        sheet(plots.curves_sheet, "curves", tables["history"], styles, plots.FOUR_CURVES, title=": the activations"),
        sheet(plots.layers_sheet, "gradients", tables["layers"], "grad_norm", styles, title=flow),
        sheet(plots.layers_sheet, "off", hidden, "always_off_fraction", styles, title=off, scale="percent"),
        sheet(plots.accuracy_sheet, "final_accuracy", tables["summary"], ["activation", *starts], title=": final test accuracy"),
    ]
    fractions = {f"{name}_fraction": f"{name.replace('_', ' ')}, %" for name in ("inactive", "always_off", "dead", "dormant")}
    for start, ending, cells in results.cells_by(starts):
        arms = [(results.label(cell, "activation"), cell) for cell in cells]
        layers = [(arm, results.rows("layers", cell, layer=HIDDEN)) for arm, cell in arms]
        units = [(arm, results.arrays("units", cell), results.rows("units", cell)) for arm, cell in arms]
        every_unit = f"{start}: every unit, epoch by epoch, seed {cells[0].seeds[0]}"
        figures += [
            sheet(plots.layers_heatmap, "layers", layers, fractions, title=f"{start}: units by layer and epoch", ending=ending),
            sheet(plots.units_heatmap, "units", units, title=every_unit, ending=ending),
        ]
    if not starts:
        return figures + draw_activations(results)
    measures = {"final_test_accuracy": "test accuracy at the end"}
    measures |= {f"final_always_off_fraction_{layer}": f"units of {layer} that are off at the end" for layer in HIDDEN}
    arms = plots.Styles(color="activation", colors=ACTIVATIONS)
    return [*figures, sheet(plots.dose_sheet, "cost", tables["summary"], arms, starts, measures, title=": what the start costs")]


def draw_activations(results):
    """Update ratios, decision boundaries and activation histograms."""
    from common import data, plots

    sheet, arms = results.sheet, [(results.label(cell), cell) for cell in results.cells]
    _, test = data.load(results.dataset)
    rows = [(arm, results.rows("layers", cell)) for arm, cell in arms]
    planes = [(arm, cell.seeds, results.arrays("boundary", cell)) for arm, cell in arms]
    moves, ratio = ": how far an epoch moves each layer", {"update_ratio": "update ratio"}
    figures = [
        sheet(plots.layers_heatmap, "updates", rows, ratio, title=moves, log=True),
        sheet(plots.boundaries_sheet, "boundaries", planes, *test, title=": decision boundaries"),
    ]
    for arm, cell in arms:
        title, ending = f", {arm}: activations by layer and stage", f"_{cell.arm['activation']}"
        figures.append(sheet(plots.activations_sheet, "activations", results.arrays("histograms", cell), title=title, ending=ending))
    return figures


OFF = [
    columns.Column(
        f"off {i}%", f"final_always_off_fraction_hidden_{i}", "percent", f"units of layer {i} that are off for all samples at the end"
    )
    for i in (1, 2)
]
INACTIVE = columns.Column(
    "inact.%", "mean_inactive_fraction", "percent", "(sample, unit) pairs with output <= 0, mean over layers and epochs"
)
BACK = columns.Column("back%", "revived_fraction", "percent", "hidden units that were off and came back")
GRADIENT = columns.Column("|grad|", "final_grad_mean_abs", "short", "mean absolute gradient at the end")
COST = columns.Column("cost", "accuracy_cost", "percent", "points of accuracy lost against the activation's first row, seed by seed")
RELU, LEAKY, SIGMOID = ({"activation": name} for name in ACTIVATIONS)
BOTH = tuple(BATCH_SIZE)
CLAIMS = (  # where the report gives numbers, the margin is the least that they imply
    Claim(
        "B-speed",
        "ReLU and LeakyReLU converge in fewer epochs than Sigmoid",
        (Above("epochs_to_target", SIGMOID, RELU, by=5), Above("epochs_to_target", SIGMOID, LEAKY, by=5)),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-relief",
        "LeakyReLU lowers the inactive fraction of layer 1 against ReLU (by 5-10 points)",
        (Above("mean_inactive_fraction_hidden_1", RELU, LEAKY, by=0.05),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-relief-units",
        "LeakyReLU lowers the always-off fraction of layer 2 against ReLU, by 20 points or more",
        (Above("final_always_off_fraction_hidden_2", RELU, LEAKY, by=0.2),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-grow",
        "under ReLU the inactive fraction of layer 1 grows in training (from 20-40 % to 80-90 %)",
        (Above("final_inactive_fraction_hidden_1", RELU, RELU, by=0.4, than_measure="first_inactive_fraction_hidden_1"),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-layers",
        "under ReLU layer 1 ends with a higher inactive fraction than layer 2",
        (Above("final_inactive_fraction_hidden_1", RELU, RELU, by=0.02, than_measure="final_inactive_fraction_hidden_2"),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-vanish",
        "Sigmoid's layer-1 gradient is smaller than ReLU's by an order of magnitude in the early epochs",
        (Above("early_grad_norm_hidden_1", RELU, SIGMOID, times=10),),
        BOTH,
        least_epochs=EARLY_EPOCHS,
    ),
    Claim(
        "B-stall",
        "Sigmoid never gets past about 60 % accuracy",
        (Below("best_test_accuracy", SIGMOID, limit=0.65),),
        BOTH,
        least_epochs=EPOCHS,
    ),
    *improvements(RELU, BOTH, least_epochs=100),
)
QUESTIONS = (
    *common_questions(RELU),
    Question(
        "B1",
        "What does a high share of dead ReLUs do?",
        (
            Extremes("final_always_off_fraction_hidden_2", "units of layer 2 that are off at the end", percent=True),
            Contrast("final_test_accuracy", "final test accuracy", RELU, LEAKY, percent=True),
            Verdicts(("B-grow", "B-layers")),
        ),
    ),
    Question(
        "B2",
        "How far does LeakyReLU relieve it?",
        (
            Contrast("final_always_off_fraction_hidden_1", "units of layer 1 that are off at the end", RELU, LEAKY, percent=True),
            Contrast("final_always_off_fraction_hidden_2", "units of layer 2 that are off at the end", RELU, LEAKY, percent=True),
            Verdicts(("B-relief", "B-relief-units")),
        ),
    ),
    Question(
        "B3",
        "Where does Sigmoid's gradient vanish?",
        (
            Contrast("early_grad_norm_hidden_1", "early gradient norm of layer 1", SIGMOID, RELU),
            Contrast("early_grad_norm_hidden_2", "early gradient norm of layer 2", SIGMOID, RELU),
            Course("grad_norm", "gradient norm by layer", SIGMOID),
            Verdicts(("B-vanish", "B-stall")),
        ),
    ),
    Question(
        "B4",
        "What does each layer contribute?",
        (
            Vanishing("update_ratio", "movement of a layer's weights in an epoch"),
            Course("update_ratio", "by layer, of LeakyReLU", LEAKY),
            Course("dormant_fraction", "dormant units", RELU, percent=True),
        ),
    ),
)
EXPERIMENT = experiment.Experiment(
    name=NAME,
    title="Experiment B: ReLU, LeakyReLU and Sigmoid",
    question="Which units die and which gradients vanish under ReLU, LeakyReLU and Sigmoid, and what does it cost?",
    arm_columns=("activation",),
    default_batch_size=BATCH_SIZE,
    columns=(columns.TEST_ACCURACY, columns.EPOCHS_TO_95, INACTIVE, *OFF, BACK, GRADIENT),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    measure=measure,
    keep_units=True,
    draw=draw,
    claims=CLAIMS,
    questions=QUESTIONS,
    report_settings={"epochs": EPOCHS, "base_learning_rate": LEARNING_RATE, "bias_drop": 0.0},
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
        shown = replace(shown, columns=(columns.TEST_ACCURACY, COST, columns.EPOCHS_TO_95, *OFF))
    arms = [
        {"activation": activation, "base_learning_rate": args.lr, "bias_drop": drop}
        for activation in args.activations
        for drop in args.bias_drop
    ]
    return experiment.run(shown, args, arms)


if __name__ == "__main__":
    sys.exit(main())

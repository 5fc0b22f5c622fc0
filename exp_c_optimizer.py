"""Experiment C: do SGD, momentum and Adam learn differently on one network, why, and what do learning rate and decay change?

What varies: the optimizer, its learning rate, and whether the rate is constant or multiplied by 0.95 after every epoch.
What is held fixed: the network (dense 256, dense 128, logits), cross-entropy, the initial weights and the batch order of each seed.
What is measured: loss and accuracy per epoch, the gradient's norm per layer and per step, dead and inactive units, and how sharply the loss
curves, against the curvature beyond which a learning rate overshoots.
"""

import os
import runpy
import sys
from dataclasses import replace

if __name__ == "__main__" and {"common", "kerascope"} & sys.modules.keys():  # perhaps a notebook's own
    runpy.run_path(os.path.join(os.path.dirname(os.path.realpath(__file__)), "common", "own_process.py"), {"script": __file__})

from common.course_report.optimizer import REPORT
from common.data import NOT_IN_PLANE
from common.experiment import COMMON, Experiment, Measure, choice, settings
from common.lazy import lazy_modules
from common.results import control_measures, layerwise
from common.run import run

np, keras, models, figures, formatting, monitors, interventions = lazy_modules(
    "numpy keras common.models common.figures common.experiment.formatting kerascope.monitors kerascope.interventions"
)
optimizers, schedules, controlled, lines, controls = lazy_modules(
    "common.optimizers common.schedules common.results.controlled common.results.lines common.figures.controls"
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
CONTROL_OPTIMIZERS = {  # the same, of controls alone: Adam without one of its parts, or with nothing but it
    "adam_without_momentum": lambda learning_rate: keras.optimizers.Adam(learning_rate, beta_1=0.0),
    "sign_descent": lambda learning_rate: optimizers.SignDescent(learning_rate),
    "tensor_adam": lambda learning_rate: optimizers.TensorAdam(learning_rate),
    "grafted": lambda learning_rate: optimizers.Grafted(learning_rate),
}
KNOBS = {  # of controls: {name: function of its value, the cell, the epoch in the middle and the probe -> a callback that intervenes}
    "jump": lambda factor, cell, middle, probe: interventions.ScaleGradient(factor, epochs=[middle + 1], steps=[1]),
    "first_gradient": lambda factor, cell, middle, probe: interventions.ScaleGradient(factor, layers=HIDDEN[0]),
    "silent_first": lambda share, cell, middle, probe: interventions.ScaleGradient(
        0, layers=HIDDEN[0], epochs=[middle + epoch for epoch in range(1, cell.epochs_at([share])[0] + 1)]
    ),
    "times_limit": lambda multiple, cell, middle, probe: interventions.MoveRate(multiple, middle, *probe, tolerance=SHARPNESS_TOLERANCE),
}
LINES = (("sgd", 0.1), ("momentum", 0.01), ("adam", 0.01))  # with decay, the arms between whose ends the loss is measured: from the first
HIDDEN = ("hidden_1", "hidden_2")
LAYERS = (*HIDDEN, "logits")
REWOUND = (0, 0.01, 0.02, 0.05, 0.1, 0.3)  # shares of the epochs to whose ends a control sets a layer back
LATE, LATE_PART = "late", 5  # the schedule of controls that decays in the last fifth alone
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
    rate, schedule = cell["base_learning_rate"], cell["schedule"]
    if schedule == LATE:  # a control's: as high as it began for four fifths of the epochs, then down to where decay ends
        late, final = -(-cell.epochs // LATE_PART), rate * DECAY ** (cell.epochs - 1)
        rate = schedules.late_decay(rate, steps_per_epoch, cell.epochs, late, final)
    else:
        rate = SCHEDULES[schedule](rate, steps_per_epoch)
    return {**OPTIMIZERS, **CONTROL_OPTIMIZERS}[cell["optimizer"]](rate)


def build_monitors(cell, samples):
    """The monitor of the loss's sharpness; and, of a cell that a control needs, that of layers set back."""
    x_probe, y_probe = samples.probe()
    stages = cell.epochs_at(SHARPNESS_STAGES)
    found = {"sharpness": monitors.SharpnessMonitor(x_probe, y_probe, every=stages, tolerance=SHARPNESS_TOLERANCE)}
    if cell.get("rewound"):
        found["rewinds"] = monitors.RewindMonitor(*samples.test, every=cell.epochs_at(REWOUND))
    return found


def build_interventions(cell, samples):
    """The interventions of a control in a training."""
    middle = controlled.middle_of(cell.epochs)
    return {name: build(cell[name], cell, middle, samples.probe()) for name, build in KNOBS.items() if cell.get(name) is not None}


def measure(tables, keys):
    """Further measures of each run: its training loss after the first epochs, the jumps of its gradient's norm between epochs, and what
    controls compare."""
    history = tables["history"]
    early = history["epoch"] == min(EARLY_EPOCHS, history["epoch"].max())
    runs = history[early].set_index(keys)["train_loss"].to_frame("early_train_loss")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = history.assign(log_norm=np.log(history["train_grad_norm"]))
        steps = logs.groupby(keys, sort=False)["log_norm"].diff()
        runs["grad_norm_jumps"] = steps.groupby([logs[key] for key in keys]).agg(lambda of_run: of_run.iloc[1:].std(skipna=False))
    runs = runs.join(layerwise.measure_rewinds(tables, keys, LAYERS))
    return runs.reset_index().merge(controlled.by_run(history, keys, controlled.after_the_middle, at_the_decayed_sum), on=keys)


def build_control_tables(trained):
    """The lines from the ends of one arm to those of others, from the same initial weights."""
    reference, *others = ({"optimizer": name, "base_learning_rate": rate, "schedule": "exponential"} for name, rate in LINES)
    return lines.tables(trained, reference, others)


def at_the_decayed_sum(run):
    """The measures that a run would have ended with, stopped at the sum of rates that decay from the same rate spends in all epochs."""
    return controlled.stopped_at(run, run["learning_rate"].iloc[0] * (1 - DECAY ** len(run)) / (1 - DECAY))


def draw(results):
    """Curves, gradients and final accuracies; the learning rates, their schedules and what decay changes; training loss beside test
    accuracy; update sizes and sharpness."""
    tables, figure, measures, columns = results.tables, results.figure, results.measures, results.arm_columns
    further = tuple(name for name in columns if name not in ("optimizer", "base_learning_rate"))
    rates = tuple(sorted(tables["history"]["base_learning_rate"].unique(), reverse=True))
    optimizers = figures.Styles(color="optimizer", dashes=further, colors=tuple(OPTIMIZERS))
    shaded = replace(optimizers, shade="base_learning_rate", shades=rates)
    planned = draw_by_rate(results, rates, optimizers) + (draw_across_rates(results, shaded) if len(rates) > 1 else [])
    if set(SCHEDULES) <= set(tables["summary"]["schedule"]):
        effects = [measures[name] for name in ("final_test_accuracy", "oscillation")]
        schedules = tuple(SCHEDULES)
        decay = "schedule", schedules, columns, effects, tuple(OPTIMIZERS), results.test_variances("schedule", schedules)
        planned.append(figure(figures.paired_figure, "decay", tables["summary"], *decay, title=": what decay changes"))
    both, pair = ": training loss and test accuracy", (measures["train_loss"], measures["test_accuracy"], "optimizer")
    sharp = measures["sharpness"], replace(shaded, dashes=()), further
    return [
        *planned,
        *controls.planned(results, shaded, rates[len(rates) // 2], 1 / (1 - MOMENTUM), f"SGD at {LINES[0][1]}"),
        figure(figures.schedule_figure, "schedule", tables["history"], results.panel("learning_rate"), shaded, title=": learning rates"),
        figure(figures.loss_accuracy_figure, "loss_and_accuracy", tables["history"], shaded, *pair, title=both),
        figure(figures.sharpness_figure, "sharpness", tables["sharpness"], *sharp, title=": the curvature of the loss"),
        figure(figures.accuracy_figure, "final_accuracy", tables, columns, title=": final test accuracy"),
    ]


def draw_by_rate(results, rates, styles):
    """At each learning rate curves and gradients by layer; at the middle one how far an epoch moves each layer."""
    planned, middle = [], rates[len(rates) // 2]
    for rate in rates:
        history, layers = (table[table["base_learning_rate"] == rate] for table in (results.tables["history"], results.tables["layers"]))
        at, ending = f", learning rate {formatting.exact(rate)}: ", f"_lr{formatting.exact(rate)}"
        of_layers = [("gradients", "grad_norm", "gradient norm by layer", ending)]
        of_layers += [("updates", "update_ratio", "movement of each layer in an epoch", "")] if rate == middle else []
        content = history, styles, curves(results)
        planned.append(results.figure(figures.curves_figure, "curves", *content, title=f"{at}the optimizers", ending=ending))
        planned += draw_activations(results, rate) if rate == middle else []
        for kind, name, title, last in of_layers:
            content = layers, results.measures[name], styles
            planned.append(results.figure(figures.layers_figure, kind, *content, title=f"{at}{title}", ending=last))
    return planned


def draw_activations(results, rate):
    """Histograms of the outputs of both hidden layers, for the optimizers at one learning rate on the last schedule."""
    schedule, first = results.cells[-1]["schedule"], {}
    for cell in results.cells:
        if (cell["base_learning_rate"], cell["schedule"]) == (rate, schedule):
            first.setdefault(cell["optimizer"], cell)
    arms = [(results.label(cell, "optimizer"), cell) for cell in first.values()]
    return results.activations(arms, HIDDEN, f", learning rate {formatting.exact(rate)}, {formatting.name_of(schedule)}")


def draw_across_rates(results, styles):
    """Each optimizer's curves at all learning rates, and the accuracy against the rate."""
    planned, accuracy = [], results.measures["final_test_accuracy"]
    for optimizer, rows in results.tables["history"].groupby("optimizer", sort=False):
        title = f", {formatting.name_of(optimizer)}: the learning rates"
        planned.append(results.figure(figures.curves_figure, "rates", rows, styles, curves(results), title=title, ending=f"_{optimizer}"))
    content, title = (results.tables, accuracy, styles), ": accuracy by learning rate"
    return [*planned, results.figure(figures.accuracy_by_rate_figure, "accuracy_by_rate", *content, title=title)]


def curves(results):
    """The panels of curves: losses and accuracies, the gradient's norm, and the end of training."""
    smoothed = f"bold: moving average of {figures.SMOOTHING_EPOCHS} epochs"
    late = f"about its trend, %, last {figures.CLOSE_UP_EPOCHS} epochs"
    return (
        results.panel("train_loss", f"training loss ({smoothed})", figures.smoothed),
        *map(results.panel, ("test_loss", "train_grad_norm", "train_accuracy", "test_accuracy")),
        results.panel("test_loss", f"test loss {late}", figures.close_up),
    )


EXPERIMENT = Experiment(
    name=NAME,
    title="Experiment C: optimizers, learning rates and decay",
    question="Do SGD, momentum and Adam learn differently on one network, why, and what do learning rate and decay change?",
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
        *control_measures.MEASURES,
        *layerwise.rewind_measures(LAYERS),
    ),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    build_interventions=build_interventions,
    build_control_tables=build_control_tables,
    measure=measure,
    draw=draw,
    report=REPORT,
)


def main(argv=None):
    """Run the experiment with the words `argv`, by default the process's own; returns the exit status."""
    return run(EXPERIMENT, argv)


if __name__ == "__main__":
    sys.exit(main())

"""The control that sets a layer back after training, and its figure: the same for every experiment that asks what its layers contribute."""

from common.course_report.claims import AtLeast
from common.lazy import lazy_modules

figures, arm_rows = lazy_modules("common.figures common.results.arm_rows")

FIVE_POINTS = "five points: less is not a layer whose training was needed"


def reset(control, name, words, arm, layer, start="", reason=FIVE_POINTS):
    """The control that sets one layer of a trained arm back to its initial weights.

    Args:
        control: the experiment's maker of a `Control`, with its datasets.
        name: of the arm, for the id.
        words: the arm in words.
        arm: `{setting: value}`, with the knob `rewound`.
        layer: name of the layer.
        start: where its training begins, words that follow "training". Defaults to none, where the experiment's own arms begin.
        reason: the reason for the margin. Defaults to one that holds of any number of classes.

    Example:

    ```python
    reset(control, "adam", "Adam", arm("adam", 0.001, rewound=True), "hidden_1")
    ```
    """
    return control(
        f"B4-reset-{name}-{layer}".replace("_", "-"),
        f"{layer} of {words}, set back to its initial weights after training, costs 5 points of accuracy or more",
        (AtLeast(f"rewound_cost_{layer}", arm, limit=0.05),),
        reason=reason,
        question="B4",
        cause=f"the training of {layer} ({words})",
        done=f"after training{start} {layer} of {words} is set back to its initial weights, all else as trained",
        speaks_for="accuracy falls",
        speaks_against="accuracy hardly falls",
        holds="The layers have learnt together: the others expect from this one what it has learnt, and not what it was.",
        fails="The layer does as well with the weights that it began with: its training was not needed (Zhang, Bengio & Singer 2022).",
        figure="rewinds",
    )


def planned(results, arms, note=""):
    """The figure of layers set back to earlier epochs, list of `PlannedFigure`; empty where an arm was not run.

    Args:
        results: the `DatasetResults`, on the seeds of the controls.
        arms: `{label: arm}`.
        note: words for the footer. Defaults to none.
    """
    rewinds = arm_rows.labelled(results, "rewinds", arms)
    if rewinds is None:
        return []
    rewinds = rewinds.assign(lost=rewinds["trained_accuracy"] - rewinds["rewound_accuracy"])
    return [results.figure(figures.rewinds_figure, "rewinds", rewinds, note, title=": layers set back to earlier epochs")]

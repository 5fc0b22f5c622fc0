"""The figures of the controls of Experiment B, of what was run: one a mechanism."""

from common.course_report import resets
from common.course_report.activation_arms import ALL_DEAD, DEEPEST, DEPTHS, DOSES, LEAKY, NAMES, RELU, REVIVED, SIGMOID, usual, watched
from common.lazy import lazy_modules
from common.results.units import EARLY_EPOCHS

pd, figures, arm_rows = lazy_modules("pandas common.figures common.results.arm_rows")

START = "here from Glorot's weights"  # in the note: the call's own start is another


def planned(results):
    """The figures of the controls, list of `PlannedFigure`; none where an arm that a figure shows was not run.

    Args:
        results: the `DatasetResults`.
    """
    results = results.on_control_seeds()
    found = [_attenuation(results), _dead_units(results)]
    set_back = {NAMES[arm["activation"]]: usual(arm) for arm in (RELU, LEAKY, SIGMOID)}
    return [*(figure for figure in found if figure is not None), *resets.planned(results, set_back, START)]


def _attenuation(results):
    depths = sorted({layers for of_depth in DEPTHS.values() for layers in of_depth})
    by_depth = [{label: of_depth[layers] for label, of_depth in DEPTHS.items() if layers in of_depth} for layers in depths]
    runs = [arm_rows.labelled(results, "summary", arms) for arms in by_depth]
    norms = arm_rows.labelled(results, "layers", {label: of_depth[DEEPEST] for label, of_depth in DEPTHS.items()})
    if norms is None or any(of_depth is None for of_depth in runs):
        return None
    runs = pd.concat([of_depth.assign(hidden_layers=layers) for layers, of_depth in zip(depths, runs, strict=True)])
    runs = runs.sort_values("arm", key=lambda arms: arms.map(list(DEPTHS).index), kind="stable")
    norms = norms[(norms["epoch"] <= EARLY_EPOCHS) & norms["layer"].str.fullmatch(r"hidden_\d+")]
    norms = norms.assign(layer=norms["layer"].str.removeprefix("hidden_").astype(int))
    norms = norms.groupby(["arm", "seed", "layer"], sort=False)["grad_norm"].mean().reset_index()
    return results.figure(figures.attenuation_figure, "attenuation", norms, runs, START, title=": gradient attenuation against depth")


def _dead_units(results):
    (third,) = results.cells[0].epochs_at([1 / 3])
    arms = {f"bias drop {dose:g}": {**RELU, "bias_drop": dose} for dose in DOSES if dose < ALL_DEAD["bias_drop"]}
    arms[f"bias drop {watched()['bias_drop']:g}, layer 1 frozen"] = watched(frozen="hidden_1")  # whose dead units stay dead
    arms |= {
        f"bias drop {ALL_DEAD['bias_drop']:g}": ALL_DEAD,
        f"bias drop {ALL_DEAD['bias_drop']:g}, LeakyReLU from epoch {third} on": REVIVED,
    }
    runs, layers = (arm_rows.labelled(results, name, arms) for name in ("summary", "layers"))
    if runs is None or layers is None:
        return None
    then = layers[(layers["epoch"] == third) & (layers["layer"] == "hidden_2")]
    runs = runs.merge(then[["arm", "seed", "always_off_fraction"]].rename(columns={"always_off_fraction": "dead"}), on=["arm", "seed"])
    runs["revived"] = runs["arm"] == list(arms)[-1]
    chance = results.measures["final_test_accuracy"].lowest
    title = ": accuracy against dead ReLUs"
    return results.figure(figures.dead_dose_figure, "dead_dose", runs, third, chance, title=title)

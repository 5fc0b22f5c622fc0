"""Changes that an arm of a control makes, against the arms that the flags ask for, and their name in tables."""

CONTROL = "control_"  # begins the names of the tables of arms that only controls need
SPARSE = "sparse"  # of cells that only controls need: their layers are measured after few epochs, which takes half the time
WATCHED = "watched"  # of an arm that needs its layers at every epoch
MEASURING = ("rewound", WATCHED, SPARSE)  # knobs that change nothing but what is measured
UNCHANGED = "none"  # in their column `control`, of an arm that differs in its own columns alone


def changes(arm, base, experiment):
    """The settings and knobs of an arm that no column of the call's tables tells.

    Args:
        arm: `{setting: value}`.
        base: the settings of an arm that the flags ask for, from which all arms of the call differ in the columns alone.
        experiment: the `Experiment`, with the settings that this call compares.

    Returns:
        `{setting: value}` of those that differ.
    """
    told = {*experiment.arm_columns, SPARSE}
    return {name: value for name, value in arm.items() if name not in told and value != base.get(name)}


def words_of(changed):
    """Changes in words, for the column `control`: `{setting: value}` -> `"jump=1000 layers=2"`, or `"none"`."""
    return " ".join(f"{name}={value}" for name, value in sorted(changed.items())) or UNCHANGED

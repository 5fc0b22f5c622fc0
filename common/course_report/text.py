"""The verdicts as text, for the screen and for the page."""

from itertools import groupby
from operator import attrgetter

from common.course_report import verdicts
from common.course_report.claims import counts
from common.course_report.deciding import ALPHA, POWER
from common.data import label


def claim_blocks(decided, measures, script):
    """The verdicts on each dataset, as text: list of dicts.

    Args:
        decided: the `Verdict`s, list.
        measures: `{column: Measure}`.
        script: file name of the experiment's script.

    Returns:
        For each dataset `heading`, `header`, `rows`, `counts` (of verdicts), `sentences` of the claims, `remarks` (lines on how single
        claims were tested), `seeds` (a line on the seeds that the undecided claims need) and `command`, which runs those; both empty if
        no number of seeds is known to help.
    """
    blocks = []
    for dataset, of_dataset in groupby(decided, attrgetter("dataset")):
        of_dataset = list(of_dataset)
        rows = [[one.claim.id, *verdicts.in_words(one, measures), "" if one.note else f"{one.n:.0f}", one.verdict] for one in of_dataset]
        blocks.append(
            {
                "heading": f"Claims on {label(dataset)}",
                "header": ["claim", "estimate", "needs", "seeds", "verdict"],
                "rows": rows,
                "counts": counts([verdict.verdict for verdict in of_dataset]),
                "sentences": [verdict.claim.sentence for verdict in of_dataset],
                "remarks": _remarks(of_dataset),
                **_more_seeds(dataset, of_dataset, script),
            }
        )
    return blocks


def _remarks(decided):
    claims = {}
    for one in decided:
        if one.remark:
            claims.setdefault(one.remark, []).append(one.claim.id)
    return [f"{', '.join(names)}: {remark}." for remark, names in claims.items()]


def _more_seeds(dataset, decided, script):
    needed = {one.claim.id: one.seeds_needed for one in decided if one.seeds_needed is not None}
    if not needed:
        return {"seeds": "", "command": ""}
    claims = ", ".join(f"{name} with {seeds}" for name, seeds in needed.items())
    line = f"Seeds that would probably ({100 * POWER:g} %) decide: {claims}. With the flags of this call, and"
    return {"seeds": line, "command": f"python {script} --datasets {dataset} --seeds {max(needed.values())}"}


def family(decided, looks):
    """The family of claims whose verdicts hold together, in a paragraph; nothing if no claim is tested.

    Args:
        decided: the `Verdict`s of the whole page, list.
        looks: how often the claims are decided, at most, as seeds are added.
    """
    tested = [one for one in decided if one.tested]
    if not tested:
        return ""
    datasets = ", ".join(label(name) for name in dict.fromkeys(one.dataset for one in tested))
    claims = "the claim that has" if len(tested) == 1 else f"the {len(tested)} claims that have"
    level = f"{100 * ALPHA:g} %"
    if looks > 1:
        level = f"{100 * ALPHA / looks:g} %, which is {level} over {looks} looks at growing numbers of seeds"
    return (
        f"The family of this page: {claims} data ({datasets}), each tested in both directions. Holm's procedure over these "
        f"{2 * len(tested)} one-sided tests keeps the chance of any wrong verdict at {level}, whatever runs the claims share. An interval "
        "excludes the margin exactly where its claim is decided. The statistics and p-values are in claims.csv."
    )

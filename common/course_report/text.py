"""The verdicts as text, for the screen and for the page."""

from itertools import groupby
from operator import attrgetter

from common.course_report import verdicts
from common.course_report.claims import counts
from common.course_report.deciding import ALPHA, POWER
from common.data import DATASETS, label

REACH = 10  # times today's seeds are the most that a command asks for


def claim_blocks(decided, measures, script, looks=1):
    """The verdicts on each dataset, as text: list of dicts.

    Args:
        decided: the `Verdict`s, list.
        measures: `{column: Measure}`.
        script: file name of the experiment's script.
        looks: how often the call decides the claims, at most. Defaults to 1.

    Returns:
        For each dataset `heading`, `header`, `rows`, `counts` (of verdicts), `sentences` of the claims, `remarks` (lines on how single
        claims were tested), `seeds` (a line on the seeds that the undecided claims need) and `command`, which decides as many of them as it
        can within ten times the seeds that there are; empty where no number of seeds is known to help.
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
                **_more_seeds(dataset, of_dataset, script, looks),
            }
        )
    return blocks


def _remarks(decided):
    claims = {}
    for one in decided:
        if one.remark:
            claims.setdefault(one.remark, []).append(one.claim.id)
    return [f"{', '.join(names)}: {remark}." for remark, names in claims.items()]


def _more_seeds(dataset, decided, script, looks):
    command = f"python {script} --datasets {dataset}"
    if least := max((one.seeds_needed for one in decided if one.open and not one.tested), default=0):
        # A plain call, for nothing has been looked at yet.
        words = f"Claims are tested from {least} seeds on. With the other flags of this call, and"
        return {"seeds": words, "command": f"{command} --seeds {least}"}
    undecided = [one for one in decided if one.tested and one.verdict == "inconclusive"]
    reach = REACH * max((one.n for one in undecided), default=0)
    within = {one.claim.id: one.seeds_needed for one in undecided if one.open and one.seeds_needed <= reach}
    beyond = {one.claim.id: one.seeds_needed for one in undecided if one.open and one.seeds_needed > reach}
    words = []
    if within:
        of = f"{len(within)} of the {len(undecided)} undecided" if len(undecided) > 1 else "what is undecided"
        words += [f"More seeds would probably ({100 * POWER:g} %) decide {of}, if effects are as large as they look now: {_with(within)}."]
    words += [f"More than {REACH} times today's seeds would be needed: {_with(beyond)}."] if beyond else []
    if within and looks > 1:
        words += ["The looks of this call are used up: the verdicts of the next take the place of these."]
    words += ["With its looks paid for, and the other flags of this call:"] if within else []
    most = max([DATASETS[dataset].seeds, *within.values()])
    return {"seeds": " ".join(words), "command": f"{command} --until-decided --max-seeds {most}" if within else ""}


def _with(needed):
    return ", ".join(f"{name} with {seeds}" for name, seeds in needed.items())


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
        f"{2 * len(tested)} one-sided tests keeps the chance of any wrong verdict at {level}, whatever runs the claims share. "
        f"Intervals are therefore of {verdicts.confidences(tested)} confidence, and exclude the margin exactly where a claim is decided. "
        "The statistics and p-values are in claims.csv."
    )

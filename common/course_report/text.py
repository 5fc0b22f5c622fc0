"""The verdicts as text, for the screen and for the page."""

from itertools import groupby
from operator import attrgetter

from common.course_report import verdicts
from common.course_report.claims import counts
from common.course_report.controls import Control
from common.course_report.deciding import ALPHA, POWER
from common.data import DATASETS, label

WHOLE = ("epochs", "seeds")  # flags with one number, of which the largest is enough
CLAIMS = (
    "The claims of the course report, and the verdicts of these runs. A verdict is the first of these that is shown. Supported: the effect "
    "lies beyond the margin. Contradicted: it lies below the least effect that counts, or on the other side. Smaller than claimed: it lies "
    "between no effect and the margin. Undecided: none of these is shown."
)
CONTROLS = (
    "The causes that the report names, and what was done to each: removed, matched, or injected. A control holds if the cause is at work: "
    "supported, and smaller than claimed, speak for the cause, contradicted against it. The verdicts of all controls hold together, as "
    "those of the claims do."
)
REACH = 10  # times today's seeds are the most that a command asks for


def claim_blocks(decided, measures, script, looks=1, what="claim"):
    """The verdicts on each dataset, as text: list of dicts.

    Args:
        decided: the `Verdict`s, list.
        measures: `{column: Measure}`.
        script: file name of the experiment's script.
        looks: how often the call decides the claims, at most. Defaults to 1.
        what: what the verdicts are on, `"claim"` or `"control"`. Defaults to `"claim"`.

    Returns:
        For each dataset its name, `dataset`, `heading`, `header`, `rows` of the claims that were run, `counts` (of verdicts), `remarks`
        (lines on how single claims were tested), `seeds` (a line on the seeds that the undecided claims need) and `command`, which decides
        as many of them as it can within ten times the seeds that there are, empty where no number of seeds is known to help; `not_run` (a
        line on the other claims), and `command_to_run` them.
    """
    blocks = []
    for dataset, of_dataset in groupby(decided, attrgetter("dataset")):
        of_dataset = list(of_dataset)
        run = [one for one in of_dataset if one.verdict != "not run"]
        blocks.append(
            {
                "dataset": dataset,
                "heading": f"{what.capitalize()}s on {label(dataset)}",
                "header": [what, "estimate", "needs", "seeds", "verdict"],
                "rows": [[one.claim.id, *verdicts.in_words(one, measures), f"{one.n:.0f}" * one.tested, one.verdict] for one in run],
                "counts": counts([verdict.verdict for verdict in of_dataset]),
                "remarks": _remarks(of_dataset, measures),
                **(_more_seeds(dataset, run, script, looks) if what == "claim" else {"seeds": "", "command": ""}),
                **_not_run(dataset, [one for one in of_dataset if one.verdict == "not run"], script),
            }
        )
    return blocks


def sentence(claim):
    """The sentence of a claim; of a control, its cause, and what is done to it."""
    return f"{claim.cause}: {claim.done}." if isinstance(claim, Control) else claim.sentence


def _remarks(decided, measures):
    claims = {}
    for one in decided:
        if one.opposite:
            claims.setdefault("the direction is the opposite", []).append(one.claim.id)
        if one.slight:
            claims.setdefault("the direction is as claimed, but the effect is less than counts", []).append(one.claim.id)
        if one.remark:
            claims.setdefault(one.remark, []).append(one.claim.id)
    deciding = ", ".join(f"{one.claim.id} by {words}" for one in decided if (words := one.deciding(measures)))
    return [f"Of several parts decide: {deciding}."] * bool(deciding) + [
        f"{', '.join(names)}: {remark}." for remark, names in claims.items()
    ]


def _not_run(dataset, missing, script):
    if not missing:
        return {"not_run": "", "command_to_run": ""}
    flags = {}
    for one in missing:
        for flag, words in one.flags.items():
            flags[flag] = [str(max(map(int, [*flags.get(flag, []), *words])))] if flag in WHOLE else [*flags.get(flag, []), *words]
    command = verdicts.flags_in_words({flag: dict.fromkeys(words) for flag, words in flags.items()})
    of = f"{', '.join(one.claim.id for one in missing)}. With the other flags of this call:"
    return {"not_run": f"Not run: {of}", "command_to_run": f"python {script} --datasets {dataset} {command}"}


def _more_seeds(dataset, run, script, looks):
    undecided = [one for one in run if one.verdict == "undecided" and one.tested]
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
    command = f"python {script} --datasets {dataset} --until-decided --max-seeds {most}"
    return {"seeds": " ".join(words), "command": command if within else ""}


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
        f"The family of this page: {claims} data ({datasets}), each tested for and against. Holm's procedure over these "
        f"{2 * len(tested)} tests keeps the chance of any wrong verdict at {level}, whatever runs the claims share. Intervals "
        f"are therefore of {verdicts.confidences(tested)} confidence. That of a claim lies beyond the margin exactly if it is supported, "
        "between no effect and the margin if it is smaller than claimed, and if it is contradicted short of the least that counts. "
        "Statistics, p-values and the least effects that count are in claims.csv."
    )

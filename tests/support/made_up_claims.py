"""Made-up summaries in which the effect of each part of a claim is where a test wants it, and the verdicts on them."""

import numpy as np
from scipy.special import expit, logit

from common.course_report import deciding
from common.course_report.claims import Best, Highest
from common.course_report.runs import Runs
from common.experiment import Measure
from common.experiment.measures import registry
from tests.support.frames import every

SEEDS, EPOCHS = 10, 300
NEAR = 0.05  # the distance from a margin, in logarithms of ratios and losses, in differences of what has another scale
OF_SHARES = 0.7  # the same in log odds of single shares
REMEDIES = {"batch_norm": (False, True), "dropout": (0.0, 0.2), "bias_drop": (0.0, 0.01)}
START = {"time": 150.0}  # of an arm to which others are compared; else a half
SCALES = {"share": (logit, expit), "log": (np.log, np.exp), "time": (np.log, np.exp)}


class MadeUp:
    """A summary of all arms of a script on a dataset, with values for the measures of one claim.

    Attributes:
        summary: DataFrame, rows of `summary.csv`.
        arms: `{setting: values}`.
    """

    def __init__(self, script, claim, dataset, wanted, seeds=SEEDS):
        """`wanted` has a word for each part: "holds", "fails", "small" (between the least that counts, or nothing, and the margin),
        "nothing", or "open"."""
        self.random, self.dataset, self.placed = np.random.default_rng(0), dataset, set()
        self.arms = {setting.name: setting.default for setting in script.EXPERIMENT.settings if setting.always_an_arm}
        used = {column for part in claim.parts for _, arm in part.arms for column in arm}
        self.arms |= {column: values for column, values in REMEDIES.items() if column in used}
        self.measures, self.claim = registry(script.EXPERIMENT), claim
        self.summary = every(dataset=[dataset], **self.arms, seed=range(seeds))
        for part in claim.parts:
            for measure, _ in part.arms:
                self.summary[measure] = START.get(self.measures[measure].kind, 0.5)
        for part, word in zip(claim.parts, wanted, strict=True):
            (self._single if len(part.arms) == 1 else self._pair)(part, word)

    def runs(self, epochs=EPOCHS, **known):
        """The `Runs`; keyword arguments are passed on."""
        return Runs(self.summary, tuple(self.arms), self.measures, epochs, **known)

    def rows(self, wanted):
        """The rows of an arm, by seed."""
        chosen = {}
        for column, among in self.arms.items():
            value = wanted.get(column, "first")
            chosen[column] = among[0] if value == "first" else among[-1] if isinstance(value, Highest) else value
        return np.logical_and.reduce([self.summary[column] == value for column, value in chosen.items()])

    def _single(self, part, word):
        """A level: on the right or the wrong side of its limit, or about it; between two limits of one measure, in their middle."""
        rows, kind = self.rows(part.of), self.measures[part.measure].kind
        if kind == "event":
            self.summary.loc[rows, part.measure] = {"holds": 1.0, "fails": 0.0}.get(word, np.arange(rows.sum()) % 2)
            return
        there, back = SCALES.get(kind, (float, np.asarray))
        distance = OF_SHARES if kind == "share" else NEAR
        limits = [there(other.limit) for other in self.claim.parts if (other.arms, kind) == (part.arms, kind)]
        at = there(part.limit) + part.sign * {"holds": distance, "fails": -distance, "open": 0.0}[word]
        if len(limits) == 2 and word == "holds":
            if (part.measure, tuple(rows)) in self.placed:
                return  # by the part that fails or is open
            at, distance = np.mean(limits), np.ptp(limits) / 2
        self.placed.add((part.measure, tuple(rows)))
        values = back(at + 0.05 * distance * self._noise(rows))
        self.summary.loc[rows, part.measure] = np.round(values) if kind == "time" else values

    def _pair(self, part, word):
        """A difference or ratio; of the two arms the one moves that no other part has placed."""
        (measure, of), (than_measure, than) = ((name, self.rows(arm)) for name, arm in part.arms)
        margin, nothing, least = (each(self.dataset) for each in (part.margin, part.nothing, part.counts_from))
        if part.times is not None:
            margin, nothing, least = np.log([margin, nothing, least])
        room, low = min(margin - nothing, least - nothing) or NEAR, least if least < margin else nothing
        at, sd = {
            "holds": (margin + NEAR, 0.01),
            "fails": (nothing - NEAR, 0.01),
            "small": ((margin + low) / 2, (margin - low) / 20),
            "nothing": (nothing, room / 20),
            "open": (margin, 0.01),
        }[word]
        size, ratio = at + sd * self._noise(of), part.times is not None
        if (than_measure, tuple(than)) not in self.placed:
            values = self.summary.loc[of, measure].to_numpy()
            self.summary.loc[than, than_measure] = values / np.exp(size) if ratio else values - size
        else:
            values = self.summary.loc[than, than_measure].to_numpy()
            self.summary.loc[of, measure] = values * np.exp(size) if ratio else values + size
        self.placed |= {(measure, tuple(of)), (than_measure, tuple(than))}

    def _noise(self, rows):
        """Normal variables of mean 0 and standard deviation 1 to the last digit, of which no two seeds have the same."""
        noise = self.random.normal(0, 1, rows.sum())
        return (noise - noise.mean()) / noise.std(ddof=1)


def verdict_on(script, claim, dataset, wanted, epochs=EPOCHS, seeds=SEEDS):
    """The `Verdict` on a claim on a made-up table, see `MadeUp`."""
    runs = MadeUp(script, claim, dataset, wanted, seeds).runs(epochs)
    return deciding.decide([claim], {dataset: runs})[0]


def decided(claims, summary, arm_columns, epochs, script, dataset="digits", alpha=deciding.ALPHA, **known):
    """The verdicts on claims; a measure that the script does not declare is a positive number."""
    declared = registry(script.EXPERIMENT)
    measures = {name: declared.get(name, Measure(name, name)) for name in summary}
    return deciding.decide(claims, {dataset: Runs(summary, tuple(arm_columns), measures, epochs, **known)}, alpha)


def has_best(claim):
    """Whether an arm of a claim has a setting that is chosen on other seeds."""
    return any(isinstance(value, Best) for part in claim.parts for _, arm in part.arms for value in arm.values())

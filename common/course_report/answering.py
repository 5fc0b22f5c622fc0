"""The answer to one question on one dataset, made of verdicts."""

import re

from common.course_report import verdicts
from common.course_report.claims import VERDICTS
from common.course_report.control_runs import MISSING
from common.course_report.controls import SPOKEN, Apart

DECIDED = ("yes", "no", "mixed")
MOST_NAMED = 3  # causes or claims of which nothing is decided; of more, their number


class Answer:
    """The answer to a `Question` on one dataset.

    Args:
        question: the `Question`.
        claims, controls: the `Verdict`s of the dataset, lists.
        measures: `{column: Measure}`.
    """

    def __init__(self, question, claims, controls, measures):
        self.question, self.measures = question, measures
        self.asked = [one for one in claims if one.claim.id in question.claims]
        self.told = [one for one in claims if one.claim.id in (*question.claims, *question.beside)]
        self.controls = [one for one in controls if one.claim.question == question.id]
        self.ran = [one for one in self.controls if one.verdict != "not run"]
        self.deciding = [one for one in self.ran or self.asked if one.verdict in SPOKEN and not _is_rival(one)]
        self.rivals = [one for one in self.ran if one.verdict in SPOKEN and _is_rival(one)]
        self.word = self._word()

    def row(self):
        """All but the dataset and the evidence, as a dict."""
        return {
            "id": self.question.id,
            "question": self.question.text,
            "asks": self.question.asks,
            "verdict": self.word,
            "answer": " ".join(self._begun()),
            "seen": "\n".join(self._seen(outcome, of_it) for outcome, of_it in self._outcomes().items()),
            "mechanism": "\n".join(_once([_mechanism(of_it) for of_it in self._outcomes().values()])),
            "report_said": self.question.said,
            "became": self._became(),
            "decided_by": " ".join(one.claim.id for one in self.deciding),
        }

    def _word(self):
        spoken = {SPOKEN[one.verdict] for one in self.deciding}
        if spoken:
            return "mixed" if len(spoken) > 1 else spoken.pop()
        if self.ran or any(one.verdict == "undecided" for one in self.asked):
            return "undecided"
        return "not run" if self.controls or self.asked else "described"

    def _begun(self):
        """The answer's sentences."""
        if self.ran:
            return [self._reason(), *_left_open(self.ran, "controls")]
        waits = any(one.note == MISSING for one in self.controls)
        cause = ["The arms alone show whether the effect is there, not its cause: that waits for --controls."] if waits else []
        if self.word in (*DECIDED, "undecided"):
            word = f"{_begin(self.word)}, as far as the arms alone tell."
            return [word, *self._claims_in_words(), *_left_open(self.asked, "claims"), *cause]
        if waits:
            return ["Not run: it waits for --controls."]
        if self.word == "not run":
            reasons = _by(self.controls or self.asked, "note")
            return [f"Not run. {' '.join(f'{_begin(reason)}: {_ids(missing)}.' for reason, missing in reasons.items())}"]
        return ["Described: the evidence says what the runs show; no claim of the report decides it here."]

    def _claims_in_words(self):
        """The claims that decide, with their numbers, a sentence for each verdict."""
        for verdict, decided in _by(self.deciding, "verdict").items():
            yield f"{_begin(verdict)}: {'; '.join(f'{_named(one.claim)}: {self._numbers(one)}' for one in decided)}."

    def _numbers(self, one, name=""):
        """A decided verdict's numbers, the place of their interval, and, in brackets, a name and the part that decides."""
        known = list(filter(None, [name, one.deciding(self.measures)]))
        return f"{verdicts.in_words(one, self.measures)[0]}, {verdicts.place(one, self.measures)}{_in_brackets(known)}"

    def _reason(self):
        """The word of the controls, and the causes that they speak for or against."""
        others = self._other_causes()
        if self.word == "undecided":
            named = _causes(one for one in self.ran if not one.claim.rival)
            one_of = f"whether the cause is {_listed(named, 'or')}" if len(named) <= MOST_NAMED else f"of any of {len(named)} causes"
            open_one = one_of if named else "of the cause that the report names"
            return f"Undecided: {'; '.join([f'these runs do not tell {open_one}', *others])}."
        parts = _parted(_causes(self._speaking("yes")), _causes(self._speaking("no")), ("the cause is", "it is not", "the cause is not"))
        return f"{_begin(self.word)}: {'; '.join([*parts, *others])}."

    def _other_causes(self):
        """The causes that the report does not name, by the controls' word, list of str."""
        for_it, against = (_causes(one for one in self.rivals if SPOKEN[one.verdict] == word) for word in ("yes", "no"))
        return _parted(for_it, against, ("another cause is", "no other cause is", "no other cause is"))

    def _speaking(self, word):
        return [one for one in self.deciding if SPOKEN[one.verdict] == word]

    def _outcomes(self):
        """The outcomes, what was done and seen, with the controls that had each, those for the cause in front: `{words: Verdicts}`."""
        found = {}
        for one in [*self._speaking("yes"), *self._speaking("no"), *self.rivals] if self.ran else []:
            words = one.claim.speaks_for if SPOKEN[one.verdict] == "yes" else one.claim.speaks_against
            found.setdefault(f"{_begin(one.claim.done)}, and {words}", []).append(one)
        return found

    def _seen(self, outcome, controls):
        """A sentence on an outcome, with the numbers of its controls."""
        numbers = (self._numbers(one, one.claim.id if len(controls) > 1 else "") for one in controls)
        return f"{outcome}: {'; '.join(numbers)}."

    def evidence(self):
        """The controls, a sentence each: what is measured, the numbers, the figure; those that were not run, where others were."""
        if not self.ran:
            return []
        sentences = []
        for one in self.ran:
            found, needs = verdicts.in_words(one, self.measures)
            figure = [figure_name(one)] if one.claim.figure else []
            numbers = [f"needs {needs}", f"{100 * one.confidence:.4g} % interval", f"{one.n} seeds"] if one.tested else [one.remark]
            known = "; ".join([*numbers, *figure])
            cause = "another cause" if one.claim.rival else "it"
            spoken = {"yes": f"speaks for {cause}", "no": f"speaks against {cause}"}.get(SPOKEN.get(one.verdict), f"leaves {cause} open")
            sentences.append(f"{one.claim.id} {spoken}: {self._measured(one)}{found} ({known}).")
        missing = _by([one for one in self.controls if one.verdict == "not run"], "note")
        return [*sentences, *(f"Not run, {reason}: {_ids(of_reason)}." for reason, of_reason in missing.items())]

    def _measured(self, one):
        if not one.tested:
            return ""
        part = one.decides
        names = dict.fromkeys(self.measures[measure].label for measure, _ in part.arms)
        curve = [self.measures[part.curve].label] if isinstance(part, Apart) else []
        known = [*curve, *([one.sides(self.measures)] if len(part.arms) > len(names) else [])]
        return f"{' against '.join(names)}{_in_brackets(known)}, "

    def _became(self):
        """The report's claims on the matter, a line for each verdict; without their sentences where the answer has them, or they were not
        run."""
        known = [] if self.ran else [*self.deciding, *_unclear(self.asked)]
        lines = []
        for verdict, told in _by(self.told, "verdict").items():
            short = verdict == "not run"
            words = (one.claim.id if short or one in known else _named(one.claim) for one in told)
            lines.append(f"{_begin(verdict)}: {(', ' if short else '; ').join(words)}.")
        return "\n".join(lines)


def figure_name(verdict):
    """The file name of the figure that shows a control, of its `Verdict`."""
    return f"{verdict.claim.figure}_{verdict.dataset}.png"


def _by(decided, attribute):
    """`{value of an attribute: the Verdicts that have it}`, in the order of `VERDICTS` or of appearance."""
    found = {}
    for one in decided:
        found.setdefault(getattr(one, attribute), []).append(one)
    return {key: found[key] for key in sorted(found, key=lambda key: VERDICTS.index(key) if key in VERDICTS else 0)}


def _unclear(decided):
    return [one for one in decided if one.verdict == "undecided"]


def _left_open(decided, kind):
    """A sentence on those of some `Verdict`s that are undecided, in a list: each claim in words or, of more than three, their number."""
    unclear = _unclear(decided)
    if len(unclear) > MOST_NAMED:
        return [f"Left open: {len(unclear)} of {len(decided)} {kind}."]
    return [f"Left open: whether {_listed([_named(one.claim) for one in unclear])}."] if unclear else []


def _in_brackets(words):
    return f" ({'; '.join(words)})" if words else ""


def _is_rival(verdict):
    return getattr(verdict.claim, "rival", False)


def _ids(decided):
    return _listed([one.claim.id for one in decided])


def _named(claim):
    return f"{claim.sentence} ({claim.id})"


def _begin(words):
    return words[0].upper() + words[1:]


def _listed(words, joint="and"):
    """Words in a row, apart by semicolons where there are commas among them."""
    comma = "; " if any(mark in word for word in words for mark in ",:;") and len(words) > 1 else ", "
    last = f"; {joint} " if comma == "; " else f" {joint} "
    return last.join([*([comma.join(words[:-1])] if words[:-1] else []), *words[-1:]])


def _parted(for_it, against, words):
    """Causes that controls speak for and against, lists, in words, list of str; `words` stand before those for it, and those against it
    where some are for it and where none is."""
    both = [cause for cause in for_it if cause in against]
    alone, none = ([cause for cause in causes if cause not in both] for causes in (for_it, against))
    parts = [f"{words[0]} {_listed(alone)}"] if alone else []
    parts += [f"{words[1 if alone else 2]} {_listed(none, 'or')}"] if none else []
    return [*parts, *([f"on {_listed(both)} the controls disagree"] if both else [])]


def _causes(controls):
    """The causes of controls, each once, list."""
    return list(dict.fromkeys(one.claim.cause for one in controls))


def _mechanism(controls):
    """The mechanism of controls of one outcome."""
    return " ".join(one.claim.holds if SPOKEN[one.verdict] == "yes" else one.claim.fails for one in controls)


def _once(texts):
    """The texts without those of their sentences that one before them has, list."""
    found, said = [], set()
    for text in texts:
        sentences = [sentence for sentence in dict.fromkeys(re.split(r"(?<=\.) (?=[^\W\d_])", text)) if sentence not in said]
        said.update(sentences)
        found.append(" ".join(sentences))
    return found

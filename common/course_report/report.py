"""The report on an experiment: verdicts on its claims, answers to its questions, its numbers beside ours. Imports nothing heavy, because
the scripts begin with it."""

import csv
import textwrap
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from common.course_report.claims import VERDICTS, counts
from common.course_report.controls import arms_of
from common.data import label
from common.experiment import Report, Section
from common.lazy import lazy_modules

answers, deciding, figure, reproduction, text, verdicts, runs, html, console = lazy_modules(
    "common.course_report.answers common.course_report.deciding common.course_report.figure common.course_report.reproduction "
    "common.course_report.text common.course_report.verdicts common.course_report.runs common.page.html common.results.console"
)
numbers, sensitivity, control_runs, handed_in, cards, intervals, dot_plot, highlights = lazy_modules(
    "common.course_report.numbers common.course_report.sensitivity common.course_report.control_runs common.course_report.handed_in "
    "common.course_report.cards common.course_report.intervals common.course_report.dot_plot common.course_report.highlights"
)

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class CourseReport(Report):
    """The course report on an experiment: claims.csv, answers.csv, controls.csv, reproduction.csv and sensitivity.csv, their display, and
    the answers with their figures, answers.md.

    Attributes:
        claims: the `Claim`s that the tables decide. Defaults to none.
        questions: the `Question`s that the tables answer. Defaults to none.
        controls: the `Control`s that switch off the causes which it names. Defaults to none.
        settings: the settings of the report's runs, `{setting: value}`, with its `epochs`. A setting that is left out has its default.
        key_figures: names of figures without their end, in which `{dataset}` stands for the dataset: the first that was drawn stands at the
            head of the page. Defaults to none.
        highlights: the `Highlight`s of the index of all pages. Defaults to none.

    Example:

    ```python
    CourseReport((Claim(...),), (Question("A1", "Is MSE slower?", ...),), settings={"epochs": 30})
    ```
    """

    claims: tuple = ()
    questions: tuple = ()
    controls: tuple = ()
    settings: dict = field(default_factory=dict)
    key_figures: tuple = ()
    highlights: tuple = ()

    def tables(self, results):
        experiment, epochs = results.experiment, {cell.dataset: cell.epochs for cell in results.cells}
        runs_of = {
            dataset: runs.Runs(
                rows,
                experiment.arm_columns,
                results.measures_on(dataset),
                epochs[dataset],
                experiment.main_columns,
                correction=results.correction(dataset),
                correct=results.correct(dataset),
                settings=experiment.settings,
            )
            for dataset, rows in results.tables["summary"].groupby("dataset", sort=False)
        }
        decided = deciding.decide(self.claims, runs_of, deciding.ALPHA / results.looks)
        of_controls = {dataset: self._control_runs(of_dataset, results, dataset) for dataset, of_dataset in runs_of.items()}
        controls = deciding.decide(self.controls, of_controls, deciding.ALPHA / results.looks)
        right, wrong = numbers.beside_ours(results, self.settings)
        return {
            "claims": verdicts.as_table(decided),
            "controls": verdicts.as_table(controls),
            "reproduction": reproduction.compare(right),
            "sensitivity": sensitivity.tabulate(right, wrong),
            "answers": answers.answer_all(self.questions, runs_of, results.tables, decided, controls),
            "highlights": highlights.table(self.highlights, controls, results.measures),
        }

    def _control_runs(self, runs_of_arms, results, dataset):
        base = next(cell.settings for cell in results.cells if cell.dataset == dataset)
        return control_runs.ControlRuns.of(runs_of_arms, results.tables, dataset, base)

    def control_questions(self):
        return list(dict.fromkeys(control.question for control in self.controls))

    def control_arms(self, dataset, questions):
        chosen = [one for one in self.controls if dataset in one.datasets and (not questions or one.question in questions)]
        return arms_of(chosen)

    def figures(self, results):
        decided = self._decided(results)
        if not any(verdict.tested for verdict in decided):
            return []
        parts = figure.pages(decided, results.measures)
        endings = [f"_{i}" for i in range(1, len(parts) + 1)] if len(parts) > 1 else [""]
        title = ": the claims"
        return [
            results.figure(
                figure.claims_figure, "claims", part, results.measures, title=f"{title}{ending.replace('_', ', part ')}", ending=ending
            )
            for part, ending in zip(parts, endings, strict=True)
        ]

    def findings(self, results):
        return cards.findings(results.tables["answers"], self._decided(results), self._controls(results), results.measures)

    def sections(self, results, figures):
        tables, found = results.tables, []
        decided, controls = self._decided(results), self._controls(results)
        if rows := self._answers(results):
            intro = {"intro": handed_in.INTRO, "file": handed_in.FILE, "waiting": self._waiting(results)}
            of_questions = cards.cards(rows, self.questions, decided, controls, figures)
            found.append(section("answers", "Questions", "The questions", first=True, cards=of_questions, **intro))
        if blocks := self._claim_blocks(results):
            content = {"intro": text.CLAIMS, "family": text.family(decided, results.looks), "what": "Claim"}
            with_rows = _with_rows(blocks, decided, self.claims, results.measures)
            found.append(section("verdicts", "Claims", "The claims", first=True, verdicts=with_rows, **content))
        if any(one.verdict != "not run" for one in controls):
            content = {"intro": text.CONTROLS, "family": "", "what": "Control"}
            with_rows = _with_rows(self._control_blocks(results), controls, self.controls, results.measures)
            found.append(section("controls", "Controls", "The controls", first=True, template="verdicts", verdicts=with_rows, **content))
        if rows := reproduction.on_page(tables["reproduction"], results.measures):
            both = tables["reproduction"], tables["sensitivity"]
            lines, beside = reproduction.in_words(*both), sensitivity.side_by_side(*both)
            heading = "The report's numbers beside ours"
            content = {"dots": dot_plot.blocks(tables["reproduction"], results.measures), "reproduced": lines, "checks": beside}
            found.append(section("reproduction", "Numbers", heading, reproduction=rows, **content))
        return found

    def figure_groups(self, results):
        groups = {}
        for row in self._answers(results):
            groups.setdefault(row["dataset"], []).append((f"{row['id']}: {row['question']}", row["figures"]))
        return groups

    def lines(self, results):
        return [
            *map(_lines_of_claims, self._claim_blocks(results)),
            *filter(None, [textwrap.wrap(text.family(self._decided(results), results.looks), console.WIDTH)]),
            *self._why(results),
            *(textwrap.wrap(line, console.WIDTH) for line in self._reproduced(results)),
        ]

    def files(self, results):
        rows = self._answers(results)
        return {handed_in.FILE: handed_in.document(results, rows, self._waiting(results))} if rows else {}

    def index_highlights(self, folder):
        return highlights.read(folder)

    def index_lines(self, folder):
        decided = {}
        try:
            with (Path(folder) / "claims.csv").open(encoding="utf-8", newline="") as file:  # not by pandas, whose import would be felt
                for row in csv.DictReader(file):
                    decided.setdefault(row["dataset"], []).append(row["verdict"])
        except (OSError, ValueError, KeyError, csv.Error):  # no table, or a damaged one
            return []
        return [f"Claims on {label(dataset)}: {counts(words)}." for dataset, words in decided.items() if dataset and any(words)]

    def undecided(self, results):
        return any(one.open for one in self._decided(results))

    def _decided(self, results):
        return verdicts.from_table(self.claims, results.tables["claims"])

    def _controls(self, results):
        return verdicts.from_table(self.controls, results.tables["controls"])

    def _control_blocks(self, results):
        return text.claim_blocks(self._controls(results), results.measures, f"{results.experiment.name}.py", what="control")

    def _answers(self, results):
        """The rows of answers.csv with their figures."""
        rows = results.tables["answers"].to_dict("records")
        return handed_in.with_figures(rows, self.questions, self._controls(results), results.folder)

    def _waiting(self, results):
        return answers.waiting(self._controls(results), f"{results.experiment.name}.py")

    def _why(self, results):
        """Blocks of lines: the answers that matter most, and the questions that wait for controls."""
        rows = answers.most_telling(results.tables["answers"], self._decided(results), self._controls(results))
        matter = "answer that matters" if len(rows) == 1 else f"{len(rows)} answers that matter"
        blocks = [_wrapped(f"Why: the {matter} most; all are in {handed_in.FILE}")] if rows else []
        for row in rows:
            first = " ".join(handed_in.outcomes(row)[:1])  # the page has the others
            words = f"{row['id']} on {label(row['dataset'])}. {row['asks']} {row['answer']} {first}"
            blocks[0] += _wrapped(words.rstrip(), indent="  ")
        words, command = self._waiting(results)
        return [*blocks, *([[*_wrapped(words), *_typed(command)]] if words else [])]

    def _claim_blocks(self, results):
        return text.claim_blocks(self._decided(results), results.measures, f"{results.experiment.name}.py", results.looks)

    def _reproduced(self, results):
        if not numbers.is_one_more_run(results):
            return [reproduction.NOT_COMPARED.format(results.cells[0].vary)]
        return reproduction.in_words(results.tables["reproduction"], results.tables["sensitivity"])


def _with_rows(blocks, decided, claims, measures):
    """The blocks of claims with their rows on the page, `groups`, and with the dataset's label in place of its name."""
    groups = intervals.groups(decided, claims, measures)
    return [{**block, "dataset": label(block["dataset"]), "groups": groups.get(block["dataset"], [])} for block in blocks]


def _lines_of_claims(block):
    lines = [*_wrapped(f"{block['heading']}: {block['counts']}"), *_by_verdict(block["rows"])]
    for words in block["remarks"]:
        lines += _wrapped(words)
    for words, command in ((block["seeds"], block["command"]), (block["not_run"], block["command_to_run"])):
        lines += [*_wrapped(words), *_typed(command)]
    return lines


def _typed(command):
    """The lines of a command as it is typed; none if it is empty."""
    typed = _wrapped(command, 10)
    return " \\\n        ".join(typed).join(["    ", ""]).splitlines() if typed else []


def _by_verdict(rows):
    """The claims' estimates and needs, below a heading for each verdict: with it in each row, long ids would not fit a terminal."""
    rows = sorted(rows, key=lambda row: VERDICTS.index(row[-1]))
    header, *lines = console.aligned(["claim", "estimate", "needs"], [[f"  {name}", *numbers] for name, *numbers, _, _ in rows], left=1)
    found = [header] if rows else []
    for verdict, of_verdict in groupby(zip(rows, lines, strict=True), key=lambda pair: pair[0][-1]):
        found += [f"{verdict}:", *(line for _, line in of_verdict)]
    return found


def _wrapped(words, less=0, indent=""):
    """The lines of words, so many letters shorter than a terminal's; ids and flags in one piece. All lines but the first are indented."""
    return textwrap.wrap(words, console.WIDTH - less, break_long_words=False, break_on_hyphens=False, subsequent_indent=indent)


def section(name, short, heading, first=False, template="", **content):
    """The `Section` of a template, filled with `content`; `first` defaults to False, `template` to the section's name."""
    return Section(name, short, heading, html.render(f"{template or name}.html", TEMPLATES, **content), first)

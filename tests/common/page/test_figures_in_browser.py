"""Figures, results and the report's numbers of a page in a real browser, Chromium without a screen, and what is printed of them."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from common.course_report import dot_plot, reproduction
from common.course_report.report import TEMPLATES as OF_REPORT
from common.experiment.measures import registry
from common.figures.drawing import COLORS, Drawing, new_figure
from common.figures.saved import SavedFigure, png_of, save, svg_of
from common.page import pictures
from common.page.html import TEMPLATES, render
from common.results.text import MEANS, glossary, title
from tests.support.browser import IN_CHROMIUM, PHONE, SCREENS, is_as_wide_as_the_screen, violations

pytestmark = IN_CHROMIUM
ALONE = """{% extends "base.html" %}{% block title %}Alone{% endblock %}
{% block body %}<main><h1>Alone</h1>{% include "results.html" %}{% include "figures.html" %}
<section aria-labelledby="reproduction"><h2 id="reproduction">Numbers</h2>{% include "reproduction.html" %}</section></main>
<script>{% include "page.js" %}{% include "unpacked.js" %}{% include "figures.js" %}{% include "glossary.js" %}</script>{% endblock %}"""
DATASETS = {"moons": "Two moons", "circles": "Two circles"}
QUESTIONS, EACH = 5, 2
COLUMNS = ("final_test_accuracy", "epochs_to_95pct", "min_train_loss", "volatility", "best_test_accuracy", "mean_grad_norm")
EXPERIMENT = SimpleNamespace(columns=COLUMNS, measures=())


@pytest.fixture(scope="module")
def files():
    """The PNG and the SVG of a figure of two panels with three lines each."""
    figure, axes = new_figure(1, 2)
    for ax in axes.flat:
        for i in range(3):
            ax.plot(np.arange(1, 60), np.exp(-0.05 * (i + 1) * np.arange(1, 60)), color=COLORS[i], label=f"arm {i}")
        ax.set_yscale("log")
    drawing = Drawing(figure, "two panels", "a finding: 1 < 2", legend=axes[0, 0].get_legend_handles_labels())
    return png_of(drawing, "a title", "a note"), svg_of(figure)


def saved_as(folder, name, files):
    """The `SavedFigure` of files, on disk."""
    saved = SavedFigure(f"{name}.png", f"title of {name}", "two panels", f"a finding of {name}: 1 < 2")
    save(*files, saved, folder / saved.name)
    return saved


def numbers():
    """A `reproduction.csv`: shares, epochs and losses, informative or not; one without interval, one loss of zero."""
    rows = []
    for dataset in DATASETS:
        for i, (measure, report, mean, low, high) in enumerate(
            [
                ("final_test_accuracy", 0.9267, 0.8977, 0.8355, 0.9404),
                ("final_test_accuracy", 0.60, 0.9012, 0.8551, 0.9352),
                ("epochs_to_95pct", 31.0, 30.8, 4.6, 143.2),
                ("epochs_to_95pct", 12.0, 14.5, np.nan, np.nan),
                ("min_train_loss", 0.0013, 0.00134, 0.0012, 0.0015),
                ("min_train_loss", 0.0, 2.9e-05, 2.1e-05, 4.0e-05),
            ]
        ):
            about = {
                "dataset": dataset,
                "arm": ("relu", "sigmoid")[i % 2],
                "base_learning_rate": np.nan,
                "measure": measure,
                "source": "csv",
            }
            ours = {
                "report": report,
                "mean": mean,
                "sd": 0.1,
                "low": low,
                "high": high,
                "n": 10,
                "scale": "log",
                "pred_low": low,
                "pred_high": high,
            }
            verdict = "too few seeds" if np.isnan(low) else "not reproduced" if report == 0.6 else "reproduced"
            rows.append({**about, **ours, "informative": i in (0, 1, 4), "verdict": verdict, "why": ""})
    return pd.DataFrame(rows)


def results_of(name):
    measures = registry(EXPERIMENT)
    columns = [("optimizer", ""), ("lr", ""), *((title(measures[column]), column) for column in COLUMNS)]
    rows = [[arm, rate, "98.3 [97.6, 99.0]", *["12.3"] * 5] for arm in ("sgd", "momentum", "adam") for rate in ("0.1", "0.01")]
    return {"dataset": name, "settings": "3 seeds", "conditions": "As it is", "header": [], "columns": columns, "rows": rows}


@pytest.fixture(scope="module")
def path(tmp_path_factory, files):
    """A page of two datasets, five questions on each, with two figures each."""
    folder = tmp_path_factory.mktemp("page")
    figures, groups = {}, {}
    for dataset in DATASETS:
        figures[dataset] = [saved_as(folder, f"q{i}_{dataset}_{j}", files) for i in range(QUESTIONS) for j in range(EACH)]
        figures[dataset].append(saved_as(folder, f"rest_{dataset}", files))
        groups[dataset] = [(f"Q{i}: Why {i}?", [f"q{i}_{dataset}_{j}.png" for j in range(EACH)]) for i in range(QUESTIONS)]
    report = SimpleNamespace(figure_groups=lambda results: groups)
    blocks = pictures.by_question(SimpleNamespace(folder=folder, experiment=SimpleNamespace(report=report)), figures)
    measures = registry(EXPERIMENT)
    (folder / "alone.html").write_text(ALONE)
    content = {
        "results": [results_of(name) for name in DATASETS.values()],
        "words": 2,
        "means": MEANS,
        "glossary": glossary(EXPERIMENT),
        "spread": [],
        "figures": blocks,
        "colors": pictures.style_sheet(blocks),
        "dots": dot_plot.blocks(numbers(), measures),
        "reproduced": list(DATASETS.values()),
        "reproduction": reproduction.on_page(numbers(), measures),
        "checks": ([], []),
    }
    page = folder / "page.html"
    page.write_text(render("alone.html", [folder, TEMPLATES, OF_REPORT], **content))
    return page


@pytest.fixture
def visit(visits, path):
    """A function that opens the page at an address in it on some screen."""
    return lambda address="", **screen: visits.open(path, address, **screen)


def open_all(page):
    """Open all groups of figures and draw all their figures."""
    page.locator("details.group").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    page.evaluate("Promise.all([...document.querySelectorAll('.drawing')].map(draw))")


@pytest.mark.parametrize("screen", SCREENS)
def test_all_of_it_is_accessible_and_never_wider_than_the_screen(visit, screen):
    page = visit(**SCREENS[screen])
    of_groups_the_first = "details:not(.group ~ .group)"
    page.locator(of_groups_the_first).evaluate_all("all => all.forEach((one) => { one.open = true; })")
    page.locator("details.group").first.scroll_into_view_if_needed()
    page.locator(".canvas svg").first.wait_for()
    assert is_as_wide_as_the_screen(page) and violations(page) == []


def test_a_figure_is_drawn_only_where_it_is_opened(visit):
    page = visit()
    assert page.locator(".canvas svg").count() == 0
    group = page.locator("details.group").nth(3)
    group.locator("summary").click()
    group.locator(".canvas svg").first.wait_for()
    assert 1 <= page.locator(".canvas svg").count() <= EACH
    assert group.locator("svg text").first.is_visible()


def test_ids_of_all_figures_are_apart_and_each_reference_finds_its_own(visit):
    page = visit()
    open_all(page)
    assert page.locator(".canvas svg").count() == len(DATASETS) * (QUESTIONS * EACH + 1)
    ids = page.locator("[id]").evaluate_all("all => all.map((one) => one.id)")
    assert len(ids) == len(set(ids)) > 100
    astray = """all => all.filter((svg) => [...svg.querySelectorAll("*")].some((one) => [...one.attributes].some(({ name, value }) => {
        const id = name === "xlink:href" && value[0] === "#" ? value.slice(1) : /url\\(#(.*?)\\)/.exec(value)?.[1];
        return id !== undefined && !svg.contains(document.getElementById(id)); }))).length"""
    assert page.locator(".canvas svg").evaluate_all(astray) == 0


def test_an_address_opens_its_figure(visit):
    page = visit("#figure-q4_circles_1")
    figure = page.locator("#figure-q4_circles_1")
    figure.locator("svg").wait_for()
    assert figure.locator("xpath=ancestor::details").get_attribute("open") is not None
    number = int(re.search(r"Figure (\d+)", figure.locator("figcaption").inner_text())[1])
    assert number == (QUESTIONS * EACH + 1) + 4 * EACH + 2
    assert figure.locator("figcaption a").first.get_attribute("href") == "#figure-q4_circles_1"


@pytest.mark.parametrize(("scheme", "bright"), [("light", True), ("dark", False)])
def test_a_figure_is_as_bright_as_the_page(visit, tmp_path, scheme, bright):
    page = visit("#figure-q0_moons_0", color_scheme=scheme)
    page.locator("#figure-q0_moons_0 svg").wait_for()
    page.locator("#figure-q0_moons_0").screenshot(path=tmp_path / "figure.png")
    light = np.asarray(Image.open(tmp_path / "figure.png").convert("L"), float)
    share = (light > 128).mean()
    assert share > 0.9 if bright else share < 0.1
    seen = page.evaluate("""() => [["#figure-q0_moons_0 text", "fill"], ["body", "color"],
        ["#figure-q0_moons_0 path", "fill"],
        ["body", "backgroundColor"]].map(([one, what]) => getComputedStyle(document.querySelector(one))[what])""")
    assert seen[0] == seen[1] and seen[2] == seen[3]


def test_letters_of_figures_have_nine_pixels_on_a_phone_and_only_the_figure_scrolls(visit):
    page = visit(**PHONE)
    open_all(page)
    sizes = """all => all.flatMap((svg) => [...svg.querySelectorAll("text, tspan")].map((one) =>
        parseFloat(getComputedStyle(one).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""
    assert min(page.locator(".canvas svg").evaluate_all(sizes)) > 8.99
    assert min(page.locator(".strip text").evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")) >= 9
    assert page.locator(".drawing").first.evaluate("one => one.scrollWidth > one.clientWidth")
    assert is_as_wide_as_the_screen(page)


def test_a_caption_can_be_copied_and_a_drawing_saved_as_it_is_on_disk(visit, path):
    page = visit("#figure-q0_moons_0", accept_downloads=True, permissions=["clipboard-read", "clipboard-write"])
    figure = page.locator("#figure-q0_moons_0")
    figure.get_by_role("button", name="Copy caption").click()
    page.wait_for_function("document.querySelector('button.copy').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "Figure 1. title of q0_moons_0. a finding of q0_moons_0: 1 < 2 two panels"
    with page.expect_download() as download:
        figure.get_by_role("link", name="SVG").click()
    ours, theirs = (ElementTree.parse(one).getroot() for one in (download.value.path(), path.with_name("q0_moons_0.svg")))
    assert download.value.suggested_filename == "q0_moons_0.svg"
    colors = [sorted(re.findall(r"#[0-9a-f]{6}", " ".join(one.get("style", "") for one in root.iter()))) for root in (ours, theirs)]
    assert colors[0] == colors[1] and len(colors[0]) > 50
    png = figure.get_by_role("link", name="PNG").get_attribute("href")
    assert path.with_name(png).is_file()


def test_without_javascript_each_figure_is_the_file_beside_the_page(visit, path):
    page = visit(java_script_enabled=False)
    page.locator("details.group summary").nth(1).click()
    image = page.locator("details.group").nth(1).locator("img").first
    image.scroll_into_view_if_needed()
    assert image.is_visible() and path.with_name(image.get_attribute("src")).is_file() and "1 < 2" in image.get_attribute("alt")
    links = page.locator(".save a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    assert len(links) == 2 * len(DATASETS) * (QUESTIONS * EACH + 1) and all(path.with_name(link).is_file() for link in links)
    assert not page.get_by_role("button", name="Copy caption").first.is_visible()
    assert page.locator(".glossary dd").count() == len(COLUMNS) and page.locator(".dots .strip").first.is_visible()


@pytest.mark.parametrize("way", ["hover", "focus", "tap"])
def test_a_heading_of_the_results_says_what_it_means(visit, way):
    page = visit(**(PHONE if way == "tap" else {}))
    heading = page.locator(".results th[data-term=measure-epochs_to_95pct]").first
    assert "first epoch at 95 % of its best" in heading.inner_text()
    term, button = page.get_by_role("tooltip"), heading.get_by_role("button")
    assert term.count() == 0 or not term.is_visible()
    getattr(button, way)()
    assert term.is_visible() and "95 % of the run's best test accuracy" in term.inner_text()
    box, wide = term.bounding_box(), page.viewport_size["width"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= wide
    page.keyboard.press("Escape")
    assert not term.is_visible()


def test_the_first_column_of_results_stays_where_the_others_scroll(visit):
    page = visit(**PHONE)
    table = page.locator(".results .wide").first
    first, second = (table.locator("tbody tr").first.locator(f"> :nth-child({place})") for place in (1, 3))
    before = first.bounding_box()["x"], second.bounding_box()["x"]
    table.evaluate("one => { one.scrollLeft = 120; }")
    after = first.bounding_box()["x"], second.bounding_box()["x"]
    assert after[0] == pytest.approx(before[0], abs=1) and after[1] == pytest.approx(before[1] - 120, abs=1)


def test_the_dots_are_the_numbers_of_the_table_each_on_the_axis_of_its_unit(visit):
    page = visit()
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    read = """all => all.map((one) => ({
        ...one.dataset, words: one.getAttribute("aria-label"), said: one.parentElement.querySelector(".said").textContent,
        folded: Boolean(one.closest("details")), group: [...document.querySelectorAll(".dots")].indexOf(one.closest(".dots")),
        at: Object.fromEntries([...one.querySelectorAll("svg")].map((mark) => [mark.classList[0], parseFloat(mark.getAttribute("x"))])),
        ends: [...one.querySelectorAll(".range")].map((line) => ["x1", "x2"].map((end) => parseFloat(line.getAttribute(end)))) }))"""
    rows = page.locator(".dots li .strip").evaluate_all(read)
    table = numbers()
    names = {"report": "report", "mean": "mean", "low": "pred_low", "high": "pred_high"}
    shown = sorted(tuple(float(row[name]) for name in names) for row in rows)
    np.testing.assert_allclose(shown, sorted(map(tuple, table[list(names.values())].to_numpy())))
    assert sum(row["folded"] for row in rows) == (~table["informative"]).sum()
    assert sorted(row["said"] for row in rows) == sorted(table["verdict"])
    assert any("report 92.67 %; ours 89.77 %, one more run 83.55 % to 94.04 %" in row["words"] for row in rows)
    for group in {row["group"] for row in rows}:
        points = []
        for row in (row for row in rows if row["group"] == group):
            points += [(float(row["report"]), row["at"]["report"]), (float(row["mean"]), row["at"]["mean"])]
            points += [point for ends in row["ends"] for point in zip((float(row["low"]), float(row["high"])), ends, strict=True)]
        values, places = np.array(sorted(point for point in points if point[0] > 0)).T
        values = values if values.max() < 1 and values.min() > 0.5 else np.log(values)  # shares, else logarithmic
        slope = np.polyfit(values, places, 1)
        np.testing.assert_allclose(np.polyval(slope, values), places, atol=0.05)
        assert all(4 <= place <= 96 for _, place in points)


def test_of_each_question_one_figure_is_printed_and_nothing_that_could_be_clicked(visit, tmp_path):
    page = visit(color_scheme="dark")
    page.wait_for_function("'printable' in document.documentElement.dataset")
    pdf, before = page.pdf(prefer_css_page_size=True), page.locator("details[open]").count()
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 5
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown = page.locator(".figures svg:visible")
    assert shown.count() == len(DATASETS) * QUESTIONS
    stems = page.locator(".figures figure:visible").evaluate_all("all => all.map((one) => one.id)")
    assert stems == [f"figure-q{i}_{dataset}_0" for dataset in DATASETS for i in range(QUESTIONS)]
    assert page.locator("button:visible:not(th button)").count() == page.locator(".save:visible").count() == 0
    assert page.locator(".numbers table:visible").count() == 0 and page.locator(".dots:visible").count() > 0
    assert page.locator("thead").first.evaluate("one => getComputedStyle(one).display") == "table-header-group"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == before

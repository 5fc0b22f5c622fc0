"""The page in a real browser: Chromium without a screen, driven by Playwright. What it shows is compared with the tables on disk."""

import base64
import gzip
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.support.browser import IN_CHROMIUM, PHONE, SCREENS, WIDE, is_as_wide_as_the_screen, playwright, violations
from tests.support.scripts import ROOT, run_script

pytestmark = IN_CHROMIUM
PAGES = ("exp_b_activation/report.html", "index.html")
CIRCLES = "exp_b_activation/report.html?dataset=Two+circles"
LABELS = {"moons": "Two moons", "circles": "Two circles"}
OF_FIGURES = "all => all.map(one => one.dataset.figure)"
COVERED = """() => {
  const one = document.activeElement.getBoundingClientRect(), bar = document.querySelector(".bar");
  return !bar.contains(document.activeElement) && one.bottom > 0 && one.top < bar.getBoundingClientRect().bottom - 1;
}"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The output of one script: two datasets, three arms, five seeds, with which some claims are decided."""
    out = tmp_path_factory.mktemp("out")
    process = run_script("exp_b_activation.py", out, "--seeds", 5, "--epochs", 12)
    assert process.returncode == 0, process.stderr
    return out


@pytest.fixture
def visit(visits, out):
    """A function that opens a page on some screen."""
    return lambda name=PAGES[0], **screen: visits.open(out / name, **screen)


def history(out, dataset="moons"):
    table = pd.read_csv(out / "exp_b_activation" / "history.csv")
    return table[table["dataset"] == dataset]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_never_wider_than_the_screen(visit, name, screen):
    page = visit(name, **SCREENS[screen])
    assert is_as_wide_as_the_screen(page) and violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order_and_tables_have_headers(visit, name):
    page = visit(name)
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1 and max(np.diff(levels)) <= 1
    assert page.locator("main").count() == page.locator("header").count() == 1
    for table in page.locator("table").all():
        assert table.locator("caption").count() == 1 and table.locator("thead th:not([scope=col])").count() == 0
        assert table.locator("tbody tr").count() == table.locator("tbody :is(th[scope=row], th[scope=rowgroup])").count()


def table(out, name):
    return pd.read_csv(out / "exp_b_activation" / f"{name}.csv", keep_default_na=False)


def test_the_page_begins_with_its_answer_and_ends_with_how_it_was_run(visit, out):
    page = visit(**WIDE)
    order = [
        "answer",
        "answers",
        "verdicts",
        "curves",
        "results",
        "figures",
        "how",
    ]  # twelve epochs are beside none of the report's numbers
    assert page.locator("main h2").evaluate_all("all => all.map(one => one.id)") == order
    linked = page.locator("nav a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert linked == [*(f"#{name}" for name in order), "../index.html"]
    answers = table(out, "answers").set_index(["id", "dataset"])["verdict"]
    findings = page.locator("[data-all] .findings li")
    assert 1 <= findings.count() <= 3
    for finding in findings.all():
        _, question, dataset = finding.locator("a").get_attribute("href").split("-")
        assert finding.locator(".badge").inner_text() == answers[question, dataset] and re.search(r"\d", finding.inner_text())
    shown = page.locator(".key .drawing")
    assert [one.get_attribute("data-figure") for one in shown.all()] == ["off_moons", "off_circles"] and shown.first.is_visible()


def test_each_question_has_a_card_with_the_word_of_answers_csv_on_each_dataset(visit, out):
    page, answers = visit(), table(out, "answers")
    cards = page.locator("article.card")
    assert cards.count() == answers["id"].nunique()
    for row in answers.to_dict("records"):
        part = page.locator(f"article.card #answer-{row['id']}-{row['dataset']}")
        assert part.locator(".badge").inner_text() == row["verdict"] and part.locator(".where").inner_text() == LABELS[row["dataset"]]
        evidence, folded = part.locator("dd", has_text=row["evidence"].splitlines()[0]).first, part.locator("details > summary")
        assert not evidence.is_visible()
        folded.click()
        assert evidence.is_visible()
    images = [(out / "exp_b_activation" / f"{name}.png") for name in page.locator(".card .drawing").evaluate_all(OF_FIGURES)]
    assert images and all(path.is_file() for path in images)
    assert all(path.with_suffix(".svg").read_text().count('<g id="axes_') <= 2 for path in images)  # panels


def test_every_claim_has_a_row_with_a_number_and_every_link_in_the_page_a_target(visit, out):
    page, claims = visit(), table(out, "claims")
    run = claims[claims["verdict"] != "not run"]
    assert page.locator("table.claims tbody tr[id]").count() == len(run) >= 2
    margins = {}
    for claim in run.to_dict("records"):
        row = page.locator(f"[id='claim-{claim['id']}-{claim['dataset']}']")
        number = claims["id"].drop_duplicates().tolist().index(claim["id"]) + 1
        assert row.locator(".id").text_content() == f"Claim {number}, {claim['id']}"
        assert row.locator(".verdict").text_content() == claim["verdict"]
        assert float(row.locator("td.estimate").get_attribute("data-value")) == pytest.approx(float(claim["estimate"]))
        low, high = map(float, re.match(r"M([\d.]+) 10H([\d.]+)", row.locator("path.range").get_attribute("d")).groups())
        assert low <= float(row.locator("circle").get_attribute("cx")) <= high
        margins.setdefault(claim["id"], set()).add(row.locator("path.margin").get_attribute("d"))
    assert all(len(of_claim) == 1 for of_claim in margins.values())  # datasets share the axis
    targets = page.locator("a[href^='#']").evaluate_all("all => all.map(one => decodeURIComponent(one.hash.slice(1)))")
    assert page.evaluate("names => names.filter(name => !document.getElementById(name))", targets) == []


def test_one_choice_of_a_dataset_holds_for_the_whole_page_and_for_its_address(visit):
    page = visit(**WIDE)
    page.evaluate("document.addEventListener('dataset', ({ detail }) => (window.heard = detail))")
    page.get_by_role("radio", name="Two circles").check()
    again = visit(CIRCLES, **WIDE)
    assert page.url == again.url and page.evaluate("heard") == "Two circles"
    for one in (page, again):
        assert one.evaluate("document.documentElement.dataset.dataset") == "Two circles"
        hidden = one.locator("body [data-dataset]").evaluate_all("all => all.map(one => [one.dataset.dataset, one.hidden])")
        assert {tuple(pair) for pair in hidden} == {("Two circles", False), ("Two moons", True)}
        assert one.locator(".findings:visible").count() == 1 and one.locator(".key .drawing:visible").count() == 1
    again.get_by_role("radio", name="all", exact=True).check()
    assert not re.search(r"[?&]dataset=", again.url) and again.locator("#answer-B3-moons").is_visible()


def test_an_address_within_the_page_opens_what_is_folded_and_chooses_its_dataset(visit):
    row = visit(f"{CIRCLES}#claim-B-vanish-moons").locator("[id='claim-B-vanish-moons']")
    playwright.expect(row).to_be_in_viewport()
    assert row.page.get_by_role("radio", name="Two moons").is_checked()
    page = visit()
    page.locator("#answer-B3-circles .behind a").first.click()
    playwright.expect(page.locator("[id='claim-B-vanish-circles']")).to_be_in_viewport()
    assert page.get_by_role("radio", name="all", exact=True).is_checked()


def test_on_a_phone_a_claim_is_a_card_with_its_verdict_first(visit):
    page = visit(**PHONE)
    rows = page.locator("table.claims tbody tr[id]:visible")
    assert rows.count() >= 1
    for row in rows.all():
        verdict, sentence, interval = (row.locator(part).bounding_box() for part in (".verdict", "th", "svg"))
        assert verdict["y"] < sentence["y"] < interval["y"] and interval["width"] > 250
        assert max(part["x"] + part["width"] for part in (verdict, sentence, interval)) <= 360
    assert page.locator(".wide:has(.claims):visible").evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_keyboard_reaches_everything_and_the_bar_covers_nothing_that_has_the_focus(visit, screen):
    page = visit(**SCREENS[screen])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('nav, .datasets, .findings, .key, .card')?.className"))
        assert not page.evaluate(COVERED), page.evaluate("document.activeElement.outerHTML")
    assert {"datasets screen", "findings", "key one", "card"} <= reached
    chosen = page.get_by_role("radio", name="all", exact=True)
    chosen.press("ArrowRight")
    assert page.evaluate("document.documentElement.dataset.dataset") == "Two moons"
    fold = page.locator(".part:visible summary").first
    fold.press("Enter")
    assert page.locator(".part:visible details").first.get_attribute("open") is not None
    page.locator("nav a", has_text="Claims").press("Enter")
    bar, heading = (page.locator(one).bounding_box() for one in (".bar", "#verdicts"))
    assert bar["y"] + bar["height"] <= heading["y"]


def test_tables_sort_by_numbers_and_by_words(visit):
    table = visit().locator("section[aria-labelledby=results] table").first
    arms, accuracies = (table.locator(f"tbody tr > :nth-child({place})") for place in (1, 2))
    before, heading = accuracies.all_inner_texts(), table.locator("thead th")
    for turn, way in ((1, "ascending"), (-1, "descending")):
        heading.nth(1).get_by_role("button").click()
        numbers = [float(text.split()[0]) for text in accuracies.all_inner_texts()]
        assert numbers == sorted(numbers)[::turn] and heading.nth(1).get_attribute("aria-sort") == way
    heading.nth(0).get_by_role("button").press("Enter")
    assert arms.all_inner_texts() == ["leaky_relu", "relu", "sigmoid"] and heading.nth(1).get_attribute("aria-sort") is None
    assert sorted(accuracies.all_inner_texts()) == sorted(before)


def test_without_javascript_all_stands_there_without_what_could_be_clicked(visit, out):
    plain = visit(java_script_enabled=False)
    assert not plain.locator("#datasets").is_visible() and plain.locator("th button").count() == 0
    answers = table(out, "answers")
    words = [word for name in answers["id"].unique() for word in answers.loc[answers["id"] == name, "verdict"]]
    assert plain.locator(".part:visible .badge").all_inner_texts() == words
    plain.locator(".part summary").first.click()
    assert plain.locator(".part dl").first.is_visible()
    assert plain.locator("#explorer p").is_visible() and plain.locator("table").first.is_visible()
    assert plain.locator(".findings:visible").count() == 1


def test_in_print_nothing_stands_there_that_could_be_clicked(visit):
    printed = visit()
    printed.emulate_media(media="print")
    assert printed.locator("table").first.is_visible()
    assert not printed.locator("#explorer").is_visible() and not printed.locator("nav").is_visible()


def test_the_gallery_shows_the_same_in_less_room(out, tmp_path):
    command = [sys.executable, str(ROOT / "plots" / "gallery" / "collect.py"), str(out), str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    before, after = out / "exp_b_activation", tmp_path / "exp_b_activation"
    for figure in {*before.glob("*.png")} - {*before.glob("claims_*")}:
        original, small = (matplotlib.image.imread(folder / figure.name)[..., :3] for folder in (before, after))
        assert original.shape == small.shape and np.abs(original - small).mean() < 0.01
        assert (after / figure.name).stat().st_size < figure.stat().st_size / 2
    for table in {*before.glob("*.csv")} - {before / "layers.csv"}:
        (packed,) = after.glob(f"{table.name}*")
        digits = {"rtol": 1e-3} if packed.suffix == ".xz" else {"rtol": 0, "atol": 0}
        pd.testing.assert_frame_equal(pd.read_csv(packed), pd.read_csv(table), check_dtype=False, **digits)
    pages = [(folder / "report.html").read_text() for folder in (before, after)]
    drawings, smaller = (re.findall(r'id="data-[^"]+">([^<]+)', page) for page in pages)
    assert len(drawings) == len(smaller) == len([*before.glob("*.png")])
    for drawing, small in zip(drawings, smaller, strict=True):
        texts = [gzip.decompress(base64.b64decode(one)).decode() for one in (drawing, small)]
        lines, small_lines = (re.sub(r"data:image/png;base64,[^\"]*", "", text) for text in texts)
        assert lines == small_lines and len(small) <= len(drawing)
    assert len(pages[1]) < len(pages[0])
    links = re.findall(r'(?:href|src)="((?!data:)[^"#]+?)[?#"]', pages[1])
    assert all((after / link).exists() for link in links) and {".png", ".html"} <= {Path(link).suffix for link in links}


def test_the_figures_of_the_gallerys_index_are_the_files_beside_its_pages(tmp_path):
    out, gallery = tmp_path / "out", tmp_path / "gallery"
    (out / "exp_x").mkdir(parents=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)).save(out / "exp_x" / "a.png")
    (out / "exp_x" / "report.html").write_text("")
    content = base64.b64encode((out / "exp_x" / "a.png").read_bytes()).decode()
    (out / "index.html").write_text(f'<img src="data:image/png;base64,{content}">')
    command = [sys.executable, str(ROOT / "plots" / "gallery" / "collect.py"), str(out), str(gallery)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert (gallery / "index.html").read_text() == '<img src="exp_x/a.png">' and (gallery / "exp_x" / "a.png").is_file()

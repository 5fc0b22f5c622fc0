"""The page in a real browser: Chromium without a screen, driven by Playwright. What it shows is compared with the tables on disk."""

import re
import shutil
import subprocess
import sys

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from common.stats import mean_curve
from tests.support.scripts import ROOT, run_script

playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install -r requirements-browser.txt")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SCREENS = {"wide": {}, "dark phone": {**PHONE, "color_scheme": "dark"}}
PAGES = ("exp_b_activation/report.html", "index.html")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The output of one script: two datasets, three arms, three seeds."""
    out = tmp_path_factory.mktemp("out")
    process = run_script("exp_b_activation.py", out, "--seeds", 3, "--epochs", 12)
    assert process.returncode == 0, process.stderr
    return out


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, out):
    """A function that opens a page on some screen; in the end, there must have been no request but for it, and no error."""
    contexts, requests, complaints = [], [], []

    def visit(name=PAGES[0], **screen):
        contexts.append(browser.new_context(**screen))
        page = contexts[-1].new_page()
        page.on("request", lambda request: requests.append(request.url) if not request.url.startswith("data:") else None)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"file://{out / name}")
        return page

    yield visit
    assert len(requests) == len(contexts) and not complaints
    for context in contexts:
        context.close()


def history(out, dataset="moons"):
    table = pd.read_csv(out / "exp_b_activation" / "history.csv")
    return table[table["dataset"] == dataset]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_never_wider_than_the_screen(visit, name, screen):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(name, **SCREENS[screen])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    violations = Axe().run(page).response["violations"]
    assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order_and_tables_have_headers(visit, name):
    page = visit(name)
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1 and max(np.diff(levels)) <= 1
    assert page.locator("main").count() == page.locator("header").count() == 1
    for table in page.locator("table").all():
        assert table.locator("caption").count() == 1 and table.locator("thead th:not([scope=col])").count() == 0
        assert table.locator("tbody tr").count() == table.locator("tbody th[scope=row]").count()


def test_every_figure_is_in_the_page_with_an_alternative_text_that_states_its_finding(visit, out):
    page = visit()
    figures = page.locator("figure img")
    assert figures.count() == len(list((out / "exp_b_activation").glob("*.png"))) > 10
    assert figures.evaluate_all("all => all.every(one => one.complete && one.naturalWidth > 300)")
    texts = figures.evaluate_all("all => all.map(one => one.alt)")
    best = history(out).query("epoch == 12").groupby("activation")["test_accuracy"].mean().max()
    assert f"{100 * best:.1f} %" in texts[0] and all(re.search(r"\d", text) for text in texts), texts


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


@pytest.mark.parametrize("screen", SCREENS)
def test_a_figure_opens_at_full_size_and_closes_again(visit, screen):
    page = visit(**SCREENS[screen])
    link, dialog = page.locator("a.zoom").nth(1), page.locator("dialog")
    link.click()
    large = dialog.locator("img")
    assert dialog.is_visible() and large.evaluate("one => one.getBoundingClientRect().width === one.naturalWidth")
    assert large.get_attribute("alt") == link.locator("img").get_attribute("alt")
    page.keyboard.press("Escape")
    assert not dialog.is_visible() and link.evaluate("one => one === document.activeElement")
    link.press("Enter")
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


def expected(table, arm, epoch, column="test_accuracy", log=False):
    """Runs, mean and interval at an epoch: Student's of logarithms, computed here, or that of shares, at most down to chance."""
    runs = table[(table["activation"] == arm) & (table["epoch"] == epoch)].sort_values("seed")[column].to_numpy()
    if not log:
        return runs, [part[0] for part in mean_curve(runs[:, None], lowest=0.5)]
    values = np.log(runs)
    low, high = stats.t.interval(0.95, len(runs) - 1, loc=values.mean(), scale=stats.sem(values))
    return runs, np.exp([values.mean(), low, high])


def point_at(page, arm, epoch):
    """Move the mouse to where an arm's line is at an epoch: at the point of its path."""
    page.locator(".plot").scroll_into_view_if_needed()
    point = "new DOMPoint(...line.getAttribute('d').split(/[ML]/)[epoch].split(' ')).matrixTransform(line.getScreenCTM())"
    place = page.locator(f".plot g[data-arm='{arm}'] path.mean").evaluate(f"(line, epoch) => {point}.toJSON()", epoch)
    page.mouse.move(place["x"], place["y"])


def test_hovering_a_curve_shows_its_runs_and_its_interval(visit, out):
    page = visit()
    point_at(page, 1, 7)
    runs, interval = expected(history(out), "leaky_relu", 7)
    tip = page.locator(".tip")
    assert tip.is_visible() and tip.locator("strong").inner_text() == "LeakyReLU"
    shown = tip.inner_text()
    assert "epoch 7: {:.1f} % [{:.1f}, {:.1f}]".format(*(100 * np.array(interval))) in shown
    assert ", ".join(f"seed {seed}: {100 * run:.1f}" for seed, run in enumerate(runs)) in shown.replace("\n", " ")
    assert page.locator("path.run").count() == 3 and "after epoch 7" in page.locator("table.values caption").inner_text()
    page.mouse.move(0, 0)
    assert not tip.is_visible() and page.locator("path.run").count() == 0


def test_the_values_below_the_curves_are_those_of_the_tables(visit, out):
    page = visit()
    page.get_by_label("Dataset").select_option("Two circles")
    for quantity, label, unit, log in (("test_accuracy", "test accuracy", 100, False), ("train_loss", "training loss", 1, True)):
        page.get_by_label("Quantity").select_option(label)
        page.get_by_role("slider", name="Epoch").fill("4")  # the fifth, as a keyboard sets it
        for arm, word in (("relu", "ReLU"), ("leaky_relu", "LeakyReLU")):
            runs, interval = expected(history(out, "circles"), arm, 5, quantity, log)
            row = page.locator("table.values tbody tr", has=page.get_by_role("rowheader", name=word, exact=True))
            shown = [float(number) for number in re.findall(r"-?\d[\d.e+-]*", " ".join(row.locator("td").all_inner_texts()))]
            tolerance = {"atol": 0.051} if unit == 100 else {"rtol": 0.006}
            np.testing.assert_allclose(shown, unit * np.array([*interval, *runs]), **tolerance)


def test_arms_can_be_switched_off_and_on(visit):
    page = visit()
    box, all_or_none = page.get_by_label("LeakyReLU"), page.get_by_role("button", name="all or none")
    for count, click in ((3, box.uncheck), (2, all_or_none.click), (3, all_or_none.click), (0, box.check), (1, box.uncheck)):
        assert page.locator("path.mean").count() == page.locator("table.values tbody tr").count() == count
        click()


def test_every_quantity_can_be_drawn(visit):
    page = visit()
    choices = page.get_by_label("Quantity").locator("option").all_inner_texts()
    assert len(choices) > 10 and "test loss" in choices
    for choice in choices:
        page.get_by_label("Quantity").select_option(choice)
        assert page.locator("path.mean").count() >= 1 and choice in page.locator("table.values caption").inner_text()


def test_without_javascript_and_in_print_figures_and_tables_stand_there_without_what_could_be_clicked(visit):
    plain, printed = visit(java_script_enabled=False), visit()
    printed.emulate_media(media="print")
    for page in (plain, printed):
        assert page.locator("figure img").last.is_visible() and page.locator("table").first.is_visible()
    assert plain.locator("#explorer p").is_visible() and plain.locator("th button").count() == 0
    assert not printed.locator("#explorer").is_visible() and not printed.locator("nav").is_visible()


def test_the_gallery_shows_the_same_in_less_room(out, tmp_path):
    command = [sys.executable, str(ROOT / "plots" / "gallery" / "collect.py"), str(out), str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    before, after = out / "exp_b_activation", tmp_path / "exp_b_activation"
    for figure in before.glob("*.png"):
        original, small = (matplotlib.image.imread(folder / figure.name)[..., :3] for folder in (before, after))
        assert original.shape == small.shape and np.abs(original - small).mean() < 0.01
        assert (after / figure.name).stat().st_size < figure.stat().st_size / 2
    for table in {*before.glob("*.csv")} - {before / "layers.csv"}:
        (packed,) = after.glob(f"{table.name}*")
        digits = {"rtol": 1e-3} if packed.suffix == ".xz" else {"rtol": 0, "atol": 0}
        pd.testing.assert_frame_equal(pd.read_csv(packed), pd.read_csv(table), check_dtype=False, **digits)
    page = (after / "report.html").read_text()
    assert "base64" not in page and all(f'src="{figure.name}"' in page for figure in before.glob("*.png"))

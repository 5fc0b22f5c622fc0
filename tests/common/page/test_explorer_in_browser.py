"""The explorer of curves in a real browser, Chromium without a screen: what it shows is compared with the tables it was made from."""

import re
import shutil
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from scipy import stats

from common.experiment import Measure
from common.experiment.measures import share
from common.page.explorer import page_curves
from common.page.html import TEMPLATES, render
from common.results.results import Results
from tests.support.frames import every

playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install -r requirements-browser.txt")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SCREENS = {"wide": {}, "tablet": {"viewport": {"width": 768, "height": 1024}}, "dark phone": {**PHONE, "color_scheme": "dark"}}
ALONE = """{% extends "base.html" %}{% block title %}Curves{% endblock %}
{% block body %}<main><h1>Curves</h1>{% include "curves.html" %}<a href="#curves">here</a></main>
<script>"use strict";{% include "curves.js" %}</script>{% endblock %}"""
COLUMNS = ("optimizer", "base_learning_rate", "schedule")
NAMES = {"sgd": "SGD", "momentum": "momentum", "adam": "Adam"}
SEEDS, EPOCHS = 4, 30
MOST_MS, TURNS = 100, 15


def made_up(datasets=("digits", "moons"), rates=(0.1, 0.01, 0.001), schedules=("constant", "exponential"), seeds=SEEDS, epochs=EPOCHS):
    """A history: each run falls at a pace of its own from a loss of 2, and rises to an accuracy below 1."""
    levels = {"dataset": datasets, "optimizer": list(NAMES), "base_learning_rate": rates, "schedule": schedules}
    table = every(**levels, seed=range(seeds), epoch=range(1, epochs + 1))
    runs = len(table) // epochs
    rng = np.random.default_rng(0)
    pace = np.exp(0.3 * rng.standard_normal((runs, 1)) + np.linspace(-1, 1, runs)[:, None]) * np.arange(1, epochs + 1) / epochs
    noise = np.exp(0.05 * rng.standard_normal((2, runs, epochs)))
    table["train_loss"] = (2 * np.exp(-2 * pace) * noise[0]).ravel()
    table["test_loss"] = (2 * np.exp(-pace) * noise[1]).ravel()
    table["test_accuracy"] = (0.95 - 0.8 * np.exp(-3 * pace) * noise[0]).ravel()
    return table


def write_page(folder, history):
    """The page of a history; gives its path."""
    measures = {name: Measure(name, label) for name, label in (("test_loss", "test loss"), ("train_loss", "training loss"))}
    measures["test_accuracy"] = share("test_accuracy", "test accuracy")
    cells = [SimpleNamespace(dataset=dataset, vary="weights") for dataset in history["dataset"].unique()]
    experiment = SimpleNamespace(arm_columns=COLUMNS, curves=tuple(measures))
    tables = {"history": history, "summary": history[history["epoch"] == 1]}
    (folder / "alone.html").write_text(ALONE)
    page = folder / "curves.html"
    page.write_text(render("alone.html", [folder, TEMPLATES], curves=page_curves(Results(experiment, cells, tables, measures, "", {}))))
    return page


@pytest.fixture(scope="module")
def history():
    return made_up()


@pytest.fixture(scope="module")
def path(tmp_path_factory, history):
    return write_page(tmp_path_factory.mktemp("page"), history)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, path):
    """A function that opens the page on some screen; in the end, there must have been no error."""
    contexts, complaints = [], []

    def visit(search="", at=None, **screen):
        contexts.append(browser.new_context(**screen))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"file://{at or path}{search}")
        return page

    yield visit
    assert not complaints
    for context in contexts:
        context.close()


def chip(page, word):
    return page.locator(f"[data-word='{word}']")


def names(page, panel=0):
    """The names at the ends of a panel's lines, from the top."""
    labels = page.locator(".panel").nth(panel).locator(".name text")
    return [text for _, text in sorted(labels.evaluate_all("all => all.map(one => [one.getBoundingClientRect().y, one.textContent])"))]


def runs_of(history, epoch, dataset="digits", **arm):
    chosen = history[(history[["dataset", "epoch", *arm]] == [dataset, epoch, *arm.values()]).all(axis=1)]
    assert len(chosen) == SEEDS
    return chosen.sort_values("seed")


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d[\d.e+-]*", text)]


def place_of(page, panel, arm, epoch):
    """Where on the screen the line of an arm is at an epoch: the point of its path."""
    page.locator(".panels").scroll_into_view_if_needed()
    point = "new DOMPoint(...line.getAttribute('d').split(/[ML]/)[epoch].split(' ')).matrixTransform(line.getScreenCTM())"
    line = page.locator(".panel").nth(panel).locator(f"path.mean[data-arm='{arm}']")
    place = line.evaluate(f"(line, epoch) => {point}.toJSON()", epoch)
    return place["x"], place["y"]


def first_arms(page):
    """The places of the arms shown."""
    return page.locator(".panel").first.locator("path.mean").evaluate_all("all => all.map(one => Number(one.dataset.arm))")


def axis(page, panel=0):
    """The numbers at the vertical axis of a panel, which stand left of it."""
    return [number for number, _ in ticks(page, panel)]


def ticks(page, panel):
    """The same, each with its place on the screen."""
    number_and_place = "one => [parseFloat(one.textContent), one.getBoundingClientRect().y + one.getBoundingClientRect().height / 2]"
    return page.locator(".panel").nth(panel).locator("text[text-anchor=end]").evaluate_all(f"all => all.map({number_and_place})")


def test_three_arms_are_shown_at_first_and_chips_choose_others(visit):
    page = visit()
    for panel in (0, 1):
        assert sorted(names(page, panel)) == sorted(NAMES.values())  # what they share is left out
    assert "lr 0.01, constant" in page.locator("table.values caption").inner_text()
    for word, arms in (("exponential", 6), ("0.1", 12), ("sgd", 8), ("constant", 4), ("0.01", 2), ("0.1", 0), ("0.1", 2)):
        before = chip(page, word).get_attribute("aria-pressed")
        chip(page, word).click()
        assert chip(page, word).get_attribute("aria-pressed") != before
        assert page.locator("path.mean").count() == 2 * arms and page.locator("table.values tbody tr").count() == arms
    assert sorted(names(page)) == ["Adam", "momentum"]
    page.get_by_role("button", name="reset").click()
    assert sorted(names(page)) == sorted(NAMES.values())


@pytest.mark.parametrize("screen", SCREENS)
def test_lines_have_legible_names_that_do_not_overlap(visit, screen):
    page = visit(**SCREENS[screen])
    for word in ("exponential", "0.1", "0.001"):
        chip(page, word).click()
    for panel in (0, 1):
        labels = page.locator(".panel").nth(panel).locator(".name text")
        boxes = labels.evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
        tops = sorted(box["top"] for box in boxes)
        assert len(boxes) >= 12 and min(np.diff(tops)) >= 12
        frame = page.locator(".plot").nth(panel).bounding_box()
        assert max(box["right"] for box in boxes) <= frame["x"] + frame["width"] + 1
    size = "one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a"
    assert min(page.locator(".plot text").evaluate_all(f"all => all.map({size})")) > 11.9


@pytest.mark.parametrize("screen", SCREENS)
def test_the_explorer_is_accessible_and_never_wider_than_the_screen(visit, screen):
    from axe_playwright_python.sync_playwright import Axe

    page = visit("?curves.runs=on&curves.schedule=*&curves.base_learning_rate=*", **SCREENS[screen])
    page.locator(".plot").first.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    first, second = (page.locator(".panel").nth(panel).bounding_box() for panel in (0, 1))
    assert (first["y"] == second["y"]) == (screen != "dark phone")


def test_the_values_below_the_curves_are_those_of_the_tables(visit, history):
    page = visit()
    page.get_by_label("Dataset").select_option("Two moons")
    page.get_by_label("Quantity of the first panel").select_option("test loss")
    page.get_by_role("button", name="single runs").click()
    page.get_by_role("slider", name="Epoch").fill("4")  # the fifth, as a keyboard sets it
    assert "After epoch 5 on Two moons" in page.locator("table.values caption").inner_text()
    for optimizer, word in NAMES.items():
        runs = runs_of(history, 5, "moons", optimizer=optimizer, base_learning_rate=0.01, schedule="constant")
        logs = np.log(runs["test_loss"])
        interval = stats.t.interval(0.95, SEEDS - 1, loc=logs.mean(), scale=stats.sem(logs))
        row = page.locator("table.values tbody tr", has=page.get_by_role("rowheader", name=word, exact=True))
        loss, losses, accuracy, accuracies = map(numbers, row.locator("td").all_inner_texts())
        np.testing.assert_allclose(loss, np.exp([logs.mean(), *interval]), rtol=0.006)
        np.testing.assert_allclose(losses, runs["test_loss"], rtol=0.006)
        np.testing.assert_allclose(accuracy[0], 100 * runs["test_accuracy"].mean(), atol=0.051)
        np.testing.assert_allclose(accuracies, 100 * runs["test_accuracy"], atol=0.051)


def test_one_cursor_shows_the_same_epoch_in_both_panels(visit, history):
    page = visit()
    arm = first_arms(page)[1]  # momentum
    for pointed, epoch in ((0, 7), (1, 21)):
        page.mouse.move(*place_of(page, pointed, arm, epoch))
        tip = page.locator(".tip:visible")
        tip.get_by_text(f"epoch {epoch}", exact=True).wait_for()
        runs = runs_of(history, epoch, optimizer="momentum", base_learning_rate=0.01, schedule="constant")
        assert tip.locator("strong").inner_text() == "momentum, lr 0.01, constant"
        loss, accuracy = (numbers(tip.get_by_text(words).inner_text())[0] for words in ("training loss", "test accuracy"))
        assert loss == pytest.approx(np.exp(np.log(runs["train_loss"]).mean()), rel=0.006)
        assert accuracy == pytest.approx(100 * runs["test_accuracy"].mean(), abs=0.051)
        for panel in (0, 1):
            at = page.locator(".panel").nth(panel).locator("line.at").bounding_box()
            assert at["x"] == pytest.approx(place_of(page, panel, arm, epoch)[0], abs=1)
    page.locator(".panel").first.locator(".name text", has_text="SGD").hover()
    page.locator(".tip:visible strong", has_text="SGD").wait_for()
    page.mouse.move(1, 1)
    page.locator(".tip:visible").wait_for(state="detached")


def test_a_tap_pins_what_a_hover_shows_until_another_tap_or_escape(visit):
    page = visit()
    first, second, _ = first_arms(page)
    here, there = place_of(page, 0, first, 9), place_of(page, 1, second, 20)
    tip = page.locator(".tip:visible")
    page.mouse.click(*here)
    page.mouse.move(*there)
    page.wait_for_timeout(100)
    assert tip.locator("strong").inner_text() == "SGD, lr 0.01, constant" and "epoch 9" in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.count() == 0
    page.mouse.click(*here)
    page.mouse.click(*there)
    page.mouse.move(1, 1)
    tip.wait_for(state="detached")


def test_a_finger_pins_too(visit):
    page = visit(**PHONE)
    place, tip = place_of(page, 0, first_arms(page)[2], 15), page.locator(".tip:visible")
    page.touchscreen.tap(*place)
    tip.wait_for()
    assert "Adam" in tip.inner_text() and "epoch 15" in tip.inner_text()
    page.touchscreen.tap(*place)
    tip.wait_for(state="detached")


def test_the_keyboard_alone_moves_the_cursor_pins_and_zooms(visit):
    page = visit()
    page.locator(".plot").first.focus()
    press, tip, said = page.keyboard.press, page.locator(".tip:visible"), page.locator("[role=status]")
    for key, epoch in (("ArrowLeft", 29), ("Shift+ArrowLeft", 19), ("ArrowRight", 20), ("Home", 1), ("End", 30)):
        press(key)
        assert f"epoch {epoch}" in tip.inner_text() and f"epoch {epoch}" in said.inner_text()
    press("ArrowUp")
    press("ArrowUp")
    order = names(page)
    for name in order[1:]:
        press("ArrowDown")
        assert tip.locator("strong").inner_text().startswith(name)
    press("Enter")
    page.locator(".plot").first.blur()
    assert tip.locator("strong").inner_text().startswith(order[-1])
    page.locator(".plot").first.focus()
    press("Escape")
    assert tip.count() == 0
    before = axis(page)
    press("+")
    press("+")
    assert max(axis(page)) / min(axis(page)) < max(before) / min(before)
    press("0")
    assert axis(page) == before


def test_a_drag_zooms_to_what_it_marks_and_a_double_click_shows_the_whole(visit):
    page = visit()
    before = [axis(page, panel) for panel in (0, 1)]
    frame = page.locator(".plot").nth(1).bounding_box()
    (low, bottom), (high, top) = ticks(page, 1)[1:3]
    page.mouse.move(frame["x"] + 150, bottom)
    page.mouse.down()
    page.mouse.move(frame["x"] + 160, (top + bottom) / 2)
    page.mouse.move(frame["x"] + 160, top)
    page.mouse.up()
    step = (high - low) / 10
    assert low - step < min(axis(page, 1)) < low + 3 * step and high - 3 * step < max(axis(page, 1)) < high + step
    assert axis(page, 0) == before[0] and page.locator(".tip.pinned:visible").count() == 0
    page.mouse.move(frame["x"] + 170, top)
    page.locator(".tip:visible").wait_for()
    page.locator(".plot").nth(1).dblclick(position={"x": 150, "y": 100})
    assert axis(page, 1) == before[1]


def test_zoom_buttons_narrow_and_widen_the_axis(visit, history):
    page = visit()
    span = lambda: max(axis(page)) / min(axis(page))  # noqa: E731
    whole, button = span(), page.locator(".panel").first.locator(".zooms").get_by_role("button")
    button.nth(0).click()
    inside = span()
    button.nth(1).click()
    button.nth(1).click()
    assert inside < whole < span()
    button.nth(2).click()
    shown = (history[["dataset", *COLUMNS[1:]]] == ["digits", 0.01, "constant"]).all(axis=1)
    late = history[shown & (history["epoch"] > EPOCHS // 2)]
    assert late["train_loss"].min() * 0.7 < min(axis(page)) and max(axis(page)) < late["train_loss"].max() * 1.4
    button.nth(3).click()
    assert span() == whole
    for turns in (0, 1):  # in and out as far as it goes
        for _ in range(16):
            button.nth(turns).click()
        assert len(axis(page)) > 1
    button.nth(3).click()
    assert span() == whole


def test_runs_can_be_drawn_and_their_colours_are_those_of_the_screen(visit):
    inked = """canvas => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 130).length; // what covers, as bands do not
    }"""
    colors = []
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        canvas = page.locator("canvas").first
        assert canvas.evaluate(inked) == 0
        page.get_by_role("button", name="single runs").click()
        assert canvas.evaluate(inked) > 500
        colors.append(page.locator("path.mean").first.evaluate("line => getComputedStyle(line).stroke"))
    assert colors[0] != colors[1]


def test_the_address_keeps_what_is_chosen_and_leaves_the_rest_of_itself_alone(visit):
    page = visit("?other=1#curves")
    assert urlsplit(page.url).query == "other=1"
    page.get_by_label("Dataset").select_option("Two moons")
    chip(page, "sgd").click()
    chip(page, "0.1").click()
    chip(page, "exponential").click()
    page.get_by_label("Quantity of the first panel").select_option("test loss")
    page.get_by_role("button", name="single runs").click()
    page.locator(".panel").nth(1).locator(".zooms").get_by_role("button").first.click()
    address = urlsplit(page.url)
    assert address.fragment == "curves" and parse_qs(address.query)["other"] == ["1"]
    seen = (sorted(names(page)), axis(page, 0), axis(page, 1), page.locator("table.values").inner_text())
    page.reload()
    assert (sorted(names(page)), axis(page, 0), axis(page, 1), page.locator("table.values").inner_text()) == seen
    page.get_by_role("link", name="here").click()
    assert urlsplit(page.url).query == address.query
    page.get_by_role("button", name="reset").click()
    assert parse_qs(urlsplit(page.url).query) == {"other": ["1"], "curves.dataset": ["Two moons"]}


def test_an_address_that_names_what_is_not_there_shows_what_is(visit):
    nonsense = "curves.optimizer=rmsprop&curves.loss=none&curves.loss.zoom=3_1&curves.accuracy.zoom=x&curves.dataset=?"
    page = visit(f"?{nonsense}&curves.optimizer=adam")
    assert names(page) == ["Adam"] and page.get_by_label("Quantity of the first panel").input_value() == "train_loss"


def test_the_dataset_of_the_whole_page_is_that_of_the_curves(visit):
    page = visit()
    choose = """label => {
      document.documentElement.dataset.dataset = label;
      document.dispatchEvent(new CustomEvent("dataset", { detail: label }));
    }"""
    chip(page, "adam").click()
    page.evaluate(choose, "Two moons")
    assert "on Two moons" in page.locator("table.values caption").inner_text() and page.get_by_label("Dataset").count() == 0
    assert "Adam" not in names(page)
    page.evaluate(choose, "")
    assert page.get_by_label("Dataset").is_visible() and "on Two moons" in page.locator("table.values caption").inner_text()


def test_without_javascript_a_note_stands_in_its_place(visit):
    assert visit(java_script_enabled=False).locator("#explorer p").is_visible()


def test_arms_without_a_mean_or_a_finite_value_are_told(visit, history, tmp_path):
    table = history.copy()
    of = (table["base_learning_rate"] == 0.01) & (table["schedule"] == "constant") & (table["dataset"] == "digits")
    table.loc[of & (table["optimizer"] == "adam"), "train_loss"] = np.nan
    table.loc[of & (table["optimizer"] == "sgd") & (table["epoch"] > 10) & (table["seed"] < 3), "train_loss"] = 0.0
    page = visit(at=write_page(tmp_path, table))
    note = page.locator("p.note").inner_text()
    assert "drawn one by one: SGD, lr 0.01, constant" in note and "no finite value to draw: Adam, lr 0.01, constant" in note
    rows = dict(zip(page.locator("tbody th").all_inner_texts(), page.locator("tbody tr td:nth-child(2)").all_inner_texts(), strict=True))
    assert {name.strip(): words for name, words in rows.items() if "momentum" not in name} == {"SGD": "at zero", "Adam": "not finite"}


def test_75_arms_of_10_runs_are_drawn_anew_within_a_tenth_of_a_second(visit, tmp_path):
    rates = [float(f"{rate:.3g}") for rate in np.geomspace(1e-4, 1, 25)]
    page = visit(at=write_page(tmp_path, made_up(["digits"], rates, ["constant"], seeds=10, epochs=200)))
    page.get_by_role("button", name="all of lr").click()
    page.get_by_role("button", name="single runs").click()
    assert page.locator("path.mean").count() == 2 * 75
    press = """word => new Promise((done) => {
      document.querySelector(`[data-word="${word}"]`).click();
      requestAnimationFrame(() => requestAnimationFrame(() => done()));
    })"""
    # The processor's time from the press until all is painted, of the page's main thread: what else the machine does is not in it.
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    seconds = lambda: next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")  # noqa: E731
    times = []
    for _ in range(TURNS):
        before = seconds()
        page.evaluate(press, str(rates[12]))
        times.append(1000 * (seconds() - before))
    print(f"redraw: median {np.median(times):.0f} ms of {TURNS}, from {min(times):.0f} to {max(times):.0f}")
    assert np.median(times) < MOST_MS

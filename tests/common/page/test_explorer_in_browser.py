"""What the explorer of curves shows in a real browser, compared with the tables that it was made from; how fast it changes."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from scipy import stats

from tests.support.browser import IN_CHROMIUM, SCREENS, is_as_wide_as_the_screen, violations
from tests.support.explorer import NAMES, SEEDS, axis, chip, made_up, names, numbers, runs_of, write_page

pytestmark = IN_CHROMIUM
MOST_MS, TURNS = 100, 15


@pytest.fixture
def visit(visits, explorer):
    """A function that opens the page on some screen."""
    return lambda search="", at=None, **screen: visits.open(at or explorer, search, **screen)


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
    page = visit("?curves.runs=on&curves.schedule=*&curves.base_learning_rate=*", **SCREENS[screen])
    page.locator(".plot").first.focus()
    page.keyboard.press("ArrowLeft")
    assert is_as_wide_as_the_screen(page) and violations(page) == []
    first, second = (page.locator(".panel").nth(panel).bounding_box() for panel in (0, 1))
    assert (first["y"] == second["y"]) == ("phone" not in screen)


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

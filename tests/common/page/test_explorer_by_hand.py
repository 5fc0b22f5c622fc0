"""The explorer of curves under a mouse, a finger and a keyboard, in a real browser: its cursor, its pins and its zoom."""

import numpy as np
import pytest

from tests.support.browser import IN_CHROMIUM, PHONE
from tests.support.explorer import COLUMNS, EPOCHS, axis, first_arms, names, numbers, place_of, runs_of, ticks

pytestmark = IN_CHROMIUM


@pytest.fixture
def visit(visits, explorer):
    """A function that opens the page on some screen."""
    return lambda search="", at=None, **screen: visits.open(at or explorer, search, **screen)


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

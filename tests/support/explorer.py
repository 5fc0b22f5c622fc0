"""A page with nothing but the explorer of curves, from a made-up history, and what can be read off it in a browser."""

import json
import re
from types import SimpleNamespace

import numpy as np

from common.experiment import Measure
from common.experiment.measures import share
from common.page.explorer import page_curves
from common.page.html import TEMPLATES, packed, render
from common.results.results import Results
from tests.support.frames import every

ALONE = """{% extends "base.html" %}{% block title %}Curves{% endblock %}
{% block body %}<main><h1>Curves</h1>{% include "curves.html" %}<a href="#curves">here</a></main>
<script>"use strict";{% include "unpacked.js" %}{% include "curves.js" %}</script>{% endblock %}"""
COLUMNS = ("optimizer", "base_learning_rate", "schedule")
NAMES = {"sgd": "SGD", "momentum": "momentum", "adam": "Adam"}
SEEDS, EPOCHS = 4, 30


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
    curves = page_curves(Results(experiment, cells, tables, measures, "", {}))
    page.write_text(render("alone.html", [folder, TEMPLATES], curves=packed(json.dumps(curves))))
    return page


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

"""The figures of a page: the drawing on disk in the page's colours, grouped by question."""

import base64
import gzip
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from common.figures.draw import MissingFigure
from common.figures.drawing import COLORS, Drawing, new_figure
from common.figures.saved import SavedFigure, png_of, save, svg_of
from common.figures.styles import shaded
from common.page import pictures

VARIABLE = re.compile(r"var\(--p-(\w+),#(\w+)\)")


def lines():
    """A figure of two shades of each hue, on a logarithmic axis with powers of ten."""
    figure, axes = new_figure(1, 1)
    for i, hue in enumerate(COLORS):
        for place in range(2):
            axes[0, 0].plot([1, 2], [10**-i, 10 ** -(i + 1)], color=shaded(hue, place, 2), marker="o")
    axes[0, 0].set_yscale("log")
    return Drawing(figure, "lines", "a finding: 1 < 2")


def heatmap():
    """A figure of an image with words on it and above it."""
    figure, axes = new_figure(1, 1, grid=False)
    axes[0, 0].imshow([[0.0, 1.0]])
    for x, word, color in ((0, "white on it", "white"), (1, "black on it", "black")):
        axes[0, 0].text(x, 0, word, color=color, ha="center")
    axes[0, 0].set_title("above it")
    return Drawing(figure, "a heatmap", "a finding: 1 < 2")


def saved_in(folder, name, drawing):
    """The `SavedFigure` of a drawing, on disk."""
    figure = SavedFigure(name, f"title of {name}", drawing.shows, drawing.finding)
    save(png_of(drawing, figure.title, "note"), svg_of(drawing.figure), figure, folder / name)
    return figure


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("figures")


@pytest.fixture(scope="module")
def saved(folder):
    return [saved_in(folder, "lines.png", lines()), saved_in(folder, "map.png", heatmap())]


def text_of(picture):
    return gzip.decompress(base64.b64decode(picture.svg)).decode()


@pytest.mark.parametrize("which", [0, 1])
def test_a_picture_is_the_drawing_on_disk_but_for_colours_that_the_page_decides(folder, saved, which):
    picture = pictures.picture(folder, saved[which], 1)
    text = text_of(picture)
    assert {match[1] for match in VARIABLE.finditer(text)} == picture.colors
    assert all(match[1] == match[2] for match in VARIABLE.finditer(text)) and "<style" not in text
    here = ElementTree.fromstring(VARIABLE.sub(r"#\2", text))
    there = ElementTree.parse(folder / saved[which].name.replace("png", "svg")).getroot()
    tag = "{http://www.w3.org/2000/svg}"
    for kind in ("path", "use", "image", "text"):
        ours, theirs = ([*root.iter(f"{tag}{kind}")] for root in (here, there))
        assert len(ours) == len(theirs) and [one.text for one in ours] == [one.text for one in theirs]
        for attribute in ("x", "y", "width", "height"):
            places = [[float(one.get(attribute, 0)) for one in some] for some in (ours, theirs)]
            np.testing.assert_allclose(*places, atol=0.006)


def points_of(path):
    """The points of a path of lines, absolute or relative, and the places at which it begins anew or closes."""
    at, start, found, turns = np.zeros(2), np.zeros(2), [], []
    for command, numbers in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", path):
        pair = np.array([float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)])
        if command in "zZ":
            at = start
        else:
            at = at + pair if command == "l" else pair
            start = at if command == "M" else start
            found.append(at)
        turns += [(command, len(found))] if command in "Mz" else []
    return np.array(found), turns


def test_lines_go_from_point_to_point_through_the_points_of_the_file(folder, saved):
    here = ElementTree.fromstring(VARIABLE.sub(r"#\2", text_of(pictures.picture(folder, saved[0], 1))))
    there = ElementTree.parse(folder / saved[0].name.replace("png", "svg")).getroot()
    paths = [[one.get("d") for one in root.iter("{http://www.w3.org/2000/svg}path")] for root in (here, there)]
    lines = [(ours, theirs) for ours, theirs in zip(*paths, strict=True) if "C" not in theirs]
    assert len(lines) > 20 and len("".join(ours for ours, _ in lines)) < 0.6 * len("".join(theirs for _, theirs in lines))
    for ours, theirs in lines:
        (points, turns), (known, known_turns) = points_of(ours), points_of(" ".join(theirs.split()))
        assert turns == known_turns
        np.testing.assert_allclose(points, known, atol=0.0501)


@pytest.mark.parametrize("values", [[0.0, 0.04, -0.06, 3.0, 3.0], [1e-9, 99.95, -99.95, 0.1, -0.1], list(np.linspace(-9, 9, 500))])
def test_rounding_does_not_add_up_along_a_line(values):
    path = "M 0 0 " + " ".join(f"L {i / 3:.6f} {value:.6f}" for i, value in enumerate(values)) + " z"
    points, _ = points_of(pictures._relative(path))
    np.testing.assert_allclose(points[1:], [(i / 3, value) for i, value in enumerate(values)], atol=0.0501)


def test_ids_are_there_only_where_something_refers_to_them(folder, saved):
    text = text_of(pictures.picture(folder, saved[0], 1))
    ids, used = re.findall(r' id="([^"]+)"', text), re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)
    assert set(ids) == {one or other for one, other in used} and len(ids) == len(set(ids)) > 3


def test_every_colour_of_lines_is_the_pages_and_shades_go_towards_ink_and_paper(folder, saved):
    picture = pictures.picture(folder, saved[0], 1)
    assert not re.findall(r": ?#[0-9a-f]{6}", text_of(picture))
    for i, hue in enumerate(COLORS[:-1]):  # of the last, black, each shade is a grey
        dark, light = (pictures.page_colors()[shaded(hue, place, 2)[1:]] for place in range(2))
        assert dark.startswith("color-mix(in srgb, var(--ink) 4") and light.startswith("color-mix(in srgb, var(--paper) 4")
        assert f"var(--c{i})" in dark and f"var(--c{i})" in light


def test_what_lies_on_a_heatmap_keeps_its_colours(folder, saved):
    root = ElementTree.fromstring(text_of(pictures.picture(folder, saved[1], 1)))
    styles = {one.text: one.get("style") for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert "fill:#ffffff" in styles["white on it"] and "fill:#000000" in styles["black on it"]
    assert "fill" not in styles["above it"]  # that of the page
    images = [*root.iter("{http://www.w3.org/2000/svg}image")]
    assert images and all(one.get("{http://www.w3.org/1999/xlink}href").startswith("data:image/png") for one in images)


def test_letters_have_nine_pixels_where_a_picture_has_its_least_width(folder, saved):
    picture = pictures.picture(folder, saved[0], 1)
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text_of(picture))]
    assert min(sizes) < min(set(sizes) - {min(sizes)})  # an exponent
    assert min(sizes) * picture.least / picture.width == pytest.approx(9, rel=0.005)


def test_panels_are_counted_without_the_legend(folder):
    figure, axes = new_figure(1, 3)
    for ax in axes.flat:
        ax.plot([1, 2], label="a line")
    drawing = Drawing(figure, "three panels", "a finding", legend=axes[0, 0].get_legend_handles_labels())
    assert pictures.picture(folder, saved_in(folder, "three.png", drawing), 1).panels == 3


def test_a_figure_stands_in_the_first_group_that_names_it_and_the_others_refer_to_it(folder, saved):
    groups = {"moons": [("Q1: one?", ["map.png", "gone.png"]), ("Q2: two?", ["map.png"])]}
    report = SimpleNamespace(figure_groups=lambda results: groups)
    results = SimpleNamespace(folder=folder, experiment=SimpleNamespace(report=report))
    (block,) = pictures.by_question(results, {"moons": [*saved, MissingFigure("gone.png", "ValueError: no")]})
    shown = [(group.heading, [p.number for p in group.pictures], [p.number for p in group.others], group.rest) for group in block["groups"]]
    assert shown == [("Q1: one?", [1], [], False), ("Q2: two?", [], [1], False), (pictures.OTHERS, [2], [], True)]
    assert block["missing"] == ["Missing: gone.png, ValueError: no."]

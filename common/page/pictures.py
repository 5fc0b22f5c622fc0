"""The figures of a page: each once, as the drawing on disk in the page's own colours, grouped by the question that it answers."""

import re
from functools import lru_cache
from typing import NamedTuple
from xml.etree import ElementTree

from common.data import label
from common.figures.draw import MissingFigure
from common.figures.drawing import COLORS
from common.figures.saved import SavedFigure, svg_path
from common.lazy import LazyModule
from common.page.html import packed

styles = LazyModule("common.figures.styles")  # imports matplotlib, of which a page without figures has no need

LEAST_PIXELS = 9  # of the letters of a figure on a screen; a narrower one scrolls it sideways
MOST_SHADES = 30  # of a hue, whose colours are known again
OTHERS = "Further figures"
SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
LENGTHS = {"d", "x", "y", "width", "height", "points", "cx", "cy", "r"}  # attributes whose digits can be rounded
DIGITS = re.compile(r"-?\d+\.\d{3,}")
LINES = re.compile(r"(?:[ML] ?-?[\d.]+ -?[\d.]+\s*|z\s*)+")  # a path without curves
POINT = re.compile(r"([ML]) ?(-?[\d.]+) (-?[\d.]+)|z")
COLOR = re.compile(r"(?<=: )#([0-9a-f]{6})\b")
SIZE = re.compile(r"(?<![\w-])(?:font|font-size):[^;\"]*?([\d.]+)px")
REFERENCE = re.compile(r"(^#|url\(#)([^)]+)")  # to an id
CORNER = re.compile(r"[ML] ([-\d.]+) ([-\d.]+)")  # of a path
FAMILY = re.compile(r"font-family: [^;\"]*;? ?")
ROOT_STYLE = "stroke-linejoin: round; stroke-linecap: butt; font-family: DejaVu Sans, Verdana, Arial, sans-serif"


class Picture(NamedTuple):
    """A figure on the page.

    Attributes:
        number: on the page, from 1.
        stem: its file name without the end, which is the end of its address on the page, `#figure-<stem>`.
        title, shows, finding: as those of a `SavedFigure`.
        svg: the drawing, packed, in which each colour is a variable of the page with the colour on disk as fallback.
        width, height: of the drawing, in its own units.
        least: its least width on a screen, in pixels, with which no letter is too small.
        panels: the number of its panels.
        colors: the colours in it that the page decides, a set of `"rrggbb"`.
    """

    number: int
    stem: str
    title: str
    shows: str
    finding: str
    svg: str
    width: float
    height: float
    least: int
    panels: int
    colors: frozenset


class Group(NamedTuple):
    """The figures of a question on a dataset.

    Attributes:
        heading: the question.
        pictures: the `Picture`s that have not stood in a group before it, list.
        others: those that have, list.
        rest: whether they belong to no question.
    """

    heading: str
    pictures: list
    others: list
    rest: bool


def by_question(results, figures):
    """The figures of a page, in the order in which they are numbered: list of dicts, one per dataset, with `dataset`, its label, `groups`,
    list of `Group`, and `missing`, a line on each figure that could not be drawn.

    Args:
        results: the `Results`; their report tells which figures a question has.
        figures: `{dataset: list of SavedFigure and MissingFigure}`.
    """
    of_questions, blocks, number = results.experiment.report.figure_groups(results), [], 1
    for dataset, of_dataset in figures.items():
        saved = {figure.name: figure for figure in of_dataset if isinstance(figure, SavedFigure)}
        groups, pictures = [], {}
        for heading, names in [*of_questions.get(dataset, ()), (OTHERS, list(saved))]:
            new = [name for name in dict.fromkeys(names) if name in saved and name not in pictures]
            before = [] if heading == OTHERS else [pictures[name] for name in dict.fromkeys(names) if name in pictures]
            for name in new:
                pictures[name] = picture(results.folder, saved[name], number)
                number += 1
            if new or before:
                groups.append(Group(heading, [pictures[name] for name in new], before, heading == OTHERS))
        missing = [f"Missing: {figure.name}, {figure.why}." for figure in of_dataset if isinstance(figure, MissingFigure)]
        blocks.append({"dataset": label(dataset), "groups": groups, "missing": missing})
    return blocks


def picture(folder, figure, number):
    """The `Picture` of a `SavedFigure` in a folder, with its number on the page."""
    root = ElementTree.fromstring(svg_path(folder / figure.name).read_bytes())
    *_, width, height = map(float, root.get("viewBox").split())
    panels = sum(group.get("id", "").startswith("axes_") for group in root.iter(f"{SVG}g"))
    text, colors = drawing(root)
    smallest = min(map(float, SIZE.findall(text)), default=LEAST_PIXELS)
    least = -int(-width * LEAST_PIXELS // smallest)
    return Picture(number, figure.name.removesuffix(".png"), *figure[1:], packed(text), width, height, least, panels, colors)


def drawing(root):
    """The text of an SVG for a page, and the colours in it that the page decides, a frozenset: without its own style sheet, which would
    hold for the whole page, and with short ids, only where something refers to them. The page's script tells those of several figures
    apart.

    Args:
        root: the `Element` of the SVG; it is changed.
    """
    for parent in root.iter():
        for child in list(parent):
            if child.tag in (f"{SVG}metadata", f"{SVG}style"):
                parent.remove(child)
    _keep_colors_on_images(root)
    _shorten_ids(root)
    for element in root.iter():
        if LINES.fullmatch(path := element.get("d", "")):
            element.set("d", _relative(path))
        for name in LENGTHS & element.attrib.keys():
            shorter = DIGITS.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), element.get(name))
            element.set(name, " ".join(shorter.split()))
        element.tail = (element.tail or "").strip() and element.tail  # white space between elements, but not in sentences
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    ElementTree.register_namespace("", SVG[1:-1])
    ElementTree.register_namespace("xlink", LINK[1:-5])
    text = FAMILY.sub("", ElementTree.tostring(root, encoding="unicode")).replace("<svg ", f'<svg style="{ROOT_STYLE}" ', 1)
    known, found = page_colors(), set()

    def variable(match):
        value = match[1]
        if value not in known and not _is_grey(value):
            return match[0]
        found.add(value)
        return f"var(--p-{value},#{value})"

    return COLOR.sub(variable, text), frozenset(found)


def _relative(path):
    """A path of lines to points, as one of lines from point to point, in tenths of a unit: two thirds of the size once packed. It ends
    where the path does: each point is rounded before they are taken apart."""
    words, at = [], (0, 0)
    for match in POINT.finditer(path):
        if match[0] == "z":
            words.append("z")
            continue
        point = round(10 * float(match[2])), round(10 * float(match[3]))
        x, y = (_tenths(new - old) for new, old in zip(point, at if match[1] == "L" else (0, 0), strict=True))
        words.append(f"{'l' if match[1] == 'L' else 'M'}{x}{'' if y.startswith('-') else ' '}{y}")
        at = point
    return "".join(words)


def _tenths(number):
    """A whole number of tenths, in as few letters as SVG needs."""
    whole, tenth = divmod(abs(number), 10)
    return f"{'-' if number < 0 else ''}{whole or ''}{f'.{tenth}' if tenth else ''}" if number else "0"


def _keep_colors_on_images(root):
    """Mark the colours of what lies on a heatmap, which looks the same on every page, and of the legend of such a figure: without a blank
    before them they stay."""
    panels = [
        axes for axes in root.iter(f"{SVG}g") if axes.get("id", "").startswith("axes_") and axes.find(f"{SVG}g/{SVG}image") is not None
    ]
    for panel in panels:
        x, y = (sorted(map(float, line)) for line in zip(*CORNER.findall(panel.find(f"{SVG}g/{SVG}path").get("d")), strict=True))
        for child in panel:
            name, text = child.get("id", ""), child.find(f"{SVG}text")
            on_it = text is None or all(part[0] <= float(text.get(at, "nan")) <= part[-1] for at, part in (("x", x), ("y", y)))
            if on_it and not name.startswith(("patch_", "matplotlib.axis")):
                _keep(child)
    for legend in root.iter(f"{SVG}g") if panels else ():
        if legend.get("id", "").startswith("legend_"):
            for child in legend:
                if child.find(f"{SVG}text") is None:
                    _keep(child)


def _keep(group):
    for element in group.iter():
        style = element.get("style", "").replace(": #", ":#")
        if element is group or element.tag == f"{SVG}text":
            style = style if "fill:" in style else f"fill:#000000; {style}"
        if style:
            element.set("style", style)


def _shorten_ids(root):
    """Drop the ids that nothing refers to, and number the others."""
    used = {}

    def shorter(match):
        return f"{match[1]}{used.setdefault(match[2], f'-{len(used)}')}"

    for element in root.iter():
        for name, value in element.attrib.items():
            if name == LINK or "url(#" in value:
                element.set(name, REFERENCE.sub(shorter, value))
    for element in root.iter():
        if (own := element.attrib.pop("id", None)) in used:
            element.set("id", used[own])


def style_sheet(blocks):
    """The CSS that defines the colours of the figures, made of those of the page; of `by_question`'s blocks."""
    pictures = [picture for block in blocks for group in block["groups"] for picture in group.pictures]
    colors = sorted(frozenset().union(*(picture.colors for picture in pictures)))
    known = page_colors() if colors else {}
    return ":root { " + " ".join(f"--p-{color}: {known.get(color) or _grey(color)};" for color in colors) + " }"


@lru_cache
def page_colors():
    """`{"rrggbb": expression of CSS}` of the colours of arms: each hue is one of the page's; its dark shades go towards the page's ink, its
    light ones towards the paper, so that on a dark page they are apart from the paper as on a light one."""
    found = {}
    for i, hue in enumerate(COLORS):
        for n in range(2, MOST_SHADES + 1):
            for place in range(n):
                found.setdefault(styles.shaded(hue, place, n)[1:], _shade(i, *_mixed(hue, styles.shaded(hue, place, n))))
    return found | {hue[1:].lower(): f"var(--c{i})" for i, hue in enumerate(COLORS)} | {"000000": "var(--ink)", "ffffff": "var(--paper)"}


def _mixed(hue, shade):
    """`("ink" or "paper", share)`: of black or white, mixed with a hue in a shade of it; read from the channel that tells it best."""
    before, after = (tuple(int(color[i : i + 2], 16) for i in (1, 3, 5)) for color in (hue, shade))
    if sum(after) <= sum(before):
        return "ink", 1 - max(after) / max(max(before), 1)
    least = min(range(3), key=before.__getitem__)
    return "paper", (after[least] - before[least]) / (255 - before[least])


def _shade(hue, other, share):
    return f"color-mix(in srgb, var(--{other}) {100 * share:.0f}%, var(--c{hue}))"


def _is_grey(color):
    return color[:2] == color[2:4] == color[4:]


def _grey(color):
    return f"color-mix(in srgb, var(--paper) {100 * int(color[:2], 16) / 255:.0f}%, var(--ink))"

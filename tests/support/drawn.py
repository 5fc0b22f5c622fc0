"""The numbers that a figure shows, read from its artists: the oracle of what captions say."""

import re

import numpy as np
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import StepPatch

# "92.5 %", "3e-08", "1.1 x", "-0.4"; not the digits of names, such as those of hidden_1 or lr0.01
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")


def numbers_drawn(figure):
    """All numbers that the artists of a figure hold, a flat float array: coordinates of lines, bars, points and whiskers, heights and
    edges of histograms, pixels of images, and the numbers written into panels, their titles, labels, the legend and the footer."""
    found = []
    for ax in figure.axes:
        for line in ax.lines:
            found += [np.ravel(line.get_xdata(orig=True)), np.ravel(line.get_ydata(orig=True))]
        for collection in ax.collections:
            found.append(np.ravel(np.ma.filled(np.ma.asarray(collection.get_offsets(), dtype=float), np.nan)))
            found += [path.vertices.ravel() for path in collection.get_paths()]
            if collection.get_array() is not None:
                found.append(np.ma.filled(np.ma.asarray(collection.get_array(), dtype=float), np.nan).ravel())
        for container in ax.containers:
            if isinstance(container, ErrorbarContainer):
                found += [np.ravel(segment) for bars in container.lines[2] for segment in bars.get_segments()]
        for patch in ax.patches:
            if isinstance(patch, StepPatch):
                found += [np.ravel(patch.get_data().values), np.ravel(patch.get_data().edges)]
            elif hasattr(patch, "get_height"):
                found.append(np.array([patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()]))
        found += [np.ma.filled(image.get_array().astype(float), np.nan).ravel() for image in ax.images]
        texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), *(ax.get_legend_handles_labels()[1])]
        texts += [ax.get_xlabel(), ax.get_ylabel(), *(ax.get_title(loc=place) for place in ("left", "center", "right"))]
        written = " ".join(text if isinstance(text, str) else text.get_text() for text in texts)
        found.append(np.array(values(written), dtype=float))
    footers = [text.get_text() for text in (*figure.texts, *(legend.get_title() for legend in figure.legends))]  # epochs with a marker
    footers += [figure.get_supxlabel()]
    found.append(np.array(values(" ".join(footers)), dtype=float))
    numbers = np.concatenate([np.asarray(one, dtype=float).ravel() for one in found]) if found else np.array([])
    return numbers[np.isfinite(numbers)]


def values(text):
    """The numbers in a text, list of float."""
    return [float(number.replace(",", "")) for number in NUMBER.findall(text.replace("\N{MINUS SIGN}", "-"))]


def not_drawn(caption, figure):
    """The numbers of a caption that the figure does not show, list of str: those that no drawn number gives, rounded to as many digits, as
    it is or in percent."""
    drawn = numbers_drawn(figure)
    drawn = np.concatenate([drawn, 100 * drawn])
    return [number for number in NUMBER.findall(caption.replace("\N{MINUS SIGN}", "-")) if not _is_among(number.replace(",", ""), drawn)]


def _is_among(number, drawn):
    mantissa, _, exponent = number.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return bool((np.abs(drawn - float(number)) <= 0.5000001 * unit).any())


def small_texts(figure, least=8):
    """The texts of a figure that are set in less than so many points, list of str."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible() and text.get_fontsize() < least]


def cut_off(figure):
    """By how many pixels what is drawn reaches beyond the figure, at most; 0 if it does not."""
    box = figure.get_tightbbox()  # in inches
    beyond = max(-box.x0, -box.y0, box.x1 - figure.get_figwidth(), box.y1 - figure.get_figheight())
    return max(0.0, beyond * figure.dpi)


def titles_that_overlap(figure):
    """Pairs of titles of panels that stand upon each other, list of tuples of str."""
    titles = [(ax.title.get_text(), ax.title.get_window_extent()) for ax in figure.axes if ax.title.get_text()]
    return [(a, b) for i, (a, box) in enumerate(titles) for b, other in titles[i + 1 :] if box.overlaps(other)]

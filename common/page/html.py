"""From templates to HTML."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def render(template, folder=TEMPLATES, **content):
    """A template of a folder, filled in; all text in `content` that is no `Markup` stays text.

    Returns:
        `Markup`.
    """
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return Markup(environment.get_template(template).render(**content))


def encoded(page):
    """A page as bytes; a path in it need not be UTF-8."""
    return page.encode(errors="backslashreplace")

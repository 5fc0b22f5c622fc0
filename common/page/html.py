"""From templates to HTML."""

import base64
import gzip
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from common.store.files import write_whole

PAGE = "report.html"  # of an experiment, in its folder
TEMPLATES = Path(__file__).parent / "templates"


def render(template, folder=TEMPLATES, **content):
    """A template, filled in.

    Args:
        template: its file name.
        folder: its folder. Defaults to this room's.
        **content: its variables; text that is no `Markup` is escaped.

    Returns:
        `Markup`.
    """
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return Markup(environment.get_template(template).render(**content))


def packed(text):
    """Text as a page keeps what its scripts unpack (`unpacked.js`): gzip and base64, the same each time."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def write_page(path, template, **content):
    """Write a template of this room, filled in, as a page; one that is the same already stays. A file name in it need not be UTF-8."""
    page = render(template, **content).encode(errors="backslashreplace")
    if not path.is_file() or path.read_bytes() != page:
        write_whole(path, page)

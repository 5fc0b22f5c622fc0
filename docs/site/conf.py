"""Sphinx's settings (.ci/docs builds). Before Sphinx reads any page, those of the reference are written, and their pictures drawn."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import pages

import kerascope

HERE = Path(__file__).resolve().parent
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])  # for the notebook's kernel

project = "kerascope"
version = release = kerascope.__version__
copyright = "the authors of kerascope"
extensions = ["myst_nb", "sphinx_copybutton"]
exclude_patterns = ["_build"]
add_module_names = False
nitpicky = True  # a reference that leads nowhere is a warning, and with -W an error

html_theme = "furo"
html_title = "kerascope"
html_static_path, html_css_files = ["static"], ["wide.css"]
html_copy_source = html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {
    "costs": pages.linked(pages.between_markers("kerascope.md", "costs")),
    "stack_costs": pages.linked(pages.stack_costs()),
}

nb_execution_mode = "force"  # the notebook is committed without outputs
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_output_stderr = "remove"  # TensorFlow greets there; an error still ends the build


def setup(app):
    app.connect("builder-inited", lambda app: pages.write(HERE / "api"))
    app.connect("source-read", link_names)


def link_names(app, name, content):
    """Link what hand-written pages name; those of the reference are linked already."""
    if (HERE / f"{name}.md").is_file() and not name.startswith("api/"):
        content[0] = pages.linked(content[0])

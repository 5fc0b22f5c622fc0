"""The pages of the reference: one for each public name of kerascope, written in Markdown from its docstring, which griffe parses."""

import functools
import inspect
import logging
import re
import shutil
import sys
import types
from pathlib import Path

import kerascope
from kerascope import interventions, monitors, seed_stack

DOCS = Path(__file__).resolve().parents[1]
# The methods that users call, in the order of the pages. Further public ones serve the classes of kerascope among themselves.
CALLED = [
    *("verify", "compile", "fit", "evaluate", "call", "summary", "member", "stack", "map_members"),
    *("frame", "plot", "arrays", "measure", "clear", "get_state", "set_state"),
]
PICTURE = "Three hidden layers of 32 ReLU units on scikit-learn's Digits, 20 epochs: drawn when this page was made."


def public():
    """`{name: module}` of everything public, each under the shortest path that it is imported by."""
    found = {}
    for module in (kerascope, monitors, interventions, seed_stack):
        names = [name for name in module.__all__ if not isinstance(getattr(module, name), types.ModuleType)]
        found |= {name: module.__name__ for name in names if name not in found}
    return found


def between_markers(document, name):
    """The part of a document in `docs` between the comments `<!-- name -->` and `<!-- end of name -->`."""
    text = (DOCS / document).read_text(encoding="utf-8")
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- end of {name} -->")[0].strip()


def stack_costs():
    """The benchmarks' text and table, with those rows alone that compare epochs of a SeedStack."""
    lines = between_markers("benchmarks.md", "costs").splitlines()
    of_stacks = re.compile(r"[^|]|$|\| what \||\|---\||\| (?!monitors).*( m?s : |time per seed)")
    return "\n".join(filter(of_stacks.match, lines))


def cost(name):
    """The table of costs with the row of one monitor; empty if it has none."""
    head, rule, *rows = [line for line in between_markers("kerascope.md", "costs").splitlines() if line.startswith("|")]
    row = [line for line in rows if line.startswith(f"| `{name}` |")]
    return "\n".join([head, rule, *row]) if row else ""


def linked(text):
    """The text with a link at each code span that is a public name, except in code blocks and headings."""
    span = re.compile(rf"(?<![\[`])`((?:kerascope\.)?({'|'.join(public())}))`(?![`\]])")
    parts = re.split(r"(^[ ]*```.*?^[ ]*```$|^#.*?$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if i % 2 else span.sub(r"[`\1`](/api/\2.md)", part) for i, part in enumerate(parts))


@functools.cache
def source():
    """The package as griffe reads it."""
    import griffe

    logging.getLogger("griffe").setLevel(logging.ERROR)  # it misses types, which these docstrings leave out
    return griffe.load("kerascope", search_paths=[Path(kerascope.__file__).parents[1]], allow_inspection=False)


def sections(docstring):
    """`{kind: value}` of a docstring: text, parameters, returns, raises."""
    return {section.kind.value: section.value for section in docstring.parse("google")}


def entry(kind, definition, name, found):
    """The directive of a class or function: its signature, arguments, result and errors."""
    parts = [found.get("text", "")]
    for heading, key in (("Arguments:", "parameters"), ("Attributes:", "attributes"), ("Returns:", "returns"), ("Raises:", "raises")):
        items = [" ".join(filter(None, [_head(item, key), *item.description.split()])) for item in found.get(key, ())]
        parts += [heading, "\n".join(f"- {item}" for item in items)] if items else []
    signature = definition.signature().partition("(")[2].removesuffix(" -> None")
    return "\n\n".join([f"::::{{py:{kind}}} {name}({signature}", *filter(None, parts)]) + "\n::::"


def _head(item, key):
    if key in ("parameters", "attributes"):
        return " ".join(f"`{name.strip()}`," for name in item.name.split(",")).rstrip(",") + ":"
    return f"{item.annotation}:" if item.annotation else ""


def methods(definition):
    """The methods of a class that users call, if they are documented."""
    members = [definition.all_members[name] for name in CALLED if name in definition.all_members]
    return [member for member in members if member.is_function and member.docstring]


def imports(code):
    """The lines that import what an example uses; its data and models are the reader's."""
    modules = {"keras": "import keras", "np": "import numpy as np"}
    lines = [line for name, line in modules.items() if re.search(rf"\b{name}\.", code)]
    for module in dict.fromkeys(public().values()):
        names = [name for name, found in public().items() if found == module and re.search(rf"\b{name}\b", code)]
        lines += [f"from {module} import {', '.join(names)}"] if names else []
    return "\n".join(lines)


def definition_table(quantities):
    """The measured columns, from the class's own declaration."""
    rows = [f"| `{q.name}` | {q.label} | {q.unit} | {q.missing} |" for q in quantities]
    return "\n".join(["| column | label | unit | NaN means |", "|---|---|---|---|", *rows])


def parts_of_text(text):
    """A docstring's text as summary, use (before the example), example, text on the example, and definition (from "Quantities" on)."""
    summary, _, rest = text.partition("\n\n")
    use, code, rest = re.fullmatch(r"(.*?)Example:\n\n```python\n(.*?)\n```(.*)", rest, re.DOTALL).groups()
    on_example, definition = re.fullmatch(r"(.*?)(^Quantities.*)?", rest, re.DOTALL | re.MULTILINE).groups("")
    return summary, use.strip(), code, on_example.strip(), definition


def page(name, picture):
    """The page of one public name, as Markdown."""
    module = public()[name]
    thing, definition = getattr(sys.modules[module], name), source()[f"{module}.{name}".removeprefix("kerascope.")]
    found = sections(definition.docstring)
    summary, use, code, on_example, details = parts_of_text(found.pop("text"))
    parts = [f"```{{py:currentmodule}} {module}\n```", f"# {name}", summary]
    if picture:
        parts.append(f":::{{figure}} {name}.png\n:alt: {name} after a training\n\n{PICTURE}\n:::")
    parts += ["## When to use it" if "Use it" in use else "## About it", use] if use else []
    parts += ["## Example", "\n\n".join(filter(None, [f"```python\n{imports(code)}", code])) + "\n```", on_example]
    quantities = getattr(thing, "quantities", ())
    parts += ["## Definition", details, definition_table(quantities)] if quantities else []
    is_class = inspect.isclass(thing)
    parts += ["## Arguments" if "parameters" in found else "## Class", entry("class" if is_class else "function", definition, name, found)]
    if is_class and (of_users := methods(definition)):
        parts += ["## Methods", *(entry("method", m, f"{name}.{m.name}", sections(m.docstring)) for m in of_users)]
    if cost(name):
        parts += ["## Cost", cost(name), "An epoch with it, relative to one without; see [Costs](/costs.md) for the rest of the table."]
    return linked("\n\n".join(filter(None, parts)) + "\n")


def groups():
    """`{heading: names}`: the order of the reference."""
    names = public()
    watching = [name for name in names if name.endswith(("Monitor", "Writer"))]
    intervening = [name for name in names if names[name] == "kerascope.interventions"]
    training = [name for name in names if names[name] not in ("kerascope.interventions", "kerascope.monitors")]
    rest = [name for name in names if name not in watching + intervening + training]
    return {"Monitors": watching, "Interventions": intervening, "Many seeds": training, "What they give": rest}


def index():
    """The page of contents of the reference."""
    lists = [
        f"## {heading}\n\n" + "\n".join(f"- `{name}`: {first_sentence(name)}" for name in names) for heading, names in groups().items()
    ]
    toctrees = ["```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```" for names in groups().values()]
    return linked("\n\n".join(["# Reference", *lists, *toctrees]) + "\n")


def first_sentence(name):
    """The first sentence of a docstring."""
    text = " ".join(inspect.getdoc(getattr(sys.modules[public()[name]], name)).split("\n\n")[0].split())
    return re.split(r"(?<=[.;]) ", text)[0].rstrip(";.") + "."


def write(folder):
    """Write the pages and pictures of the reference into a folder."""
    import pictures

    folder.mkdir(exist_ok=True)
    drawn = pictures.draw_all(folder)
    for name in public():
        (folder / f"{name}.md").write_text(page(name, name in drawn), encoding="utf-8")
    (folder / "index.md").write_text(index(), encoding="utf-8")
    shutil.copy(DOCS.parent / "examples" / "kerascope.ipynb", folder.parent / "tour.ipynb")

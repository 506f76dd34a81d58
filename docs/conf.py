"""Sphinx configuration: Markdown pages and the API from docstrings."""

from __future__ import annotations

from importlib.metadata import version as installed_version

from sphinx.application import Sphinx

project = "avbc"
author = "The avbc authors"
project_copyright = "2026, The avbc authors"
release = version = installed_version("avbc")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"avbc {release}"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
# The arguments of a constructor are in its own docstring.
autoclass_content = "both"
# A default is shown as it is written, by its name.
autodoc_preserve_defaults = True
# More than one model has a `type`, and the annotation of a parameter finds them all.
suppress_warnings = ["ref.python"]


def prepare_docstring(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Turn fenced code into reStructuredText.

    The first line of an attribute's text is kept from being read as its type.
    """
    if what in {"attribute", "property"}:
        lines[:0] = ["..", ""]  # an empty comment
    fenced = False
    for number, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith("```"):
            indent = line[: len(line) - len(line.lstrip())]
            lines[number] = (
                ""
                if fenced
                else f"{indent}.. code-block:: {stripped.removeprefix('```') or 'text'}\n"
            )
            fenced = not fenced
        elif fenced:
            lines[number] = f"    {line}"
    lines[:] = [part for line in lines for part in line.split("\n")]


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", prepare_docstring, priority=100)

"""Sphinx configuration: Markdown pages and the API from docstrings."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "avbc"
author = "The avbc authors"
project_copyright = "2026, The avbc authors"
release = version = installed_version("avbc")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"avbc {release}"
autodoc_member_order = "bysource"
autodoc_typehints = "description"

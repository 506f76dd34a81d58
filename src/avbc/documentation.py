"""How messages name a page of the documentation: by its title, since no file of it is installed."""

from __future__ import annotations

PAGES = {
    "books": "Choose your books",
    "files": "Files",
    "gateway": "Write a Gateway",
    "handshake": "The handshake",
    "tutorial": "Tutorial: from the API account to the first imported order",
}
"""The titles of the pages that messages name, by their files in `docs/`."""


def see(page: str) -> str:
    """Name a page where its reader can find it.

    >>> see("gateway")
    'see "Write a Gateway" in the documentation'
    """
    return f'see "{PAGES[page]}" in the documentation'

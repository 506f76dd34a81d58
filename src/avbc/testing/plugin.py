"""The pytest plugin that comes with `pip install avbc[testing]`: `avbc.testing.fixtures`."""

from __future__ import annotations

from importlib.util import find_spec

from avbc.testing.fixtures import books, fake_store, orchestrator

__all__ = ["books", "fake_store", "orchestrator", "settings"]

# Projects of Django know `settings` as pytest-django's fixture, and of two plugins' fixtures the
# last one loaded wins. There avbc's is imported by who wants it.
if find_spec("pytest_django") is None:
    from avbc.testing.fixtures import settings

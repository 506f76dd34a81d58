"""The settings files of many stores, which come, change and go."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TypeAlias

from avbc.errors import FinalError
from avbc.settings.rules import SettingsError
from avbc.settings.settings import Settings
from avbc.text import quoted

Store: TypeAlias = str | PathLike[str]
Stores: TypeAlias = Store | Sequence[Store] | Callable[[], Iterable[Store]]
"""A folder, whose `*.toml` files are the stores; their paths; or a function that returns these."""

_FRESH = 2
"""Seconds after its last change in which a file may change again without another time or size."""


class SettingsFiles:
    """The settings files of the stores, each read again only when it has changed.

    Args:
        stores: A folder, a sequence of paths, or a function that returns paths. A folder and a
            function are asked each time, so that a store may come and go.
    """

    def __init__(self, stores: Stores) -> None:
        self._paths = _listing(stores)
        self._read: dict[str, tuple[object, Settings]] = {}

    def paths(self) -> list[str]:
        """Return the paths of all settings files.

        Raises:
            FinalError: The folder cannot be read.
        """
        return [fspath(path) for path in self._paths()]

    def load(self, path: str) -> Settings:
        """Return the settings in a file, as it is now.

        Raises:
            SettingsError: It cannot be read, or has faults.
        """
        stamp, settings = self._read.get(path, (None, None))
        if settings is None or stamp is None or stamp != _stamp(path, settings):
            settings = Settings.load(path)
            self._read[path] = _stamp(path, settings), settings
        return settings

    def load_all(self) -> tuple[dict[str, Settings], dict[str, SettingsError]]:
        """Return the settings by path, and the errors of the files that have faults.

        Raises:
            FinalError: The folder cannot be read.
        """
        found: dict[str, Settings] = {}
        errors: dict[str, SettingsError] = {}
        for path in self.paths():
            try:
                found[path] = self.load(path)
            except SettingsError as error:
                errors[path] = error
        for gone in self._read.keys() - found.keys():
            del self._read[gone]
        return found, errors


def _listing(stores: Stores) -> Callable[[], Iterable[Store]]:
    if callable(stores):
        return stores
    if isinstance(stores, str | PathLike):
        folder = Path(stores)
        if folder.is_file():
            raise ValueError(
                f"stores is the file {folder}: give its folder, or [{quoted(str(folder))}]"
            )
        return lambda: sorted(_settings_in(folder))
    paths = tuple(stores)
    return lambda: paths


def _settings_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            # Editors keep what is not saved yet in hidden files.
            return [
                each.path for each in found if each.name.endswith(".toml") and each.name[0] != "."
            ]
    except OSError as error:
        raise FinalError(f"the settings files in {folder} cannot be listed: {error}") from error


def _stamp(path: str, settings: Settings) -> object:
    """What changes with a settings file or its credentials file; None where that is not sure."""
    try:
        files = [Path(file).stat() for file in (path, settings.store.credentials_file) if file]
    except OSError:
        return None
    if any(time.time() - file.st_mtime < _FRESH for file in files):
        return None
    return [(file.st_mtime_ns, file.st_size, file.st_ino) for file in files]

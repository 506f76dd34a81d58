"""Files that are replaced at once, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def require_folder(folder: Path) -> None:
    """Raise NotADirectoryError if there is no such folder: a slip of the pen makes none."""
    if not folder.is_dir():
        advice = "it is a file, so name a folder" if folder.exists() else "create it first"
        raise NotADirectoryError(f"{folder} is no folder: {advice}")


@contextmanager
def replacing(target: Path, encoding: str = "utf-8") -> Generator[TextIO]:
    """Open a text file that takes the place of another when the block ends without an error.

    Raises:
        NotADirectoryError: The folder of the file does not exist.
        IsADirectoryError: The target is a folder.
    """
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder: name a file in it")
    require_folder(target.parent)
    # Threads write at once, too. A file of `tempfile` would be readable by its owner alone.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("x", encoding=encoding, newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)

"""The books that the command works on: the embedded ones by their URL, or books of one's own."""

from __future__ import annotations

import importlib
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from avbc.acctvantage import ImportGateway, SqlGateway
from avbc.errors import FinalError
from avbc.text import quoted

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def open_books(named: str, stack: ExitStack, *, is_made: bool) -> ImportGateway:
    """Open the embedded books by their URL, or make books of one's own."""
    if not named:
        raise FinalError(
            "the books are not named: give --books or AVBC_BOOKS their database URL, such as "
            "sqlite:///books.db, or package.module:function for books of your own"
        )
    if "://" not in named and not _FUNCTION.fullmatch(named):
        raise FinalError(
            f"the books {quoted(named)} are neither a database URL nor a function: give --books or "
            "AVBC_BOOKS a URL such as sqlite:///books.db, or package.module:function for books of "
            "your own"
        )
    if not _FUNCTION.fullmatch(named):
        _require_file(named, "books", is_made=is_made)
        return stack.enter_context(SqlGateway(named))
    module, _, name = named.partition(":")
    # A module of the current folder, as `python -m avbc` finds it.
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise FinalError(
            f"the books {quoted(named)} cannot be imported: {error}. Give --books or AVBC_BOOKS "
            "package.module:function, of a module that this Python finds"
        ) from error
    except Exception as error:
        # Whatever its module does: the operator gets one message, as for any other fault.
        raise _not_made(named, error) from error
    if not callable(make):
        raise FinalError(f"the books {quoted(named)} are no function or class that makes them")
    try:
        made = cast("ImportGateway", make())
    except Exception as error:
        raise _not_made(named, error) from error
    if callable(close := getattr(made, "close", None)):
        stack.callback(close)
    return made


def _not_made(named: str, error: Exception) -> FinalError:
    return FinalError(
        f"the books {quoted(named)} could not be made: {type(error).__name__}: {error}. Correct "
        "them: what is named takes no arguments and returns the books"
    )


def require_folder(url: str, what: str) -> None:
    """Refuse the URL of a SQLite file in a folder that is not there.

    To a service such a folder may come back. Here a person typed it, or a script.
    """
    if (file := _file(url)) is not None and not file.parent.is_dir():
        raise FinalError(
            f"there is no folder {file.parent}: correct --{what} or AVBC_{what.upper()}, or make it"
        )


def _require_file(url: str, what: str, *, is_made: bool) -> None:
    """Refuse a file that is not there: empty books in its place would say that all is well."""
    require_folder(url, what)
    if not is_made and (file := _file(url)) is not None and not file.exists():
        raise FinalError(
            f"there are no books at {file}: correct --books or AVBC_BOOKS, or call load(file) to "
            "make them"
        )


def without_password(named: str) -> str:
    """Return the name of books or a journal as a line may show it.

    >>> without_password("postgresql://avbc:secret@db/books"), without_password("my.books:make")
    ('postgresql://avbc:***@db/books', 'my.books:make')
    """
    if _FUNCTION.fullmatch(named):
        return named
    try:
        url = make_url(named)
    except (ArgumentError, ValueError):
        return "URL"
    if url.get_backend_name() != "sqlite":
        url = url.set(query={})
    return url.render_as_string(hide_password=True)


def _file(url: str) -> Path | None:
    """Return the file of a SQLite URL; None where it has none."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The books say what is wrong with it.
        return None
    is_sqlite = parsed.get_backend_name() == "sqlite"
    is_file = is_sqlite and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)).absolute() if is_file else None

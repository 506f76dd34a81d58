"""What a person does about a record that the books lack."""

from __future__ import annotations


def how_to_create(what: str, load: str = "load", *, loads_files: bool) -> str:
    """Say where a record is created.

    Args:
        what: The record.
        load: The method of `SqlGateway` that loads it.
        loads_files: Whether the books are a `SqlGateway`, which is filled from files.

    >>> how_to_create("it", loads_files=True)
    'Create it in AcctVantage and in the books (SqlGateway.load)'
    >>> how_to_create("it", loads_files=False)
    'Create it in AcctVantage and in the books'
    """
    return f"Create {what} in AcctVantage and {in_the_books(load, loads_files=loads_files)}"


def in_the_books(load: str = "load", *, loads_files: bool) -> str:
    """Say where the books get what AcctVantage has.

    >>> in_the_books(loads_files=True)
    'in the books (SqlGateway.load)'
    """
    return f"in the books{f' (SqlGateway.{load})' if loads_files else ''}"

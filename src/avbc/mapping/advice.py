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
    loaded = f" (SqlGateway.{load})" if loads_files else ""
    return f"Create {what} in AcctVantage and in the books{loaded}"

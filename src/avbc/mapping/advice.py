"""What a person does about a record that the books lack."""

from __future__ import annotations


def how_to_create(what: str, load: str = "load") -> str:
    """Say where a record is created: the books may be filled from AcctVantage's by a file.

    Args:
        what: The record.
        load: The method of `SqlGateway` that loads it.

    >>> how_to_create("it")
    'Create it in AcctVantage and in the books (SqlGateway.load)'
    """
    return f"Create {what} in AcctVantage and in the books (SqlGateway.{load})"

"""Changes of orders, and the problems of single records, as data."""

from __future__ import annotations

from collections.abc import Sequence

from avbc.acctvantage import BooksRefused, BooksUnreachable, BooksUnusable, SalesOrder
from avbc.bigcommerce import (
    ClientClosed,
    NotFound,
    ScopeMissing,
    StopAsked,
    StoreError,
    TokenRefused,
    UnsendableRequest,
)
from avbc.errors import AvbcError, TransientError
from avbc.logs import get_logger
from avbc.mapping import Decision, Problem
from avbc.orchestrator.engine.journal import JournalUnusable
from avbc.orchestrator.reports import Change, sentence

CONCERNS_ALL = (
    TokenRefused,
    ScopeMissing,
    ClientClosed,
    StopAsked,
    BooksUnusable,
    JournalUnusable,
)
"""Errors that concern every record, not only one."""

UNEXPECTED = "unexpected_error"
"""The code of a record that a program error kept from being done."""
NEXT_RUN = "The next run tries again."
"""What becomes of it then."""

_log = get_logger("avbc.orchestrator")


def record_problem(code: str, message: str, fix: str = "") -> Problem:
    """Return a problem of a record that is of no single field."""
    return Problem(code, "", "", message, fix)


def problem_of(error: AvbcError) -> Problem:
    """Return an error as the problem of the one record that it happened to."""
    code, fix = "try_again", ""
    if isinstance(error, CONCERNS_ALL):
        code = "run_stopped"
    elif isinstance(error, NotFound):
        code, fix = "not_in_store", "It was deleted in BigCommerce, or belongs to another store."
    elif isinstance(error, UnsendableRequest):
        code = "not_sendable"
    elif isinstance(error, StoreError):
        code = "store_failed" if isinstance(error, TransientError) else "store_refused"
    elif isinstance(error, BooksUnreachable):
        code = "books_unreachable"
    elif isinstance(error, BooksRefused):
        code = "books_refused"
    return record_problem(code, str(error), fix)


def unexpected(error: Exception, subject: str, doing: str, ids: dict[str, object]) -> Problem:
    """Log an exception of a program, and return it as the problem of the record."""
    name = type(error).__name__
    _log.error("%s: unexpected %s", subject, name, exc_info=error, extra=ids)
    # The books say which of their methods it was.
    where = "".join(f" ({note})" for note in dict.fromkeys(getattr(error, "__notes__", ())))
    return record_problem(
        UNEXPECTED,
        f"{name} {doing}: {error}{where}",
        "Correct the program; the log has the traceback.",
    )


def order_change(
    order: SalesOrder,
    what: str,
    before: str = "",
    after: str = "",
    decisions: Sequence[Decision] = (),
) -> Change:
    """Return a change of what belongs to a sales order, under the order's Import ID."""
    return Change(
        order.import_id,
        what,
        before,
        after,
        order.store_order_id,
        order.import_id,
        decisions=tuple(decisions),
    )


def order_extra(order_id: int, import_id: str) -> dict[str, object]:
    """Return an order's ids for the `extra` of a log record (docs/logging.md)."""
    return {"order_id": order_id, "import_id": import_id}


def change_text(change: Change) -> str:
    """Return a change as the journal has it: one line, with its problems."""
    values = f"{change.before} -> {change.after}" if change.before else change.after
    text = f"{change.key}: {change.what} {values}".rstrip()
    return f"{text}; {sentence(change.problems)}" if change.problems else text

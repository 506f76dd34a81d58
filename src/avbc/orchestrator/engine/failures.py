"""Failures of whole runs that only a person can end: on the worklist until a run works again."""

from __future__ import annotations

from avbc.acctvantage import BooksUnusable
from avbc.bigcommerce import RequestRefused, ScopeMissing, TokenRefused
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.orchestrator.engine.attention import Attention
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS, JournalUnusable
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.stock_location import NoSuchLocation
from avbc.settings import SettingsError

RUN_FAILED = "run_failed"
"""The code of a run that failed, and fails again until a person changes something."""
_AREA = "run"
_ACCESS = "store.access_token"
_LASTING = (
    SettingsError,
    TokenRefused,
    ScopeMissing,
    RequestRefused,
    NoSuchLocation,
    BooksUnusable,
    JournalUnusable,
)

_log = get_logger("avbc.orchestrator")


def note_failure(integration: Integration, method: str, error: AvbcError) -> None:
    """Put a failure that does not pass by itself on the worklist; one cause has one item."""
    if not isinstance(error, _LASTING):
        return
    problem = _problem(method, error)
    key = _ACCESS if isinstance(error, TokenRefused) else method
    attention = Attention(integration, _AREA)
    try:
        # Several methods stop at one fault of the settings: the first of them has the item.
        if any(
            item.area == _AREA and item.key != key and item.message == problem.message
            for item in OpenItems.of(integration).all()
        ):
            return
        attention.add(problem, key=key)
        attention.flush()
    except JOURNAL_ERRORS as unreachable:
        _log.warning("a failed run is not on the worklist: %s", unreachable)
    attention.report()


def note_success(integration: Integration, method: str, *, is_answered: bool) -> None:
    """Take the failure of earlier runs off the worklist.

    Args:
        integration: Whose worklist it is.
        method: The method that works again.
        is_answered: Whether the store answered it, so the access token is good.
    """
    try:
        items = OpenItems.of(integration)
        here = {key for key, _ in items.keys(_AREA)}
        if gone := here & ({method, _ACCESS} if is_answered else {method}):
            attention = Attention(integration, _AREA)
            attention.settle(gone)
            attention.flush()
    except JOURNAL_ERRORS as unreachable:
        _log.warning("the worklist may still have a failed run: %s", unreachable)


def _problem(method: str, error: AvbcError) -> Problem:
    if isinstance(error, TokenRefused):
        return Problem(
            RUN_FAILED,
            _ACCESS,
            "",
            "BigCommerce refuses the access token (401), so nothing is read from the store, and "
            "nothing is imported or sent.",
            "Copy the token to the settings again, or create a new API account. test_connection() "
            "says whether it works; the next run does what waits.",
        )
    if isinstance(error, SettingsError):
        keys = ", ".join(dict.fromkeys(fault.key for fault in error.faults))
        faults = "; ".join(map(str, error.faults))
        return Problem(
            RUN_FAILED,
            keys,
            "",
            f"A fault of the set-up stops whole runs, and nothing is marked: {faults}",
            f"Correct {keys} in the settings, or create in AcctVantage what is missing there. The "
            "next run does what waits.",
        )
    return Problem(
        RUN_FAILED,
        "",
        "",
        f"{method} failed: {error}",
        f"Correct what the message names. The next {method}() does what waits.",
    )

"""Failures of whole runs: on the worklist where only a person can end them, and in the log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

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
from avbc.settings import Settings, SettingsError
from avbc.settings.reading import token_source
from avbc.shown import full_text

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

_AGAIN = timedelta(hours=1)
"""After which a failure that repeats is logged once more."""

_log = get_logger("avbc.orchestrator")


def note_failure(integration: Integration, method: str, error: AvbcError) -> None:
    """Put a failure that does not pass by itself on the worklist; one cause has one item."""
    if not isinstance(error, _LASTING):
        return
    problem = _problem(method, error, token_source(integration.settings.store))
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


def failures_to_tell(
    failed: Sequence[tuple[str, Exception]],
    settings: Settings,
    told: Mapping[str, datetime],
    now: datetime,
) -> tuple[dict[str, datetime], list[tuple[list[str], Exception]]]:
    """Decide which failures of a cycle are logged: each once, and again after an hour.

    It is logged at once where the settings have changed since, or the failure has. Numbers in its
    message, such as seconds, make no other failure of it; nor does another request.

    Args:
        failed: The methods and their errors.
        settings: The settings in force.
        told: When which failures were logged, as this function returned it for the last cycle.
        now: When they failed.

    Returns:
        When which failures were logged, and those to log now: one error with all of its methods.
    """
    kept = {key: at for key, at in told.items() if now - at < _AGAIN}
    if not failed:
        return kept, []
    setup = settings.store
    secrets = [
        each.reveal()
        for each in (setup.access_token, setup.client_secret, setup.license_key)
        if each
    ]
    here = _digest(f"{full_text(settings)} {secrets}")
    by_key: dict[str, tuple[list[str], Exception]] = {}
    for method, error in failed:
        text = str(error).replace(getattr(error, "call", ""), "")
        key = f"{type(error).__name__} {_digest(re.sub(r'[0-9]+', '', text))} {here}"
        by_key.setdefault(key, ([], error))[0].append(method)
    news = [failure for key, failure in by_key.items() if key not in kept]
    return {**dict.fromkeys(by_key, now), **kept}, news


def _digest(text: str) -> str:
    """Enough to see that a text is another, and too little to find it by."""
    return sha256(text.encode()).hexdigest()[:8]


def _problem(method: str, error: AvbcError, token_from: str) -> Problem:
    if isinstance(error, TokenRefused):
        return Problem(
            RUN_FAILED,
            _ACCESS,
            "",
            f"BigCommerce refuses the access token (401), which is from {token_from}, so nothing "
            "is read from the store, and nothing is imported or sent.",
            "Copy the token there again, or create a new API account. test_connection() says "
            "whether it works; the next run does what waits.",
        )
    if isinstance(error, SettingsError):
        keys = ", ".join(dict.fromkeys(fault.key for fault in error.faults))
        faults = "; ".join(map(str, error.faults))
        return Problem(
            RUN_FAILED,
            keys,
            "",
            f"A fault of the set-up stops whole runs, and nothing is marked: {faults}",
            f"Correct {keys} in the settings, or create what is missing in AcctVantage and in the "
            "books (SqlGateway.load). The next run does what waits.",
        )
    return Problem(
        RUN_FAILED,
        "",
        "",
        f"{method} failed: {error}",
        f"Correct what the message names. The next {method}() does what waits.",
    )

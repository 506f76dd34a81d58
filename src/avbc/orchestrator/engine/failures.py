"""Failures of whole runs: on the worklist where only a person can end them, and in the log."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256

from avbc.acctvantage import BooksUnusable
from avbc.bigcommerce import RequestRefused, ScopeMissing, TokenRefused
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.mapping.advice import how_to_create
from avbc.orchestrator.engine.attention import Attention
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS, JournalUnusable
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.source_code import SETTING as CODE
from avbc.orchestrator.engine.stock_location import NoSuchLocation
from avbc.orchestrator.reports import Check, ConnectionReport, SetupReport
from avbc.settings import Settings, SettingsError
from avbc.settings.reading import token_source
from avbc.shown import full_text

RUN_FAILED = "run_failed"
"""The code of a run that failed, and fails again until a person changes something."""
CHECK_FAILED = "check_failed"
"""The code of what `check_setup` or `test_connection` found."""
_AREA = "run"
_ACCESS = "store.access_token"
_CHECKS = ("check_setup", "test_connection")
LOOKS = frozenset({"check_setup", "history", "page"})
"""What a person calls to look at something, and is no run. Previews are, and write nothing."""
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
    is_token, causes = isinstance(error, TokenRefused), _causes(error)
    key = _ACCESS if is_token else f"{method}:{', '.join(causes)}".rstrip(":")
    attention = Attention(integration, _AREA)
    try:
        items = OpenItems.of(integration)
        here = {key for key, _ in items.keys(_AREA)}
        looks = {each for each in here if _method_of(each) in LOOKS and method not in LOOKS}
        here -= looks
        before = {each for each in here if _method_of(each) == method and each != key}
        others = {cause for each in here - before - {key} for cause in _causes_of(each)}
        if not is_token:
            attention.settle(before)
        # Several methods stop at one fault of the settings, or of the books: the first of them has
        # the item.
        problem = _problem(integration, method, error)
        if causes:
            is_known = others.issuperset(causes)
        else:
            same = _same(items, here, problem, str(error))
            is_known = bool(same)
            if is_known:
                attention.settle({key} - same)
        # A run takes its item off by itself. A look does so when a person looks again.
        attention.settle(
            {each for each in looks if causes and set(causes).issuperset(_causes_of(each))}
            or _same(items, looks, problem, str(error))
        )
        if not is_known:
            attention.add(problem, key=key)
            for area in _CHECKS:
                # It goes when a run or a check finds that it is well, and that of a check does not.
                found = [each for each, _ in items.keys(area) if "," not in each]
                known = tuple(f" {cause}" for cause in causes)
                attention.settle([each for each in found if each.endswith(known)], area=area)
        attention.flush()
    except JOURNAL_ERRORS as unreachable:
        _log.warning("a failed run is not on the worklist: %s", unreachable)
    attention.report()


@contextmanager
def noted(integration: Integration, method: str) -> Generator[None]:
    """Put on the worklist that a look fails for what does not pass, and take it off once it works.

    Runs do so by themselves (`Run.do`).
    """
    try:
        yield
    except AvbcError as error:
        note_failure(integration, method, error)
        raise
    note_success(integration, method, is_answered=False)


def _same(items: OpenItems, keys: Iterable[str], failed: Problem, text: str) -> set[str]:
    """Return the keys of the items that say the same; other numbers make no other failure."""
    same: set[str] = set()
    ending = _without_numbers(f" failed: {text}")
    for key in keys:
        item = items.find((_AREA, failed.code, key))
        if item is not None and _without_numbers(item.message).endswith(ending):
            same.add(key)
    return same


def _without_numbers(text: str) -> str:
    return re.sub(r"[0-9]+", "", text)


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
        gone = {key for key in here if _method_of(key) == method}
        if is_answered and _ACCESS in here and _is_of_token(items, integration.settings):
            gone.add(_ACCESS)
        if gone:
            attention = Attention(integration, _AREA)
            attention.settle(gone)
            attention.flush()
    except JOURNAL_ERRORS as unreachable:
        _log.warning("the worklist may still have a failed run: %s", unreachable)


def _is_of_token(items: OpenItems, settings: Settings) -> bool:
    """Whether the token that was refused is from where this one is: another one proves nothing."""
    item = items.find((_AREA, RUN_FAILED, _ACCESS))
    # The items of earlier versions do not say.
    return item is None or _FROM not in item.message or _from(settings) in item.message


_FROM = "which is from"


def _from(settings: Settings) -> str:
    return f"{_FROM} {token_source(settings.store)}, so nothing is read"


def note_checks(
    integration: Integration, report: SetupReport | ConnectionReport, area: str
) -> None:
    """Put the errors of a check on the worklist, and take off what it proved to be well.

    What could not be checked this time may be as it was, so it stays. Reports what is new.
    """
    attention = Attention(integration, area)
    good = {name for check in report.checks if check.state == "ok" for name in _names(check)}
    # Who may modify may read as well.
    good |= {name.replace(": modify", ": read-only") for name in good}
    if isinstance(report, SetupReport):
        # The store has answered.
        good.add(_ACCESS)
    bad = {check for check in report.checks if check.state in ("error", "unknown")}
    good.difference_update(*map(_names, bad))
    try:
        items = OpenItems.of(integration)
        if _ACCESS in good and not _is_of_token(items, integration.settings):
            good.remove(_ACCESS)
        failed = {key: _causes_of(key) for key, _ in items.keys(_AREA)}
        well = [key for key, causes in failed.items() if good.issuperset(causes)]
        attention.settle(well, area=_AREA)
        has_item = {cause for causes in failed.values() for cause in causes}
        for check in report.errors:
            if check.item == _ACCESS:
                # It has one item, whether a run or a check finds it.
                attention.add(_token_problem(integration.settings), key=_ACCESS, area=_AREA)
            elif not has_item.issuperset(_names(check)):
                found, then = f"{check.area}: {check.found}", f"Then call {area}()"
                fix = f"{check.fix} {then}, which takes this item off.".strip()
                attention.add(Problem(CHECK_FAILED, check.item, "", found, fix), key=_key(check))
        if not any(check.state == "unknown" or check.area in ("url", "token") for check in bad):
            attention.settle_rest()
        else:
            attention.settle({_key(each) for each in report.checks} - {_key(each) for each in bad})
        attention.flush()
    except JOURNAL_ERRORS as error:
        _log.warning("what %s found is not on the worklist: %s", area, error)
    attention.report()


def _key(check: Check) -> str:
    return f"{check.area} {check.item}".strip()


def _names(check: Check) -> set[str]:
    """The settings, or the scopes, that a check is about."""
    return set(check.item.split(", "))


def _causes(error: AvbcError) -> tuple[str, ...]:
    """The settings, or the scope, that a failure is about; empty where that is not known."""
    if isinstance(error, TokenRefused):
        return (_ACCESS,)
    if isinstance(error, SettingsError):
        return tuple(dict.fromkeys(fault.key for fault in error.faults))
    return (error.scope,) if isinstance(error, ScopeMissing) and error.scope else ()


def _causes_of(key: str) -> list[str]:
    """The causes of a failed run, by the key of its item."""
    return key.rpartition(f"{_method_of(key)}:")[2].split(", ")


def _method_of(key: str) -> str:
    return key.partition(":")[0]


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
        key = f"{type(error).__name__} {_digest(_without_numbers(text))} {here}"
        by_key.setdefault(key, ([], error))[0].append(method)
    news = [failure for key, failure in by_key.items() if key not in kept]
    return {**dict.fromkeys(by_key, now), **kept}, news


def _digest(text: str) -> str:
    """Enough to see that a text is another, and too little to find it by."""
    return sha256(text.encode()).hexdigest()[:8]


def _problem(integration: Integration, method: str, error: AvbcError) -> Problem:
    if isinstance(error, TokenRefused):
        return _token_problem(integration.settings)
    if isinstance(error, SettingsError):
        keys = ", ".join(_causes(error))
        faults = "; ".join(map(str, error.faults))
        what = how_to_create("what is missing", loads_files=integration.parts.loads_files)
        # Nothing that is missing makes a second Import Source Code right.
        otherwise = "" if keys == CODE else f" Or: {what}."
        return Problem(
            RUN_FAILED,
            keys,
            "",
            f"A fault of the set-up stops whole runs, and nothing is marked: {faults}",
            f"Correct {keys} in the settings.{otherwise} The next run does what waits.",
        )
    then = f"The next {method}() does what waits."
    if method in LOOKS:
        then = f"This item goes when {method} works again."
    fix = f"Correct what the message names. {then}"
    return Problem(RUN_FAILED, "", "", f"{method} failed: {error}", fix)


def _token_problem(settings: Settings) -> Problem:
    return Problem(
        RUN_FAILED,
        _ACCESS,
        "",
        f"BigCommerce refuses the access token (401), {_from(settings)} from the store, and "
        "nothing is imported or sent.",
        "Copy the token there again, or create a new API account. test_connection() says whether "
        "it works; the next run does what waits. If no process takes the token from there any "
        "more, settle this item.",
    )

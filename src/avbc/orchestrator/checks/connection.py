"""The connection test: does the store answer, and what may the token do (manual 1.2, 1.3)?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import attrs

from avbc.bigcommerce import (
    Answer,
    BigCommerce,
    RequestRefused,
    ScopeMissing,
    StopAsked,
    StoreError,
    StoreUnreachable,
    TokenRefused,
)
from avbc.bigcommerce.endpoints import scopes
from avbc.bigcommerce.quota import REQUESTS_LEFT, REQUESTS_QUOTA, WINDOW_MS, whole
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.orchestrator.checks.clocks import clock_check
from avbc.orchestrator.reports import Check, ConnectionReport, State
from avbc.settings import Settings
from avbc.settings.reading import token_source
from avbc.stopping import STOP, StopRequest, ended_by
from avbc.text import quoted


@attrs.frozen
class Need:
    """A scope and what needs it."""

    scope: str
    feature: str
    when: Callable[[Settings], bool] = lambda _: True
    is_required: bool = True
    """Whether avbc needs it by itself; otherwise a program may call what needs it."""


def _pushes_details(settings: Settings) -> bool:
    return settings.shipping.sync_product_details


def _pushes_levels(settings: Settings) -> bool:
    return settings.shipping.sync_inventory_levels


def _pushes_details_alone(settings: Settings) -> bool:
    return _pushes_details(settings) and not _pushes_levels(settings)


def _names_variants(settings: Settings) -> bool:
    return any(row.variant_id for row in settings.products.mapping)


def _has_days(settings: Settings) -> bool:
    """Whether a date in the settings is a day of the store, and no instant."""
    dates = (
        settings.order_status.import_orders_created_since,
        settings.shipping.push_shipments_since,
    )
    return any(isinstance(at, date) and not isinstance(at, datetime) for at in dates)


_PATIENCE = 8.0
"""Seconds for the first answer of a store that may be away."""

# A token with the modify scope may read as well, so one need covers both where both are there.
_NEEDS = (
    Need(scopes.ORDERS_MODIFY, "importing orders and setting their status"),
    Need(scopes.TRANSACTIONS, "the receipts of orders that were paid online"),
    Need(scopes.PRODUCTS_MODIFY, "shipping.sync_product_details", _pushes_details),
    Need(
        scopes.PRODUCTS,
        "shipping.sync_inventory_levels: which product or variant has a part number",
        lambda settings: _pushes_levels(settings) and not _pushes_details(settings),
    ),
    Need(scopes.INVENTORY_MODIFY, "shipping.sync_inventory_levels", _pushes_levels),
    Need(scopes.LOCATIONS, "shipping.sync_inventory_levels", _pushes_levels),
    Need(
        scopes.INVENTORY,
        "shipping.sync_product_details: rows of products.mapping with a variant_id",
        lambda settings: _pushes_details_alone(settings) and _names_variants(settings),
    ),
    Need(
        scopes.INVENTORY,
        "shipping.sync_product_details: SKUs of variants, many with one request",
        lambda settings: _pushes_details_alone(settings) and not _names_variants(settings),
        is_required=False,
    ),
    Need(scopes.CUSTOMERS_MODIFY, "exporting clients", is_required=False),
    Need(scopes.INFORMATION, "dates in the settings, which are days of the store", _has_days),
    Need(
        scopes.INFORMATION,
        "the store's own day of each order; check_setup: its currency and shipping methods",
        lambda settings: not _has_days(settings),
        is_required=False,
    ),
    Need(scopes.PAYMENT_METHODS, "check_setup: the store's payment methods", is_required=False),
)


def needs(settings: Settings) -> list[Need]:
    """Return the scopes that the settings need, each with its feature.

    >>> from avbc.settings import GlSettings, OrderStatusSettings, ShippingSettings, StoreSetup
    >>> statuses = {"new_order_status": 11, "downloaded_order_status": 9, "import_error_status": 12}
    >>> settings = Settings(
    ...     store=StoreSetup(api_url="https://api.bigcommerce.com/stores/abc123/v3/"),
    ...     order_status=OrderStatusSettings(import_source_code="WEB", **statuses),
    ...     gl=GlSettings(tax_area="BigCommerce"),
    ...     shipping=ShippingSettings(warehouse="Main"),
    ... )
    >>> [need.scope for need in needs(settings) if need.is_required]
    ['Orders: modify', 'Order Transactions: read-only']
    """
    return [need for need in _NEEDS if need.when(settings)]


def connection_report(store: BigCommerce, settings: Settings, clock: Clock) -> ConnectionReport:
    """Read the store's time, and probe each scope that the settings need; changes nothing."""
    name = settings.store.description or store.store_hash
    checks: list[Check] = []
    if not settings.store.enabled:
        found = "The store is not enabled, so nothing runs for it."
        checks.append(
            Check("enabled", "store.enabled", "error", found, "Set store.enabled = true.")
        )
    if not settings.store.license_key:
        checks.append(_NO_LICENSE)
    url = Check("url", settings.store.api_url, "ok", "answers")
    source = token_source(settings.store)
    token = Check("token", "store.access_token", "ok", f"accepted; it is from {source}")
    asked = clock.now()
    try:
        answer = _quick_answer(store)
    except ScopeMissing as error:
        granted = _probed(store, settings)
        if _may_nothing(store, granted):
            # A token that may do nothing at all is one of another store.
            return ConnectionReport(name, (*checks, _wrong_store(store, settings)))
        # Only the clock is unavailable.
        lacks = f"the token lacks the OAuth scope {quoted(error.scope)}"
        found = f"The store's time cannot be read: {lacks}."
        checks += [url, token, Check("clock", "", "unknown", found)]
        return ConnectionReport(name, (*checks, *_scope_checks(granted)))
    except TokenRefused as error:
        token = Check(
            "token",
            "store.access_token",
            "error",
            str(error),
            "Compare store.api_url with the API Path of the API account (manual 1.1): a token is "
            "good for its own store alone.",
        )
        return ConnectionReport(name, (*checks, url, token))
    except StoreError as error:
        url = Check(
            "url",
            settings.store.api_url,
            "error",
            str(error),
            "Compare store.api_url with the API Path of the API account (manual 1.1).",
        )
        return ConnectionReport(name, (*checks, url))
    skew = answer.value - (asked + (clock.now() - asked) / 2)
    limit, left, window_ms = (
        whole(answer.headers.get(header)) for header in (REQUESTS_QUOTA, REQUESTS_LEFT, WINDOW_MS)
    )
    window = None if window_ms is None else timedelta(milliseconds=window_ms)
    quota = Check("quota", "", "unknown", "The store's answer does not state its quota.")
    if window and limit is not None and left is not None:
        found = (
            f"{left} of {limit} requests left in a window of {window.total_seconds():g} s, for all "
            "applications together"
        )
        quota = Check("quota", "", "ok", found)
    by_scope = _scope_checks(_probed(store, settings))
    checks += [url, token, clock_check(-skew), quota, *by_scope]
    return ConnectionReport(name, tuple(checks), skew, limit, left, window)


def _quick_answer(store: BigCommerce) -> Answer[datetime]:
    """Read the store's time, and wait no longer for it than a person does.

    Raises:
        StoreError: It cannot be read, or not in time.
    """
    # No timeout ends the look-up of a name without a network, and no wait for a repetition.
    deadline = StopRequest(grace=_PATIENCE, outer=STOP.get())
    deadline.ask()
    call = store.time.call()
    try:
        with ended_by(deadline):
            return store.answer(call)
    except StopAsked as error:
        if isinstance(error.__context__, StoreError):
            # It would have been repeated.
            raise error.__context__ from None
        message = f"{call.name} had no answer within {_PATIENCE:g} s. Check the network."
        raise StoreUnreachable(message, call.name) from None


_NO_LICENSE = Check(
    "license key",
    "store.license_key",
    "ok",
    "not set, and not needed: avbc only keeps it. It is the AV BigCommerce License Key, which "
    "AcctVantage asks for on its own Store Setup tab (manual 1.3).",
)


def _may_nothing(store: BigCommerce, granted: Sequence[_Probed]) -> bool:
    """Whether the store refuses everything, also what the settings do not need.

    A token that may read but not write is one of this store, and lacks a scope.
    """
    if not all(isinstance(each.answer, ScopeMissing) for each in granted):
        return False
    asked = {each.need.scope for each in granted}
    others = [scopes.probe_scope(scope) for scope in scopes.SCOPES if scope not in asked]
    answers = store.map(others, return_errors=True)
    return all(isinstance(answer, ScopeMissing) for answer in answers)


def _wrong_store(store: BigCommerce, settings: Settings) -> Check:
    required = [need.scope for need in needs(settings) if need.is_required]
    return Check(
        "url",
        settings.store.api_url,
        "error",
        "Every request is refused (403): the access token, from "
        f"{token_source(settings.store)}, is not one of the store {quoted(store.store_hash)}, or "
        "the owner of the store changed.",
        "Compare store.api_url with the API Path of the API account (manual 1.1): the part after "
        "/stores/ must be the same. If it is, create a new API account with the scopes "
        f"{', '.join(required)} (manual 1.2), and use its token.",
    )


@attrs.frozen
class _Probed:
    """A scope that the settings need, and the store's answer to a request that needs it."""

    need: Need
    answer: AvbcError | None

    @property
    def is_granted(self) -> bool:
        return self.answer is None or isinstance(self.answer, RequestRefused)


def _probed(store: BigCommerce, settings: Settings) -> list[_Probed]:
    wanted = needs(settings)
    answers = store.map([scopes.probe_scope(need.scope) for need in wanted], return_errors=True)
    return [_Probed(need, answer) for need, answer in zip(wanted, answers, strict=True)]


def _scope_checks(probed: Sequence[_Probed]) -> list[Check]:
    """One check for each scope; those that are missing are together, with what to tick."""
    checks: list[Check] = []
    tick = ", ".join(dict.fromkeys(each.need.scope for each in probed))
    fix = (
        "Scopes cannot be added to a token: create a new API account (manual 1.2), tick all of "
        f"{tick}, and use its token."
    )
    kinds: tuple[tuple[State, bool], ...] = (("error", True), ("warning", False))
    for state, is_required in kinds:
        missing = [
            each.need
            for each in probed
            if isinstance(each.answer, ScopeMissing) and each.need.is_required is is_required
        ]
        if missing:
            names = ", ".join(need.scope for need in missing)
            features = "; ".join(dict.fromkeys(need.feature for need in missing))
            checks.append(Check("scope", names, state, f"missing; needed for {features}.", fix))
            fix = "Tick it with the others."
    for each in probed:
        if each.is_granted:
            found = f"granted; for {each.need.feature}"
            checks.append(Check("scope", each.need.scope, "ok", found))
        elif not isinstance(each.answer, ScopeMissing):
            again = "Test the connection again."
            checks.append(Check("scope", each.need.scope, "unknown", str(each.answer), again))
    return checks

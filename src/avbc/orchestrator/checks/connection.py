"""The connection test: does the store answer, and may the token do what the settings ask of it (manual 1.2 and 1.3)?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from avbc.bigcommerce import BigCommerce, RequestRefused, ScopeMissing, StoreError, TokenRefused
from avbc.bigcommerce.endpoints import scopes
from avbc.errors import AvbcError
from avbc.orchestrator.reports import Check, ConnectionReport
from avbc.settings import Settings

_LARGEST_SKEW = timedelta(minutes=2)
"""Beyond it webhooks are refused as stale or repeated, and `since` in a filter means another time."""


@attrs.frozen
class Need:
    """A scope and what needs it."""

    scope: str
    feature: str
    is_required: bool = True
    """Needed by what the settings turn on; otherwise by what somebody may call."""


def needs(settings: Settings) -> list[Need]:
    """The scopes that the settings need, each with the feature that does.

    >>> from avbc.settings import GlSettings, OrderStatusSettings, ShippingSettings, StoreSetup
    >>> settings = Settings(
    ...     store=StoreSetup(api_url="https://api.bigcommerce.com/stores/abc123/v3/"),
    ...     order_status=OrderStatusSettings(
    ...         import_source_code="WEB", new_order_status=11, downloaded_order_status=9, import_error_status=12
    ...     ),
    ...     gl=GlSettings(tax_area="BigCommerce"),
    ...     shipping=ShippingSettings(warehouse="Main"),
    ... )
    >>> [need.scope for need in needs(settings) if need.is_required]
    ['Orders: modify', 'Order Transactions: read-only']
    """
    found = [
        Need(scopes.ORDERS_MODIFY, "importing orders and setting their status"),
        Need(scopes.TRANSACTIONS, "the receipts of orders that were paid online"),
    ]
    if settings.shipping.sync_product_details:
        found.append(Need(scopes.PRODUCTS_MODIFY, "shipping.sync_product_details"))
    if settings.shipping.sync_inventory_levels:
        found.append(Need(scopes.INVENTORY_MODIFY, "shipping.sync_inventory_levels"))
        found.append(Need(scopes.LOCATIONS, "shipping.sync_inventory_levels"))
    found.append(Need(scopes.CUSTOMERS_MODIFY, "exporting clients", is_required=False))
    found.append(
        Need(
            scopes.INFORMATION,
            "check_setup: the store's currency and shipping methods",
            is_required=False,
        )
    )
    found.append(
        Need(scopes.PAYMENT_METHODS, "check_setup: the store's payment methods", is_required=False)
    )
    return found


def require_scope(store: BigCommerce, scope: str) -> None:
    """Probe one scope.

    Raises:
        ScopeMissing: The token lacks it.
        StoreError: It could not be found out.
    """
    try:
        store.send(scopes.probe_scope(scope))
    except RequestRefused:
        # The scope is judged before the request is (docs/facts.md, bigcommerce-limits).
        return


def connection_report(
    store: BigCommerce, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> ConnectionReport:
    """Ask the store for its time, and probe each scope that the settings need. Nothing in the store is changed."""
    name = settings.store.description or store.store_hash
    checks: list[Check] = []
    if not settings.store.enabled:
        checks.append(
            Check(
                "enabled",
                "store.enabled",
                "error",
                "The store is not enabled, so nothing runs for it.",
                "Set store.enabled = true.",
            )
        )
    asked = now()
    try:
        answer = store.answer(store.time.call())
    except ScopeMissing as error:
        # The URL and the token are good, or this would be another error. The clock is not to be
        # had.
        checks.append(Check("url", settings.store.api_url, "ok", "answers"))
        checks.append(Check("token", "store.access_token", "ok", "accepted"))
        checks.append(Check("clock", "", "unknown", str(error)))
        return ConnectionReport(name, (*checks, *_scope_checks(store, settings)))
    except TokenRefused as error:
        checks.append(Check("url", settings.store.api_url, "ok", "answers"))
        checks.append(
            Check(
                "token",
                "store.access_token",
                "error",
                str(error),
                "Copy the token again, or create a new API account (manual 1.1).",
            )
        )
        return ConnectionReport(name, tuple(checks))
    except StoreError as error:
        fix = (
            "Compare store.api_url with the API Path of the API account (manual 1.1); check the "
            "network."
        )
        checks.append(Check("url", settings.store.api_url, "error", str(error), fix))
        return ConnectionReport(name, tuple(checks))
    skew = answer.value - (asked + (now() - asked) / 2)
    quota = _Quota.read(answer.headers)
    checks.append(Check("url", settings.store.api_url, "ok", "answers"))
    checks.append(Check("token", "store.access_token", "ok", "accepted"))
    checks.append(_clock_check(skew))
    checks.append(quota.check())
    checks += _scope_checks(store, settings)
    return ConnectionReport(name, tuple(checks), skew, quota.limit, quota.left, quota.window)


def _clock_check(skew: timedelta) -> Check:
    seconds = round(abs(skew.total_seconds()))
    # The store's clock counts whole seconds.
    if seconds <= 1:
        return Check("clock", "", "ok", "agrees with the store's")
    found = f"{seconds} s {'behind' if skew > timedelta() else 'ahead of'} the store's"
    if abs(skew) <= _LARGEST_SKEW:
        return Check("clock", "", "ok", found)
    return Check("clock", "", "warning", found, "Set this machine's clock, by NTP if you can.")


@attrs.frozen
class _Quota:
    limit: int | None
    left: int | None
    window: timedelta | None

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> _Quota:
        def number(name: str) -> int | None:
            text = headers.get(f"X-Rate-Limit-{name}", "")
            return int(text) if text.isdecimal() else None

        window = number("Time-Window-Ms")
        return cls(
            number("Requests-Quota"),
            number("Requests-Left"),
            None if window is None else timedelta(milliseconds=window),
        )

    def check(self) -> Check:
        if self.limit is None or self.left is None or self.window is None:
            return Check("quota", "", "unknown", "The store's answer does not tell its quota.")
        seconds = self.window.total_seconds()
        return Check(
            "quota",
            "",
            "ok",
            f"{self.left} of {self.limit} requests left in a window of {seconds:g} s, for all "
            "applications together",
        )


def _scope_checks(store: BigCommerce, settings: Settings) -> list[Check]:
    wanted = needs(settings)
    answers = store.map(
        [scopes.probe_scope(need.scope) for need in wanted], limit=4, return_errors=True
    )
    return [_scope_check(need, answer) for need, answer in zip(wanted, answers, strict=True)]


def _scope_check(need: Need, answer: AvbcError | None) -> Check:
    if answer is None or isinstance(answer, RequestRefused):
        return Check("scope", need.scope, "ok", f"granted; for {need.feature}")
    if isinstance(answer, ScopeMissing):
        fix = (
            f"Scopes cannot be added to a token: create a new API account that has {need.scope} "
            "(manual 1.2), and use its token."
        )
        return Check(
            "scope",
            need.scope,
            "error" if need.is_required else "warning",
            f"lacking; needed for {need.feature}",
            fix,
        )
    return Check("scope", need.scope, "unknown", str(answer), "Test the connection again.")

"""The setup check: do the settings fit the store and the books?

It calls the mapping engine's own rules, so what passes here passes in an import. The parts of the
check have modules of their own: statuses, money, shipping, products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache

from avbc.acctvantage.records import Product
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import StoreInformation
from avbc.errors import AvbcError
from avbc.mapping import FieldRule, MappingRules
from avbc.mapping.days import zone_of
from avbc.orchestrator.checks.clocks import clock_checks
from avbc.orchestrator.checks.setup_books import books_checks
from avbc.orchestrator.checks.setup_channels import channel_checks
from avbc.orchestrator.checks.setup_form_fields import form_field_checks
from avbc.orchestrator.checks.setup_journal import journal_checks
from avbc.orchestrator.checks.setup_money import money_checks
from avbc.orchestrator.checks.setup_part_numbers import part_number_checks
from avbc.orchestrator.checks.setup_parts import or_unknown
from avbc.orchestrator.checks.setup_products import product_checks, stock_checks
from avbc.orchestrator.checks.setup_shipping import shipping_checks
from avbc.orchestrator.checks.setup_statuses import status_checks
from avbc.orchestrator.checks.setup_waiting import waiting_checks
from avbc.orchestrator.engine.channels import is_of_channels
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.source_code import SETTING, code_fault
from avbc.orchestrator.jobs.hooks import hooks_state
from avbc.orchestrator.reports import Check, SetupReport
from avbc.settings import Settings, SettingsError
from avbc.text import quoted


def setup_report(integration: Integration, fields: Sequence[FieldRule[Product]]) -> SetupReport:
    """Compare the settings with the live store and the books; changes nothing.

    Raises:
        StoreError: The store's statuses or orders cannot be read.
        BooksUnreachable: The books cannot be read.
    """
    settings, store, books = integration.settings, integration.store, integration.books
    reference, statuses = books.reference_data(), tuple(store.order_statuses.list())
    information = cache(store.information)  # read once
    try:
        language = information().language
    except AvbcError:
        language = ""  # that it cannot be read is a check of its own
    rules = MappingRules(settings, reference, statuses, language, integration.parts.loads_files)
    latest = store.orders.list.call(sort="date_created:desc", include=["consignments"])
    listed = next(store.pages(latest)).items
    recent = [order for order in listed if is_of_channels(order, settings)]
    return SetupReport(
        (
            _source_code(integration),
            *books_checks(integration.parts, settings),
            *status_checks(recent, rules),
            *_time_zone(information),
            *money_checks(store, information, recent, rules),
            *journal_checks(integration.parts, rules),
            *waiting_checks(recent, rules),
            *shipping_checks(store, integration.parts, recent, rules),
            *form_field_checks(recent, rules),
            *part_number_checks(books, rules),
            *stock_checks(integration),
            *channel_checks(listed, settings),
            *product_checks(integration, fields, information),
            *or_unknown("webhook", "", _hooks(store, settings)),
            *clock_checks(integration),
        )
    )


def _source_code(integration: Integration) -> Check:
    """Check that the books have this store's orders, and no others, under its code."""
    code, store = integration.source_code, integration.store.store_hash
    fault = code_fault(integration.books.order_sources(), code, store)
    if fault is None:
        return Check("source code", SETTING, "ok", code)
    found = f"It is {quoted(code)}, and {fault.found}."
    return Check("source code", SETTING, "error", found, f"{fault.fix}.")


def _time_zone(information: Callable[[], StoreInformation]) -> Iterator[Check]:
    """Check that the store's days are known; where it cannot be read, the currency says so."""
    with suppress(AvbcError):
        name = information().timezone.name
        if zone_of(name) is None:
            yield Check(
                "time zone",
                name,
                "warning",
                f"The store's time zone {quoted(name)} is not in the time zone database of this "
                "computer, so its days are taken without daylight saving.",
                "Install or update the package tzdata, or choose a time zone in BigCommerce "
                "(Settings, Store Profile, Date & Timezone).",
            )


def _hooks(store: BigCommerce, settings: Settings) -> Iterator[Check]:
    """Check the registered webhooks; nothing where there are none."""
    hooks = hooks_state(list(store.hooks.list()))
    try:
        settings.require_client_secret()
    except SettingsError as error:
        if hooks:
            (fault,) = error.faults
            found = f"Webhooks are registered, and each one is refused: it {fault.message}."
            fix = "Give the client secret to each process that receives webhooks."
            yield Check("webhook", fault.key, "warning", found, fix)
    for hook in hooks:
        problem = hook.problem
        if problem is None:
            yield Check("webhook", hook.scope, "ok", "active")
        else:
            yield Check("webhook", hook.scope, "warning", problem.message, problem.fix)

"""The setup check: order statuses of the store and of AcctVantage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from avbc.bigcommerce.models import Order
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping import MappingRules, new_order_status, store_status
from avbc.mapping.status import status_name
from avbc.mapping.worth import PAID
from avbc.orchestrator.checks.setup_parts import as_sentence, hinted, ruled
from avbc.orchestrator.engine.statuses import (
    import_statuses,
    mapped_statuses,
    require_mapping,
    status_names,
)
from avbc.orchestrator.reports import Check
from avbc.report import counted
from avbc.settings import SettingsError
from avbc.text import quoted, text_key
from avbc.toml import toml_row

_IMPORT_STATUSES = ("new_order_status", "downloaded_order_status", "import_error_status")
_AVALARA = "AvaTaxProvider"


def status_checks(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Check the statuses of an import, and the Order Status Mapping."""
    yield from _statuses(rules)
    yield from _crossings(recent, rules)
    yield from _status_mapping(rules)


def _statuses(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.order_status
    checks = [
        _status(f"order_status.{name}", getattr(settings, name), rules) for name in _IMPORT_STATUSES
    ]
    yield from checks
    if all(check.state == "ok" for check in checks):
        try:
            new = import_statuses(rules.settings, lambda: rules.statuses).new
        except SettingsError as error:
            for fault in error.faults:
                yield Check("status", fault.key, "error", fault.message, "Choose another status.")
        else:
            yield from _same_statuses(rules, new)
    yield ruled("status", "order_status.new_sales_order_status", new_order_status(rules))


def _same_statuses(rules: MappingRules, new: int) -> Iterator[Check]:
    try:
        mapped = mapped_statuses(rules.settings.order_status, lambda: rules.statuses)
        require_mapping(rules.settings, mapped, new)
    except SettingsError as error:
        for fault in error.faults:
            found, _, fix = fault.message.rpartition("; ")
            yield Check("status", fault.key, "error", found, as_sentence(fix))


def _status(setting: str, wanted: str | int, rules: MappingRules) -> Check:
    ruling = store_status(wanted, rules.statuses, setting)
    if ruling.value is None:
        return ruled("status", setting, ruling, status_names(rules.statuses))
    return Check("status", setting, "ok", f"{status_name(ruling.value)}, id {ruling.value.id}")


def _crossings(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Warn of moves from a paid status to an unpaid one (docs/facts.md, bigcommerce-orders).

    They are none of the business of a store whose tax Avalara does not compute.
    """
    # Not declared: an order with another value must not be unreadable for it.
    by_avalara = sum(order.extra.get("tax_provider_id") == _AVALARA for order in recent)
    if not by_avalara:
        return
    settings = rules.settings.order_status
    new = store_status(settings.new_order_status, rules.statuses).value
    if new is None or new.id not in PAID:
        return
    for name in _IMPORT_STATUSES[1:]:
        target = store_status(getattr(settings, name), rules.statuses).value
        if target is not None and target.id not in {*PAID, SystemStatus.REFUNDED}:
            yield Check(
                "status",
                f"order_status.{name}",
                "warning",
                f"An import moves orders from {quoted(status_name(new))}, a paid status, to "
                f"{quoted(status_name(target))}, which is not. Avalara computes the store's tax, "
                "and that voids the order's tax document.",
                "Choose a paid status.",
                seen=f"It did for {by_avalara} of the latest {counted(len(recent), 'order')}.",
            )


def _status_mapping(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.order_status
    known = {text_key(name) for name in rules.reference.order_statuses}
    for position, row in enumerate(settings.mapping):
        place = f"order_status.mapping[{position}]"
        yield _status(f"{place}.bigcommerce", row.bigcommerce, rules)
        if text_key(row.acctvantage) not in known:
            yield Check(
                "status",
                f"{place}.acctvantage",
                "error",
                f"AcctVantage has no order status {quoted(row.acctvantage)}.",
                hinted(
                    f"Use one of {', '.join(rules.reference.order_statuses)}.",
                    row.acctvantage,
                    rules.reference.order_statuses,
                ),
            )
    if settings.updates == "off":
        return
    # A quote is not an order yet, and an import sets the first status.
    shown = {"quote", text_key(settings.new_sales_order_status)}
    shown.update(text_key(row.acctvantage) for row in settings.mapping)
    unmapped = [name for name in rules.reference.order_statuses if text_key(name) not in shown]
    if unmapped:
        rows = [
            toml_row("order_status.mapping", acctvantage=name, bigcommerce="") for name in unmapped
        ]
        them = "it" if len(unmapped) == 1 else "one of them"
        yield Check(
            "status",
            ", ".join(unmapped),
            "warning",
            f"not mapped: orders that reach {them} in AcctVantage keep their status in the store.",
            "Add a row to order_status.mapping for each one that the store should show.",
            "\n\n".join(rows),
        )
